"""From an operator's extracts to the marts of one month."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from churnlight.check import Closing, load_kept
from churnlight.engine import Engine
from churnlight.inventory import activity_extract, require_files
from churnlight.marts.building import build_month, keep_usage
from churnlight.params.data import CircleParams, TimeParams
from churnlight.timeline import Month


@dataclass(frozen=True)
class Places:
    """Where a month's marts come from and go to.

    Attributes:
        extracts: the extracts' root; only the month's partition is read, and where ids are text the
            snapshots to which `check.load_kept` holds it.
        out: folder to write to; the caller makes it appear whole.
        verdicts: the check's output; without it the same rules are applied here, but not that
            against real numbers (`check.identifiers`).
    """

    extracts: Path
    out: Path
    verdicts: Path | None = None


def build_from_extracts(
    engine: Engine,
    places: Places,
    month: Month,
    circle: CircleParams,
    time: TimeParams,
    *,
    restate: bool = False,
) -> dict[str, int]:
    """Build a month's marts from its CDRs, or take over its usage where there are no CDRs.

    CDRs that were known only after the month closed are left out, unless the month is restated.

    Args:
        engine: where the work runs.
        places: where to read and write.
        month: the month.
        circle: parameters of the calling index.
        time: close_days and reporting_delay_hours say when the month closed.
        restate: take in what was known only later; every as_of whose window has the month then
            sees what was not known in its time.

    Returns:
        Rows of each mart written.

    Raises:
        DataRefused: when the month has no files, or no row that the check keeps.
    """
    name = activity_extract(places.extracts)
    require_files(places.extracts, name, month)
    closing = None if restate else Closing(time.close_days, time.reporting_delay_hours)
    rows = load_kept(
        engine, places.extracts, name, [month], verdicts=places.verdicts, closing=closing
    )
    if rows is None:  # pragma: no cover - require_files has spoken
        raise AssertionError(f"{name} of {month} has files but no table")
    if name == "usage":
        return keep_usage(engine, rows, places.out)
    return build_month(engine, rows, month, circle, places.out)
