"""What `churnlight requeue` does in a project: no stage, but it reads what the check wrote."""

from __future__ import annotations

from pathlib import Path

from churnlight.check import Closing
from churnlight.check.requeue import Asked, Requeued, export_refused, requeue
from churnlight.engine import connect
from churnlight.errors import UsageError
from churnlight.inventory import is_simulated
from churnlight.params.data import EngineParams, ExtractsParams, TimeParams
from churnlight.schema import EXTRACTS
from churnlight.stages.stage import Stage, log, running
from churnlight.timeline import Month


def export_rows(file: Path, extract: str, month: str | None) -> int:
    """Write an extract's refused rows to a file; return how many."""
    with running("requeue") as stage:
        return export_refused(_asked(stage, extract, month), file)


def requeue_rows(file: Path, extract: str, month: str | None, *, keep_good: bool) -> Requeued:
    """Judge corrected rows, and write them beside the extract's own files."""
    if not file.is_file():
        raise UsageError(
            f"{file} is no file: `churnlight requeue {file} --extract {extract} ... --export` "
            "writes the refused rows to it"
        )
    with running("requeue") as stage:
        asked = _asked(stage, extract, month)
        time = stage.section("time", TimeParams)
        closing = Closing(time.close_days, time.reporting_delay_hours)
        machine = stage.section("engine", EngineParams).model_copy(update={"name": "duckdb"})
        with connect(machine, stage.project.scratch) as engine:
            done = requeue(engine, asked, file, closing, keep_good=keep_good)
        if is_simulated(asked.root):
            log.warning("the demo's extracts are made anew by `dvc repro`: the file goes with them")
        return done


def _asked(stage: Stage, extract: str, month: str | None) -> Asked:
    if extract not in EXTRACTS:
        raise UsageError(f"--extract {extract!r}: there are {', '.join(EXTRACTS)}")
    declared = EXTRACTS[extract]
    if declared.monthly and month is None:
        raise UsageError(f"--month is missing: {extract} has files by month (YYYY-MM)")
    if month is not None and not declared.monthly:
        raise UsageError(f"{extract} is a reference table: leave --month out")
    when = None if month is None else Month.parse(month)
    allowed = stage.section("extracts", ExtractsParams).allow_phone_like_ids
    return Asked(stage.extracts, stage.project.quarantine, declared, when, allowed)
