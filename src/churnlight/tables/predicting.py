"""`churnlight predict`: probability, tier and reasons for each row of a table."""

from __future__ import annotations

import difflib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import DataRefused, UsageError
from churnlight.explain.reasons import explain as explain_rows
from churnlight.learners.champion import Bundle, LearnerName
from churnlight.learners.dataset import FloatArray
from churnlight.learners.stored import hold, read_stored
from churnlight.params.learning import ExplainParams
from churnlight.tables.fitting import FILE, meaning_of
from churnlight.tables.reading import (
    read_table,
    require_columns,
    require_unique,
    require_writable_name,
    rows_of,
    some,
    write_table,
)

log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class TableModel:
    """A model of `churnlight fit`.

    Attributes:
        bundle: models, calibration, tiers.
        id: the column that names the rows.
        others: label, group and dropped columns, which a table may have or not.
        share: of churners in the table it learned from.
    """

    bundle: Bundle
    id: str
    others: frozenset[str]
    share: float

    @classmethod
    def load(cls, folder: Path) -> TableModel:
        """Read a model's folder: JSON and LightGBM's text, nothing that runs.

        Raises:
            UsageError: when it is no model's folder.
            ChurnlightError: when it is of another version, or not as it was written.
        """
        if not (folder / FILE).is_file():
            raise UsageError(f"{folder} is no model: expected a folder that `churnlight fit` made")
        content = read_stored(folder / FILE)
        hold(folder)
        columns = content["columns"]
        others = {columns["label"], columns["group"], *columns["drop"]} - {None}
        return cls(Bundle.load(folder), columns["id"], frozenset(others), content["share"])

    @property
    def categories(self) -> list[str]:
        """The features that are text."""
        return [c.name for c in self.bundle.gbm.encoder.columns if c.kind == "category"]

    def features(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The features in the model's order, found by name.

        Columns that the model does not know are left out, with a warning.

        Raises:
            DataRefused: names a column that is missing, perhaps renamed, or that holds text where
                numbers are expected, with the rows.
        """
        wanted = self.bundle.gbm.encoder.names
        found = [str(name) for name in frame.columns]
        missing = [name for name in wanted if name not in set(found)]
        extra = [n for n in found if n not in {*wanted, self.id, *self.others}]
        if missing:
            near = difflib.get_close_matches(missing[0], extra, n=1, cutoff=0.6)
            hint = f" ({near[0]!r} is there: renamed?)" if near else ""
            raise DataRefused(
                f"the table lacks columns of the model: {some(missing)}{hint}; "
                f"not known to the model: {some(extra) if extra else 'none'}; give the columns the "
                "model learned from, under the same names"
            )
        if extra:
            log.warning("left out, the model does not know them: %s", some(extra))
        frame = frame.rename(columns=str)
        for column in self.bundle.gbm.encoder.columns:
            if column.kind == "numeric":
                _require_numbers(frame[column.name])
        return frame[wanted]

    def predict(
        self,
        frame: pd.DataFrame,
        prior: float | None = None,
        learner: LearnerName | None = None,
        threads: int = 0,
    ) -> pd.DataFrame:
        """Probability and tier of each row.

        With tiers by share, `prior` leaves the tiers as they are: it changes no order. Tiers by
        probability or profit follow the probability that is shown.

        Args:
            frame: the features, as `features` gives them.
            prior: share of churners where the rows come from; see `shifted`.
            learner: None: the champion.
            threads: of LightGBM; 0: all cores.

        Returns:
            probability (0 to 1), tier; index of `frame`.
        """
        name = learner or self.bundle.champion
        scale = self.bundle.scales[name]
        model = self.bundle.gbm if name == "gbm" else self.bundle.tree
        learned = scale.calibration.apply(model.raw(frame, threads))
        shown = learned if prior is None else shifted(learned, self.share, prior)
        judged = learned if scale.tiers.by == "share" else shown
        return pd.DataFrame(
            {"probability": shown, "tier": scale.tiers.apply(judged)}, index=frame.index
        )


def shifted(probability: FloatArray, share: float, prior: float) -> FloatArray:
    """Probabilities where another share churns: the odds times [P/(1-P)] / [p/(1-p)].

    Holds where churners and stayers each look as they did in training and only their numbers differ
    (Saerens, Latinne and Decaestecker 2002); a balanced training table is the common case.

    Args:
        probability: by the training table, shape (rows,).
        share: of churners in the training table, p.
        prior: share of churners wanted, P.

    Raises:
        UsageError: when `prior` is not between 0 and 1.
    """
    if not 0 < prior < 1:
        raise UsageError(f"--prior {prior:g}: expected a share between 0 and 1, such as 0.02")
    odds = probability / (1 - probability) * (prior / (1 - prior)) / (share / (1 - share))
    return np.asarray(odds / (1 + odds), dtype=np.float64)


@dataclass(frozen=True)
class Request:
    """What to predict.

    Attributes:
        table: the rows.
        out: where probability and tier go.
        reasons: where the reasons go; None: none are made.
        prior: see `shifted`.
        learner: None: the champion.
    """

    table: Path
    out: Path
    reasons: Path | None = None
    prior: float | None = None
    learner: LearnerName | None = None


def predict_table(folder: Path, request: Request, threads: int = 0) -> dict[str, Any]:
    """Read a table, predict, and write id, probability and tier, in the order of the rows.

    Args:
        folder: of the model.
        request: what to predict.
        threads: of LightGBM; 0: all cores.

    Returns:
        Rows, mean probability and rows of each tier.

    Raises:
        UsageError: when an option or a file's name can't be right.
        DataRefused: when the table does not fit the model; names the column and the rows.
    """
    for path in (request.out, request.reasons):
        if path is not None:
            require_writable_name(path)
    model = TableModel.load(folder)
    frame = read_table(request.table, as_text=[model.id, *model.categories])
    require_columns(frame, [("the model's id", model.id)])
    require_unique(frame[model.id])
    features = model.features(frame)
    scored = model.predict(features, request.prior, request.learner, threads)
    scored.insert(0, model.id, frame[model.id])
    write_table(scored, request.out)
    if request.reasons is not None:
        reasons, _ = explain_rows(
            model.bundle.gbm,
            features,
            frame[model.id].to_numpy(dtype=object),
            meaning_of(model.bundle),
            ExplainParams(),
            threads,
        )
        named = reasons.drop(columns=["reason", "second", "quoted"]).rename(
            columns={"subscriber_id": model.id}
        )
        write_table(named, request.reasons)
    sizes = scored["tier"].value_counts()
    return {
        "rows": len(scored),
        "mean_probability": round(float(scored["probability"].mean()), 6) if len(scored) else None,
        "tiers": {name: int(sizes.get(name, 0)) for name in model.bundle.tier_names},
        "out": str(request.out),
    }


def _require_numbers(values: pd.Series) -> None:
    """Name the rows of a numeric column that hold text."""
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return
    if not (
        pd.api.types.is_object_dtype(values.dtype) or pd.api.types.is_string_dtype(values.dtype)
    ):
        return  # the encoder refuses dates and the like by their type
    known = values.notna().to_numpy()
    mask = known & pd.to_numeric(values.astype(object), errors="coerce").isna().to_numpy()
    if mask.any():
        raise DataRefused(
            f"column {values.name!r} holds text in {rows_of(mask)}: the model expects numbers; "
            "empty fields stand for unknown"
        )
