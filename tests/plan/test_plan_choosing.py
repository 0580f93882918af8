"""The list is worth most, never exceeds its limits, and does not depend on chance."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlight.plan import choosing
from churnlight.plan.choosing import Choice, Limits, Options, choose

FEW = settings(max_examples=40, deadline=None)


def options(people: list[list[tuple[int, int, int]]]) -> Options:
    rows = [(who, *one) for who, mine in enumerate(people) for one in mine]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Options(*columns)


def best_by_hand(people: list[list[tuple[int, int, int]]], limits: Limits) -> int:
    best = 0
    for picks in product(*[[None, *mine] for mine in people]):
        taken = [p for p in picks if p is not None]
        if limits.outlay is not None and sum(p[1] for p in taken) > limits.outlay:
            continue
        if limits.calls is not None and sum(p[2] for p in taken) > limits.calls:
            continue
        best = max(best, sum(p[0] for p in taken))
    return best


def hold(given_: Options, found: Choice, limits: Limits) -> None:
    assert len(set(given_.who[found.taken])) == len(found.taken)
    assert limits.outlay is None or given_.outlay[found.taken].sum() <= limits.outlay
    assert limits.calls is None or given_.calls[found.taken].sum() <= limits.calls
    assert given_.profit[found.taken].sum() == found.profit <= found.bound
    assert (given_.profit[found.taken] > 0).all()


ONE = st.tuples(st.integers(-50, 300), st.integers(1, 200), st.integers(0, 2))
PEOPLE = st.lists(st.lists(ONE, min_size=1, max_size=3), min_size=1, max_size=6)
LIMIT = st.one_of(st.none(), st.integers(0, 600))


@FEW
@given(PEOPLE, LIMIT, st.one_of(st.none(), st.integers(0, 6)))
def test_nothing_is_worth_more(people, outlay, calls) -> None:
    limits = Limits(outlay, calls)
    found = choose(options(people), limits)
    hold(options(people), found, limits)
    assert found.profit == found.bound == best_by_hand(people, limits)


@FEW
@given(PEOPLE, st.integers(0, 400), st.integers(0, 400))
def test_more_budget_never_brings_less(people, budget, more) -> None:
    rows = options(people)
    assert choose(rows, Limits(budget, 3)).profit <= choose(rows, Limits(budget + more, 3)).profit


def many(people: int, seed: int, *, equal: bool = False) -> Options:
    draws = np.random.default_rng(seed)
    profit = draws.integers(1, 5_000, (people, 2))
    outlay = draws.integers(10, 3_000, (people, 2))
    if equal:
        profit, outlay = profit // 1_000 * 1_000 + 1, outlay // 1_000 * 1_000 + 400
    return Options(
        np.repeat(np.arange(people), 2),
        profit.ravel(),
        outlay.ravel(),
        np.tile([1, 0], people),
    )


@pytest.mark.parametrize("equal", [False, True])
def test_many_are_solved_as_the_whole_program_would_be(equal: bool) -> None:
    from scipy.optimize import Bounds, LinearConstraint, milp

    rows, limits = many(400, 5, equal=equal), Limits(60_000, 80)
    found = choose(rows, limits)
    hold(rows, found, limits)
    once = np.zeros((400, 800))
    once[rows.who, np.arange(800)] = 1
    whole = milp(
        -rows.profit,
        integrality=np.ones(800),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(
            np.vstack([rows.outlay, rows.calls, once]), ub=[60_000, 80, *[1] * 400]
        ),
        options={"mip_rel_gap": 0},
    )
    assert found.profit == found.bound == round(-whole.fun)


def test_a_core_too_large_is_owned_up_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "_MOST", 0)
    rows, limits = many(300, 8), Limits(50_000, 60)
    found = choose(rows, limits)
    hold(rows, found, limits)
    assert found.profit < found.bound


def test_of_equals_the_first_are_taken() -> None:
    rows = options([[(100, 50, 1)]] * 6)
    assert choose(rows, Limits(150, None)).taken.tolist() == [0, 1, 2]
    assert choose(rows, Limits(None, 2)).taken.tolist() == [0, 1]


@pytest.mark.parametrize("limits", [Limits(0, None), Limits(0, 5), Limits(None, 0)])
def test_nothing_to_spend_is_an_empty_list(limits: Limits) -> None:
    found = choose(options([[(100, 50, 1)], [(20, 3, 2)]]), limits)
    assert (len(found.taken), found.profit, found.bound) == (0, 0, 0)


def test_nobody_is_an_empty_list() -> None:
    assert choose(options([]), Limits(100, 100)).profit == 0


def test_the_solver_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    choose(many(400, 5), Limits(60_000, 80))
    assert capfd.readouterr().out == ""
