"""The page of one scored month: what to do on top, then what stands behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from churnlight.report import formats
from churnlight.report.html import render_pages
from churnlight.report.inputs import Language
from churnlight.report.view_month import headings, month_views
from churnlight.report.words import LANGUAGES, Words

View = dict[str, Any]

_WINBACK = "white"


@dataclass(frozen=True)
class MonthFacts:
    """What the page says of the month itself.

    Attributes:
        as_of, cutoff: "YYYY-MM-DD".
        model: version or name of the model that scored.
        simulated: whether the extracts are the demo operator's.
        tiers: in rising risk, each with tier, subscribers and to_call (who left before the cutoff
            is on no list), as `churnlight.report.inputs.scored_tiers` gives them.
        least: subscribers below which a group is not shown (`privacy.min_group`).
    """

    as_of: str
    cutoff: str
    model: str
    simulated: bool
    tiers: Sequence[Mapping[str, Any]]
    least: int = 1


def render_month(
    parts: Mapping[str, Mapping[str, Any] | None], language: Language, facts: MonthFacts
) -> str:
    """Write the whole page: the same text for the same inputs, no clock in it.

    Args:
        parts: contents of the parts' JSON files by the key of their section (see
            `view_month.SECTIONS`); None or absent: not shown.
        language: that it opens in; both are inside.
        facts: about the month.

    Returns:
        A complete HTML document. Every text and value from outside is escaped.

    Raises:
        UsageError: names a part that there is no section for.
    """
    pages = [_page(parts, each, facts) for each in LANGUAGES]
    return render_pages("month.html", pages, language, [tier["tier"] for tier in facts.tiers])


def _page(
    parts: Mapping[str, Mapping[str, Any] | None], language: Language, facts: MonthFacts
) -> View:
    words = Words(language, facts.least)
    views = month_views(parts, words)
    return {
        "language": language,
        "lang": "zh-CN" if language == "zh" else "en",
        "w": words,
        "as_of": facts.as_of,
        "simulated": facts.simulated,
        "facts": words("month_facts", cutoff=facts.cutoff, model=facts.model),
        "todo": _todo(parts, views, facts, words),
        "contents": headings(views, words),
        "sections": views,
    }


def _todo(
    parts: Mapping[str, Mapping[str, Any] | None],
    views: Mapping[str, View | None],
    facts: MonthFacts,
    words: Words,
) -> list[View]:
    """Whom to call, what to do about the model, what about the data."""
    items = [_calls(facts.tiers, words)]
    known = parts.get("realised")
    if known is not None:
        advice = known["advice"]
        items.append(
            {
                "heading": words("month_model"),
                "style": None,
                "what": words(f"month_advice_{advice['advice']}"),
                "why": [str(advice[words.language])],
            }
        )
    looked = views["ground"]
    if looked is not None:
        sound = not (parts["ground"] or {}).get("troubles")
        items.append(
            {
                "heading": words("month_data"),
                "style": None,
                "what": words("month_ground_sound" if sound else "month_ground_look"),
                "why": [looked["sentence"]],
            }
        )
    return items


def _calls(tiers: Sequence[Mapping[str, Any]], words: Words) -> View:
    """The two most urgent tiers that can still be kept, and those as good as gone."""
    falling = [
        (f"tier-{i}", tier, tier.get("to_call", tier["subscribers"]))
        for i, tier in reversed(list(enumerate(tiers)))
    ]
    alive = [one for one in falling if one[1]["tier"] != _WINBACK][:2]
    lost = [one for one in falling if one[1]["tier"] == _WINBACK]
    said = {
        key: [
            words(key, count=formats.count(count), tier=words.named("tier", tier["tier"]))
            for _, tier, count in which
            if count
        ]
        for key, which in (
            ("call_count", alive[:1]),
            ("month_then", alive[1:]),
            ("month_winback", lost),
        )
    }
    return {
        "heading": words("call_first"),
        "style": alive[0][0] if alive else None,
        "what": next(iter(said["call_count"]), words("month_nobody")),
        "why": [*said["month_then"], *said["month_winback"]],
    }
