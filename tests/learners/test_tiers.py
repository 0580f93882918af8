import json

import numpy as np
import pytest
from pydantic import ValidationError

from churnlight.errors import DataRefused, UsageError
from churnlight.learners.tiers import Tiers, expected_profit_money, learn, probability_of
from churnlight.params.judging import ProfitParams
from churnlight.params.learning import TiersParams

NAMES = ("blue", "green", "yellow", "red", "white")


def sizes(tiers: Tiers, p: np.ndarray) -> list[int]:
    return np.bincount(tiers.number(p), minlength=len(tiers.names)).tolist()


def test_shares_are_exact_without_ties() -> None:
    p = np.random.default_rng(0).permutation(1000) / 1000
    tiers = learn(p, TiersParams())
    assert sizes(tiers, p) == [600, 250, 100, 40, 10]
    assert tiers.cuts == (0.6, 0.85, 0.95, 0.99)


def test_a_probability_at_the_cut_is_in_the_tier() -> None:
    tiers = Tiers(("low", "high"), (0.5,))
    assert tiers.apply(np.array([0.5, np.nextafter(0.5, 0), 0.9])).tolist() == [
        "high",
        "low",
        "high",
    ]


def test_ties_go_to_the_nearest_share_and_leave_no_tier_empty() -> None:
    # Groups from the top: 3, 3, 8, 16, 15, 55 of 100; wanted at or above: 1, 5, 15, 40.
    p = np.repeat([0.9, 0.8, 0.6, 0.4, 0.2, 0.1], [3, 3, 8, 16, 15, 55])
    tiers = learn(p, TiersParams())
    # white 3 (not empty); red to 6 (nearest to 5); yellow to 14 (nearest to 15); green to 45.
    assert tiers.cuts == (0.2, 0.6, 0.8, 0.9)
    assert sizes(tiers, p) == [55, 31, 8, 3, 3]


def test_the_larger_tier_on_a_draw() -> None:
    p = np.repeat([0.9, 0.8, 0.1], [1, 2, 7])  # wanted 2: 1 and 3 are as near
    tiers = learn(p, TiersParams(names=("low", "high"), shares=(0.8, 0.2)))
    assert tiers.cuts == (0.8,)


def test_too_few_distinct_values_empty_tiers_from_below_the_top() -> None:
    p = np.repeat([0.9, 0.1], [10, 90])
    tiers = learn(p, TiersParams())
    assert dict(zip(NAMES, sizes(tiers, p), strict=True)) == {
        "blue": 90, "green": 0, "yellow": 0, "red": 0, "white": 10,
    }  # fmt: skip
    alike = learn(np.full(50, 0.3), TiersParams())
    assert sizes(alike, np.full(50, 0.3)) == [50, 0, 0, 0, 0]


def test_a_share_of_nothing_is_an_empty_tier() -> None:
    p = np.arange(100) / 100
    tiers = learn(p, TiersParams(names=("a", "b", "c"), shares=(0.9, 0.0, 0.1)))
    assert sizes(tiers, p) == [90, 0, 10]
    everybody = learn(p, TiersParams(names=("a", "b"), shares=(0.0, 1.0)))
    assert sizes(everybody, p) == [0, 100]


def test_frozen_cuts_apply_to_another_month_and_survive_json() -> None:
    tiers = learn(np.arange(1000) / 1000, TiersParams())
    back = Tiers.from_json(json.loads(json.dumps(tiers.to_json())))
    assert back == tiers
    assert sizes(back, np.array([0.99, 0.999, 0.5])) == [1, 0, 0, 0, 2]
    empty = learn(np.full(5, 0.3), TiersParams())
    assert Tiers.from_json(json.loads(json.dumps(empty.to_json()))) == empty


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataRefused, match="no calibration predictions"):
        learn(np.array([]), TiersParams())


def test_by_probability_the_cuts_are_those_given() -> None:
    params = TiersParams(by="probability", probabilities=(0.1, 0.2, 0.5, 0.9))
    tiers = learn(np.array([0.01, 0.02]), params)
    assert (tiers.cuts, tiers.by) == ((0.1, 0.2, 0.5, 0.9), "probability")
    p = np.array([0.0999, 0.1, 0.5, 0.95])
    assert tiers.apply(p).tolist() == ["blue", "green", "red", "white"]
    assert Tiers.from_json(json.loads(json.dumps(tiers.to_json()))) == tiers


def test_expected_profit_of_a_contact_by_hand() -> None:
    # Published defaults: 30 % accept, value 200, offer 10, contact 1.
    costs = ProfitParams()
    # Nobody leaves: the offer is taken anyway, 10 + 1 lost. Everybody: 0.3 * 190 - 1 = 56.
    # At 0.5: 0.5 * 57 - 0.5 * 10 - 1 = 22.5.
    p = np.array([0.0, 1.0, 0.5])
    np.testing.assert_allclose(expected_profit_money(p, costs), [-11, 56, 22.5])
    # It breaks even where 67 p = 11.
    assert probability_of(0.0, costs) == pytest.approx(11 / 67)
    assert probability_of(22.5, costs) == pytest.approx(0.5)


def test_by_profit_a_tier_begins_where_a_contact_earns_its_level() -> None:
    params = TiersParams(by="profit", names=("leave", "maybe", "call"), profits_money=(0.0, 22.5))
    tiers = learn(np.array([0.3]), params, ProfitParams())
    assert tiers.by == "profit"
    assert tiers.cuts == pytest.approx((11 / 67, 0.5))
    p = np.array([0.16, 0.17, 0.49, 0.51])
    assert tiers.apply(p).tolist() == ["leave", "maybe", "maybe", "call"]
    dear = ProfitParams(contact_money=20.0)  # 67 p = 30
    assert learn(p, params, dear).cuts[0] == pytest.approx(30 / 67)


def test_a_profit_that_nobody_brings_is_refused() -> None:
    params = TiersParams(by="profit", names=("a", "b"), profits_money=(56.5,))
    with pytest.raises(UsageError, match=r"56\.5 is out of reach: .* earns 56 by"):
        learn(np.array([0.3]), params, ProfitParams())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"by": "probability", "probabilities": (0.1, 0.2)}, "has 2 entries, tiers.names 5"),
        ({"by": "probability", "probabilities": (0.1, 0.3, 0.2, 0.4)}, "does not rise"),
        ({"by": "probability", "probabilities": (0.1, 0.2, 0.3, 1.0)}, "between 0 and 1"),
        ({"by": "profit", "profits_money": (1.0,)}, "tiers.profits_money has 1 entries"),
        ({"by": "share", "shares": (0.5, 0.5)}, "tiers.shares 2"),
        ({"by": "share", "shares": (0.5, 0.1, 0.1, 0.1, 0.1)}, "adds up to 0.9"),
    ],
)
def test_lists_that_do_not_fit_are_refused(given: dict, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        TiersParams(**given)


def test_only_the_list_in_use_is_judged() -> None:
    assert TiersParams(by="profit", names=("a", "b"), profits_money=(1.0,)).shares != ()
    assert TiersParams(names=("a", "b"), shares=(0.5, 0.5)).by == "share"
