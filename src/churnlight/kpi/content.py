"""The content of data/kpi/kpi.json, which the report, the terminal and MLflow show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlight.kpi.counting import KpiRules
from churnlight.kpi.figures import DIMENSIONS, Counted, figure, groups_of
from churnlight.kpi.spans import Span
from churnlight.timeline import Month, months_apart

SCHEMA_VERSION = 1
# The report follows one base; targets of this kind are set for a year.
HEADLINE_MONTHS = 12
_METRICS = ("rate", "score", "contract_rate")


def span_content(span: Span, counted: Counted, rules: KpiRules) -> dict[str, Any]:
    """The figures of a base month and a month.

    Returns:
        base, month, known_on (the day on which the month is closed), total (see `figures.figure`),
        by (dimension -> groups, see `figures.groups_of`), notices (codes with what they count).
    """
    total = counted.total
    by = {name: groups_of(counted, name, rules.kpi) for name in DIMENSIONS}
    return {
        "base": str(span.base),
        "month": str(span.month),
        "known_on": f"{span.month.closes_at(rules.time.close_days):%Y-%m-%d}",
        "total": figure(
            total, rules.kpi, billing=counted.billing, contracts=total.contract_dates > 0
        ),
        "by": {name: groups for name, groups in by.items() if groups is not None},
        "notices": _notices(counted, by),
    }


def _notices(counted: Counted, by: Mapping[str, object]) -> list[dict[str, Any]]:
    """What the reader must know of a figure, as codes that `notice_text` and the report spell."""
    total = counted.total
    notices: list[dict[str, Any]] = []
    if not counted.billing:
        notices.append({"notice": "no_billing"})
    elif total.unknown_bills:
        notices.append({"notice": "unknown_bills", "subscribers": total.unknown_bills})
    if not total.contract_dates:
        notices.append({"notice": "no_contracts"})
    missing = [name for name, groups in by.items() if groups is None]
    return [*notices, *({"notice": "no_dimension", "dimension": name} for name in missing)]


def kpi_content(
    figures: Sequence[Mapping[str, Any]],
    left_out: Sequence[Mapping[str, Any]],
    rules: KpiRules,
    *,
    simulated: bool,
) -> dict[str, Any]:
    """The whole file.

    Args:
        figures: of `span_content`.
        left_out: base, month (None: every month of the base) and why, where figures were refused.
        rules: the parameters, which stand in the file.
        simulated: whether the extracts come from `churnlight demo`.
    """
    return {
        "schema_version": SCHEMA_VERSION,
        "simulated": simulated,
        "kpi": rules.kpi.model_dump(),
        "spend_churn": rules.label.spend_churn.model_dump(),
        "headline": headline(figures),
        "figures": list(figures),
        "left_out": list(left_out),
    }


def headline(figures: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """The base and month that the report begins with: the newest month, and the base a year before.

    Where history is shorter, the oldest base. None without any figure.
    """
    if not figures:
        return None
    month = max(one["month"] for one in figures)
    end = Month.parse(month)
    bases = sorted(one["base"] for one in figures if one["month"] == month)
    within = [b for b in bases if months_apart(Month.parse(b), end) <= HEADLINE_MONTHS]
    return {"base": within[0] if within else bases[-1], "month": month}


def of_headline(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The figures that the file's headline names."""
    chosen = content["headline"]
    if chosen is None:
        return None
    named = (chosen["base"], chosen["month"])
    found: Mapping[str, Any] = next(
        one for one in content["figures"] if (one["base"], one["month"]) == named
    )
    return found


def flat(content: Mapping[str, Any]) -> dict[str, float]:
    """The headline as flat numbers by name, for MLflow; what is not known is left out."""
    chosen = of_headline(content)
    if chosen is None:
        return {}
    total = chosen["total"]
    return {f"kpi_{name}": float(total[name]) for name in _METRICS if total[name] is not None}
