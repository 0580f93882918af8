"""Choose at most one option for each subscriber so that profit is greatest within two limits.

A multiple-choice knapsack with a budget and a number of calls, in whole cents. Subscribers whose
options are equal are one group with a count. The linear relaxation (HiGHS, through scipy) gives
what a cent of budget and a call are worth. With these any option has a loss, what taking it costs
against the best of its group, and no choice is worth more than the bound: the sum of the best plus
what the limits are worth. An option whose loss exceeds the distance between the bound and a choice
at hand can stand in no better choice. What is left, the core, is some hundred options near the
margin, and is solved as an integer program (HiGHS again). The core grows until that distance is
covered: then the choice is the best there is. (The idea: Balas and Zemel 1980, "An algorithm for
large zero-one knapsack problems", Operations Research 28.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.plan.quiet import quiet_output

# Groups in the first core, and the most options that a core may have: HiGHS is slow on larger ones.
_CORE, _MOST = 100, 6_000
_NODES = 20_000
_TINY = 1e-6


@dataclass(frozen=True)
class Options:
    """What can be chosen; sorted by subscriber, then by place in the playbook.

    Attributes:
        who: number of the subscriber of each option, ascending.
        profit: expected profit, cents.
        outlay: what it costs when it is taken, contact included, cents.
        calls: of the team.
    """

    who: IntArray
    profit: IntArray
    outlay: IntArray
    calls: IntArray

    def __getitem__(self, rows: Any) -> Options:
        """Some of them."""
        return Options(self.who[rows], self.profit[rows], self.outlay[rows], self.calls[rows])


@dataclass(frozen=True)
class Limits:
    """What must not be exceeded; None: no limit.

    Attributes:
        outlay: cents.
        calls: of the team.
    """

    outlay: int | None = None
    calls: int | None = None


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        taken: places of the options, ascending.
        profit: their expected profit, cents.
        bound: no choice is worth more, cents; equals `profit` where the choice was proved best.
    """

    taken: IntArray
    profit: int
    bound: int


def choose(options: Options, limits: Limits) -> Choice:
    """Choose the options that together are worth most.

    Only options with a profit above 0 are ever taken, and with a budget of 0 none is. Of
    subscribers whose options are equal, the first are taken, so that the same input gives the same.
    """
    worth = np.flatnonzero(options.profit > 0)
    if limits.outlay is not None:
        worth = worth[(options.outlay[worth] <= limits.outlay) & (limits.outlay > 0)]
    if limits.calls is not None:
        worth = worth[options.calls[worth] <= limits.calls]
    if len(worth) == 0:
        return Choice(worth, 0, 0)
    groups = _grouped(options[worth])
    every = (groups.used * groups.count[groups.of][:, None]).sum(axis=0)
    asked = zip((limits.outlay, limits.calls), every, strict=True)
    cap = np.array([int(a) if limit is None else limit for limit, a in asked], dtype=np.int64)
    amount, bound = _solve(groups, cap)
    return Choice(worth[_dealt(groups, amount)], int(groups.profit @ amount), bound)


@dataclass(frozen=True)
class _Groups:
    """Options of groups of equal subscribers.

    Attributes:
        of: group of each option, ascending.
        profit: of each option, cents.
        used: outlay (cents) and calls of each option, shape (options, 2).
        count: subscribers of each group.
        first: place of the first option of each subscriber.
        member: group of each subscriber.
        slot: place of each option among those of its group.
    """

    of: IntArray
    profit: IntArray
    used: IntArray
    count: IntArray
    first: IntArray
    member: IntArray
    slot: IntArray

    def fits(self, amount: IntArray, cap: IntArray) -> bool:
        """Whether so many of each option stay within the limits."""
        return bool((amount @ self.used <= cap).all())


def _grouped(options: Options) -> _Groups:
    _, first, number = np.unique(options.who, return_index=True, return_inverse=True)
    slot = np.arange(len(number)) - first[number]
    told = np.full((len(first), int(slot.max()) + 1, 3), -1, dtype=np.int64)
    told[number, slot] = np.column_stack([options.profit, options.outlay, options.calls])
    flat, member, count = np.unique(
        told.reshape(len(first), -1), axis=0, return_inverse=True, return_counts=True
    )
    shapes = flat.reshape(len(flat), -1, 3)
    # An option has a profit above 0, so -1 is none.
    of, slot = np.nonzero(shapes[:, :, 0] >= 0)
    kept = shapes[of, slot]
    return _Groups(of, kept[:, 0], kept[:, 1:], count, first, member.reshape(-1), slot)


def _dealt(groups: _Groups, amount: IntArray) -> IntArray:
    """The places of the options taken: in each group the first subscribers get the first option."""
    taken = []
    begins = np.searchsorted(groups.of, np.arange(len(groups.count) + 1))
    order = np.argsort(groups.member, kind="stable")
    ends = np.cumsum(groups.count)
    for group in np.unique(groups.of[amount > 0]):
        mine = slice(begins[group], begins[group + 1])
        slots = np.repeat(groups.slot[mine], amount[mine])
        people = order[ends[group] - groups.count[group] :][: len(slots)]
        taken.append(groups.first[people] + slots)
    found: IntArray = np.sort(np.concatenate([np.empty(0, dtype=np.int64), *taken]))
    return found


def _solve(groups: _Groups, cap: IntArray) -> tuple[IntArray, int]:
    """How many of each option, and the bound."""
    best = _best(groups)
    if groups.fits(best, cap):
        return best, int(groups.profit @ best)
    share, price = _relaxed(groups, cap)
    reduced = groups.profit - groups.used @ price
    top = np.zeros(len(groups.count))
    np.maximum.at(top, groups.of, reduced)
    # It holds at any price, so the relaxation's rounding can't make it wrong.
    bound = int(np.floor(float(top @ groups.count) + float(price @ cap) + _TINY))
    amount = np.floor(share + _TINY).astype(np.int64)
    amount = _filled(groups, amount if groups.fits(amount, cap) else 0 * amount, cap)
    return _improved(groups, (top[groups.of] - reduced, top), cap, (amount, bound))


def _best(groups: _Groups) -> IntArray:
    """Everybody's most profitable option, the first of equals."""
    order = np.lexsort((groups.slot, -groups.profit, groups.of))
    found, first = np.unique(groups.of[order], return_index=True)
    amount = np.zeros(len(groups.of), dtype=np.int64)
    amount[order[first]] = groups.count[found]
    return amount


def _improved(
    groups: _Groups,
    losses: tuple[FloatArray, FloatArray],
    cap: IntArray,
    start: tuple[IntArray, int],
) -> tuple[IntArray, int]:
    """Solve cores that grow, until nothing better can lie outside.

    Args:
        groups: of subscribers.
        losses: of each option, and of taking none in each group.
        cap: the limits.
        start: amounts at hand, and the bound.
    """
    amount, bound = start
    width = _width(groups, losses)
    while True:
        gap = bound - int(groups.profit @ amount)
        width = min(width, float(gap))
        near, must = losses[0] <= width + _TINY, losses[1] > width + _TINY
        open_ = np.bincount(groups.of[near], minlength=len(must)) + ~must
        if gap == 0 or int(open_[open_ > 1].sum()) > _MOST:
            return amount, bound
        found, exact = _core(groups, near, must, cap)
        if found is not None and groups.profit @ found > groups.profit @ amount:
            amount = found
        if not exact:
            return amount, bound
        if width >= gap:
            return amount, int(groups.profit @ amount)
        width = max(4 * width, 1.0)


def _width(groups: _Groups, losses: tuple[FloatArray, FloatArray]) -> float:
    """The loss up to which the first core reaches: its groups have a second choice as near."""
    loss = np.concatenate(losses)
    of = np.concatenate([groups.of, np.arange(len(groups.count))])
    order = np.lexsort((loss, of))
    second = loss[order][np.unique(of[order], return_index=True)[1] + 1]
    place = min(_CORE, len(second)) - 1
    return float(np.partition(second, place)[place])


def _rows(groups: _Groups, inside: IntArray) -> tuple[IntArray, Any]:
    """The groups of some options, and the rows of the program: two limits, then each group."""
    from scipy.sparse import csr_array, vstack

    people, place = np.unique(groups.of[inside], return_inverse=True)
    once = csr_array((np.ones(len(inside)), (place, np.arange(len(inside)))))
    limited = csr_array(groups.used[inside].T.astype(float))
    return people, vstack([limited, once]).tocsr()


def _relaxed(groups: _Groups, cap: IntArray) -> tuple[FloatArray, FloatArray]:
    """The linear relaxation: amounts, and the price of a cent and of a call."""
    from scipy.optimize import linprog

    people, rows = _rows(groups, np.arange(len(groups.of)))
    most = groups.count[groups.of].astype(float)
    with quiet_output():
        found = linprog(
            -groups.profit.astype(float),
            A_ub=rows,
            b_ub=np.concatenate([cap, groups.count[people]]).astype(float),
            # Said though the rows say it too: without it HiGHS takes ten times as long.
            bounds=np.column_stack([np.zeros(len(most)), most]),
            method="highs-ds",
        )
    return found.x, np.maximum(-found.ineqlin.marginals[:2], 0.0)


def _filled(groups: _Groups, amount: IntArray, cap: IntArray) -> IntArray:
    """Add whoever still fits, the most profitable first."""
    amount = amount.copy()
    left = cap - amount @ groups.used
    free = groups.count - np.bincount(groups.of, amount, len(groups.count)).astype(np.int64)
    for place in np.lexsort((np.arange(len(amount)), -groups.profit)):
        more = int(free[groups.of[place]])
        if more == 0:
            continue
        for have, need in zip(left, groups.used[place], strict=True):
            more = more if need == 0 else min(more, int(have // need))
        amount[place] += more
        free[groups.of[place]] -= more
        left = left - more * groups.used[place]
    return amount


def _core(groups: _Groups, near: Any, must: Any, cap: IntArray) -> tuple[IntArray | None, bool]:
    """The best amounts among options near the margin, and whether HiGHS proved them so.

    Args:
        groups: of subscribers.
        near: the options that are open; all others are not taken.
        must: groups in which everybody takes one.
        cap: the limits.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    open_ = np.bincount(groups.of[near], minlength=len(groups.count))
    sure = near & (must & (open_ == 1))[groups.of]
    amount = np.where(sure, groups.count[groups.of], 0)
    left = cap - amount @ groups.used
    inside = np.flatnonzero(near & ~sure)
    if bool((left < 0).any()) or len(inside) == 0:
        return (None if bool((left < 0).any()) else amount), True
    people, rows = _rows(groups, inside)
    most = groups.count[people].astype(float)
    with quiet_output():
        found = milp(
            -groups.profit[inside].astype(float),
            integrality=np.ones(len(inside)),
            bounds=Bounds(0, groups.count[groups.of[inside]].astype(float)),
            constraints=LinearConstraint(
                rows,
                np.concatenate([np.full(2, -np.inf), np.where(must[people], most, 0.0)]),
                np.concatenate([left.astype(float), most]),
            ),
            # Bounded by nodes and never by time: another machine must find the same.
            options={"mip_rel_gap": 0.0, "node_limit": _NODES},
        )
    exact = found.status in (0, 2)  # the best, or there is none
    if found.x is None:
        return None, exact
    amount[inside] = np.rint(found.x).astype(np.int64)
    return (amount, exact) if groups.fits(amount, cap) else (None, False)
