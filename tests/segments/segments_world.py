"""Small cohorts with known groups, and what segments need beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from churnlight.params.data import TimeParams
from churnlight.params.segments import SegmentsParams
from churnlight.timeline import Moment, moment

NUMBERS = ("voice_out_call_s", "data_mb_per_day", "night_share", "bill_money")
CATEGORIES = ("payment_category", "group_class_category")


def at(as_of: str = "2025-04-01") -> Moment:
    return moment(as_of, TimeParams())


def params(**changed: Any) -> SegmentsParams:
    return SegmentsParams(**{"features": (*NUMBERS, *CATEGORIES), **changed})


def three_groups(each: int = 150, seed: int = 1, first_id: int = 1) -> pd.DataFrame:
    """Talkers by day, prepaid surfers by night, and plain users; `group` tells which."""
    rng = np.random.default_rng(seed)
    means = {
        "voice_out_call_s": (300.0, 60.0, 120.0),
        "data_mb_per_day": (30.0, 900.0, 250.0),
        "night_share": (0.2, 0.6, 0.35),
        "bill_money": (110.0, 130.0, 90.0),
    }
    group = np.repeat([0, 1, 2], each)
    columns: dict[str, Any] = {"subscriber_id": np.arange(first_id, first_id + 3 * each)}
    for name, values in means.items():
        columns[name] = np.array(values)[group] * rng.lognormal(0.0, 0.15, 3 * each)
    prepaid = rng.random(3 * each) < np.array([0.1, 0.9, 0.3])[group]
    columns["payment_category"] = np.where(prepaid, "prepaid", "postpaid")
    columns["group_class_category"] = rng.choice(["A", "B", "none"], 3 * each)
    return pd.DataFrame({**columns, "group": group})
