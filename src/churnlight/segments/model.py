"""A model of segments: how features are read, and what each segment looks like. Frozen as JSON.

Subscribers go to the segment that loses least by taking them in: the fall of the log-likelihood of
`likelihood` by one more row, to first order in 1 / rows,

    sum_k ( log(s2_k + s2_vk) + ((z_k - m_vk)^2 - s2_vk) / (s2_k + s2_vk) ) / 2 - w sum_b log p_vb

over the features that the subscriber has. Fitting ends by dealing everyone anew by that rule until
nobody moves (classification EM), so that what BIRCH found does not stay decisive, and the same rule
puts later months' subscribers in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from churnlight.errors import DataRefused, UsageError
from churnlight.learners.dataset import FloatArray, IntArray
from churnlight.params.segments import SegmentsParams
from churnlight.segments.agglomerating import Choice, agglomerate, choose
from churnlight.segments.encoding import Encoding, Rows, learn_encoding
from churnlight.segments.likelihood import Groups, Scale, log_likelihood, scale_of
from churnlight.segments.preclusters import content_order, precluster

SCHEMA_VERSION = 1
_ROUNDS = 50
# Added to each count of a category: what a segment has not seen is unlikely, not impossible.
_UNSEEN = 0.5


@dataclass(frozen=True)
class Shape:
    """What a segment looks like.

    Attributes:
        mean, variance: of each numeric feature, standardised.
        shares: share of each value, for each categorical feature.
    """

    mean: tuple[float, ...]
    variance: tuple[float, ...]
    shares: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Segment:
    """One segment.

    Attributes:
        code: what tables hold, as "S1"; it stays when the model is made anew and the segment is
            found again.
        name_en, name_zh: suggested names.
        shape: see `Shape`.
    """

    code: str
    name_en: str
    name_zh: str
    shape: Shape


@dataclass(frozen=True)
class SegmentModel:
    """A model of segments.

    Attributes:
        as_of: of the features that it was made from.
        encoding: how features are read.
        left_out: features that the parameters name and the model lacks, with the reason.
        variance: of each numeric feature among all.
        weight: of categorical features.
        segments: in the order of their codes.
        last_number: the highest number that a code has ever had.
        path: how the number of segments was found, see `agglomerating.Choice`.
    """

    as_of: str
    encoding: Encoding
    left_out: Mapping[str, str]
    variance: tuple[float, ...]
    weight: float
    segments: tuple[Segment, ...]
    last_number: int
    path: tuple[Mapping[str, Any], ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the segments, in their order."""
        return tuple(s.code for s in self.segments)

    def place(self, frame: pd.DataFrame) -> IntArray:
        """Place in `segments` of each row's segment, shape (rows,)."""
        return nearest(self.encoding.read(frame), [s.shape for s in self.segments], self.scale)

    @property
    def scale(self) -> Scale:
        """What distances are measured by."""
        return Scale(np.array(self.variance), self.encoding.levels, self.weight)

    def content(self) -> dict[str, Any]:
        """As JSON; `of` reads it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "as_of": self.as_of,
            "encoding": self.encoding.content(),
            "left_out": dict(self.left_out),
            "variance": list(self.variance),
            "weight": self.weight,
            "segments": [
                {
                    "code": s.code,
                    "name_en": s.name_en,
                    "name_zh": s.name_zh,
                    "mean": list(s.shape.mean),
                    "variance": list(s.shape.variance),
                    "shares": [list(shares) for shares in s.shape.shares],
                }
                for s in self.segments
            ],
            "last_number": self.last_number,
            "path": [dict(entry) for entry in self.path],
        }

    @classmethod
    def of(cls, content: Mapping[str, Any], source: str = "segments model") -> SegmentModel:
        """From JSON.

        Raises:
            UsageError: when it is of another version, or damaged; names the source.
        """
        version = content.get("schema_version")
        if version != SCHEMA_VERSION:
            raise UsageError(
                f"{source}: schema_version is {version!r}, this churnlight reads {SCHEMA_VERSION}: "
                "make the segments anew (without the month before)"
            )
        try:
            return cls(
                as_of=content["as_of"],
                encoding=Encoding.of(content["encoding"]),
                left_out=content["left_out"],
                variance=tuple(content["variance"]),
                weight=content["weight"],
                segments=tuple(_segment(entry) for entry in content["segments"]),
                last_number=content["last_number"],
                path=tuple(content["path"]),
            )
        except (KeyError, TypeError) as error:
            raise UsageError(
                f"{source} is damaged ({error}): make the segments anew (without the month before)"
            ) from None


def _segment(entry: Mapping[str, Any]) -> Segment:
    shares = tuple(tuple(s) for s in entry["shares"])
    shape = Shape(tuple(entry["mean"]), tuple(entry["variance"]), shares)
    return Segment(entry["code"], entry["name_en"], entry["name_zh"], shape)


@dataclass(frozen=True)
class Fitted:
    """What fitting found, not yet named.

    Attributes:
        model: with codes S1, S2, ... from the largest segment to the smallest.
        place: place of each row's segment, in the order of the frame, shape (rows,).
        preclusters: how many there were.
    """

    model: SegmentModel
    place: IntArray
    preclusters: int


def fit(frame: pd.DataFrame, as_of: str, params: SegmentsParams) -> Fitted:
    """Make segments of a cohort; the order of the rows and their identifiers make no difference.

    Args:
        frame: features, one row a subscriber; columns may be absent.
        as_of: of the features.
        params: the section `segments`.

    Raises:
        DataRefused: for an empty cohort, or when nothing tells subscribers apart.
        UsageError: when the parameters name a feature that no catalogue has.
    """
    if len(frame) == 0:
        raise DataRefused(f"no segments at as_of {as_of}: the cohort is empty")
    encoding, left_out = learn_encoding(frame, params)
    read = encoding.read(frame)
    order = content_order(read)
    rows = read.take(order)
    scale = scale_of(encoding, rows, params.category_weight)
    pre = precluster(rows, encoding.levels, params.preclusters, params.learn_rows)
    groups = Groups.of(rows, pre, int(pre.max()) + 1, encoding.levels)
    steps = agglomerate(groups, scale, params.most)
    choice = choose(steps, params.least, params.most)
    place = np.array(steps[choice.segments - 1].group, dtype=np.int64)[pre]
    place, shapes = settle(rows, place, scale)
    back = np.empty_like(place)
    back[order] = place
    segments = tuple(Segment(f"S{n}", "", "", shape) for n, shape in enumerate(shapes, 1))
    model = SegmentModel(
        as_of=as_of,
        encoding=encoding,
        left_out=left_out,
        variance=tuple(scale.variance.tolist()),
        weight=params.category_weight,
        segments=segments,
        last_number=len(segments),
        path=_rounded(choice),
    )
    return Fitted(model, back, len(groups))


def settle(rows: Rows, place: IntArray, scale: Scale) -> tuple[IntArray, list[Shape]]:
    """Deal everyone anew until nobody moves; then number the segments from the largest.

    Args:
        rows: in the order of `preclusters.content_order`.
        place: the segment of each row to begin with; an emptied segment is dropped.
        scale: of the distances.

    Returns:
        The segment of each row, and the segments.
    """
    for _ in range(_ROUNDS):
        groups = Groups.of(rows, place, int(place.max()) + 1, scale.levels)
        moved = nearest(rows, shapes_of(groups), scale)
        moved = np.unique(moved, return_inverse=True)[1].astype(np.int64)
        if np.array_equal(moved, place):
            break
        place = moved
    groups = Groups.of(rows, place, int(place.max()) + 1, scale.levels)
    # Of the same size the tighter one first: no accident of numbering decides.
    rank = np.lexsort((-log_likelihood(groups, scale), -groups.rows))
    shapes = shapes_of(groups.take(rank))
    return nearest(rows, shapes, scale), shapes


def shapes_of(groups: Groups) -> list[Shape]:
    """What groups look like."""
    mean, variance = groups.mean, groups.variance
    shares = [_shares(counts) for counts in groups.counts]
    return [
        Shape(
            tuple(mean[v].tolist()),
            tuple(variance[v].tolist()),
            tuple(tuple(s[v].tolist()) for s in shares),
        )
        for v in range(len(groups))
    ]


def nearest(rows: Rows, shapes: list[Shape], scale: Scale) -> IntArray:
    """Place of the segment that loses least by each row (of equal ones the first)."""
    there = ~np.isnan(rows.numbers)
    values = np.where(there, rows.numbers, 0.0)
    best = np.zeros(len(rows), dtype=np.int64)
    least = np.full(len(rows), np.inf)
    for place, shape in enumerate(shapes):
        loss = _loss(values, there, rows.codes, shape, scale)
        best[loss < least] = place
        least = np.minimum(loss, least)
    return best


def _loss(
    values: FloatArray, there: Any, codes: IntArray, shape: Shape, scale: Scale
) -> FloatArray:
    loss = np.zeros(len(values))
    # A column at a time: the order of the additions is then always the same.
    for k, (mean, variance) in enumerate(zip(shape.mean, shape.variance, strict=True)):
        spread = scale.variance[k] + variance
        one = (np.log(spread) + ((values[:, k] - mean) ** 2 - variance) / spread) / 2
        loss += np.where(there[:, k], one, 0.0)
    for b, shares in enumerate(shape.shares):
        # The code MISSING reads the last entry, which costs nothing.
        costs = np.append(-scale.weight * np.log(np.array(shares)), 0.0)
        loss += costs[codes[:, b]]
    return loss


def _shares(counts: FloatArray) -> FloatArray:
    padded = counts + _UNSEEN
    return np.asarray(padded / padded.sum(axis=1, keepdims=True))


def _rounded(choice: Choice) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        {k: round(v, 6) if isinstance(v, float) else v for k, v in vars(entry).items()}
        for entry in choice.path
    )


def named(model: SegmentModel, names: list[tuple[str, str]]) -> SegmentModel:
    """The model with a name (English, Chinese) for each segment, in their order."""
    pairs = zip(model.segments, names, strict=True)
    return replace(
        model, segments=tuple(replace(s, name_en=en, name_zh=zh) for s, (en, zh) in pairs)
    )


def recoded(model: SegmentModel, codes: list[str], last_number: int) -> SegmentModel:
    """The model with other codes for its segments, in their order."""
    pairs = zip(model.segments, codes, strict=True)
    segments = tuple(replace(s, code=code) for s, code in pairs)
    return replace(model, segments=segments, last_number=last_number)
