"""From counts to figures: rate, score, what is short of a target, and the contract rate.

A figure is a census of the base, no sample: it has no sampling error and so no interval. What is
uncertain are the bills that are missing; the bounds `rate_at_least` and `rate_at_most` span them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal

from churnlight.params.kpi import KpiParams
from churnlight.schema import SUBSCRIBERS
from churnlight.small_groups import together

DIMENSIONS = ("region", "vip_tier", "group_class")
OFF_NET_KINDS = ("ported_out", "cancelled", "debt", "vanished")
GroupKind = Literal["named", "unknown", "small"]


@dataclass(frozen=True)
class Group:
    """Counts of a part of the base, all in subscribers; those of two parts add up.

    Attributes:
        base: in the base.
        on_books: of them still on the books at the month's end, whatever happened in between.
        ported_out, cancelled, debt, vanished: the others, by the state in which they were first
            off the books for good.
        spend_churn: on the books, and the bills add up to less than the limit.
        unknown_bills: on the books, and a bill is missing.
        contracts: on the books, with a contract that ends late enough to count.
        contract_dates: on the books, with a contract's end, whenever it is.
    """

    base: int = 0
    on_books: int = 0
    ported_out: int = 0
    cancelled: int = 0
    debt: int = 0
    vanished: int = 0
    spend_churn: int = 0
    unknown_bills: int = 0
    contracts: int = 0
    contract_dates: int = 0

    def __add__(self, other: Group) -> Group:
        mine, theirs = asdict(self), asdict(other)
        return Group(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True)
class Counted:
    """A base counted again at a month's end.

    Attributes:
        cells: counts by what the members had as of the base, in the order of `DIMENSIONS`; None
            where it is not known.
        billing: whether there are bills at all.
    """

    cells: Mapping[tuple[str | None, ...], Group]
    billing: bool

    @property
    def total(self) -> Group:
        """The whole base."""
        return sum(self.cells.values(), start=Group())


def figure(group: Group, params: KpiParams, *, billing: bool, contracts: bool) -> dict[str, Any]:
    """The KPI of a group.

    Args:
        group: its counts, `base` above 0.
        params: section `kpi`.
        billing: whether bills were there: without them nobody's spend is known.
        contracts: whether any contract's end was there.

    Returns:
        Counts; kept (base less off_net and spend_churn); rate = kept / base; rate_at_least, where
        everybody with a missing bill had left, and rate_at_most; score and score_at_least;
        above_base_target and above_challenge_target, in subscribers (negative: so many are short);
        contract_rate, of those on the books. None: not known.
    """
    low = group.on_books - group.spend_churn - group.unknown_bills
    high = group.on_books - group.spend_churn
    kept = high if billing else None
    return {
        "base": group.base,
        "on_books": group.on_books,
        "off_net": group.base - group.on_books,
        "off_net_kinds": {kind: getattr(group, kind) for kind in OFF_NET_KINDS},
        "spend_churn": group.spend_churn if billing else None,
        "unknown_bills": group.unknown_bills if billing else None,
        "kept": kept,
        "rate": _rate(kept, group.base),
        "rate_at_least": _rate(low, group.base) if billing else None,
        "rate_at_most": _rate(high, group.base),
        "score": score(kept, group.base, params),
        "score_at_least": score(low if billing else None, group.base, params),
        "above_base_target": _above(kept, group.base, params.base_target),
        "above_challenge_target": _above(kept, group.base, params.challenge_target),
        "contracts": group.contracts if contracts else None,
        "contract_rate": _rate(group.contracts, group.on_books) if contracts else None,
    }


def score(kept: int | None, base: int, params: KpiParams) -> float | None:
    """The score of a retention rate: 0 below the base target, then a line up to the challenge.

    Args:
        kept: subscribers kept; None: not known.
        base: subscribers in the base, above 0.
        params: targets and scores.
    """
    if kept is None:
        return None
    rate, low, high = (
        Fraction(kept, base),
        exact(params.base_target),
        exact(params.challenge_target),
    )
    if rate < low:
        return 0.0
    if rate >= high:
        return params.challenge_score
    rise = exact(params.challenge_score) - exact(params.base_score)
    return float(exact(params.base_score) + rise * (rate - low) / (high - low))


def exact(value: float) -> Fraction:
    """A parameter as it is written: 0.72 is 72/100, and not the nearest binary number."""
    return Fraction(str(value))


def _rate(count: int | None, base: int) -> float | None:
    return None if count is None or base == 0 else count / base


def _above(kept: int | None, base: int, target: float) -> int | None:
    """Subscribers kept beyond the fewest that reach the target."""
    return None if kept is None else kept - math.ceil(exact(target) * base)


def groups_of(counted: Counted, dimension: str, params: KpiParams) -> list[dict[str, Any]] | None:
    """The figures of each group of one dimension; small groups are put together.

    Returns:
        Entries as `figure`, with group (its name; None for `unknown` and `small`), kind (named,
        unknown: the base's snapshot does not say; small: groups below `kpi.min_group` together,
        with what would give them away: `small_groups.together`) and groups (how many it stands
        for); known names in their order, others by size. None where the snapshot says it of nobody.
    """
    place = DIMENSIONS.index(dimension)
    sums: dict[str | None, Group] = {}
    for key, group in counted.cells.items():
        sums[key[place]] = sums.get(key[place], Group()) + group
    if set(sums) <= {None}:
        return None
    names = _ordered(sums, dimension)
    one = together([sums[name].base for name in names], params.min_group)
    large = {name: sums[name] for place, name in enumerate(names) if place not in one}
    small = [sums[names[place]] for place in sorted(one)]
    entries: list[tuple[str | None, GroupKind, int, Group]] = [
        (name, "unknown" if name is None else "named", 1, large[name]) for name in large
    ]
    if small:
        entries.append((None, "small", len(small), sum(small, start=Group())))
    contracts = counted.total.contract_dates > 0
    return [
        {
            "group": name,
            "kind": kind,
            "groups": number,
            **figure(group, params, billing=counted.billing, contracts=contracts),
        }
        for name, kind, number, group in entries
    ]


def _ordered(groups: Mapping[str | None, Group], dimension: str) -> Sequence[str | None]:
    """Names as the extracts' declaration lists them; free ones by size; unknown last."""
    known = SUBSCRIBERS.by_name[dimension].allowed or ()
    places = {name: place for place, name in enumerate(known)}

    def key(name: str | None) -> tuple[bool, int, int, str]:
        return (name is None, places.get(name or "", len(places)), -groups[name].base, name or "")

    return sorted(groups, key=key)
