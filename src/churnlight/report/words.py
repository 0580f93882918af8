"""Every sentence of the report, English and Chinese side by side, so that neither can be missing.

Placeholders in braces are filled in by `view`. No markup stands here: all of it is escaped.
"""

from __future__ import annotations

from churnlight.report import (
    words_background,
    words_drift,
    words_findings,
    words_ground,
    words_kpi,
    words_month,
    words_movements,
    words_offers,
    words_parts,
    words_plan,
)
from churnlight.report.inputs import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")

TEXTS: dict[str, tuple[str, str]] = {
    **words_findings.HEAD,
    **words_findings.BRIEF,
    **words_findings.TIERS,
    **words_findings.MODELS,
    **words_findings.FEATURES,
    **words_parts.LISTS,
    **words_parts.SEGMENTS,
    **words_parts.ABLATION,
    **words_movements.MOVEMENTS,
    **words_plan.PLAN,
    **words_offers.SEGS,
    **words_offers.TARIFFS,
    **words_plan.HANDSETS,
    **words_kpi.KPI,
    **words_ground.GROUND,
    **words_drift.DRIFT,
    **words_drift.REALISED,
    **words_month.MONTH,
    **words_background.TIME,
    **words_background.COHORT,
    **words_background.MEANING,
    **words_background.ORIGIN,
    **words_background.RULES,
}


class Words:
    """The texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """A text, its placeholders filled in.

        Raises:
            KeyError: when there is no such text or a placeholder has no value.
        """
        return TEXTS[key][self._column].format(**values)

    def named(self, kind: str, name: str) -> str:
        """The word for a tier, family, rule or the like; one we have no word for keeps its name."""
        found = TEXTS.get(f"{kind}_{name}")
        return found[self._column] if found else name.replace("_", " ")
