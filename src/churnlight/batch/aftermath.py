"""What came true of the months that were scored before, as far as it is known at this cutoff."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pandas as pd

from churnlight import files
from churnlight.batch.model import Model, promised
from churnlight.batch.workspace import Workspace, labels_are_current, write_window
from churnlight.errors import ChurnlightError
from churnlight.params.whole import Params
from churnlight.paths import Project
from churnlight.stages.features import labels
from churnlight.stages.manifest import earlier_contents, read_manifest
from churnlight.timeline import Moment, as_ofs_apart
from churnlight.watch.advice import realised_content, retrain_advice
from churnlight.watch.realised import Outcome, matured, realised

FILE = "realised.json"
# A measured month says what was measured, so that it is not measured again every month.
_MARK = "scores_sha256"
log = logging.getLogger("churnlight")


def to_measure(project: Project, params: Params, at: Moment) -> list[str]:
    """Earlier scored as_ofs whose outcome is known by now, and which no earlier run measured."""
    known = _measured(project, at.key)
    found = matured(
        [a for a in project.scored if a < at.key],
        at.key,
        params.time,
        params.label.spend_churn_months,
    )
    return [
        one.as_of
        for one in found
        if known.get(one.as_of, {}).get(_MARK) != _mark(project, one.as_of)
    ]


def look_back(
    space: Workspace, model: Model, drift: Mapping[str, Any] | None, last_learned: str
) -> dict[str, Any]:
    """Measure what has matured, and say whether to train again; the content of realised.json.

    Args:
        space: opened with the as_ofs of `to_measure`.
        model: the model in use; only months that it scored say something of it.
        drift: content of drift.json of this month.
        last_learned: newest as_of that the model learned from.
    """
    months = _measured(space.project, space.at.key)
    for as_of in space.matured:
        found = _measure(space, as_of)
        if found is not None:
            months[as_of] = found
    history = [months[as_of] for as_of in sorted(months)]
    own = [one for one in history if one["model_sha256"] == model.sha256]
    age = as_ofs_apart(last_learned, space.at.key)
    advice = retrain_advice(drift, own, age, space.params.monitor)
    log.info("  advice: %s", advice["en"])
    return realised_content(space.at.key, history, advice)


def _measure(space: Workspace, as_of: str) -> dict[str, Any] | None:
    """One month's outcome; None, with the reason in the log, where it can't be measured."""
    params = space.params
    manifest = read_manifest(space.project.scores(as_of))
    said = manifest and promised(space.project, manifest["model"]["sha256"])
    if not manifest or not said:
        log.warning("  %s: not measured: it is not known what its model promised", as_of)
        return None
    outcome = Outcome.known(as_of, space.at.key, params.time, params.label.spend_churn_months)
    try:
        write_window(space, as_of, label=True)
        if not labels_are_current(space, as_of):
            labels(as_of)
    except ChurnlightError as error:
        # What is wrong with an old month's outcome must not stop this month's scores.
        log.warning("  %s: not measured: %s", as_of, error)
        return None
    measured = realised(
        pd.read_parquet(space.project.scores(as_of) / "scores.parquet"),
        pd.read_parquet(space.own.labels(as_of) / "labels.parquet"),
        outcome,
        said["models"][manifest["model"]["learner"]],
        params.evaluate,
    )
    return {
        **measured,
        "model_sha256": manifest["model"]["sha256"],
        _MARK: _mark(space.project, as_of),
    }


def _measured(project: Project, as_of: str) -> dict[str, dict[str, Any]]:
    """Months that earlier runs measured, the newest word on each; never a later as_of's word."""
    found: dict[str, dict[str, Any]] = {}
    for content in earlier_contents(project, FILE, as_of):
        found |= {one["as_of"]: one for one in content["months"]}
    return {a: one for a, one in found.items() if one[_MARK] == _mark(project, a)}


def _mark(project: Project, as_of: str) -> str | None:
    path = project.scores(as_of) / "scores.parquet"
    return files.sha256_of_any(path) if path.exists() else None
