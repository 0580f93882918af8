"""Stage track, the last: one MLflow run a model, found again by its hash, and the registry.

Run ids stand in no other stage's output, so what MLflow makes of a run changes nothing else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from churnlight import files, tracking
from churnlight.features.dictionary import markdown
from churnlight.params.base import read_section, read_yaml
from churnlight.params.learning import TrainParams
from churnlight.params.output import TrackingParams
from churnlight.paths import Project
from churnlight.stages.datasets import read_as_of, read_role
from churnlight.stages.stage import main, running

LEARNERS = ("tree", "gbm")
_EXAMPLE_ROWS = 5


def track() -> None:
    """Write data/tracking/runs.json: run id and version of each learner."""
    with running("track") as stage:
        files.write_json(stage.project.tracking, track_run(stage.project))


def track_run(project: Project) -> dict[str, dict[str, str]]:
    """Log what MLflow lacks of the finished run; see `tracking.log_runs`.

    Raises:
        ChurnlightError: when a stage has not run yet, or the store refuses.
    """
    params = read_section(project.params_file, "tracking", TrackingParams)
    train = read_section(project.params_file, "train", TrainParams)
    runs = [_model_run(project, learner) for learner in LEARNERS]
    return tracking.log_runs(
        project.home, params.experiment, params.model_name, runs, train.champion
    )


def _model_run(project: Project, learner: str) -> tracking.ModelRun:
    role, as_ofs = read_role(project, "fit")
    metrics = _metrics(project, learner)
    params = dict(flat(_tracked_params(read_yaml(project.params_file))))
    hashes = {
        "data.fit": _hash_of(role),
        "data.test": _hash_of(read_role(project, "test")[0]),
        "model": files.sha256_of_tree(project.model(learner)),
        "tiers": files.sha256_of_tree(project.tiers),
        "report": files.sha256_of(project.report),
    }
    frame, _ = read_as_of(project, as_ofs[-1])
    content = {"learner": learner, "params": params, "metrics": metrics, "hashes": hashes}
    return tracking.ModelRun(
        learner=learner,
        content_hash=_hash_of(content),
        params=params,
        metrics=metrics,
        tags={
            "churnlight.commit": tracking.git_commit(project.root),
            **{f"churnlight.sha256.{name}": value for name, value in hashes.items()},
        },
        folders={
            "plots": project.plots,
            "evaluation": project.evaluation / "details.json",
            "explanations": project.explanations / "importance.json",
            "report": project.report,
            "parameters": project.params_file,
        },
        texts={"dictionary/features.md": markdown()},
        bundle=project.root / "models",
        example=frame.head(_EXAMPLE_ROWS),
    )


def _tracked_params(content: Mapping[str, Any]) -> dict[str, Any]:
    # Where the folder stands and how many threads ran say nothing about the model.
    left_out = {"engine", "tracking", "report"}
    sections = {name: value for name, value in content.items() if name not in left_out}
    sections["extracts"] = {k: v for k, v in sections["extracts"].items() if k != "path"}
    return sections


def flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names and values as text, as MLflow's parameters take them."""
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value)


def _metrics(project: Project, learner: str) -> dict[str, float]:
    details: dict[str, Any] = files.read_json(project.evaluation / "details.json")
    found = {
        f"{name}{suffix}": measured[key]
        for name, measured in details["models"][learner]["metrics"].items()
        for key, suffix in (("value", ""), ("low", "_low"), ("high", "_high"))
        if measured.get(key) is not None
    }
    return {**found, "subscribers": details["subscribers"], "churners": details["churners"]}


def _hash_of(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    main(track)
