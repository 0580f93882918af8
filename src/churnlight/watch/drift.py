"""Whether a month still looks like the cohort that the model learned from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from churnlight.assess.measures import rounded
from churnlight.errors import ChurnlightError
from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.params.base import SCHEMA_VERSION
from churnlight.params.monitor import MonitorParams
from churnlight.timeline import parse_as_of
from churnlight.watch.bands import Band, Pairs, Place, Variogram, outside
from churnlight.watch.drift_distance import Measure
from churnlight.watch.drift_shown import then_and_now
from churnlight.watch.profile import Profile, Reference

Key = tuple[str, str]  # kind, name


def judge_drift(
    reference: Reference,
    current: Profile,
    past: Sequence[Mapping[str, Any]],
    params: MonitorParams,
) -> dict[str, Any]:
    """Hold a month against the training cohort.

    Past months are those of the training cohort and earlier scored ones. A scored month that had
    an alarm itself is no measure of what is usual and is left out; so is everything that is not
    strictly earlier than this month, and what was counted on another model's bins.

    Args:
        reference: the model's training cohort.
        current: the month.
        past: contents of the scored months' profile.json, in any order; this month's may be there.
        params: section `monitor`.

    Returns:
        drift.json: verdict ("within", "outside"; "provisional" below `monitor.min_pairs` pairs,
        "unjudged" without any), what it was judged by, one entry a distribution with both
        measures and their bands, and what those outside looked like then and now.

    Raises:
        ChurnlightError: when the month was counted on other bins, or has no subscribers.
    """
    if current.edges.fingerprint != reference.edges.fingerprint:
        raise ChurnlightError(
            f"as_of {current.as_of} was counted on the bins of another model: score it again"
        )
    if current.rows == 0:
        raise ChurnlightError(f"as_of {current.as_of} has no subscribers: nothing can be judged")
    watch = _Watch.over(reference)
    months, left_out = _usable(reference, current.as_of, past)
    usual = [m for m in months if m.as_of in watch.trained]
    for month in (m for m in months if m.as_of not in watch.trained):
        judged = watch.judge(month, usual, params)
        if judged is not None and judged.outside.any():
            left_out.append({"as_of": month.as_of, "why": "drifted"})
        else:
            usual.append(month)
    judged = watch.judge(current, usual, params)
    pairs = len(usual) * (len(usual) - 1) // 2
    return {
        "schema_version": SCHEMA_VERSION,
        "as_of": current.as_of,
        "subscribers": current.rows,
        "verdict": _verdict(judged, pairs, params),
        "alarm_share": params.alarm_share,
        "pairs": pairs,
        "pairs_needed": params.min_pairs,
        "months": [m.as_of for m in usual],
        "left_out": sorted(left_out, key=lambda x: (x["as_of"], x["why"])),
        "reference": {
            "as_ofs": [m.as_of for m in reference.months],
            "subscribers": watch.pool.rows,
        },
        "growth_per_month": None if judged is None else judged.growth,
        **watch.told(current, judged),
    }


@dataclass(frozen=True)
class _Judged:
    """Both measures of a month: Q, its limits, and what is outside; shape (2, distributions)."""

    limits: FloatArray
    outside: Any
    p_values: FloatArray
    growth: dict[str, float | None]


class _Shape:
    """A month's distributions one after another, ready to be compared."""

    def __init__(self, shares: Sequence[FloatArray], curves: Sequence[FloatArray]) -> None:
        # A nought before each keeps a curve without a step, whose sum would else be its follower's.
        parts = [np.append(0.0, curve) for curve in curves]
        self._shares, self._curves = np.concatenate(shares), np.concatenate(parts)
        self._logs = np.log(self._shares)
        self._starts = [_starts(shares), _starts(parts)]

    def to(self, other: _Shape) -> FloatArray:
        """Index, and square of Wasserstein's distance, of all; shape (2, distributions)."""
        index = (self._shares - other._shares) * (self._logs - other._logs)
        apart = np.abs(self._curves - other._curves)
        first, second = self._starts
        return np.stack([np.add.reduceat(index, first), np.add.reduceat(apart, second) ** 2])


def _starts(parts: Sequence[FloatArray]) -> IntArray:
    return np.cumsum([0, *(len(part) for part in parts[:-1])])


@dataclass(frozen=True)
class _Watch:
    """The training cohort, made ready to measure against."""

    reference: Reference
    pool: Profile
    measures: Mapping[Key, Measure]
    shapes: dict[str, _Shape] = field(default_factory=dict)

    @classmethod
    def over(cls, reference: Reference) -> _Watch:
        pool = reference.pooled
        return cls(
            reference,
            pool,
            {
                (kind, name): Measure.of(one, pool.counts[kind][name])
                for kind, bins in reference.edges.bins.items()
                for name, one in bins.items()
            },
        )

    @property
    def trained(self) -> set[str]:
        return {m.as_of for m in self.reference.months}

    def shape(self, profile: Profile) -> _Shape:
        """All distributions of a month, one after another; made once."""
        if profile.as_of not in self.shapes:
            self.shapes[profile.as_of] = self._shaped(profile)
        return self.shapes[profile.as_of]

    def _shaped(self, profile: Profile) -> _Shape:
        counts = [profile.counts[kind][name] for kind, name in self.measures]
        measures = list(zip(self.measures.values(), counts, strict=True))
        return _Shape(
            [m.grouped(found) for m, found in measures], [m.curve(found) for m, found in measures]
        )

    def judge(
        self, current: Profile, usual: Sequence[Profile], params: MonitorParams
    ) -> _Judged | None:
        """Judge a month by usual ones; None where there is no pair of them."""
        if len(usual) < 2:
            return None
        places = [_place(m) for m in usual]
        pairs = Pairs.of(places)
        first, second = np.triu_indices(len(usual), 1)
        shapes = [self.shape(m) for m in usual]
        values = np.stack([shapes[i].to(shapes[j]) for i, j in zip(first, second, strict=True)], -1)
        values = np.nan_to_num(values)
        found = np.nan_to_num(self.shape(self.pool).to(self.shape(current)))
        noise = self._noise() * (1 / self.pool.rows + 1 / current.rows)
        trained = [_place(m) for m in self.reference.months]
        bands, growth = [], {}
        for i, name in enumerate(("psi", "wasserstein")):
            variogram = Variogram.fit(values[i], pairs.lags)
            expected = variogram.to_pool(_place(current), trained, pairs)
            bands.append(Band.learn(values[i], pairs, expected, noise[i], variogram))
            growth[name] = rounded(variogram.slope / variogram.nugget)
        p_values = np.stack([band.p_values(found[i]) for i, band in enumerate(bands)])
        flat, limit = outside(p_values.ravel(), params.alarm_share)
        limits = np.stack([band.upper(limit) for band in bands])
        return _Judged(limits, flat.reshape(p_values.shape), p_values, growth)

    def told(self, current: Profile, judged: _Judged | None) -> dict[str, Any]:
        """The entries of all distributions, those outside first and farthest first."""
        found = self.shape(self.pool).to(self.shape(current))
        entries = []
        for i, (kind, name) in enumerate(self.measures):
            then, now = self.pool.counts[kind][name], current.counts[kind][name]
            entry = {"kind": kind, "name": name, **_measured(i, found, judged)}
            if entry["outside"]:
                entry |= then_and_now(self.measures[kind, name], then, now)
            entries.append(entry)
        entries.sort(key=lambda e: (not e["outside"], -(e["over_band"] or 0), e["kind"], e["name"]))
        return {
            "outside": [{"kind": e["kind"], "name": e["name"]} for e in entries if e["outside"]],
            "distributions": entries,
        }

    def _noise(self) -> FloatArray:
        counts = [self.pool.counts[kind][name] for kind, name in self.measures]
        measures = list(zip(self.measures.values(), counts, strict=True))
        return np.array(
            [
                [measure.psi_noise(then) for measure, then in measures],
                [measure.wasserstein_noise(then) for measure, then in measures],
            ]
        )


def _measured(i: int, found: FloatArray, judged: _Judged | None) -> dict[str, Any]:
    """One distribution's entry."""
    values = (float(found[0, i]), float(np.sqrt(found[1, i])))
    out: dict[str, Any] = {"psi": rounded(values[0]), "wasserstein": rounded(values[1])}
    if judged is None:
        nothing = dict.fromkeys(("psi_band", "wasserstein_band", "over_band"))
        return {**out, **nothing, "outside": False, "outside_by": []}
    band = (float(judged.limits[0, i]), float(np.sqrt(judged.limits[1, i])))
    over = [v / b for v, b in zip(values, band, strict=True) if np.isfinite(v)]
    by = [name for s, name in enumerate(("psi", "wasserstein")) if judged.outside[s, i]]
    return out | {
        "psi_band": rounded(band[0]),
        "wasserstein_band": rounded(band[1]),
        "over_band": rounded(max(over)),
        "outside": bool(by),
        "outside_by": by,
    }


def _usable(
    reference: Reference, as_of: str, past: Sequence[Mapping[str, Any]]
) -> tuple[list[Profile], list[dict[str, str]]]:
    """Training months and earlier scored ones in order of time, and what was left out and why."""
    months, left_out = [], []
    trained = {m.as_of for m in reference.months}
    for month in reference.months:
        if month.as_of < as_of:
            months.append(month)
        else:
            left_out.append({"as_of": month.as_of, "why": "later"})
    for content in sorted(past, key=lambda p: str(p["as_of"])):
        when = str(content["as_of"])
        # Nothing is said of later months: a month scored again must come out as it did.
        if when >= as_of or when in trained:
            continue
        if content["edges"] != reference.edges.fingerprint:
            left_out.append({"as_of": when, "why": "other_model"})
        elif content["rows"]:
            months.append(Profile.from_json(content, reference.edges))
    return months, left_out


def _place(profile: Profile) -> Place:
    at = parse_as_of(profile.as_of)
    return Place(at.year * 12 + at.month, profile.rows)


def _verdict(judged: _Judged | None, pairs: int, params: MonitorParams) -> str:
    if judged is None:
        return "unjudged"
    if pairs < params.min_pairs:
        return "provisional"
    return "outside" if judged.outside.any() else "within"
