"""A made table to learn from: as wide as a real feature table, with a label that it explains.

Numbers of three shapes (bell, long-tailed, counts), a third of the columns with missing values,
some with text. The label follows some twenty columns, bent and in pairs, and chance; no learner
built it, so none has it easier than another.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

CATEGORIES = 10  # columns of text, of the features
_SHARE = 0.15  # of churners, roughly


def table(rows: int, features: int, seed: int) -> pd.DataFrame:
    """Make rows with an id and a label.

    Args:
        rows: how many.
        features: columns besides id and label; at least 30.
        seed: another seed draws other rows of the same world.

    Returns:
        id, churned, then the features f000, f001, ...; the last `CATEGORIES` hold text.
    """
    world = np.random.Generator(np.random.PCG64(7))
    draws = np.random.Generator(np.random.PCG64([7, seed]))
    numbers = features - CATEGORIES
    # A few common causes tie the columns to each other, as in bills and calls.
    causes = draws.standard_normal((rows, 8))
    loadings = world.normal(0.0, 0.35, size=(8, numbers))
    values = causes @ loadings + draws.standard_normal((rows, numbers))
    level = np.full(rows, float(np.log(_SHARE / (1 - _SHARE))) - 0.75)
    level += _bent(values, world)
    columns: dict[str, object] = {}
    for i in range(numbers):
        column = _shaped(values[:, i], i)
        if i % 3 == 0:
            column[draws.random(rows) < 0.05 + 0.01 * (i % 20)] = np.nan
        columns[f"f{i:03d}"] = column
    for i in range(CATEGORIES):
        count = 3 + 5 * i
        weight = world.dirichlet(np.full(count, 2.0))
        code = draws.choice(count, size=rows, p=weight)
        level += 0.25 * world.standard_normal(count)[code]
        names = np.array([f"c{j:02d}" for j in range(count)], dtype=object)
        columns[f"f{numbers + i:03d}"] = names[code]
    churned = draws.random(rows) < 1 / (1 + np.exp(-level))
    ids = np.arange(rows) + rows * seed
    return pd.DataFrame({"id": ids, "churned": churned.astype(np.int64), **columns})


def _bent(values: np.ndarray, world: np.random.Generator) -> np.ndarray:
    """What the numbers say of the log-odds: lines, thresholds, humps and pairs."""
    out = np.zeros(len(values))
    picked = world.permutation(values.shape[1])[:20]
    for i in picked[:6]:
        out += world.normal(0.0, 0.35) * values[:, i]
    for i in picked[6:11]:
        out += world.normal(0.0, 0.8) * (values[:, i] > world.normal(0.5, 0.5))
    for i in picked[11:14]:
        out -= 0.3 * np.abs(values[:, i])
    for i, j in (picked[14:16], picked[16:18], picked[18:20]):
        out += 0.4 * values[:, i] * values[:, j]
    return out


def _shaped(values: np.ndarray, number: int) -> np.ndarray:
    if number % 3 == 1:
        return np.round(np.exp(values), 2)
    if number % 3 == 2:
        return np.floor(np.maximum(0.0, 3.0 + 2.0 * values))
    return values.copy()
