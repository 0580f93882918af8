"""Profiles, names and churn rates of segments, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from segments_world import params, three_groups

from churnlight.features.catalogue import CATALOGUE
from churnlight.segments.encoding import learn_encoding
from churnlight.segments.names import AVERAGE, RULES, suggest
from churnlight.segments.profile import Trait, churn_rates, profile_of, shares_of, traits_of


def trait(feature: str, difference: float, category: str | None = None) -> Trait:
    return Trait(feature, category, difference, None, None)


def test_differences_are_in_standard_deviations_of_the_cohort() -> None:
    # 0, 0, 4, 4 (mean 2, deviation 2): 1 below and 1 above; three of four are prepaid.
    frame = pd.DataFrame(
        {
            "night_share": [0.0, 0.0, 0.4, 0.4],
            "payment_category": ["prepaid", "prepaid", "prepaid", "postpaid"],
        }
    )
    encoding, _ = learn_encoding(frame, params(features=("night_share", "payment_category")))
    traits = traits_of(frame, encoding, np.array([0, 0, 1, 1]), 2)
    found = {(t.feature, t.category): t for t in traits[1]}
    night = found["night_share", None]
    assert night.difference == pytest.approx(1.0)
    assert (night.segment, night.cohort) == (0.4, 0.2)
    prepaid = found["payment_category", "prepaid"]
    # 0.5 less 0.75, over the square root of 0.75 * 0.25.
    assert prepaid.difference == pytest.approx(-0.25 / 0.1875**0.5, abs=1e-6)
    assert (prepaid.segment, prepaid.cohort) == (0.5, 0.75)
    assert traits[1][0].feature == "night_share"


def test_a_profile_has_five_each_way_in_both_languages() -> None:
    names = [f.name for f in CATALOGUE if not f.is_category][:14]
    own = [trait(n, 7.0 - k) for k, n in enumerate(names)]
    found = profile_of(sorted(own, key=lambda t: -abs(t.difference)))
    assert [e["difference"] for e in found["above"]] == [7.0, 6.0, 5.0, 4.0, 3.0]
    # The seventh is 1, the eighth 0 and in neither list; then -1 to -6, strongest first.
    assert [e["difference"] for e in found["below"]] == [-6.0, -5.0, -4.0, -3.0, -2.0]
    meaning = {f.name: f for f in CATALOGUE}[names[0]]
    assert (found["above"][0]["en"], found["above"][0]["zh"]) == (meaning.en, meaning.zh)
    mixed = profile_of([trait("payment_category", 1.0, "prepaid")])["above"][0]
    assert mixed["en"].endswith(": prepaid")
    assert mixed["zh"].endswith("：prepaid")
    assert mixed["unit"] == "share"


def test_a_segment_is_called_after_its_strongest_trait() -> None:
    traits = [
        [trait("night_share", 1.2), trait("data_mb_per_day", 0.8)],
        [trait("data_mb_per_day", -0.9)],
        [trait("data_mb_per_day", 0.2)],
    ]
    assert suggest(traits, 0.3) == [
        ("Evening users", "晚间用户"),
        ("Light data users", "小流量"),
        AVERAGE,
    ]


def test_names_are_unique() -> None:
    night, data, calls = "night_share", "data_mb_per_day", "voice_out_call_s"
    traits = [
        [trait(night, 1.0), trait(data, 0.5)],
        [trait(night, 0.9), trait(data, -0.5)],
        [trait(night, 0.8), trait(data, -0.5), trait(calls, 0.4)],
        [trait(night, 0.8)],
        [trait(night, 0.7)],
    ]
    names = suggest(traits, 0.3)
    assert names[0] == ("Evening users, heavy data users", "晚间用户·大流量")
    assert names[1][0] == "Evening users, light data users"
    assert names[2][0] == "Evening users, light data users, long calls"
    # These two have nothing else to tell them apart by.
    assert names[3:] == [
        ("Evening users (4)", "晚间用户（4）"),
        ("Evening users (5)", "晚间用户（5）"),
    ]
    for language in (0, 1):
        assert len({name[language] for name in names}) == len(names)


def test_a_feature_without_a_rule_goes_by_its_meaning() -> None:
    (name,) = suggest([[trait("missed_in_share", 1.0)]], 0.3)
    assert name[0].startswith("More: ")
    assert name[1].endswith("偏高")


def test_every_rule_is_about_a_feature_that_there_is() -> None:
    kinds = {f.name: f.is_category for f in CATALOGUE}
    for rule in RULES:
        assert kinds[rule.feature] == (rule.category is not None)
    pairs = [(rule.feature, rule.category) for rule in RULES]
    assert len(set(pairs)) == len(pairs)


def test_churn_rates_leave_out_who_has_no_label() -> None:
    place = np.array([0, 0, 0, 0, 1, 1, 2])
    rates = churn_rates(place, [True, False, False, None, False, None, None], 4)
    assert [(r["rows"], r["churners"]) for r in rates] == [(3, 1), (1, 0), (0, 0), (0, 0)]
    # Wilson's interval of 1 in 3, by its formula with z = 1.96.
    assert rates[0]["rate"] == pytest.approx(1 / 3, abs=1e-6)
    assert (rates[0]["low"], rates[0]["high"]) == pytest.approx((0.0615, 0.7923), abs=1e-4)
    assert rates[2] == {"rows": 0, "churners": 0, "rate": None, "low": None, "high": None}


def test_sizes_and_an_empty_segment() -> None:
    assert shares_of(np.array([0, 0, 2, 0]), 3) == [
        {"rows": 3, "share": 0.75},
        {"rows": 0, "share": 0.0},
        {"rows": 1, "share": 0.25},
    ]
    frame = three_groups(each=5)
    encoding, _ = learn_encoding(frame, params())
    empty = traits_of(frame, encoding, np.zeros(15, dtype=np.int64), 2)[1]
    assert profile_of(empty) == {"above": [], "below": []}
    assert suggest([empty], 0.3) == [AVERAGE]
