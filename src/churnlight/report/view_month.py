"""The sections of a scored month, which its own page and the report share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from churnlight.errors import UsageError
from churnlight.report.view_drift import drift_view
from churnlight.report.view_fairness import fairness_view
from churnlight.report.view_ground import ground_view
from churnlight.report.view_handsets import handsets_view
from churnlight.report.view_kpi import kpi_view
from churnlight.report.view_movements import movements_view
from churnlight.report.view_plan import plan_view
from churnlight.report.view_realised import realised_view
from churnlight.report.view_segments import segments_view
from churnlight.report.view_tariffs import tariffs_view
from churnlight.report.words import Words

View = dict[str, Any]

# In the order of the page.
SECTIONS: Mapping[str, Callable[[Mapping[str, Any], Words], View]] = {
    "movements": movements_view,
    "plan": plan_view,
    "segments": segments_view,
    "tariffs": tariffs_view,
    "handsets": handsets_view,
    "ground": ground_view,
    "drift": drift_view,
    "realised": realised_view,
    "fairness": fairness_view,
    "kpi": kpi_view,
}


def month_views(
    parts: Mapping[str, Mapping[str, Any] | None], words: Words
) -> dict[str, View | None]:
    """The view of each section; None for one that there is nothing of.

    Args:
        parts: contents of the parts' JSON files by the key of their section.
        words: the language.

    Raises:
        UsageError: names a part that there is no section for.
    """
    if odd := sorted(set(parts) - set(SECTIONS)):
        raise UsageError(f"no section for {', '.join(odd)}; there are {', '.join(SECTIONS)}")
    found: dict[str, View | None] = {}
    for key, view in SECTIONS.items():
        content = parts.get(key)
        found[key] = None if content is None else view(content, words)
    return found


def headings(views: Mapping[str, View | None], words: Words) -> list[tuple[str, str]]:
    """Key and heading of each section there is."""
    return [(key, heading(key, view, words)) for key, view in views.items() if view is not None]


def heading(key: str, view: View, words: Words) -> str:
    """A section's heading: its own, where it has one, else its key's."""
    return str(view.get("title") or words(key))
