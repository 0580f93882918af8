"""The population of one as_of: start population, labels, cohort, attrition, counts.

Labels are made for the whole start population first, so that the attrition table can say how many
churners each rule loses.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, get_args

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa

from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.population import LabelParams
from churnlight.population import cohort, labels
from churnlight.population.model import (
    LABEL_COLUMNS,
    LabelKindName,
    Population,
    PopulationParams,
)
from churnlight.population.standing import (
    ID,
    Later,
    all_of,
    attach,
    column,
    first_replaced,
    later_standing,
    no,
    on_the_books,
    surely,
    yes,
)
from churnlight.timeline import Moment

_BILL_KINDS = ("spend_churn", "value_loss")
_OF_COHORT = "cohort__"


def build_population(
    engine: Engine,
    sources: Mapping[str, ir.Table],
    marts: MonthlyMarts,
    at: Moment,
    params: PopulationParams,
) -> Population:
    """Say who is at risk at an as_of, and who of them left.

    Args:
        engine: where the expressions run.
        sources: kept rows of the extracts by name (`subscribers`; `billing`, `care`, `campaigns`,
            `cdr` where there are), over the window's and the horizon's months; snapshots of the
            month before the window too where there are. Not filtered by what was known: the cohort
            reads them through `known.as_known`, the label looks ahead. `cdr` is only read for the
            label `silence`; without it that kind is not known.
        marts: the usage marts of the window.
        at: the as_of.
        params: see `PopulationParams`.

    Returns:
        See `Population`. `counts` holds start_population, subscribers, churners, stayers,
        unlabelled, left_in_gap, left_before_cutoff, treated (of the cohort), label_kinds (of the
        cohort, each once), kinds (of the cohort, each by itself), vanished and vanished_share (of
        the start population), outcome_complete.

    Raises:
        DataRefused: no subscriber is at risk; a kind or threshold needs an extract that is not
            there; more vanished than `label.max_vanished_share`; CDRs or bills of the outcome are
            not there.
    """
    _hold_sources(sources, params.label)
    out = labels.outcome(at, params.label, params.months)
    usage = marts.table("usage", at.window)
    measured = None if usage is None else cohort.measured_columns(engine, usage)
    start = start_population(engine, sources, usage, at)
    table = engine.cache(_with_outcome(engine, start, sources, out, params.label))
    rules = cohort.rules_of(
        table,
        params.cohort,
        billing="billing" in sources,
        measured=measured,
        active_in_window="silence" in params.label.kinds,
    )
    decided = labels.decide(table, out, params.label)
    judged = engine.cache(_judged(table, decided, rules, measured or frozenset(), at))
    aggregates, names = cohort.attrition(judged, rules)
    aggregates |= _aggregates(judged, out, params.label) | _cohort_aggregates(judged)
    counted = engine.arrow(judged.agg(**aggregates)).to_pylist()[0]
    attrition = cohort.attrition_rows(counted, names)
    _hold_cohort(attrition, at)
    _hold_outcome(counted, out, params.label)
    return Population(
        labels=_typed(judged.filter(judged["in_cohort"])),
        attrition=attrition,
        counts=_counts(attrition, counted, complete=out.complete),
    )


def _hold_sources(sources: Mapping[str, ir.Table], params: LabelParams) -> None:
    if "subscribers" not in sources:
        raise DataRefused("there is no extract subscribers: it says who is on the books")
    bills = [k for k in params.kinds if k in _BILL_KINDS]
    if bills and "billing" not in sources:
        raise DataRefused(
            f"label.kinds has {', '.join(bills)}, but there is no extract billing: "
            "leave it out of label.kinds in params.yaml, or hand in billing"
        )
    if "silence" in params.kinds and "cdr" not in sources:
        raise DataRefused(
            "label.kinds has silence, but there is no extract cdr to hear from: "
            "leave it out of label.kinds in params.yaml, or hand in cdr"
        )


def start_population(
    engine: Engine, sources: Mapping[str, ir.Table], usage: ir.Table | None, at: Moment
) -> ir.Table:
    """The start population with all that the window says of it; `cohort.rules_of` judges it.

    Args:
        engine: where it runs.
        sources: see `build_population`.
        usage: the usage marts of the window with `month`; None without any.
        at: the as_of.
    """
    start = engine.cache(on_the_books(sources["subscribers"], at))
    if usage is not None:
        start = engine.cache(cohort.with_traces(start, usage))
    table = start
    if "billing" in sources:
        table = attach(table, cohort.window_bills(start, sources["billing"], at))
    if usage is not None:
        table = attach(table, cohort.window_usage(start, usage))
    if "care" in sources:
        table = attach(table, cohort.port_out_applications(sources["care"], at))
    return cohort.filled(table)


def _with_outcome(
    engine: Engine,
    start: ir.Table,
    sources: Mapping[str, ir.Table],
    out: labels.Outcome,
    params: LabelParams,
) -> ir.Table:
    """Add the label kinds, each by itself, and what else happened after as_of."""
    table = attach(start, later_standing(sources["subscribers"], out.later))
    if "campaigns" in sources:
        table = attach(table, _offers(sources["campaigns"], out.at))
    if "billing" in sources:
        table = attach(table, labels.bills_of(sources["billing"], out.later))
    heard = sources.get("cdr") if out.covered["silence"] else None
    if heard is not None:
        silent_from = engine.cache(labels.heard_of(heard, out.at))
        if "silence" in params.kinds:
            _hold_cdr_end(engine, silent_from, out.at)
        table = attach(table, silent_from)
    left = labels.departure(table, out)
    unknown = ibis.null("boolean")
    has_bills = "billing" in sources
    months = labels.bill_months(out, params.kinds)
    return table.select(
        *start.columns,
        treated=_treated(table, out) if "campaigns" in sources else no(),
        in_gap=left.in_gap,
        departure_kind=left.kind,
        first_vanished=left.vanished,
        left_before_cutoff=left.before_cutoff,
        off_net=left.left,
        spend_churn=labels.spend_churn(table, out, params) if has_bills else unknown,
        value_loss=labels.value_loss(table, out, params) if has_bills else unknown,
        silence=labels.silence(table, out) if heard is not None else unknown,
        **{column("books", m): Later(table, m).on for m in months},
        **{column("billed", m): table[column("bill", m)].notnull() for m in months},
    )


def _offers(campaigns: ir.Table, at: Moment) -> ir.Table:
    """When something was first offered, and not merely meant to be, in [as_of, label_end)."""
    contacted = ibis.coalesce(campaigns["contacted"], yes())
    offers = campaigns.filter(
        campaigns["arm"] == "treated",
        campaigns["offered_at"] >= ibis.literal(at.as_of, type="timestamp"),
        campaigns["offered_at"] < ibis.literal(at.label_end, type="timestamp"),
        contacted,
    )
    return offers.group_by(ID).agg(first_offered_at=offers["offered_at"].min())


def _treated(table: ir.Table, out: labels.Outcome) -> ir.BooleanValue:
    """Whether the offer was made to the member, and not to who held the id afterwards."""
    offered = table["first_offered_at"]
    replaced = first_replaced(table, out.later)
    return offered.notnull() & ibis.coalesce(offered < replaced.cast("timestamp"), yes())


def _judged(
    table: ir.Table,
    decided: labels.Labels,
    rules: list[cohort.Rule],
    measured: frozenset[str],
    at: Moment,
) -> ir.Table:
    """The label table's columns for the whole start population, with who meets which rule."""
    cents, bills = table["known_cents"], table["known_bills"]
    minutes = table["voice_out_s"].cast("float64") / 60
    last = table["last_out_at"]
    # Whole days that have passed: dates apart, less one where the last was after midnight.
    apart = ibis.literal(at.as_of.date(), type="date").delta(last.date(), unit="day")
    since = apart - (last > last.date().cast("timestamp")).cast("int64")
    return table.select(
        ID,
        "account_id",
        "region",
        "activated_on",
        "treated",
        "left_before_cutoff",
        "in_gap",
        "first_vanished",
        *(c for c in table.columns if c.startswith(("books_", "billed_"))),
        **decided.kinds,
        monthly_bill_money=cents.cast("float64") / (bills * 100).nullif(0).cast("float64"),
        voice_out_min=minutes if "voice_out_s" in measured else ibis.null("float64"),
        days_since_out=since.cast("int64"),
        churned=decided.churned,
        label_kind=decided.label_kind,
        in_cohort=all_of([rule.stays for rule in rules]),
        **{rule.column: rule.stays for rule in rules},
    )


def _aggregates(
    judged: ir.Table, out: labels.Outcome, params: LabelParams
) -> dict[str, ir.IntegerScalar]:
    flags = {"vanished": judged["first_vanished"]}
    for month in labels.bill_months(out, params.kinds):
        on = judged[column("books", month)]
        flags[column("books", month)] = on
        flags[column("billed", month)] = on & judged[column("billed", month)]
    return {name: flag.cast("int64").sum() for name, flag in flags.items()}


def _hold_cdr_end(engine: Engine, heard: ir.Table, at: Moment) -> None:
    """Hold the CDRs to the horizon: one that ends early would make everybody silent."""
    last = engine.arrow(heard.agg(last=heard["last_at"].max())).to_pylist()[0]["last"]
    needed = at.label_end - timedelta(days=1)
    if last is None or last < needed:
        found = "there are none in it" if last is None else f"they end at {last:%Y-%m-%d %H:%M}"
        raise DataRefused(
            f"the label silence of as_of {at.key} looks for CDRs from {at.label_start:%Y-%m-%d} "
            f"until {at.label_end:%Y-%m-%d}, but {found}; expected some on {needed:%Y-%m-%d}: "
            "hand in the missing CDRs, shorten time.horizon_days, or take an earlier as_of"
        )


def _hold_cohort(attrition: list[dict[str, Any]], at: Moment) -> None:
    """Hold the cohort to somebody being in it."""
    if attrition[-1]["subscribers_left"] > 0:
        return
    if attrition[0]["subscribers_left"] == 0:
        raise DataRefused(
            f"nobody is active or suspended in the subscribers' snapshot of {at.window[-1]}, as "
            f"far as it was known before the cutoff of as_of {at.key} ({at.cutoff:%Y-%m-%d %H:%M}; "
            f"it is known from {at.as_of:%Y-%m-%d} on): check the extract subscribers of that "
            "month, and that time.close_days is at least 1"
        )
    steps = ", ".join(f"{row['rule']} {row['subscribers_left']}" for row in attrition)
    emptied = next(row["rule"] for row in attrition if row["subscribers_left"] == 0)
    raise DataRefused(
        f"the cohort of as_of {at.key} is empty: the rule {emptied} leaves nobody "
        f"(subscribers left after each rule: {steps}); relax the section cohort in params.yaml"
    )


def _hold_outcome(counted: Mapping[str, Any], out: labels.Outcome, params: LabelParams) -> None:
    """Hold a complete outcome to snapshots and bills that can be believed."""
    if not out.complete:
        return
    start, vanished = counted["subscribers_0"], counted["vanished"] or 0
    # Silence alone asks nothing of later snapshots.
    if set(params.kinds) != {"silence"} and vanished > params.max_vanished_share * start:
        months = ", ".join(str(m) for m in (*out.gap, *out.at.horizon))
        raise DataRefused(
            f"{vanished} of {start} subscribers on the books at as_of {out.at.key} "
            f"({vanished / start:.2%}) are absent from a later snapshot of subscribers without a "
            f"status (months {months}); at most {params.max_vanished_share:.2%} may "
            "(label.max_vanished_share): complete the snapshots, or raise the limit"
        )
    bills = {
        m: (counted[column("books", m)] or 0, counted[column("billed", m)] or 0)
        for m in labels.bill_months(out, params.kinds)
    }
    if missing := labels.months_without_bills(bills):
        raise DataRefused(
            f"the labels of as_of {out.at.key} need the bills of {', '.join(missing)}, but nobody "
            "on the books has one: hand in billing of these months, or take an earlier as_of"
        )


def _cohort_aggregates(judged: ir.Table) -> dict[str, ir.IntegerScalar]:
    """How many of the cohort are what, by the names of `_counts` with `_OF_COHORT` before them."""
    churned, kind, inside = judged["churned"], judged["label_kind"], judged["in_cohort"]
    flags = {
        "subscribers": yes(),
        "churners": churned,
        "stayers": ~churned,
        "unlabelled": churned.isnull(),
        "left_in_gap": judged["in_gap"],
        **{name: judged[name] for name in ("left_before_cutoff", "treated", *labels.KINDS)},
        **{f"label_kind_{name}": kind == name for name in get_args(LabelKindName)},
    }
    return {
        _OF_COHORT + name: (inside & surely(flag)).cast("int64").sum()
        for name, flag in flags.items()
    }


def _typed(found: ir.Table) -> ir.Table:
    """Order and types of the label table; engines differ in their integers."""
    schema = ibis.Schema.from_pyarrow(pa.schema(list(LABEL_COLUMNS.items())))
    return found.select(ID, **{name: _cast(found[name], schema[name]) for name in LABEL_COLUMNS})


def _cast(value: ir.Value, kind: dt.DataType) -> ir.Value:
    # A bare cast to what Ibis takes a column for already is elided, and Spark's days are 32 bits.
    return value.cast("decimal(38,0)").cast(kind) if kind.is_integer() else value.cast(kind)


def _counts(
    attrition: list[dict[str, Any]], counted: Mapping[str, Any], *, complete: bool
) -> dict[str, Any]:
    start, vanished = attrition[0]["subscribers_left"], int(counted["vanished"] or 0)
    of_cohort = {
        name.removeprefix(_OF_COHORT): int(count or 0)
        for name, count in counted.items()
        if name.startswith(_OF_COHORT)
    }
    plain = ("churners", "stayers", "unlabelled", "left_in_gap", "left_before_cutoff", "treated")
    return {
        "outcome_complete": complete,
        "start_population": start,
        **{name: of_cohort[name] for name in ("subscribers", *plain)},
        "label_kinds": {kind: of_cohort[f"label_kind_{kind}"] for kind in get_args(LabelKindName)},
        "kinds": {kind: of_cohort[kind] for kind in labels.KINDS},
        "vanished": vanished,
        "vanished_share": vanished / start,
    }
