"""What a month's plan, segments, tariffs and handsets come to, as flat figures; no subscriber."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlight import files
from churnlight.paths import Project
from churnlight.plan.storing import RECORD

if TYPE_CHECKING:
    from churnlight.tracking import MonthRun

Figures = Iterator[tuple[str, float | None]]


def month_run(project: Project, as_of: str) -> MonthRun:
    """The run of a planned month: figures and records, never the tables, which hold subscribers.

    Raises:
        ChurnlightError: when the as_of has no plan.
    """
    # MLflow takes seconds to import.
    from churnlight.tracking import MonthRun

    plan: Mapping[str, Any] = files.read_json(
        files.require_file(project.plan(as_of) / RECORD, "plan")
    )
    there = [path for path in _records(project, as_of) if path.is_file()]
    contents: dict[str, dict[str, Any]] = {path.stem: dict(files.read_json(path)) for path in there}
    return MonthRun(
        kind="plan",
        as_of=as_of,
        content_hash=files.sha256_of_json({"run": "plan", **contents}),
        params={
            "as_of": as_of,
            "playbook": str(plan["playbook"]),
            "control_share": str(plan["arms"]["control"]["share"]),
            "budget_money": str(plan["limits"]["budget_money"]),
            "calls": str(plan["limits"]["calls"]),
        },
        metrics=figures(contents),
        tags={"churnlight.simulated": str(plan["simulated"]).lower()},
        artefacts=there,
    )


def figures(contents: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Figures of the records that are there; what a record does not know is left out.

    Args:
        contents: of plan.json, segments.json, tariffs.json, handsets.json, by stem.
    """
    parts = {"plan": _plan, "segments": _segments, "tariffs": _tariffs, "handsets": _handsets}
    return {
        f"{name}_{key}": float(value)
        for name, part in parts.items()
        if name in contents
        for key, value in part(contents[name])
        if value is not None
    }


def _records(project: Project, as_of: str) -> list[Path]:
    return [
        project.plan(as_of) / RECORD,
        project.segments(as_of) / "segments.json",
        project.tariffs(as_of) / "tariffs.json",
        project.handsets(as_of) / "handsets.json",
    ]


def _plan(content: Mapping[str, Any]) -> Figures:
    arms = content["arms"]
    yield "subscribers", content["subscribers"]
    yield "proposed", arms["treated"]["subscribers"]
    yield "control", arms["control"]["subscribers"]
    yield "control_accounts", arms["control"]["accounts"]
    yield "control_kept", content["control_kept"]
    for reason, counted in content["suppressed"].items():
        yield f"suppressed_{reason}", counted["first"]
    yield "expected_profit_money", arms["treated"]["expected_profit_money"]
    yield "outlay_money", content["limits"]["outlay_treated_money"]
    yield "calls", content["limits"]["calls_treated"]
    for source, listed in content["rates"].items():
        yield f"rates_{source}", listed
    churn = (content.get("measured") or {}).get("churn") or {}
    yield "measured_churn_difference_share", churn.get("difference")


def _segments(content: Mapping[str, Any]) -> Figures:
    yield "count", len(content["segments"])
    path = {step["segments"]: step["bic"] for step in content["path"]}
    yield "bic", path.get(len(content["segments"]))
    yield "adjusted_rand", (content["before"] or {}).get("adjusted_rand")
    rates = content["services"].get("hit_rate") or {}
    yield "services_hit_rate", rates.get("by_segment")
    yield "services_hit_rate_most_popular", rates.get("by_popularity")


def _tariffs(content: Mapping[str, Any]) -> Figures:
    for way in ("matching", "incentive"):
        for guard, counted in (content.get(way) or {}).items():
            yield f"{way}_{guard}", counted["members"]
    bills = content.get("reproduction") or {}
    yield "bills", bills.get("bills")
    yield "bills_within_cent", bills.get("within_cent")


def _handsets(content: Mapping[str, Any]) -> Figures:
    yield "likely", (content.get("members") or {}).get("likely")
    measures = (content.get("accuracy") or {}).get("measures") or {}
    for target, measured in measures.items():
        for way in ("tree", "same_again"):
            yield f"{target}_{way}", measured["ways"].get(way, {}).get("share")
