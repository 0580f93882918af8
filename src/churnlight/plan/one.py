"""What the plan of a month says of one subscriber, for `churnlight explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from churnlight.paths import Project
from churnlight.plan.arms import CONTROL
from churnlight.plan.storing import CALLS, FILE
from churnlight.plan.words import Words
from churnlight.report.inputs import Language

_BOTH = ("en", "zh")
_SHOWN = (*("status", "suppressed_by", "arm", "control_until", "action", "channel"), "rate_source")


def plan_of(project: Project, as_of: str, subscriber: str) -> dict[str, Any] | None:
    """The subscriber's row of a plan.

    Returns:
        status, suppressed_by, arm, control_until, action, channel, rate_source,
        expected_profit_money, and of who stands on the callers' sheet its place and texts; the
        proposal of who is not on the sheet is left out. None: no plan, or not in it.
    """
    path = project.plan(as_of) / FILE
    if not path.is_file():
        return None
    row = _row(path, subscriber)
    if row is None:
        return None
    until = row["control_until"]
    content = {name: row[name] for name in _SHOWN}
    content["control_until"] = None if until is None else f"{until:%Y-%m-%d}"
    content["expected_profit_money"] = row["expected_profit_money"]
    calls = project.plan(as_of) / CALLS
    called = _row(calls, subscriber) if calls.is_file() else None
    texts = [f"{name}_{language}" for name in ("offer", "never", "wording") for language in _BOTH]
    told = {name: None if called is None else called[name] for name in ("place", *texts)}
    if called is None:
        # What nobody is to offer is not to be read out either.
        content |= dict.fromkeys(("action", "channel", "rate_source", "expected_profit_money"))
    return content | told


def _row(path: Path, subscriber: str) -> dict[str, Any] | None:
    table = pq.read_table(path)
    mine = pc.equal(table["subscriber_id"].cast(pa.string()), subscriber)
    rows: list[dict[str, Any]] = table.filter(mine).to_pylist()
    return rows[0] if rows else None


def plan_lines(content: dict[str, Any], language: Language) -> list[str]:
    """What `plan_of` found, as sentences."""
    words = Words(language)
    if content["arm"] == CONTROL:
        return [words("to_control", until=content["control_until"])]
    if content["suppressed_by"] is not None:
        return [words("to_suppress", why=words.suppression(content["suppressed_by"]))]
    if content["place"] is None:
        return [words("not_called", why=words.status(content["status"]))]
    profit = f"{content['expected_profit_money']:,.2f}"
    return [
        words(
            "to_offer",
            place=f"{content['place']:,}",
            channel=content["channel"],
            offer=content[f"offer_{language}"],
        ),
        words("never", text=content[f"never_{language}"]),
        words("begin", text=content[f"wording_{language}"]),
        words("worth", profit=profit, rate=words(content["rate_source"])),
    ]
