"""Stage plan: who of a scored month is proposed what, and who stays control."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from churnlight import files
from churnlight.engine import connect
from churnlight.errors import ChurnlightError
from churnlight.params.data import EngineParams, ExtractsParams, TimeParams
from churnlight.params.learning import TiersParams
from churnlight.params.output import HandoutParams
from churnlight.params.plan import ContactParams, PlanParams
from churnlight.params.tariff import TariffParams
from churnlight.paths import Project
from churnlight.plan.building import Plan, make_plan
from churnlight.plan.loading import Source, load_inputs
from churnlight.plan.storing import (
    CALLS,
    EFFECTS,
    FILE,
    RECORD,
    write_calls,
    write_effects,
    write_plan,
)
from churnlight.plan.workbook import CallersBook, write_workbook
from churnlight.report.inputs import Language
from churnlight.stages.datasets import read_role
from churnlight.stages.origin import MANIFEST, leave_manifest
from churnlight.stages.stage import Stage, main, report_rows, running
from churnlight.timeline import moment


def plan() -> None:
    """Write data/plans/as_of=.../: table, record and callers' sheets; earlier months' plans stay.

    They are read, too: who is control there stays control until its horizon ends.
    """
    with running("plan") as stage:
        _, as_ofs = read_role(stage.project, "score")
        for as_of in as_ofs:
            plan_month(stage, as_of)


def plan_month(stage: Stage, as_of: str) -> Plan:
    """Make and write the plan of a scored as_of.

    Raises:
        UsageError: when the playbook is not right; names the line.
        ChurnlightError: when the as_of is not scored.
    """
    made = _made(stage, as_of)
    with files.atomic_folder(stage.project.plan(as_of)) as out:
        write_to(made, out, stage.section("handout", HandoutParams).languages)
        project = stage.project
        rests_on = (project.scores, project.segments, project.tariffs)
        leave_manifest(out, made_by(stage, as_of), as_of, (f(as_of) / MANIFEST for f in rests_on))
    report_rows(f"plan of {as_of}", len(made.table))
    return made


def write_to(made: Plan, out: Path, languages: Sequence[Language]) -> None:
    """Write the files of a plan into a folder: plan.parquet, plan.json, calls.parquet, workbooks.

    And effects.parquet where campaigns measured any.

    Args:
        made: the plan.
        out: the folder.
        languages: a workbook each, plan.<language>.xlsx.
    """
    write_plan(made.table, out / FILE)
    files.write_json(out / RECORD, made.content)
    write_calls(made.calls, out / CALLS)
    if made.effects is not None:
        write_effects(made.effects, out / EFFECTS)
    for language in languages:
        write_workbook(
            CallersBook(made.calls, made.content), language, out / f"plan.{language}.xlsx"
        )


def _made(stage: Stage, as_of: str) -> Plan:
    project = stage.project
    if as_of not in project.scored:
        raise ChurnlightError(
            f"as_of {as_of} is not scored; scored are: {', '.join(project.scored) or 'none'}. "
            f"`churnlight score --as-of {as_of}` does it"
        )
    time = stage.section("time", TimeParams)
    built = made_by(stage, as_of)
    source = Source(
        project=project,
        built=built.project,
        at=moment(as_of, time),
        extracts=built.extracts,
        months=built.section("extracts", ExtractsParams).month_list,
        tiers=stage.section("tiers", TiersParams).names,
        time=time,
        params=stage.section("plan", PlanParams),
        contact=stage.section("contact", ContactParams),
        tariff=stage.section("tariff", TariffParams),
    )
    with connect(stage.section("engine", EngineParams), project.scratch) as engine:
        inputs = load_inputs(engine, source)
    return make_plan(inputs)


def made_by(stage: Stage, as_of: str) -> Stage:
    """Where the labels of an as_of were made: the pipeline (`stage`), or else the monthly batch."""
    batch = Project(stage.project.batch)
    own = (stage.project.labels(as_of) / "labels.parquet").exists()
    made = not own and (batch.labels(as_of) / "labels.parquet").exists()
    return Stage(stage.name, batch) if made else stage


if __name__ == "__main__":
    main(plan)
