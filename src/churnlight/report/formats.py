"""Numbers as people read them. None (nothing can be said) is a dash everywhere."""

from __future__ import annotations

from collections.abc import Callable

DASH = "–"
MINUS = "−"


def count(value: float | None) -> str:
    """12345 -> 12,345."""
    return DASH if value is None else f"{value:,.0f}".replace("-", MINUS)


def percent(value: float | None, digits: int = 1) -> str:
    """A share, 0 to 1, as per cent: 0.0431 -> 4.3%."""
    return DASH if value is None else f"{value * 100:.{digits}f}%".replace("-", MINUS)


def number(value: float | None, digits: int = 3) -> str:
    """A plain number with a fixed count of digits."""
    return DASH if value is None else f"{value:.{digits}f}".replace("-", MINUS)


def signed(value: float | None, digits: int = 3) -> str:
    """A difference, its sign always shown; what rounds to zero has none."""
    if value is None:
        return DASH
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", MINUS)


def between(
    low: float | None, high: float | None, show: Callable[[float | None], str] = number
) -> str:
    """An interval: "0.841 to 0.902" is written 0.841–0.902; "" when there is none."""
    if low is None or high is None:
        return ""
    left, right = show(low), show(high)
    # A dash beside a minus sign can't be read.
    joint = " … " if MINUS in left + right or "+" in left + right else DASH
    if left.endswith("%") and right.endswith("%") and joint == DASH:
        left = left[:-1]
    return f"{left}{joint}{right}"
