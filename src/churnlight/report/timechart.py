"""Pictures of time: one as_of with its window, cutoff and horizon; and all as_ofs by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from churnlight.report.svg import Axis, Caption, box, drawing, line, text
from churnlight.timeline import Moment, months_between

_MONTH_ROOM = 50.0


@dataclass(frozen=True)
class Names:
    """What the pictures write on their parts."""

    window: str
    gap: str
    horizon: str


@dataclass(frozen=True)
class _Ruler:
    """Time from `start` to `end` on the pixels from `left` to `right`."""

    start: datetime
    end: datetime
    left: float
    right: float

    def x(self, at: datetime) -> float:
        seconds = (self.end - self.start).total_seconds()
        return Axis(0, seconds, self.left, self.right)((at - self.start).total_seconds())

    def bar(self, start: datetime, end: datetime, y: tuple[float, float], class_: str) -> Markup:
        return box((self.x(start), y[0]), self.x(end) - self.x(start), y[1], class_, 2)

    def name(self, start: datetime, end: datetime, y: float, label: tuple[str, str]) -> Markup:
        return text((self.x(start) + self.x(end)) / 2, y, label[0], label[1], "middle")

    def months(self, top: float, bottom: float, label: float) -> list[Markup]:
        """A thin line at each month's start and its name, every second one where it is narrow."""
        months = months_between(self.start, self.end)
        wide = (self.right - self.left) / max(len(months), 1)
        step = 1
        while wide * step < _MONTH_ROOM:
            step += 1
        parts = [line((self.x(m.start), top), (self.x(m.start), bottom), "grid") for m in months]
        for month in months[::step]:
            if step == 1:
                parts.append(self.name(month.start, month.end, label, (str(month), "tick")))
            elif self.x(month.start) + _MONTH_ROOM <= self.right + 8:
                parts.append(text(self.x(month.start), label, str(month), "tick"))
        return parts


def picture(at: Moment, names: Names, width: float, caption: Caption) -> Markup:
    """One as_of, to scale.

    Args:
        at: the as_of.
        names: what window, gap and horizon are called.
        width: in pixels, as small as 340.
        caption: for screen readers.
    """
    top, tall = 34.0, 40.0
    bottom = top + tall
    ruler = _Ruler(at.window_start, max(at.label_end, at.cutoff), 6.0, width - 6.0)
    as_of, cutoff = ruler.x(at.as_of), ruler.x(at.cutoff)
    parts = ruler.months(top - 6, bottom + 8, bottom + 22)
    parts.append(ruler.bar(at.window_start, at.as_of, (top, tall), "window"))
    parts.append(ruler.name(at.window_start, at.as_of, top + 25, (names.window, "on-window")))
    if at.label_start > at.as_of:
        parts.append(ruler.bar(at.as_of, at.label_start, (top, tall), "gap"))
        parts.append(ruler.name(at.as_of, at.label_start, top + 25, (names.gap, "on-bar")))
    parts.append(ruler.bar(at.label_start, at.label_end, (top, tall), "horizon"))
    parts.append(ruler.name(at.label_start, at.label_end, top + 25, (names.horizon, "on-bar")))
    parts.append(line((as_of, top - 12), (as_of, bottom + 8), "as-of"))
    parts.append(line((cutoff, top - 6), (cutoff, bottom + 34), "cutoff"))
    # as_of is named above its line, cutoff below: five days lie close together.
    parts.append(text(as_of, top - 17, f"as_of {at.key}", "strong", "middle"))
    parts.append(text(cutoff, bottom + 47, f"cutoff {at.cutoff:%Y-%m-%d}", "strong", "middle"))
    return drawing(width, bottom + 54, parts, caption)


def roles(
    moments: Sequence[Moment], role_names: Mapping[str, str], width: float, caption: Caption
) -> Markup:
    """All as_ofs under each other, with what each looks back on and what it learns from.

    Args:
        moments: in order of time, at least one.
        role_names: what each as_of is for, by its key.
        width: in pixels.
        caption: for screen readers.
    """
    left, row, top = 142.0, 24.0, 8.0
    bottom = top + row * len(moments)
    ruler = _Ruler(
        min(m.window_start for m in moments),
        max(max(m.label_end, m.cutoff) for m in moments),
        left,
        width - 8.0,
    )
    parts = ruler.months(top, bottom + 4, bottom + 20)
    for index, at in enumerate(moments):
        y = top + row * index
        parts.append(text(0, y + 16, at.key, "row"))
        parts.append(text(left - 8, y + 16, role_names.get(at.key, ""), "role", "end"))
        parts.append(ruler.bar(at.window_start, at.as_of, (y + 5, row - 10), "window"))
        parts.append(ruler.bar(at.label_start, at.label_end, (y + 5, row - 10), "horizon"))
        parts.append(line((ruler.x(at.as_of), y + 1), (ruler.x(at.as_of), y + row - 1), "as-of"))
    return drawing(width, bottom + 28, parts, caption)
