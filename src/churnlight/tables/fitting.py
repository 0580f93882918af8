"""`churnlight fit`: both learners, calibration and tiers from one table, cross-fitted by group."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlight import files
from churnlight.errors import DataRefused, UsageError
from churnlight.explain.reasons import Meaning
from churnlight.explain.reasons import explain as explain_rows
from churnlight.learners import gbm, tree
from churnlight.learners.champion import Bundle, LearnerName, Scale, learn_scale, save_scales
from churnlight.learners.dataset import Dataset, FloatArray, IntArray
from churnlight.learners.folds import folds
from churnlight.learners.rules import rules
from churnlight.learners.sizing import least_rows, sized
from churnlight.learners.stored import seal
from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.learning import CalibrateParams, ExplainParams, TiersParams, TrainParams
from churnlight.tables.labels import churned as read_label
from churnlight.tables.reading import read_table, require_columns, require_unique, some

FILE = "table.json"
_LEARNERS: Mapping[LearnerName, Any] = {"gbm": gbm, "tree": tree}
_FEW_VALUES = 500_000
_SAMPLE = 1_000  # rows whose SHAP values make the importance
log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are; all others are features.

    Attributes:
        label: who churned.
        id: one value a row.
        group: rows that belong together, such as one account's; None: each row alone.
        drop: neither of these nor features.
        positive: the label's value that means churned; None: told by the values.
    """

    label: str
    id: str
    group: str | None = None
    drop: tuple[str, ...] = ()
    positive: str | None = None

    def options(self) -> list[tuple[str, str]]:
        """(option, column) of each column named."""
        named = [("--label", self.label), ("--id", self.id)]
        named += [("--group", self.group)] if self.group is not None else []
        return named + [("--drop", name) for name in self.drop]

    def hold(self) -> None:
        """Refuse a column that is given two parts.

        Raises:
            UsageError: names it.
        """
        names = [name for option, name in self.options() if option != "--group"]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or self.group in {self.label, *self.drop}:
            name = twice[0] if twice else self.group
            raise UsageError(f"column {name!r} is named by two options: give each its own column")


@dataclass(frozen=True)
class Settings:
    """Sections of the parameters; the defaults are meant to be good on any table.

    Attributes:
        train: seed, folds and tree are used as they are where `by_size` is false; otherwise
            `learners.sizing` chooses LightGBM's settings and the folds.
        calibrate, tiers, explain: the sections of these names.
        by_size: see `train`.
    """

    train: TrainParams = field(default_factory=TrainParams)
    calibrate: CalibrateParams = field(default_factory=CalibrateParams)
    tiers: TiersParams = field(default_factory=TiersParams)
    explain: ExplainParams = field(default_factory=ExplainParams)
    by_size: bool = True


@dataclass(frozen=True)
class Fitted:
    """What `learn` made.

    Attributes:
        bundle: models, calibration, tiers.
        raw: cross-fitted raw scores of all rows by learner, each of shape (rows,).
        fold: of each row.
    """

    bundle: Bundle
    raw: Mapping[LearnerName, FloatArray]
    fold: IntArray


def fit_table(
    source: Path, columns: Columns, out: Path, settings: Settings, threads: int = 0
) -> dict[str, Any]:
    """Read a table, learn, and write the model's folder.

    Args:
        source: see `reading.read_table`.
        columns: what its columns are.
        out: folder to make; an earlier model there is replaced.
        settings: the parameters.
        threads: of LightGBM; 0: all cores. The model does not depend on it.

    Returns:
        What was learned and how well it does on rows it did not see, as JSON holds it.

    Raises:
        UsageError: when an option does not fit the table, or `out` holds something else.
        DataRefused: when the table can't be learned from; names the column and the rows.
    """
    columns.hold()
    _require_ours(out)
    kept = [columns.label, columns.id, *([] if columns.group is None else [columns.group])]
    frame = read_table(source, as_text=kept)
    data, positive = to_dataset(frame, columns)
    fitted = learn(data, settings, threads)
    with files.atomic_folder(out.resolve()) as part:
        told = _save(part, fitted, data, columns, positive)
        _save_findings(part, fitted.bundle, data, settings.explain, threads)
        seal(part)
    return {**told, "model": str(out)}


def to_dataset(frame: pd.DataFrame, columns: Columns) -> tuple[Dataset, str]:
    """The table as the learners take it, and the label's value that means churned.

    Raises:
        UsageError: when an option names a column that is not there, or leaves no feature.
        DataRefused: when label or ids can't be used; names the column and the rows.
    """
    require_columns(frame, columns.options())
    require_unique(frame[columns.id])
    churned, positive = read_label(frame[columns.label], columns.positive)
    features = frame.drop(columns=list({name for _, name in columns.options()}))
    if features.shape[1] == 0:
        raise UsageError("no column is left as a feature: --drop fewer")
    group = None if columns.group is None else frame[columns.group]
    return Dataset.of(features, churned, frame[columns.id], group), positive


def learn(data: Dataset, settings: Settings, threads: int = 0) -> Fitted:
    """Both learners by cross-validation over groups, calibrated and cut on what each fold held out.

    Raises:
        DataRefused: with the counts, when there are too few of one class or too few groups.
    """
    params = sized(len(data), settings.train) if settings.by_size else settings.train
    # On few values threads wait for each other longer than they work.
    threads = 1 if data.frame.size < _FEW_VALUES else threads
    _require_enough(data, params)
    fold = folds(data.account, params.folds, params.seed, data.churned)
    least = least_rows(len(data))
    models: dict[LearnerName, Any] = {}
    raw: dict[LearnerName, FloatArray] = {}
    scales: dict[str, Scale] = {}
    for name, learner in _LEARNERS.items():
        models[name], raw[name] = learner.fit_folded(data, fold, params, threads, least)
        scales[name] = learn_scale(
            raw[name],
            data.churned,
            data.account,
            settings.calibrate,
            settings.tiers,
            seed=params.seed,
        )
    _tell_idle(data, models["gbm"])
    bundle = Bundle(models["gbm"], models["tree"], scales, settings.train.champion)
    return Fitted(bundle, raw, fold)


def _require_enough(data: Dataset, params: TrainParams) -> None:
    stayed = len(data) - data.churners
    if min(data.churners, stayed) < params.min_churners:
        raise DataRefused(
            f"the table has {data.churners} churners and {stayed} who stayed in {len(data)} rows, "
            f"needed are at least {params.min_churners} of each: give more rows, such as those of "
            "earlier months"
        )
    groups = len(pd.unique(data.account))
    if groups < params.folds:
        raise DataRefused(
            f"the rows belong to {groups} groups, needed are at least {params.folds} (folds keep a "
            "group whole): name a finer column with --group, or none"
        )


def _tell_idle(data: Dataset, model: gbm.Gbm) -> None:
    """Say which columns can't have taught anything."""
    idle = [
        column.name
        for column in model.encoder.columns
        if (column.kind == "category" and not column.categories)
        or len(data.frame[column.name].unique()) == 1
    ]
    if idle:
        log.warning(
            "nothing to learn from %s: one value only, or no category with %d rows",
            some(idle), least_rows(len(data)),
        )  # fmt: skip


def _require_ours(out: Path) -> None:
    if out.exists() and not (out / FILE).is_file() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} holds something that is no model of `churnlight fit`: name another folder"
        )


def _save(
    out: Path, fitted: Fitted, data: Dataset, columns: Columns, positive: str
) -> dict[str, Any]:
    bundle = fitted.bundle
    bundle.gbm.save(out / "gbm")
    bundle.tree.save(out / "tree")
    save_scales(out / "tiers", {n: bundle.scales[n] for n in _LEARNERS}, bundle.champion)
    told = {
        "rows": len(data),
        "churners": data.churners,
        "share": data.churners / len(data),
        "features": len(bundle.gbm.encoder.columns),
        "champion": bundle.champion,
        "models": {name: _measured(fitted, data, name) for name in _LEARNERS},
    }
    content = {
        "schema_version": SCHEMA_VERSION,
        "columns": {
            "label": columns.label,
            "positive": positive,
            "id": columns.id,
            "group": columns.group,
            "drop": sorted(columns.drop),
        },
        **told,
    }
    files.write_json(out / FILE, content)
    return told


def _measured(fitted: Fitted, data: Dataset, name: LearnerName) -> dict[str, Any]:
    """How well a learner does on rows it did not see; calibration and cuts saw them, by fold."""
    from sklearn.metrics import log_loss, roc_auc_score

    scale = fitted.bundle.scales[name]
    raw = fitted.raw[name]
    return {
        "cross_fitted_roc_auc": round(float(roc_auc_score(data.churned, raw)), 6),
        "cross_fitted_log_loss": round(
            float(log_loss(data.churned, scale.calibration.apply(raw))), 6
        ),
        "calibration": scale.calibration.method,
        "tiers": [
            {
                "tier": tier,
                "rows": rows,
                "churners": churners,
                "rate": round(churners / rows, 6) if rows else None,
            }
            for tier, (rows, churners) in scale.rates.items()
        ],
    }


def _save_findings(
    out: Path, bundle: Bundle, data: Dataset, params: ExplainParams, threads: int
) -> None:
    """For people: the tree's rules in both languages, and which features matter."""
    files.write_json(
        out / "rules.json",
        {
            language: [
                {"rule": rule.text, "rows": rule.rows, "rate": round(rule.rate, 6)}
                for rule in rules(bundle.tree, language)
            ]
            for language in ("en", "zh")
        },
    )
    rows = np.unique(np.linspace(0, len(data) - 1, min(len(data), _SAMPLE)).astype(np.int64))
    frame = data.frame.iloc[rows].reset_index(drop=True)
    _, importance = explain_rows(
        bundle.gbm, frame, rows, meaning_of(bundle), params, threads
    )  # fmt: skip
    files.write_json(
        out / "importance.json",
        [{"feature": i["feature"], "mean_abs_shap": i["mean_abs_shap"]} for i in importance],
    )


def meaning_of(bundle: Bundle) -> Meaning:
    """Where there is no catalogue, each feature is its own reason."""
    names = bundle.gbm.encoder.names
    return Meaning(reason={n: n for n in names}, family=dict.fromkeys(names, "table"))
