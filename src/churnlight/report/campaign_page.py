"""The page of `churnlight campaign report`: did it work? Both languages inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from churnlight.report.html import render_pages
from churnlight.report.inputs import Language
from churnlight.report.view_campaigns import campaign_view
from churnlight.report.words import LANGUAGES, Words


def render_campaigns(content: Mapping[str, Any], language: Language = "en") -> str:
    """Write the whole page: the same text for the same content, no clock in it.

    Args:
        content: as `churnlight campaign report --json` gives it.
        language: that it opens in; both are inside.

    Returns:
        A complete HTML document. Every text and value from outside is escaped.
    """
    pages = [_page(content, each) for each in LANGUAGES]
    return render_pages("campaigns.html", pages, language)


def _page(content: Mapping[str, Any], language: Language) -> dict[str, Any]:
    words = Words(language, content["min_group"])
    view = campaign_view(content, words)
    return {
        "language": language,
        "lang": "zh-CN" if language == "zh" else "en",
        "w": words,
        "as_of": content["as_of"],
        "simulated": content["simulated"],
        "contents": [(one["key"], one["title"]) for one in view["sections"]],
        **view,
    }
