"""All of it: changes that were known, what is learned from them, what each member may want."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlight.assess.tables import wilson
from churnlight.columns import is_given
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.handsets.changes import (
    STATE,
    age_group,
    month_of,
    number_of,
    pairs,
    shown,
    with_use,
)
from churnlight.handsets.features import AGE
from churnlight.handsets.foreseeing import foreseen
from churnlight.handsets.judging import judge
from churnlight.handsets.kinds import KindTree, kinds_of, learn
from churnlight.handsets.lifetable import LifeTable, counted, life_table
from churnlight.handsets.pricelist import TARGETS, PriceList, read_prices
from churnlight.handsets.words import notice, rules_in_words
from churnlight.identity import ID
from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.data import TimeParams
from churnlight.params.handset import HandsetParams
from churnlight.timeline import Moment

_Z = 1.959963984540054


@dataclass(frozen=True)
class Settings:
    """What handsets go by.

    Attributes:
        handset: the section `handset`.
        time: the section `time`.
    """

    handset: HandsetParams
    time: TimeParams


@dataclass(frozen=True)
class Preferred:
    """What was found.

    Attributes:
        table: `foreseeing.COLUMNS`, one row a member with a handset; write it sorted by
            subscriber_id. None: left out.
        content: handsets.json: accuracy, life table, rules, notices.
        model: the tree and the life table, as JSON holds them; None: left out.
    """

    table: ir.Table | None
    content: Mapping[str, Any]
    model: Mapping[str, Any] | None


@dataclass(frozen=True)
class _History:
    """What was known at as_of.

    Attributes:
        prices: the price list.
        counts: see `lifetable.counted`.
        changes: one row a change: the columns of `Questions`, present_*, next_*, account, month_no.
        known: how many changes there are, sampled or not.
    """

    prices: PriceList
    counts: pd.DataFrame
    changes: pd.DataFrame
    known: int


def prefer(
    engine: Engine,
    sources: Mapping[str, ir.Table],
    members: ir.Table,
    at: Moment,
    settings: Settings,
) -> Preferred:
    """Learn from the changes known at an as_of, and foresee those of its members.

    Args:
        engine: where it runs.
        sources: kept rows by extract: `subscribers` of the `handset.history_months` + 1 months
            before as_of (later rows are left out here); `handsets`, `billing`, and the marts
            `usage` with `month`, where there are, of those months and a window before.
        members: subscriber_id (unique) and activated_on of the cohort.
        at: the as_of.
        settings: see `Settings`.

    Raises:
        DataRefused: when ids of handsets are numbers in one extract and text in another.
    """
    params = settings.handset
    if (reason := _lacking(sources)) is not None:
        return _left_out(at, reason)
    _hold_ids(sources)
    prices = read_prices(engine, sources["handsets"], at, params)
    if not prices.targets:
        return _left_out(at, "no_attributes")
    seen = engine.cache(shown(sources["subscribers"], at))
    history = _history(engine, sources, seen, prices, (at, settings))
    usable = _usable(history.changes, prices.targets)
    if len(usable) < params.min_changes:
        return _left_out(at, "too_few_changes", known=history.known)
    months = sorted(set(history.counts["month_no"].tolist()))
    table = life_table(history.counts, months, params)
    tree = learn(usable, prices.targets, params)
    likely = table.overall(params.horizon_months)
    if params.likely_chance is not None:
        likely = params.likely_chance
    now = _present(sources, seen, members, prices, (at, settings))
    found = engine.cache(foreseen(engine, now, tree, (table, params.horizon_months, likely)))
    counts = engine.arrow(
        found.aggregate(n=found.count(), likely=found["likely"].sum().fill_null(0))
    ).to_pylist()[0]
    if counts["n"] == 0:
        return _left_out(at, "no_snapshots", known=history.known)
    content = _content(history, usable, months, (tree, table), params)
    content |= {
        "as_of": at.key,
        "likely_above": round(likely, 6),
        "members": {
            "members": int(engine.arrow(members.aggregate(n=members.count()))["n"][0].as_py()),
            "with_handset": int(counts["n"]),
            "likely": int(counts["likely"]),
        },
    }
    model = {"schema_version": SCHEMA_VERSION, "tree": tree.to_json(), "ages": table.to_json()}
    return Preferred(found, content, model)


def _lacking(sources: Mapping[str, ir.Table]) -> str | None:
    if "handsets" not in sources:
        return "no_handsets"
    return None if is_given(sources["subscribers"], "handset_id") else "no_handset_columns"


def _hold_ids(sources: Mapping[str, ir.Table]) -> None:
    kinds = {
        name: "numbers" if sources[name]["handset_id"].type().is_integer() else "text"
        for name in ("handsets", "subscribers")
    }
    if kinds["handsets"] != kinds["subscribers"]:
        raise DataRefused(
            f"handset_id holds {kinds['handsets']} in handsets and {kinds['subscribers']} in "
            "subscribers: write one type in both"
        )


def _left_out(at: Moment, reason: str, known: int = 0) -> Preferred:
    content = {
        "schema_version": SCHEMA_VERSION,
        "as_of": at.key,
        "left_out": reason,
        "notices": [notice(reason)],
        "changes": {"known": known},
    }
    return Preferred(None, content, None)


def _history(
    engine: Engine,
    sources: Mapping[str, ir.Table],
    seen: ir.Table,
    prices: PriceList,
    when: tuple[Moment, Settings],
) -> _History:
    at, settings = when
    params = settings.handset
    first = number_of(at.month) - 1 - params.history_months
    both = engine.cache(pairs(seen, first))
    counts = counted(engine, both, params)
    months = sorted(counts.loc[counts["changes"] > 0, "month_no"].tolist())
    known = int(counts["changes"].sum())
    changed = both.filter(both["changed"]).drop("changed")
    if known > params.max_changes:
        changed = _sample(changed, params)
    changed = engine.cache(changed)
    if not months:
        return _History(prices, counts, pd.DataFrame(), 0)
    rows = prices.describe_next(prices.describe(changed))
    rows = with_use(rows, sources, sorted(set(months)), settings.time)
    frame = engine.arrow(rows).to_pandas()
    frame = frame.sort_values(["month_no", ID], ignore_index=True)
    return _History(prices, counts, frame, known)


def _sample(changed: ir.Table, params: HandsetParams) -> ir.Table:
    """So many changes by the hash of id and month, the same on every engine."""
    text = (
        ibis.literal(f"{params.seed}|")
        + changed[ID].cast("string")
        + ibis.literal("|")
        + changed["month_no"].cast("string")
    )
    drawn = changed.mutate(draw=text.hexdigest("sha256"))
    return drawn.order_by("draw").limit(params.max_changes).drop("draw")


def _usable(changes: pd.DataFrame, targets: Sequence[str]) -> pd.DataFrame:
    """Changes to a handset of which the price list says all that is foreseen."""
    if changes.empty:
        return changes
    known = [kind is not None for kind in kinds_of(changes, targets)]
    return changes[known].reset_index(drop=True)


def _present(
    sources: Mapping[str, ir.Table],
    seen: ir.Table,
    members: ir.Table,
    prices: PriceList,
    when: tuple[Moment, Settings],
) -> ir.Table:
    """The members' columns at the snapshot before as_of, and age_group."""
    at, settings = when
    last = number_of(at.month) - 1
    mine = seen.filter(seen["month_no"] == last).select(*STATE)
    mine = mine.semi_join(members, [ID, "activated_on"])
    rows = with_use(prices.describe(mine), sources, [last], settings.time)
    return rows.mutate(age_group=age_group(rows[AGE], settings.handset))


def _content(
    history: _History,
    usable: pd.DataFrame,
    months: Sequence[int],
    learned: tuple[KindTree, LifeTable],
    params: HandsetParams,
) -> dict[str, Any]:
    """What handsets.json says of history, model and accuracy."""
    tree, table = learned
    codes = [f"no_{target}" for target in TARGETS if target not in tree.targets]
    if history.known > params.max_changes:
        codes.append("sampled")
    if not table.exposures[:-1].any():
        codes.append("ages_unknown")
    accuracy = _accuracy(usable, months, tree.targets, params)
    chances = _chances(history.counts, months, params)
    if accuracy is None:
        codes.append("not_judged")
    return {
        "schema_version": SCHEMA_VERSION,
        "left_out": None,
        "notices": [notice(code) for code in codes],
        "targets": list(tree.targets),
        "bands": history.prices.bands() if "price_band" in tree.targets else [],
        "changes": {
            "known": history.known,
            "learned_from": len(usable),
            "next_unknown": len(history.changes) - len(usable),
            **_span(months),
        },
        "horizon_months": params.horizon_months,
        "ages": table.ages(params.horizon_months),
        "chance_judged": chances,
        "accuracy": accuracy,
        "rules": rules_in_words(tree),
    }


def _span(months: Sequence[int]) -> dict[str, str]:
    """The months in which the changes happened: each is seen at the end of the next one."""
    return {
        "first_month": str(month_of(min(months) + 1)),
        "last_month": str(month_of(max(months) + 1)),
    }


def _parts(months: Sequence[int], params: HandsetParams) -> tuple[list[int], list[int]]:
    """Months to learn from and the newest to judge on; the latter empty where all are needed."""
    held = list(months)[-params.test_months :]
    older = [month for month in months if month < held[0]]
    return (older, held) if older else (list(months), [])


def _accuracy(
    usable: pd.DataFrame, months: Sequence[int], targets: Sequence[str], params: HandsetParams
) -> dict[str, Any] | None:
    """A tree of the older months alone, judged on the newest; None where there is too little."""
    older, held = _parts(months, params)
    train = usable[usable["month_no"].isin(older)].reset_index(drop=True)
    test = usable[usable["month_no"].isin(held)].reset_index(drop=True)
    if test.empty or len(train) < params.min_changes // 2:
        return None
    tree = learn(train, targets, params)
    new = set(kinds_of(test, tree.targets)) - set(tree.kinds)
    return {
        "learned": {"changes": len(train), **_span(older)},
        "judged": {
            "changes": len(test),
            "of_new_kinds": sum(kind in new for kind in kinds_of(test, tree.targets)),
            "leaves": len(tree.nodes.leaves),
            **_span(held),
        },
        "measures": judge(tree, train, test, params),
    }


def _chances(
    counts: pd.DataFrame, months: Sequence[int], params: HandsetParams
) -> dict[str, Any] | None:
    """Changes foreseen by a life table of the older months, beside those of the newest.

    The verdict says whether handsets of the ages that it calls likely to be changed were changed
    more often than the others: better, worse or no_difference, by the 95 % interval.
    """
    older, held = _parts(months, params)
    if not held:
        return None
    table, later = life_table(counts, older, params), life_table(counts, held, params)
    monthly = table.month_chance
    above = table.chance(params.horizon_months) > table.overall(params.horizon_months)
    likely, others = _rate(later, above), _rate(later, ~above)
    return {
        "months": len(held),
        "foreseen": round(float(monthly @ later.exposures), 1),
        "happened": int(later.changes.sum()),
        "likely": likely,
        "others": others,
        "verdict": _verdict(likely, others),
    }


def _verdict(likely: Mapping[str, Any], others: Mapping[str, Any]) -> str | None:
    """How the difference of two rates stands to 0 (normal approximation); None without both."""
    if not likely["exposures"] or not others["exposures"]:
        return None
    variance = sum(
        part["month_rate"] * (1 - part["month_rate"]) / part["exposures"]
        for part in (likely, others)
    )
    difference = likely["month_rate"] - others["month_rate"]
    if abs(difference) <= _Z * math.sqrt(variance):
        return "no_difference"
    return "better" if difference > 0 else "worse"


def _rate(table: LifeTable, part: Any) -> dict[str, Any]:
    """Changes a month of handsets of some age groups, with Wilson's interval."""
    changes, rows = int(table.changes[part].sum()), int(table.exposures[part].sum())
    low, high = wilson(changes, rows)
    return {
        "exposures": rows,
        "changes": changes,
        "month_rate": None if rows == 0 else round(changes / rows, 6),
        "low": None if low is None else round(low, 6),
        "high": None if high is None else round(high, 6),
    }
