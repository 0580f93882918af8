"""The retention rate of a base month by month, with the targets, as inline SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from churnlight.report.formats import percent
from churnlight.report.svg import Axis, Caption, dot, drawing, line, polyline, text

_HEIGHT = 240.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 14.0, 16.0, 28.0
_STEP = 0.05
_MONTH_ROOM = 58.0


@dataclass(frozen=True)
class Point:
    """A month ("YYYY-MM"), the share of the base kept at its end, and how that is written."""

    month: str
    rate: float
    shown: str


@dataclass(frozen=True)
class Target:
    """A share that is asked for, and what its line is called."""

    rate: float
    name: str


def chart(
    points: Sequence[Point], targets: Sequence[Target], width: float, caption: Caption
) -> Markup:
    """The rates as a line, the targets as dashed ones.

    Args:
        points: in order of time, at least two.
        targets: lines to draw across.
        width: in pixels.
        caption: for screen readers.
    """
    lowest = min([p.rate for p in points] + [t.rate for t in targets])
    low = max(0.0, math.floor(lowest / _STEP - 1e-9) * _STEP)
    x = Axis(0, len(points) - 1, _LEFT + 16, width - _RIGHT - 16)
    y = Axis(low, 1.0, _HEIGHT - _BOTTOM, _TOP)
    parts = [*_grid(y, low, width)]
    for target in targets:
        parts.append(line((_LEFT, y(target.rate)), (width - _RIGHT, y(target.rate)), "reference"))
        parts.append(text(_LEFT + 4, y(target.rate) - 5, target.name, "note"))
    parts.append(polyline([(x(i), y(p.rate)) for i, p in enumerate(points)], "curve gbm"))
    step = math.ceil(_MONTH_ROOM / max((x(1) - x(0)), 1.0))
    last = len(points) - 1
    for i, point in enumerate(points):
        parts.append(dot((x(i), y(point.rate)), 3.8, "mark gbm"))
        # Counted from the newest, which is always named.
        if (last - i) % step == 0:
            parts.append(text(x(i), _HEIGHT - 8, point.month, "tick", "middle"))
            parts.append(text(x(i), y(point.rate) - 9, point.shown, "strong", "middle"))
    return drawing(width, _HEIGHT, parts, caption)


def _grid(y: Axis, low: float, width: float) -> list[Markup]:
    parts = []
    for step in range(round((1.0 - low) / _STEP) + 1):
        rate = low + step * _STEP
        parts.append(line((_LEFT, y(rate)), (width - _RIGHT, y(rate)), "grid"))
        if step % 2 == 0:
            parts.append(text(_LEFT - 6, y(rate) + 4, percent(rate, 0), "tick", "end"))
    return parts
