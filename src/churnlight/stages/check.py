"""Stage check: give each row one of three fates: kept, duplicate, refused with a reason.

Incremental: a month whose files, rules and parameters are unchanged is not read again.
"""

from __future__ import annotations

from churnlight import files
from churnlight.check import Closing
from churnlight.check.run import CheckRules, Places, check_extracts
from churnlight.check.verdict import verdict_file
from churnlight.engine import connect
from churnlight.params.data import CheckParams, EngineParams, ExtractsParams, TimeParams
from churnlight.paths import Project
from churnlight.stages.stage import main, report_rows, running
from churnlight.timeline import Month


def check() -> None:
    """Write data/check and data/quarantine."""
    with running("check") as stage:
        extracts = stage.section("extracts", ExtractsParams)
        time = stage.section("time", TimeParams)
        rules = CheckRules(
            months=extracts.month_list,
            closing=Closing(time.close_days, time.reporting_delay_hours),
            allow_phone_like_ids=extracts.allow_phone_like_ids,
            max_refused_share=stage.section("check", CheckParams).max_refused_share,
        )
        project = stage.project
        for folder in (project.check, project.quarantine):
            folder.mkdir(parents=True, exist_ok=True)
        places = Places(stage.extracts, project.inventory, project.check, project.quarantine)
        with connect(stage.section("engine", EngineParams), project.scratch) as engine:
            verdicts = check_extracts(engine, places, rules)
        for month in rules.months:
            _write_activity(project, month)
        report_rows("kept", sum(v.kept for v in verdicts))
        report_rows("duplicates", sum(sum(v.duplicates.values()) for v in verdicts))
        report_rows("refused", sum(sum(v.refused.values()) for v in verdicts))
        report_rows("late", sum(v.late for v in verdicts))


def _write_activity(project: Project, month: Month) -> None:
    """One file a month that the marts depend on, whichever extract says what subscribers did."""
    found = {}
    for name in ("cdr", "usage"):
        path = verdict_file(project.check, name, month)
        found[name] = files.read_json(path) if path.exists() else None
    files.write_json(project.check / "activity" / f"month={month}.json", found)


if __name__ == "__main__":
    main(check)
