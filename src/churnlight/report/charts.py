"""Curves and bars as inline SVG: pure functions, the same bytes for the same numbers.

Labels are handed in, in one language; colours come from the page's CSS by class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from churnlight.report.formats import number, percent
from churnlight.report.svg import (
    Axis,
    Caption,
    Point,
    box,
    dot,
    drawing,
    element,
    group,
    line,
    polyline,
    text,
)

_WIDTH, _HEIGHT = 360.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 10.0, 12.0, 44.0
# Value, low, high.
Reading = tuple[float | None, float | None, float | None]
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_ROOT_TICKS = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
_TICK_ROOM = 28.0


@dataclass(frozen=True)
class Series:
    """One model's line.

    Attributes:
        style: the CSS class that gives colour and dash, "gbm" or "tree".
        name: what the legend says.
        points: (x, y), shares from 0 to 1.
    """

    style: str
    name: str
    points: Sequence[Point]


@dataclass(frozen=True)
class Labels:
    """Names of the axes, of the reference line, and the caption."""

    x: str
    y: str
    reference: str
    caption: Caption


def roc(series: Sequence[Series], labels: Labels) -> Markup:
    """Leavers found against stayers disturbed; the diagonal is chance."""
    x, y = _axes(1.0)
    diagonal = line((x(0), y(0)), (x(1), y(1)), "reference")
    note = text(x(0.45), y(0.45) + 16, labels.reference, "note")
    legend = _legend(series, x(1) - 166, y(0) - 12 - 16 * (len(series) - 1))
    return _plot(series, labels, [diagonal, note, legend])


def precision_recall(series: Sequence[Series], labels: Labels, base: float | None) -> Markup:
    """Precision against recall; the flat line is the churn rate of all."""
    x, y = _axes(1.0)
    parts = []
    if base is not None:
        parts.append(line((x(0), y(base)), (x(1), y(base)), "reference"))
        parts.append(text(x(0) + 4, y(base) - 5, labels.reference, "note"))
    parts.append(_legend(series, x(1) - 166, y(1) + 12))
    return _plot(series, labels, parts)


def calibration(
    bins: Mapping[str, Sequence[Mapping[str, Any]]], names: Mapping[str, str], labels: Labels
) -> Markup:
    """Predicted against observed rate, with intervals, on square-root axes.

    Args:
        bins: `reliability` of details.json by model.
        names: what the legend calls each model.
        labels: names of the axes, the diagonal, the caption.
    """
    drawn = {model: [b for b in rows if _complete(b)] for model, rows in bins.items()}
    every = [b for rows in drawn.values() for b in rows]
    top = max([0.05, *(max(b["predicted"], b["observed_high"]) for b in every)])
    x, y = _axes(min(1.0, top * 1.05), root=True)
    parts = [line((x(0), y(0)), (x(x.high), y(x.high)), "reference")]
    series = []
    for shift, (model, rows) in enumerate(drawn.items()):
        # Side by side, so that equal predictions of both models don't hide each other.
        offset = 2.0 * (2 * shift - 1)
        parts += [_whiskered(model, (x(one["predicted"]) + offset, y), one) for one in rows]
        series.append(Series(model, names[model], ()))
    left, top = x(0) + 10, y(x.high) + 12
    parts.append(_legend(series, left, top))
    # Named in the legend: on the line itself the points would hide it.
    below = top + 16 * len(series)
    parts.append(line((left, below - 4), (left + 24, below - 4), "reference"))
    parts.append(text(left + 30, below, labels.reference, "legend"))
    return drawing(_WIDTH, _HEIGHT, [_grid(x, y, labels), *parts], labels.caption)


def qini(series: Sequence[Series], labels: Labels) -> Markup:
    """Lines saved a thousand by the share of a list that is treated.

    Args:
        series: points are (share treated, lines saved a line of the list), from 0 to a share of 1.
        labels: see `Labels`; the reference is the straight line of a random order.
    """
    saved = [y for one in series for _, y in one.points]
    low, high = min([0.0, *saved]), max([0.0, *saved])
    x, _ = _axes(1.0)
    y = Axis(low, high if high > low else low + 0.001, _HEIGHT - _BOTTOM, _TOP)
    parts = []
    for step in _SHARES:
        value = y.low + step * (y.high - y.low)
        parts.append(line((x(step), y.start), (x(step), y.end), "grid"))
        parts.append(line((x(0), y(value)), (x(1), y(value)), "grid"))
        anchor = "end" if step == 1 else "middle"
        parts.append(text(x(step), y.start + 16, percent(step, 0), "tick", anchor))
        parts.append(text(x(0) - 6, y(value) + 4, number(1_000 * value, 1), "tick", "end"))
    parts += _axis_names(x, y, labels)
    if low < 0:
        parts.append(line((x(0), y(0)), (x(1), y(0)), "zero"))
    end = series[0].points[-1][1] if series else 0.0
    parts.append(line((x(0), y(0)), (x(1), y(end)), "reference"))
    curves = [
        polyline([(x(px), y(py)) for px, py in one.points], f"curve {one.style}") for one in series
    ]
    left, top = x(0) + 10, y.end + 12
    legend = [_legend(series, left, top)]
    below = top + 16 * len(series)
    legend.append(line((left, below - 4), (left + 24, below - 4), "reference"))
    legend.append(text(left + 30, below, labels.reference, "legend"))
    return drawing(_WIDTH, _HEIGHT, [group(parts, "frame"), *curves, *legend], labels.caption)


def interval(reading: Reading, top: float, reference: float | None, caption: Caption) -> Markup:
    """A dot with its whisker on a square-root scale from 0 to `top`.

    The scale opens up the small rates; a thin line marks the rate of all.
    """
    value, low, high = reading
    width, height = 190.0, 22.0
    axis = Axis(0.0, top, 4.0, width - 4.0, root=True)
    middle = height / 2
    parts = [line((axis(0), middle), (axis(top), middle), "rail")]
    if reference is not None:
        parts.append(line((axis(reference), 2), (axis(reference), height - 2), "reference"))
    if low is not None and high is not None:
        parts.append(line((axis(low), middle), (axis(high), middle), "whisker"))
    if value is not None:
        parts.append(dot((axis(value), middle), 4.5, "value"))
    return drawing(width, height, parts, caption)


def difference(reading: Reading, span: float, caption: Caption) -> Markup:
    """A difference with its whisker on a scale from -span to span; the line in the middle is 0."""
    value, low, high = reading
    width, height = 170.0, 22.0
    axis = Axis(-span, span, 4.0, width - 4.0)
    middle = height / 2
    parts = [
        line((axis(-span), middle), (axis(span), middle), "rail"),
        line((axis(0), 2), (axis(0), height - 2), "zero"),
    ]
    if low is not None and high is not None:
        parts.append(line((axis(low), middle), (axis(high), middle), "whisker"))
    if value is not None:
        parts.append(dot((axis(value), middle), 4.5, "value"))
    return drawing(width, height, parts, caption)


def bar(share: float, caption: Caption) -> Markup:
    """A bar whose full length is the greatest value of its column."""
    width, height = 150.0, 14.0
    parts = [
        box((0, 1), width, height - 2, "rail-box", 2),
        box((0, 1), max(width * share, 1.0), height - 2, "bar", 2),
    ]
    return drawing(width, height, parts, caption)


def strip(tiers: Sequence[tuple[str, int]], caption: Caption) -> Markup:
    """The whole base as one strip cut by tier; each part at least wide enough to be seen."""
    width, height, least, gap = 1000.0, 26.0, 8.0, 3.0
    total = sum(size for _, size in tiers) or 1
    room = width - gap * (len(tiers) - 1) - least * len(tiers)
    parts, x = [], 0.0
    for style, size in tiers:
        wide = least + room * size / total
        parts.append(box((x + 0.75, 0.75), wide - 1.5, height - 1.5, style, 3))
        x += wide + gap
    return drawing(width, height, parts, caption, stretch=True)


def _complete(one: Mapping[str, Any]) -> bool:
    needed = ("predicted", "observed", "observed_low", "observed_high")
    return all(one.get(key) is not None for key in needed)


def _axes(top: float, *, root: bool = False) -> tuple[Axis, Axis]:
    return (
        Axis(0.0, top, _LEFT, _WIDTH - _RIGHT, root),
        Axis(0.0, top, _HEIGHT - _BOTTOM, _TOP, root),
    )


def _ticks(axis: Axis) -> list[float]:
    if not axis.root:
        return [t for t in _SHARES if t <= axis.high]
    kept = [0.0]
    for tick in _ROOT_TICKS[1:]:
        if tick <= axis.high and abs(axis(tick) - axis(kept[-1])) >= _TICK_ROOM:
            kept.append(tick)
    return kept


def _grid(x: Axis, y: Axis, labels: Labels) -> Markup:
    parts = []
    for tick in _ticks(x):
        name = percent(tick, 0 if tick == 0 or tick >= 0.01 else 1)
        parts.append(line((x(tick), y(0)), (x(tick), y(y.high)), "grid"))
        parts.append(line((x(0), y(tick)), (x(x.high), y(tick)), "grid"))
        anchor = "end" if tick == 1 else "middle"
        parts.append(text(x(tick), y(0) + 16, name, "tick", anchor))
        parts.append(text(x(0) - 6, y(tick) + 4, name, "tick", "end"))
    return group([*parts, *_axis_names(x, y, labels)], "frame")


def _axis_names(x: Axis, y: Axis, labels: Labels) -> list[Markup]:
    middle = (y.start + y.end) / 2
    return [
        text((x.start + x.end) / 2, _HEIGHT - 6, labels.x, "axis", "middle"),
        element(
            "text",
            labels.y,
            transform=f"translate(11 {middle:.1f}) rotate(-90)",
            class_="axis",
            text_anchor="middle",
        ),
    ]


def _legend(series: Sequence[Series], left: float, top: float) -> Markup:
    parts = []
    for index, one in enumerate(series):
        y = top + 16 * index
        parts.append(line((left, y - 4), (left + 24, y - 4), f"curve {one.style}"))
        parts.append(_mark(one.style, (left + 12, y - 4)))
        parts.append(text(left + 30, y, one.name, "legend"))
    return group(parts, "legends")


def _mark(style: str, centre: Point) -> Markup:
    """Round for LightGBM, square for the tree: the colour is never the only sign."""
    if style == "tree":
        return box((centre[0] - 3.5, centre[1] - 3.5), 7, 7, f"mark {style}")
    return dot(centre, 3.8, f"mark {style}")


def _whiskered(model: str, at: tuple[float, Axis], one: Mapping[str, Any]) -> Markup:
    x, y = at
    whisker = line((x, y(one["observed_low"])), (x, y(one["observed_high"])), f"whisker {model}")
    return whisker + _mark(model, (x, y(one["observed"])))


def _plot(series: Sequence[Series], labels: Labels, parts: Sequence[Markup]) -> Markup:
    x, y = _axes(1.0)
    lines = [
        polyline([(x(px), y(py)) for px, py in one.points], f"curve {one.style}")
        for one in series
        if one.points
    ]
    return drawing(_WIDTH, _HEIGHT, [_grid(x, y, labels), *parts, *lines], labels.caption)
