"""The page of `churnlight check`: what a folder of extracts holds, both languages inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from churnlight.report.html import render_pages
from churnlight.report.inputs import Language
from churnlight.report.view_check import check_view
from churnlight.report.words import LANGUAGES, Words


def render_check(content: Mapping[str, Any], language: Language = "en") -> str:
    """Write the whole page: the same text for the same content, no clock in it.

    Args:
        content: as `churnlight.check.survey.survey` gives it.
        language: that it opens in; both are inside.

    Returns:
        A complete HTML document. Every text and value from outside is escaped.
    """
    pages = [_page(content, each) for each in LANGUAGES]
    return render_pages("check.html", pages, language)


def _page(content: Mapping[str, Any], language: Language) -> dict[str, Any]:
    words = Words(language)
    months = content["months"]
    return {
        "language": language,
        "lang": "zh-CN" if language == "zh" else "en",
        "w": words,
        "span": f"{months[0]} – {months[-1]}" if months else "",
        "simulated": content["simulated"],
        **check_view(content, words),
    }
