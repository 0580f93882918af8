"""Months made by hand: features whose distribution moves by chance, and what is planted on top."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.stats import norm

from churnlight.watch.profile import Profile, Reference
from churnlight.watch.profile_bins import Bins, Edges

CUTS = norm.ppf(np.arange(1, 40) / 40)
TRAINED = (1, 2, 3, 4, 6)
Planted = Mapping[str, tuple[float, float]]


def as_of(month: int) -> str:
    return f"{2024 + (month - 1) // 12}-{(month - 1) % 12 + 1:02d}-01"


def edges(features: int) -> Edges:
    """Every third is text, the others numbers; and one score."""
    bins = {
        f"f{k:02d}": Bins(levels=("a", "b", "c")) if k % 3 == 0 else Bins(cuts=tuple(CUTS))
        for k in range(features)
    }
    return Edges(
        {"features": bins, "reasons": {}, "scores": {"probability": Bins(cuts=tuple(CUTS))}}
    )


class World:
    """Draws months; each distribution has a size of its own by which months differ."""

    def __init__(self, seed: int, features: int = 20, rows: int = 3000, shock: float = 0.1) -> None:
        self.rng = np.random.default_rng(seed)
        self.edges = edges(features)
        self.rows = rows
        names = [*self.edges.bins["features"], "probability"]
        self.size = dict(zip(names, shock * self.rng.gamma(2, 0.5, len(names)), strict=True))

    def month(
        self, month: int, planted: Mapping[str, tuple[float, float]] | None = None
    ) -> Profile:
        """One month; `planted` adds to a feature's mean (or a level's logit) and missing share."""
        profile = Profile(self.edges, as_of(month))
        profile.rows = self.rows
        for kind, bins in self.edges.bins.items():
            for name, one in bins.items():
                shift, missing = (planted or {}).get(name, (0.0, 0.0))
                shock = self.rng.normal(size=3) * self.size[name]
                known = _text(shock, shift) if one.is_text else _numbers(shock, shift)
                lost = min(0.05 * np.exp(shock[2]) + missing, 1.0)
                share = np.append(known * (1 - lost), lost)
                profile.counts[kind][name] = self.rng.multinomial(self.rows, share)
        return profile

    def reference(self) -> Reference:
        return Reference(self.edges, tuple(self.month(m) for m in TRAINED))


def _numbers(shock: np.ndarray, shift: float) -> np.ndarray:
    below = norm.cdf((CUTS - shock[0] - shift) / np.exp(0.3 * shock[1]))
    return np.diff(np.concatenate([[0.0], below, [1.0]]))


def _text(shock: np.ndarray, shift: float) -> np.ndarray:
    odds = np.exp([0.0, 0.5 + shock[0] + shift, -1.0 + shock[1]])
    return np.append(odds / odds.sum(), 0.0)
