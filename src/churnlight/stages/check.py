"""Stage check: give each row one of three fates: kept, duplicate, refused with a reason.

Incremental: a month whose files, rules and parameters are unchanged is not read again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from churnlight import files
from churnlight.check import Closing
from churnlight.check.rules import snapshot_codes
from churnlight.check.run import CheckRules, Places, check_extracts
from churnlight.check.verdict import verdict_file
from churnlight.engine import connect
from churnlight.params.data import CheckParams, EngineParams, ExtractsParams, TimeParams
from churnlight.paths import Project
from churnlight.schema import EXTRACTS
from churnlight.stages.stage import main, report_rows, running
from churnlight.suppression import COPY, keep_copy, read_list, with_key
from churnlight.timeline import Month

_ACTIVITY = ("cdr", "usage")
# The last where somebody is to be forgotten.
_FROM = ("files_sha256", "snapshots_sha256", "suppression_sha256")
# Only where rows were refused by what snapshots say: after a change others may be the refused ones.
_HELD = "snapshots_sha256"


def check() -> None:
    """Write data/check and data/quarantine."""
    with running("check") as stage:
        extracts = stage.section("extracts", ExtractsParams)
        time = stage.section("time", TimeParams)
        project = stage.project
        listed = read_list(project.inventory / COPY)
        with_key(listed, project)
        rules = CheckRules(
            months=extracts.month_list,
            closing=Closing(time.close_days, time.reporting_delay_hours),
            allow_phone_like_ids=extracts.allow_phone_like_ids,
            max_refused_share=stage.section("check", CheckParams).max_refused_share,
            suppression_sha256=listed.sha256,
        )
        for folder in (project.check, project.quarantine):
            folder.mkdir(parents=True, exist_ok=True)
        keep_copy(project.check, listed)
        places = Places(stage.extracts, project.inventory, project.check, project.quarantine)
        with connect(stage.section("engine", EngineParams), project.scratch) as engine:
            verdicts = check_extracts(engine, places, rules)
        write_activity(project, rules.months, extracts.restated_months)
        report_rows("kept", sum(v.kept for v in verdicts))
        report_rows("duplicates", sum(sum(v.duplicates.values()) for v in verdicts))
        report_rows("refused", sum(sum(v.refused.values()) for v in verdicts))
        report_rows("late", sum(v.late for v in verdicts))


def write_activity(
    project: Project, months: Sequence[Month], restated: Collection[str] = ()
) -> None:
    """One file a month that the marts depend on, whichever extract says what subscribers did.

    The verdict, hashes of the files and of the snapshots that rows are held to, and whether the
    month is restated. The rest of what the verdict was made from says nothing that a mart depends
    on without naming it to DVC. Files of months that no longer count disappear.
    """
    wanted = {project.activity(month): month for month in months}
    for path in sorted((project.check / "activity").glob("*.json")):
        if path not in wanted:
            path.unlink()
    for path, month in wanted.items():
        content = {name: _activity(project, name, month) for name in _ACTIVITY}
        files.write_json(path, {**content, "restated": str(month) in restated})


def _activity(project: Project, name: str, month: Month) -> dict[str, object] | None:
    path = verdict_file(project.check, name, month)
    if not path.exists():
        return None
    verdict = files.read_json(path)
    made_from = verdict.pop("made_from")
    if not isinstance(made_from, dict):
        raise TypeError(f"{path}: made_from is no object")
    refused = verdict["refused"]
    held = isinstance(refused, dict) and set(refused) & set(snapshot_codes(EXTRACTS[name]))
    hashes = [h for h in _FROM if h in made_from and (held or h != _HELD)]
    return {**verdict, **{name: made_from[name] for name in hashes}}


if __name__ == "__main__":
    main(check)
