"""The few SVG elements that the charts are made of, escaped and written the same way every time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

Point = tuple[float, float]


@dataclass(frozen=True)
class Caption:
    """What a picture says to those who don't see it.

    Attributes:
        ident: unique inside the page.
        title: its name.
        description: what it shows, in a sentence or two.
    """

    ident: str
    title: str
    description: str


def coordinate(value: float) -> str:
    """A tenth of a pixel is enough; never "-0"."""
    text = f"{value:.1f}"
    text = text.removesuffix(".0")
    return "0" if text in {"-0", "-0.0"} else text


def element(tag: str, content: Markup | str = "", **attributes: float | str | None) -> Markup:
    """An element; `class_` is written class, `text_anchor` text-anchor, None is left out."""
    parts = [
        f' {name.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for name, value in attributes.items()
        if value is not None
    ]
    inner = escape(content)
    opening = f"<{tag}{''.join(parts)}"
    # Everything in it was escaped above.
    whole = f"{opening}>{inner}</{tag}>" if inner else f"{opening}/>"
    return Markup(whole)  # noqa: S704  # nosec B704


def _attribute(value: float | str) -> str:
    return coordinate(value) if isinstance(value, int | float) else str(escape(value))


def drawing(
    width: float,
    height: float,
    parts: Iterable[Markup],
    caption: Caption,
    *,
    stretch: bool = False,
) -> Markup:
    """The whole picture, named for screen readers; `stretch` lets CSS change its proportions."""
    title, description = f"{caption.ident}-t", f"{caption.ident}-d"
    return element(
        "svg",
        element("title", caption.title, id=title)
        + element("desc", caption.description, id=description)
        + Markup("").join(parts),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {coordinate(width)} {coordinate(height)}",
        width=width,
        height=height,
        preserveAspectRatio="none" if stretch else None,
        role="img",
        aria_labelledby=f"{title} {description}",
    )


def text(x: float, y: float, content: str, class_: str = "", anchor: str = "start") -> Markup:
    """A line of text."""
    return element("text", content, x=x, y=y, class_=class_ or None, text_anchor=anchor)


def line(start: Point, end: Point, class_: str) -> Markup:
    """A straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def box(corner: Point, width: float, height: float, class_: str, radius: float = 0) -> Markup:
    """A rectangle from its upper left corner."""
    return element(
        "rect",
        x=corner[0],
        y=corner[1],
        width=max(width, 0.0),
        height=height,
        rx=radius or None,
        class_=class_,
    )


def dot(centre: Point, radius: float, class_: str) -> Markup:
    """A filled circle."""
    return element("circle", cx=centre[0], cy=centre[1], r=radius, class_=class_)


def polyline(points: Sequence[Point], class_: str) -> Markup:
    """A line through points."""
    path = " ".join(f"{coordinate(x)},{coordinate(y)}" for x, y in points)
    return element("polyline", points=path, class_=class_)


def group(parts: Iterable[Markup], class_: str) -> Markup:
    """Elements that share a class."""
    return element("g", Markup("").join(parts), class_=class_)


@dataclass(frozen=True)
class Axis:
    """From a value to a pixel.

    Attributes:
        low, high: the values at the ends.
        start, end: their pixels (end < start for an axis that grows upwards).
        root: whether equal steps are steps of the square root, which opens up small shares.
    """

    low: float
    high: float
    start: float
    end: float
    root: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value; values outside end at the edge."""
        span = self.high - self.low
        share = 0.0 if span <= 0 else min(max((value - self.low) / span, 0.0), 1.0)
        return self.start + (self.end - self.start) * (math.sqrt(share) if self.root else share)
