"""MLflow: one run a model, one a scored month, the registry, and the model as MLflow serves it.

The only part that imports mlflow. A run is found again by the hash of what it logs, so logging
twice adds nothing, and an emptied store is refilled.
"""

from __future__ import annotations

import os

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# A server that is down is told within seconds, not minutes; `tracking sync` is there for later.
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")

from churnlight.tracking.fetching import download_bundle, predict_registered, read_artefact
from churnlight.tracking.months import MonthRun, log_month
from churnlight.tracking.runs import ModelRun, log_runs
from churnlight.tracking.served import ChurnModel, serve
from churnlight.tracking.store import StoreAway, default_store, opened

CHAMPION = "champion"

__all__ = [
    "CHAMPION",
    "ChurnModel",
    "ModelRun",
    "MonthRun",
    "StoreAway",
    "default_store",
    "download_bundle",
    "log_month",
    "log_runs",
    "opened",
    "predict_registered",
    "read_artefact",
    "serve",
]
