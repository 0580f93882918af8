"""Stage kpi: the retention KPI of every base month and month that the extracts allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import ibis.expr.types as ir

from churnlight import files
from churnlight.check import load_kept
from churnlight.engine import Engine, connect
from churnlight.errors import DataRefused
from churnlight.inventory import is_simulated, spell
from churnlight.kpi.content import kpi_content, span_content
from churnlight.kpi.counting import KpiRules, Sources, base_of, count
from churnlight.kpi.spans import Span, all_spans, span_of
from churnlight.logs import progress
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.data import EngineParams, ExtractsParams, TimeParams
from churnlight.params.kpi import KpiParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.params.privacy import PrivacyParams
from churnlight.paths import find_project
from churnlight.stages.stage import Stage, log, main, running
from churnlight.timeline import Month

# What the KPI reads of the snapshots and the bills; the rest is left where it is.
_COLUMNS = {
    "subscribers": (
        *("subscriber_id", "month", "status", "status_since", "activated_on", "account_id"),
        *("region", "vip_tier", "group_class", "contract_ends_on"),
        *("is_staff", "is_test", "on_red_list"),
    ),
    "billing": ("subscriber_id", "month", "total_charge", "period_end", "billed_at"),
    "care": ("subscriber_id", "happened_at", "kind"),
}


@dataclass(frozen=True)
class _Found:
    """Figures, and which were refused and why."""

    figures: list[dict[str, Any]]
    left_out: list[dict[str, Any]]

    def leave_out(self, base: Month, month: Month | None, why: DataRefused) -> None:
        shown = None if month is None else str(month)
        self.left_out.append({"base": str(base), "month": shown, "why": str(why)})


def kpi() -> None:
    """Write data/kpi/kpi.json, see `kpi.content`."""
    with running("kpi") as stage:
        rules = rules_of(stage)
        months = stage.section("extracts", ExtractsParams).month_list
        spans = all_spans(months, rules.time, rules.label.spend_churn.months)
        source = files.read_json(stage.project.inventory / "source.json")
        with files.atomic_folder(stage.project.kpi.parent) as out:
            found = _figures(stage, spans, rules)
            short = [] if spans else [_too_short(months, rules)]
            content = kpi_content(
                found.figures,
                [*found.left_out, *short],
                rules,
                simulated=bool(source["simulated"]),
            )
            files.write_json(out / stage.project.kpi.name, content)
        log.info("  %d figures, %d left out", len(found.figures), len(found.left_out))


def rules_of(stage: Stage) -> KpiRules:
    """The sections that the KPI rests on; no group is shown below `privacy.min_group`."""
    kpi = stage.section("kpi", KpiParams)
    least = max(kpi.min_group, stage.section("privacy", PrivacyParams).min_group)
    return KpiRules(
        time=stage.section("time", TimeParams),
        cohort=stage.section("cohort", CohortParams),
        label=stage.section("label", LabelParams),
        kpi=kpi.model_copy(update={"min_group": least}),
    )


def one_pair(base: str, month: str) -> dict[str, Any]:
    """The KPI of one base month and month of the project, as `kpi.content.kpi_content`.

    Args:
        base: "YYYY-MM".
        month: "YYYY-MM".

    Raises:
        UsageError: no month, or too early for the base.
        DataRefused: the extracts don't hold what is needed, see `kpi.spans` and `kpi.counting`.
        ChurnlightError: a mart has not been built.
    """
    stage = Stage("kpi", find_project())
    rules = rules_of(stage)
    there = stage.section("extracts", ExtractsParams).month_list
    first, last = Month.parse(base), Month.parse(month)
    span = span_of(first, last, there, rules.time, rules.label.spend_churn.months)
    with connect(stage.section("engine", EngineParams), stage.project.scratch) as engine:
        sources = read_sources(engine, stage, [span], rules.time)
        followed = base_of(engine, sources, span, rules)
        counted = count(engine, followed, sources, span.month, rules)
    figures = [span_content(span, counted, rules)]
    return kpi_content(figures, [], rules, simulated=is_simulated(stage.extracts))


def read_sources(engine: Engine, stage: Stage, spans: Sequence[Span], time: TimeParams) -> Sources:
    """The kept rows that the spans need, and the usage marts of their windows.

    Raises:
        ChurnlightError: when a mart has not been built.
    """
    window = sorted({m for span in spans for m in span.at(time).window})
    months = sorted({*window, *(m for span in spans for m in span.later)})
    there = stage.section("extracts", ExtractsParams).month_list
    # Who held an id before the window: the snapshot of the month before tells.
    before = [m for m in (window[0] - 1,) if m in there]
    asked = {"subscribers": [*before, *months], "billing": months, "care": window}
    for month in window:
        files.require_file(stage.project.mart(month) / "usage.parquet", "marts")
    extracts: dict[str, ir.Table] = {}
    for name, wanted in asked.items():
        rows = load_kept(engine, stage.extracts, name, wanted, verdicts=stage.project.check)
        if rows is not None:
            extracts[name] = engine.cache(rows.select(*_COLUMNS[name]))
    usage = MonthlyMarts(engine, stage.project.marts).table("usage", window)
    return Sources(extracts=extracts, usage=usage)


def _figures(stage: Stage, spans: Sequence[Span], rules: KpiRules) -> _Found:
    found = _Found([], [])
    if not spans:
        return found
    with (
        connect(stage.section("engine", EngineParams), stage.project.scratch) as engine,
        progress("kpi", len(spans), "figures") as advance,
    ):
        sources = read_sources(engine, stage, spans, rules.time)
        for _, group in groupby(spans, key=lambda span: span.base):
            of_base = list(group)
            _follow(engine, sources, of_base, rules, found)
            advance(len(of_base))
    return found


def _follow(
    engine: Engine, sources: Sources, spans: Sequence[Span], rules: KpiRules, found: _Found
) -> None:
    """Add the figures of one base; a month that is refused costs only its own."""
    try:
        base = base_of(engine, sources, spans[-1], rules)
    except DataRefused as error:
        found.leave_out(spans[0].base, None, error)
        return
    for span in spans:
        try:
            counted = count(engine, base, sources, span.month, rules)
        except DataRefused as error:
            found.leave_out(span.base, span.month, error)
        else:
            found.figures.append(span_content(span, counted, rules))


def _too_short(months: Sequence[Month], rules: KpiRules) -> dict[str, Any]:
    needed = rules.time.window_months + rules.label.spend_churn.months
    why = (
        f"the extracts hold {spell(months)}: a base needs its window of {rules.time.window_months} "
        f"months and {rules.label.spend_churn.months} months after it, {needed} in a row"
    )
    return {"base": None, "month": None, "why": why}


if __name__ == "__main__":
    main(kpi)
