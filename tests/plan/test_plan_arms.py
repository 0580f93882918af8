"""The control group: stable, whole accounts, of about the share asked for, kept to its end."""

from __future__ import annotations

import hashlib
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_world import earlier
from scipy.stats import binom

from churnlight.plan.arms import account_key, account_keys, drawn_control, kept_control


def test_the_draw_is_sha256_of_salt_cycle_and_account() -> None:
    # By hand: printf 's\n2026-01-01\naccount 7' | sha256sum | cut -c1-16, as a share of 2^64.
    share = int(hashlib.sha256(b"s\n2026-01-01\naccount 7").hexdigest()[:16], 16) / 2**64
    for limit, held in ((share - 1e-9, False), (share + 1e-9, True)):
        assert drawn_control(["account 7"], "2026-01-01", limit, "s").tolist() == [held]


def test_the_draw_never_changes() -> None:
    names = [f"account {n}" for n in range(40)]
    held = np.flatnonzero(drawn_control(names, "2026-01-01", 0.2, "churnlight"))
    assert held.tolist() == [7, 10, 20, 33, 34]  # by sha256sum


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([0.05, 0.1, 0.3]), st.text(min_size=1, max_size=5), st.integers(1, 12))
def test_the_share_is_that_of_a_fair_coin(share: float, salt: str, month: int) -> None:
    held = drawn_control(map(str, range(3_000)), f"2026-{month:02d}-01", share, salt).sum()
    low, high = binom.interval(1 - 1e-9, 3_000, share)
    assert low <= held <= high


def test_cycles_and_salts_draw_apart() -> None:
    names = [str(n) for n in range(2_000)]
    first = drawn_control(names, "2026-01-01", 0.5, "a")
    for other in (drawn_control(names, "2026-02-01", 0.5, "a"),
                  drawn_control(names, "2026-01-01", 0.5, "b")):  # fmt: skip
        assert 900 < (first == other).sum() < 1_100


def test_others_on_the_list_change_nothing() -> None:
    names = [str(n) for n in range(50)]
    alone = [bool(drawn_control([n], "2026-01-01", 0.4, "s")[0]) for n in names]
    assert alone == drawn_control(names, "2026-01-01", 0.4, "s").tolist()


@pytest.mark.parametrize("account", [7, 7.0, np.int64(7), "7"])
def test_an_account_is_the_same_whatever_its_type(account: object) -> None:
    assert account_key(1, account) == "account 7"


@pytest.mark.parametrize("account", [None, np.nan, "", pd.NA])
def test_without_an_account_the_line_is_one(account: object) -> None:
    assert account_key(7, account) == "subscriber 7"


ROWS = pd.DataFrame(
    {
        "subscriber_id": [1, 2, 3, 4, 5],
        "account_id": ["A", "A", "B", "C", "D"],
        "activated_on": [date(2020, 1, 1)] * 4 + [date(2025, 12, 15)],
    }
)
UNTIL = date(2026, 2, 1)


def cycles(rows: list[tuple[object, ...]], cutoff: date = date(2026, 1, 6)) -> list[object]:
    return kept_control(ROWS, earlier(rows), cutoff)["cycle"].tolist()


def kept(subscriber: int, account: str, arm: str = "control", until: date = UNTIL):
    return ("2025-12-01", subscriber, account, arm, until, date(2025, 12, 6))


def test_control_keeps_the_whole_account() -> None:
    assert cycles([kept(1, "A")]) == ["2025-12-01", "2025-12-01", None, None, None]


def test_control_ends_with_its_horizon() -> None:
    assert cycles([kept(1, "A")], date(2026, 1, 31))[0] == "2025-12-01"
    assert cycles([kept(1, "A")], UNTIL) == [None] * 5


def test_the_treated_are_free() -> None:
    assert cycles([kept(1, "A", "treated", None)]) == [None] * 5  # type: ignore[arg-type]


def test_a_line_that_changed_account_brings_it_along() -> None:
    assert cycles([kept(3, "Z")])[2] == "2025-12-01"
    assert cycles([kept(2, "Z")])[:2] == ["2025-12-01", "2025-12-01"]


def test_a_new_holder_of_an_id_is_somebody_else() -> None:
    assert cycles([kept(5, "D")]) == [None] * 5


def test_of_two_plans_the_longer_counts() -> None:
    long = ("2025-11-01", 3, "B", "control", date(2026, 3, 1), date(2025, 11, 6))
    assert cycles([kept(3, "B"), long])[2] == "2025-11-01"
    found = kept_control(ROWS, earlier([kept(3, "B"), long]), date(2026, 1, 6))
    assert found["control_until"][2] == date(2026, 3, 1)


def test_nobody_was_ever_held_out() -> None:
    assert cycles([]) == [None] * 5
    assert account_keys(ROWS).tolist() == [f"account {a}" for a in "AABCD"]
