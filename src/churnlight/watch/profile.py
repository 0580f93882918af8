"""How one month's features, reasons and scores are distributed: counts on fixed bins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import ChurnlightError, DataRefused
from churnlight.explain.contributions import in_chunks
from churnlight.explain.reasons import Meaning
from churnlight.learners.champion import Bundle
from churnlight.learners.dataset import IntArray
from churnlight.params.base import SCHEMA_VERSION
from churnlight.watch.measured import KINDS, Measured
from churnlight.watch.profile_bins import Edges

Counts = dict[str, dict[str, IntArray]]


class Profile:
    """Counts of one month, added to batch by batch.

    All are whole numbers, so that neither the order of the rows nor the batches show.
    """

    def __init__(
        self, edges: Edges, as_of: str, counts: Counts | None = None, rows: int = 0
    ) -> None:
        """An empty profile, or one with counts.

        Args:
            edges: the bins.
            as_of: "YYYY-MM-DD" of the month; "" for several months together.
            counts: by kind and name.
            rows: subscribers counted.
        """
        self.edges, self.as_of, self.rows = edges, as_of, rows
        self.counts: Counts = counts or {
            kind: {name: np.zeros(one.size, dtype=np.int64) for name, one in bins.items()}
            for kind, bins in edges.bins.items()
        }

    def add(self, measured: Measured) -> None:
        """Count a batch in.

        Raises:
            DataRefused: names a column that is missing, or that holds text where numbers were.
        """
        for kind, table in measured.tables.items():
            bins = self.edges.bins[kind]
            if lost := [name for name in bins if name not in table.columns]:
                raise DataRefused(
                    f"the {kind} lack {', '.join(lost[:5])}, which the model's training cohort "
                    "had: build the features with the extracts that the model was trained with"
                )
            for name, one in bins.items():
                try:
                    self.counts[kind][name] += one.count(table[name])
                except (TypeError, ValueError):
                    raise DataRefused(
                        f"{name} of the {kind} is {table[name].dtype}, and was numbers in the "
                        "training cohort: give the column in the type it had there"
                    ) from None
        self.rows += len(measured.features)

    def to_json(self) -> dict[str, Any]:
        """What profile.json holds."""
        return {
            "schema_version": SCHEMA_VERSION,
            "as_of": self.as_of,
            "edges": self.edges.fingerprint,
            "rows": self.rows,
            "counts": {
                kind: {name: [int(n) for n in found] for name, found in by_name.items()}
                for kind, by_name in self.counts.items()
            },
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any], edges: Edges) -> Profile:
        """The inverse of `to_json`.

        Raises:
            ChurnlightError: when it was counted on other bins.
        """
        if content["edges"] != edges.fingerprint:
            raise ChurnlightError(
                f"the profile of as_of {content['as_of']} was counted on the bins of another "
                "model: score that month again with this one, or leave it out"
            )
        counts = {
            kind: {
                name: np.array(content["counts"][kind][name], dtype=np.int64)
                for name in edges.bins[kind]
            }
            for kind in KINDS
        }
        return cls(edges, str(content["as_of"]), counts, int(content["rows"]))


def merged(profiles: Sequence[Profile], as_of: str = "") -> Profile:
    """All counts of one or more profiles on the same bins together."""
    first = profiles[0]
    whole = Profile(first.edges, as_of)
    for one in profiles:
        if one.edges.fingerprint != first.edges.fingerprint:
            raise ChurnlightError(
                f"profiles of as_ofs {first.as_of} and {one.as_of} were counted on other bins: "
                "score both months with the same model"
            )
        whole.rows += one.rows
        for kind, by_name in one.counts.items():
            for name, found in by_name.items():
                whole.counts[kind][name] += found
    return whole


@dataclass(frozen=True)
class Reference:
    """What a model's training cohort looked like.

    Attributes:
        edges: the bins.
        months: a profile of each fit and calibrate as_of, in order of time.
    """

    edges: Edges
    months: tuple[Profile, ...]

    @property
    def pooled(self) -> Profile:
        """All its months together."""
        return merged(self.months)

    def to_json(self) -> dict[str, Any]:
        """What models/tiers/reference.json holds."""
        return {
            "schema_version": SCHEMA_VERSION,
            "edges": self.edges.to_json(),
            "months": [month.to_json() for month in self.months],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Reference:
        """The inverse of `to_json`."""
        edges = Edges.from_json(content["edges"])
        return cls(edges, tuple(Profile.from_json(m, edges) for m in content["months"]))


def reference_of(
    bundle: Bundle, frames: Mapping[str, pd.DataFrame], meaning: Meaning, threads: int = 1
) -> Reference:
    """Profile a model's training cohort, with the scores and reasons that the model gives it.

    Args:
        bundle: the models.
        frames: features by as_of: everyone in the cohort, labelled or not, as in a scored month
            (`thinned` where they are many).
        meaning: which reason each feature has.
        threads: to use.

    Raises:
        DataRefused: when there are no rows.
    """
    months = {as_of: _measured(bundle, frames[as_of], meaning, threads) for as_of in sorted(frames)}
    edges = Edges.learn(_together([*months.values()]))
    profiles = []
    for as_of, measured in months.items():
        profile = Profile(edges, as_of)
        profile.add(measured)
        profiles.append(profile)
    return Reference(edges, tuple(profiles))


def _measured(bundle: Bundle, frame: pd.DataFrame, meaning: Meaning, threads: int) -> Measured:
    parts = [
        Measured.of(
            frame.iloc[rows], bundle.predict(frame.iloc[rows], threads), values[:, :-1], meaning
        )
        for rows, values in in_chunks(bundle.gbm, frame, threads)
    ]
    return _together(parts) if parts else _nobody(bundle, frame, meaning)


def _nobody(bundle: Bundle, frame: pd.DataFrame, meaning: Meaning) -> Measured:
    return Measured.of(frame, bundle.predict(frame), np.empty((0, frame.shape[1])), meaning)


def _together(parts: Sequence[Measured]) -> Measured:
    return Measured(
        pd.concat([p.features for p in parts], ignore_index=True),
        pd.concat([p.reasons for p in parts], ignore_index=True),
        pd.concat([p.scores for p in parts], ignore_index=True),
    )
