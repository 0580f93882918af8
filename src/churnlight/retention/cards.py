"""A subscriber's card: what page and terminal show of one subscriber."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from churnlight.report import formats, svg
from churnlight.report.svg import Caption
from churnlight.retention.month import Entry, HandoutInputs, Said
from churnlight.retention.sheet import cells_of
from churnlight.retention.words import Words

_LINES = (
    ("past_bill", "bill_money", 2),
    ("past_minutes", "voice_out_min", 0),
    ("past_contacts", "contacts_count", 0),
)
# What would round to 100 %.
_NEARLY = 0.9995
# So many lines of text leave room for notes on a sheet of A4; with more the letters get smaller.
_ROOMY, _ON_LINE = 16, 95
_WIDTH, _HEIGHT, _EDGE = 240.0, 56.0, 5.0


@dataclass(frozen=True)
class Past:
    """One line of the months before.

    Attributes:
        name: in words.
        months: YYYY-MM, oldest first.
        numbers: one a month; None where nothing is known.
        digits: after the point.
    """

    name: str
    months: tuple[str, ...]
    numbers: tuple[float | None, ...]
    digits: int

    def says(self, words: Words, key: str = "past_from_to") -> str:
        """First, last, lowest and highest in words; the word for nothing where nothing is known."""
        there = [(m, v) for m, v in zip(self.months, self.numbers, strict=True) if v is not None]
        if not there:
            return words("past_none")
        known = [v for _, v in there]
        return words(
            key,
            first=self._show(known[0]),
            last=self._show(known[-1]),
            start=there[0][0],
            end=there[-1][0],
            low=self._show(min(known)),
            high=self._show(max(known)),
        )

    def _show(self, value: float) -> str:
        return f"{value:,.{self.digits}f}"


def past_lines(rows: pd.DataFrame, words: Words) -> list[Past]:
    """The lines of one subscriber.

    Args:
        rows: of `read_history`, of this subscriber.
        words: of the language.
    """
    rows = rows.sort_values("month", kind="stable")
    months = tuple(rows["month"].astype(str))
    return [
        Past(
            words(key),
            months,
            tuple(None if pd.isna(v) else float(v) for v in rows[column]),
            digits,
        )
        for key, column, digits in _LINES
    ]


def history_of(history: pd.DataFrame) -> Mapping[str, pd.DataFrame]:
    """The rows of each subscriber, by subscriber_id as text."""
    return {str(key): rows for key, rows in history.groupby("subscriber_id", sort=False)}


def sparkline(past: Past, ident: str, words: Words) -> Markup | None:
    """A line over the known months, with gaps where nothing is known; None without any value.

    The scale begins at 0, so that a small change looks small.
    """
    there = [v for v in past.numbers if v is not None]
    if not there:
        return None
    count = len(past.numbers)
    across = svg.Axis(0, max(count - 1, 1), _EDGE, _WIDTH - _EDGE)
    up = svg.Axis(min(0.0, *there), max(there) or 1.0, _HEIGHT - _EDGE, _EDGE)
    points = [None if v is None else (across(i), up(v)) for i, v in enumerate(past.numbers)]
    parts = [svg.line((_EDGE, up(0)), (_WIDTH - _EDGE, up(0)), "grid")]
    parts += [
        svg.polyline(run, "past") if len(run) > 1 else svg.dot(run[0], 2, "past-dot")
        for run in _runs(points)
    ]
    last = next(p for p in reversed(points) if p is not None)
    parts.append(svg.dot(last, 3.5, "past-dot"))
    return svg.drawing(_WIDTH, _HEIGHT, parts, Caption(ident, past.name, past.says(words)))


def _runs(points: Sequence[svg.Point | None]) -> list[list[svg.Point]]:
    """Stretches without a gap."""
    runs: list[list[svg.Point]] = []
    open_run = False
    for point in points:
        if point is None:
            open_run = False
        elif open_run:
            runs[-1].append(point)
        else:
            runs.append([point])
            open_run = True
    return runs


def card_view(
    month: HandoutInputs, entry: Entry, rows: pd.DataFrame | None, words: Words
) -> dict[str, Any]:
    """What the template of a card needs: plain values, texts and pictures."""
    ident = f"card-{words.language}-{entry.place}"
    lines = [] if rows is None else past_lines(rows, words)
    rule = entry.rule
    return {
        "ident": ident,
        "subscriber": entry.subscriber,
        "dense": _lines_of(entry) > _ROOMY,
        "place": words("card_place", place=formats.count(entry.place)),
        "style": f"tier-{month.tiers.index(entry.tier)}",
        "tier": words.tier(entry.tier),
        "tiles": tiles(entry, words),
        "apart": words("apart", tier=words.tier(entry.tier_tree)) if entry.apart else None,
        "risen": risen_says(entry, words),
        "up": [reason_view(said, words) for said in entry.up],
        "down": None if entry.down is None else reason_view(entry.down, words),
        "past": [
            {
                "name": line.name,
                "drawn": sparkline(line, f"{ident}-{number}", words),
                "says": line.says(words),
            }
            for number, line in enumerate(lines)
        ],
        "rule": None if rule is None else rule.text,
        "support": None if rule is None else support(entry, words),
        "tree": words("second_tier", tier=words.tier(entry.tier_tree)),
    }


def risen_says(entry: Entry, words: Words) -> str | None:
    """From which tier the subscriber rose two or more, and since when; None for who did not."""
    if entry.rose_from is None:
        return None
    return words(
        "risen",
        before=words.tier(entry.rose_from),
        tier=words.tier(entry.tier),
        since=entry.rose_since,
    )


def odds(probability: float) -> str:
    """A probability for people: nobody is certain to leave, and nobody to stay."""
    if probability >= _NEARLY:
        return ">99.9%"
    return "<0.1%" if probability < 1 - _NEARLY else formats.percent(probability)


def _lines_of(entry: Entry) -> int:
    """Lines of text on the printed card, roughly: each reason has a title and its text."""
    reasons = [*entry.up, *([] if entry.down is None else [entry.down])]
    texts = [said.text for said in reasons] + ([entry.rule.text] if entry.rule else [])
    marks = int(entry.apart) + int(entry.rose_from is not None)
    return marks + len(reasons) + sum(1 + cells_of(text) // _ON_LINE for text in texts)


def tiles(entry: Entry, words: Words) -> list[tuple[str, str]]:
    """The figures at the head of a card, as name and text."""
    since = f"{entry.since:%Y-%m-%d}" if entry.since else formats.DASH
    return [
        (words("risk"), odds(entry.probability)),
        (words("at_risk"), formats.number(entry.at_risk_money, 2)),
        (words("bill"), formats.number(entry.bill_money, 2)),
        (words("area"), words.area(entry.area)),
        (words("since"), since),
        (words("account"), entry.account or formats.DASH),
    ]


def support(entry: Entry, words: Words) -> str:
    """How many the tree's rule held in training, and how many of them left."""
    if entry.rule is None:
        return ""
    return words(
        "rule_support", rows=formats.count(entry.rule.rows), rate=formats.percent(entry.rule.rate)
    )


def reason_view(said: Said, words: Words) -> dict[str, Any]:
    """A reason as the templates show it."""
    return {
        "title": said.title,
        "text": said.text,
        "share": formats.percent(said.share, 0),
        "spoken": words("share_of_score", share=formats.percent(said.share, 0)),
        "code": said.code,
        "width": round(min(max(said.share, 0.0), 1.0) * 100, 1),
    }
