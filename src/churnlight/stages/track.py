"""Stage track, the last: one MLflow run a model, found again by its hash, and the registry.

Run ids stand in no other stage's output, so what MLflow makes of a run changes nothing else.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from churnlight import files, registry, tracking
from churnlight.commit import git_commit
from churnlight.errors import ChurnlightError
from churnlight.features.catalogue import CATALOGUE
from churnlight.features.dictionary import markdown
from churnlight.learners import tuning
from churnlight.params.base import dotted, read_section, read_yaml
from churnlight.params.data import TimeParams
from churnlight.params.judging import EvaluateParams, GateParams
from churnlight.params.learning import TrainParams
from churnlight.params.output import TrackingParams
from churnlight.params.population import LabelParams
from churnlight.paths import Project
from churnlight.stages.datasets import read_as_of, read_role, to_dataset, usable
from churnlight.stages.stage import main, running
from churnlight.timeline import moment, outcome_known_at

LEARNERS = ("tree", "gbm")
_EXAMPLE_ROWS = 5
log = logging.getLogger("churnlight")


def track() -> None:
    """Write data/tracking: runs.json, run id and version of each learner; gate.json.

    A server that is away fails nothing: pending.json is written in their place, and `sync` sends
    the run later.
    """
    with running("track") as stage:
        try:
            _write(stage.project, *track_run(stage.project))
        except tracking.StoreAway as error:
            log.warning("  not in MLflow yet: %s", error)
            files.write_json(stage.project.pending, {"why": str(error)})


def sync() -> tuple[dict[str, dict[str, str]], dict[str, Any]]:
    """Log what MLflow lacks of the finished run, and write data/tracking where that is new.

    Returns:
        What `track_run` returns.

    Raises:
        Locked: when the stage itself is logging.
        ChurnlightError: as `track_run`; nothing is written.
    """
    with running("track") as stage:
        runs, decision = track_run(stage.project)
        known = files.read_json_if_there(stage.project.tracking) or {}
        # Where all was known, a file that changed would make DVC run the stage again.
        if [known.get(name, {}).get("run_id") for name in runs] != [
            run["run_id"] for run in runs.values()
        ]:
            _write(stage.project, runs, decision)
    return runs, decision


def _write(project: Project, runs: dict[str, dict[str, str]], decision: Mapping[str, Any]) -> None:
    files.write_json(project.tracking, runs)
    files.write_json(project.gate, decision)
    project.pending.unlink(missing_ok=True)


def track_run(project: Project) -> tuple[dict[str, dict[str, str]], dict[str, Any]]:
    """Log what MLflow lacks of the finished run, and hold the champion learner to the gate.

    Returns:
        What `tracking.log_runs` and `registry.settle` return.

    Raises:
        tracking.StoreAway: when the server that MLFLOW_TRACKING_URI names can't be reached.
        ChurnlightError: when a stage has not run yet, or the project's own store refuses.
    """
    params = read_section(project.params_file, "tracking", TrackingParams)
    train = read_section(project.params_file, "train", TrainParams)
    models = [_model_run(project, learner) for learner in LEARNERS]
    runs = tracking.log_runs(project.home, params.experiment, params.model_name, models)
    test, probability = _test_cohort(project, train)
    run = runs[train.champion]
    decision = registry.settle(
        project.home,
        params.model_name,
        registry.Challenger(train.champion, run["version"], run["run_id"], probability),
        test,
        (
            read_section(project.params_file, "gate", GateParams),
            read_section(project.params_file, "evaluate", EvaluateParams),
        ),
    )
    return runs, decision


def _test_cohort(project: Project, train: TrainParams) -> tuple[registry.TestCohort, Any]:
    """The test rows as evaluate measured them, and what the challenger said of them."""
    at = moment(
        read_role(project, "test")[1][-1], read_section(project.params_file, "time", TimeParams)
    )
    frame, people = read_as_of(project, at.key)
    rows = to_dataset(frame, people, usable(people, train.treated))
    said = pd.read_parquet(
        files.require_file(project.evaluation / "predictions.parquet", "evaluate")
    )
    if said["subscriber_id"].tolist() != rows.subscriber.tolist():
        raise ChurnlightError(
            "data/evaluation/predictions.parquet is not about the test as_of's subscribers: "
            "`dvc repro -f evaluate` makes it anew"
        )
    cohort = registry.TestCohort(at, rows.frame, rows.churned, rows.account)
    return cohort, said[f"probability_{train.champion}"].to_numpy(dtype="float64")


def learned_until(project: Project) -> dict[str, str]:
    """The as_ofs of each role, and when the last label that was learned from was complete."""
    time = read_section(project.params_file, "time", TimeParams)
    label = read_section(project.params_file, "label", LabelParams)
    by_role = {role: read_role(project, role)[1] for role in ("fit", "calibrate", "test")}
    known = max(
        outcome_known_at(moment(as_of, time), time, label.spend_churn_months)
        for as_of in (*by_role["fit"], *by_role["calibrate"])
    )
    return {
        **{f"churnlight.as_ofs.{role}": ",".join(as_ofs) for role, as_ofs in by_role.items()},
        registry.LABELS_KNOWN_AT: known.isoformat(),
    }


def _model_run(project: Project, learner: str) -> tracking.ModelRun:
    role, as_ofs = read_role(project, "fit")
    metrics = _metrics(project, learner)
    params = dict(flat(_tracked_params(read_yaml(project.params_file))))
    hashes = {
        "data.fit": files.sha256_of_json(role),
        "data.test": files.sha256_of_json(read_role(project, "test")[0]),
        "model": files.sha256_of_tree(project.model(learner)),
        "tiers": files.sha256_of_tree(project.tiers),
        "report": files.sha256_of(project.report),
    }
    frame, _ = read_as_of(project, as_ofs[-1])
    reasons = {f.name: f.reason for f in CATALOGUE}
    content = {
        "learner": learner,
        "params": params,
        "metrics": metrics,
        "hashes": hashes,
        "reasons": reasons,
    }
    return tracking.ModelRun(
        learner=learner,
        content_hash=files.sha256_of_json(content),
        params=params,
        metrics=metrics,
        tags={
            "churnlight.commit": git_commit(project.root),
            **learned_until(project),
            **{f"churnlight.sha256.{name}": value for name, value in hashes.items()},
        },
        folders={
            "plots": project.plots,
            "evaluation": project.evaluation / "details.json",
            "explanations": project.explanations,
            "report": project.report,
            "parameters": project.params_file,
        },
        texts={"dictionary/features.md": markdown()},
        bundle=project.root / "models",
        example=nobodys_rows(frame, _EXAMPLE_ROWS),
        trials=_trials(project, learner),
        reasons=reasons,
    )


def nobodys_rows(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    """Rows that look like a feature table's and are nobody's: MLflow keeps its example for good.

    Each column's values from the least to the greatest, at even places between them, whoever they
    belong to.
    """
    places = [(2 * row + 1) * len(frame) // (2 * count) for row in range(count)]
    return pd.DataFrame(
        {n: column.sort_values(ignore_index=True).take(places) for n, column in frame.items()}
    ).reset_index(drop=True)


def _trials(project: Project, learner: str) -> list[dict[str, Any]]:
    """The trials of a tuned model; none where it was not tuned."""
    path = project.model(learner) / tuning.FILE
    content: dict[str, Any] = files.read_json(path) if path.is_file() else {"trials": []}
    found: list[dict[str, Any]] = content["trials"]
    return found


def _tracked_params(content: Mapping[str, Any]) -> dict[str, Any]:
    # Where the folder stands and how many threads ran say nothing about the model.
    left_out = {"engine", "tracking", "report"}
    sections = {name: value for name, value in content.items() if name not in left_out}
    sections["extracts"] = {k: v for k, v in sections["extracts"].items() if k != "path"}
    return sections


def flat(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Dotted names and values as text, as MLflow's parameters take them."""
    for name, value in dotted(content):
        yield name, value if isinstance(value, str) else json.dumps(value)


def _metrics(project: Project, learner: str) -> dict[str, float]:
    details: dict[str, Any] = files.read_json(project.evaluation / "details.json")
    found = {
        f"{name}{suffix}": measured[key]
        for name, measured in details["models"][learner]["metrics"].items()
        for key, suffix in (("value", ""), ("low", "_low"), ("high", "_high"))
        if measured.get(key) is not None
    }
    return {**found, "subscribers": details["subscribers"], "churners": details["churners"]}


if __name__ == "__main__":
    main(track)
