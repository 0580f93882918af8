"""The model as MLflow serves it: the feature table in, probability, tier and reasons out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

from churnlight.errors import UsageError
from churnlight.explain.reasons import Meaning, explain, in_columns
from churnlight.learners.champion import Bundle
from churnlight.params.learning import ExplainParams


class ChurnModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """The feature table in; probability and tier out, and reasons where asked for."""

    def load_context(self, context: Any) -> None:
        """Read the bundle."""
        self._bundle = Bundle.load(Path(context.artifacts["bundle"]))
        self._learner = context.model_config["learner"]
        reasons = context.model_config.get("reasons", {})
        self._meaning = Meaning(reason=reasons, family=reasons)

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Probability of churn and tier, one row a row of the feature table.

        Args:
            context: MLflow's.
            model_input: the feature columns; others are an error that names them.
            params: `reasons`, how many reasons that raise the risk to give (0: none), with the one
                that lowers it most; see `churnlight.explain.reasons.in_columns`. They are what
                LightGBM saw, of the tree's version too.

        Raises:
            UsageError: when `reasons` is no whole number from 0 on.
        """
        del context
        scored = self._bundle.predict(model_input)
        of_tree = "_tree" if self._learner == "tree" else ""
        scored = scored[[f"probability{of_tree}", f"tier{of_tree}"]]
        scored.columns = ["probability", "tier"]
        count = (params or {}).get("reasons", 0)
        if isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 0:
            raise UsageError(f"params reasons is {count!r}; expected a whole number from 0 on")
        return scored.join(self._reasons(model_input, int(count))) if count else scored

    def _reasons(self, frame: pd.DataFrame, count: int) -> pd.DataFrame:
        rows = np.arange(len(frame))
        found, _ = explain(
            self._bundle.gbm, frame, rows, self._meaning, ExplainParams(reasons=count)
        )
        return in_columns(found, len(frame), count).set_axis(frame.index)


def serve() -> None:
    """What the logged model file calls ("models from code": no pickle is written or read)."""
    mlflow.models.set_model(ChurnModel())
