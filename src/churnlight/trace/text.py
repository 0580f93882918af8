"""A walk as plain lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_MARK = 12
_RUNS = 6


def lines(content: Mapping[str, Any]) -> Iterator[str]:
    """What a walk found, from the score down to the rows; rows are counted from 0."""
    yield from _score(content)
    yield from _model(content["model"])
    yield from _reasons(content["reasons"])
    yield from _features(content["features"])
    yield "Marts"
    for mart in content["marts"]:
        yield f"  {mart['month']} {mart['mart']}: sha256 {_short(mart['sha256'])}{_by(mart)}"
        for file, rows in (mart["rows"] or {mart["file"]: []}).items():
            yield f"    {_rows(rows)} of {file}"
    yield "Extracts"
    for part in content["extracts"]:
        yield from _extract(part)
    held, changed = content["files"]["held"], content["files"]["changed"]
    yield f"{held - len(changed)} of {held} files are as they were when the score was made."


def _score(content: Mapping[str, Any]) -> Iterator[str]:
    score = content["score"]
    yield f"Score of {content['as_of']}: {score['tier']}, probability {score['probability']:.6f}"
    yield f"  row {score['row']} of {score['file']}"
    yield f"  {score['by']}, churnlight {score['churnlight']} on {score['engine']}{_by(score)}"
    yield f"  known before {score['cutoff']}; {score['manifest']}"
    if score["mlflow_run"]:
        yield f"  MLflow run of the month: {score['mlflow_run']}"
    if score["accepted"]:
        yield f"  scored though the ground was broken: {score['accepted']}"


def _model(model: Mapping[str, Any]) -> Iterator[str]:
    name = f"{model['name']} version {model['version']}, " if model["name"] else ""
    yield f"Model: {name}{model['learner']}, sha256 {_short(model['sha256'])}"
    yield f"  files: {model['folder'] or 'no longer here'}"
    if model["run_id"]:
        yield f"  MLflow run: {model['run_id']}"
    trained = model["trained"]
    if trained is None:
        months = ", ".join(model["learned_from"]) or "not known: MLflow can't be asked"
        yield f"  learned from: {months}"
        return
    yield f"  trained on {trained['fit']}, calibrated on {trained['calibrate']}"
    yield f"  tested on {trained['test']}; labels known at {trained['labels_known_at']}"
    yield f"  commit {trained['commit']}, data {_short(trained['data_fit_sha256'])}"


def _reasons(reasons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "Reasons"
    for reason in reasons:
        sign = "+" if reason["direction"] == "up" else "-"
        value = reason["value"]
        shown = f"{value:g}" if isinstance(value, float) else value
        yield f"  {sign} {reason['reason']}: {reason['feature']} = {shown}"
        if reason["code"]:
            yield f"    {reason['code']}, from {', '.join(reason['reads'])}"


def _features(features: Mapping[str, Any]) -> Iterator[str]:
    window = features["window"]
    yield f"Features: {features['file']}"
    yield f"  sha256 {_short(features['sha256'])}{_by(features)}"
    yield f"  window {window[0]} to {window[-1]}, known before {features['cutoff']}"


def _extract(part: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {part['month'] or 'no month'} {part['extract']}"
    for file in part["files"]:
        rows = part["rows"].get(file["file"], [])
        state = "" if file["same"] else "  CHANGED SINCE"
        yield f"    {_rows(rows)} of {file['file']}, sha256 {_short(file['sha256'])}{state}"
    for row in part["left_out"]:
        yield f"    left out ({row['reason']}): row {row['row']} of {row['file']}"


def _rows(runs: Sequence[Sequence[int]]) -> str:
    if not runs:
        return "no row"
    said = [f"{first}" if first == last else f"{first}-{last}" for first, last in runs[:_RUNS]]
    count = sum(last - first + 1 for first, last in runs)
    more = " ..." if len(runs) > _RUNS else ""
    return f"row {said[0]}" if count == 1 else f"{count} rows ({', '.join(said)}{more})"


def _short(sha256: str | None) -> str:
    return "none" if sha256 is None else sha256[:_MARK]


def _by(made: Mapping[str, Any]) -> str:
    commit = made.get("commit")
    return f", commit {commit}" if commit else ""
