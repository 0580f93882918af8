"""Everything that a scored month's folder holds, whoever asks for it: the stage, or the batch."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from churnlight import files
from churnlight.engine import connect
from churnlight.learners.champion import Bundle
from churnlight.params.data import EngineParams, ExtractsParams
from churnlight.params.learning import ExplainParams
from churnlight.params.monitor import MonitorParams
from churnlight.params.output import HandoutParams
from churnlight.params.score import ScoreParams
from churnlight.stages.fairness import write_fairness
from churnlight.stages.handing import draw_plots, hand_out
from churnlight.stages.manifest import earlier_contents
from churnlight.stages.scoring import PROFILE, LookingBack, Scorer
from churnlight.stages.stage import Stage, log, report_rows
from churnlight.watch.drift import judge_drift

DRIFT = "drift.json"


def write_month(stage: Stage, as_of: str, out: Path) -> None:
    """Write all that `stage score` says: from scores to the call list.

    Args:
        stage: of a project with the models, and with features and labels of the as_of.
        as_of: which.
        out: the folder to write to; the caller makes it appear whole.
    """
    machine = stage.section("engine", EngineParams)
    threads = machine.threads or 0
    bundle = Bundle.load(stage.project.root / "models")
    quoted = stage.section("handout", HandoutParams).tiers
    months = stage.section("extracts", ExtractsParams).month_list
    back = LookingBack.of(stage.project, as_of, stage.section("score", ScoreParams))
    scorer = Scorer(bundle, quoted, stage.section("explain", ExplainParams), threads, back=back)
    with connect(machine, stage.project.scratch) as engine:
        sample = scorer.write(stage.project, as_of, out, engine)
    if back.reference is not None and scorer.profile is not None:
        monitor = stage.section("monitor", MonitorParams)
        past = earlier_contents(stage.project, PROFILE, as_of)
        drift = judge_drift(back.reference, scorer.profile, past, monitor)
        files.write_json(out / DRIFT, drift)
        log.info("  drift: %s", drift["verdict"])
    seen = pd.read_parquet(out / "scores.parquet", columns=["subscriber_id", "probability", "tier"])
    write_fairness(stage.project, as_of, seen, bundle, out)
    draw_plots(stage.project, bundle.gbm, as_of, out, threads, sample)
    hand_out(stage, as_of, months, out)
    report_rows(f"scores of {as_of}", scorer.rows)
