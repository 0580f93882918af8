"""Every sentence of the report, English and Chinese side by side, so that neither can be missing.

Placeholders in braces are filled in by `view`. No markup stands here: all of it is escaped.
"""

from __future__ import annotations

import re

from churnlight.report import (
    formats,
    words_background,
    words_campaigns,
    words_check,
    words_drift,
    words_fairness,
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
from churnlight.small_groups import is_small

LANGUAGES: tuple[Language, ...] = ("en", "zh")
# What stands for a number that is not shown can begin a sentence.
_SENTENCE = re.compile(r"(^|(?<=\. ))fewer than")

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
    **words_fairness.FAIRNESS,
    **words_fairness.FEWER,
    **words_month.MONTH,
    **words_background.TIME,
    **words_background.COHORT,
    **words_background.MEANING,
    **words_background.ORIGIN,
    **words_background.RULES,
    **words_check.CHECK,
    **words_campaigns.CAMPAIGNS,
}


class Words:
    """The texts in one language, and how small a group may be that is shown.

    Attributes:
        language: which.
        least: subscribers below which a group is not shown; 1: every group is.
    """

    def __init__(self, language: Language, least: int = 1) -> None:
        self.language: Language = language
        self.least = least
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """A text, its placeholders filled in.

        Raises:
            KeyError: when there is no such text or a placeholder has no value.
        """
        text = TEXTS[key][self._column].format(**values)
        # What is no sentence stands in the midst of one, or in a table.
        if not text.endswith("."):
            return text
        return _SENTENCE.sub(lambda found: found[0].capitalize(), text)

    def size(self, count: float | None) -> str:
        """How many people: "fewer than 20" where they are somebody, and fewer than are shown."""
        if count is not None and is_small(round(count), self.least):
            return self("fewer", least=self.least)
        return formats.count(count)

    @property
    def fewer_note(self) -> list[str]:
        """What a table says that hides counts; nothing where none are."""
        return [self("fewer_note", least=self.least)] if self.least > 1 else []

    def withheld(self, count: float | None, *, hide: bool = True) -> str:
        """As `size`; where it is to be hidden, and is large enough, that it is not shown."""
        told = self.size(count)
        return self("withheld") if hide and told == formats.count(count) else told

    def named(self, kind: str, name: str) -> str:
        """The word for a tier, family, rule or the like; one we have no word for keeps its name."""
        found = TEXTS.get(f"{kind}_{name}")
        return found[self._column] if found else name.replace("_", " ")
