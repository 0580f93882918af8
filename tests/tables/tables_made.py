"""A small table with every kind of column that a mart may hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnlight.tables.fitting import Columns


def make_table(rows: int = 900, seed: int = 0) -> pd.DataFrame:
    draws = np.random.default_rng(seed)
    silent = draws.exponential(8, rows).round(2)
    bill = draws.gamma(4, 30, rows).round(2)
    brand = draws.choice(["go", "zone", "easy"], rows, p=[0.5, 0.3, 0.2])
    hidden = -2.5 + 0.15 * silent - 0.005 * bill + 1.2 * (brand == "zone")
    left = draws.random(rows) < 1 / (1 + np.exp(-hidden))
    return pd.DataFrame(
        {
            "customer": [f"00{i:05d}" for i in range(rows)],
            "household": [f"h{i // 2}" for i in range(rows)],
            "Silent Days": silent,
            "bill": np.where(draws.random(rows) < 0.1, np.nan, bill),
            "brand": pd.Series(brand).where(draws.random(rows) > 0.05),
            "mostly_missing": np.where(draws.random(rows) < 0.97, np.nan, 1.0),
            "always": 5,
            "never": np.full(rows, np.nan),
            "note": [f"text {i}" for i in range(rows)],
            "is_new": draws.random(rows) < 0.5,
            "leaks": left.astype(int),
            "churn": np.where(left, "yes", "no"),
        }
    )


COLUMNS = Columns("churn", "customer", "household", ("leaks",))
