"""Settings for a table of any size, where nobody has tuned any, and threads for many tasks.

One rule for the settings, made from the number of rows alone:

- Steps are small (0.03) up to 60,000 rows and grow with the rows from there to 0.1, where time
  matters more; stopping waits for as many rounds as make up two steps of size 1.
- A leaf holds a fifth of the square root of the rows, at least 5: few rows need small leaves to say
  anything (11 of 3,000), many rows bear larger ones (40 of 40,000).
- A category is known from as many rows as a leaf; rarer ones read as unknown.
- Five folds; three from 100,000 rows on and two from 150,000 on, where so many rows are left that
  learning from fewer of them costs hardly any accuracy.
"""

from __future__ import annotations

import math
import os

from churnlight.params.learning import GbmParams, TrainParams

_SMALL = 60_000
_MANY, _VERY_MANY = 100_000, 150_000


def least_rows(rows: int) -> int:
    """Rows that a leaf of LightGBM, or a category, needs."""
    return max(5, round(math.sqrt(rows) / 5))


def sized(rows: int, params: TrainParams) -> TrainParams:
    """The parameters with LightGBM's settings and the folds chosen by the number of rows."""
    rate = round(min(0.1, 0.03 * max(1.0, rows / _SMALL)), 4)
    gbm = GbmParams(
        learning_rate=rate,
        num_leaves=31,
        min_data_in_leaf=least_rows(rows),
        feature_fraction=0.7,
        bagging_fraction=0.8,
        lambda_l2=5.0,
        max_rounds=4000,
        early_stopping_rounds=max(30, round(2 / rate)),
    )
    folds = 5 if rows < _MANY else 3 if rows < _VERY_MANY else 2
    return params.model_copy(update={"gbm": gbm, "folds": folds})


def workers(threads: int, tasks: int) -> int:
    """Threads to work with, each on a task of its own.

    Args:
        threads: how many may be used; 0: as many as there are cores.
        tasks: how many there are.
    """
    return max(1, min(threads or os.cpu_count() or 1, tasks))
