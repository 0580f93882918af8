"""Reasons in words: sentences that quote a subscriber's own values, in English and Chinese.

Reasons are stored as codes and values; here they become text, where people read them. A sentence
says what the model saw and nothing about what moved the subscriber.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import pandas as pd

from churnlight.errors import ChurnlightError, UsageError
from churnlight.explain.values import (
    LANGUAGES,
    hold_language,
    lowered,
    median_shown,
    month_name,
    short,
    shown,
)
from churnlight.features.catalogue import CATALOGUE
from churnlight.features.feature import Feature
from churnlight.features.phrases import PHRASES, Phrase
from churnlight.features.phrases.phrase import DERIVED, MONTHS, parts
from churnlight.features.reasons import REASONS

__all__ = ["LANGUAGES", "sentences", "title"]

Value = float | str | None
Values = Mapping[str, Value]

_FEATURES: Mapping[str, Feature] = {f.name: f for f in CATALOGUE}
_BY_REASON: Mapping[str, tuple[Phrase, ...]] = {
    code: tuple(p for p in PHRASES if p.reason == code) for code in REASONS
}
_JOINED = {"en": "; ", "zh": "；"}
_UNKNOWN = {"en": "{meaning}: unknown", "zh": "{meaning}：未知"}
_PLAIN = {"en": "{meaning}: {value}{median}", "zh": "{meaning}：{value}{median}"}
_MEDIAN = {"en": " (cohort's median {})", "zh": "（群体中位数{}）"}
_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lt, ">": gt, "<=": le, ">=": ge, "==": eq, "!=": ne,
}  # fmt: skip


def title(code: str, language: str, direction: str | None = None) -> str:
    """A reason's title.

    Args:
        code: of the reason.
        language: of LANGUAGES.
        direction: "up" or "down", for the title that fits a reason that works that way; None: the
            reason's own.

    Raises:
        UsageError: when the language is unknown; lists those there are.
        ChurnlightError: when the code is unknown.
    """
    hold_language(language)
    if code not in REASONS:
        raise ChurnlightError(
            f"no reason {code!r}; it may come from another version: score the month again"
        )
    reason = REASONS[code]
    usual = "down" if reason.protective else "up"
    other = reason.other_en if language == "en" else reason.other_zh
    if other and direction not in {None, usual}:
        return other
    return reason.title_en if language == "en" else reason.title_zh


def sentences(
    reasons: pd.DataFrame, medians: Mapping[str, float | None], as_of: str, language: str
) -> list[str]:
    """One sentence a row, with the subscriber's own values.

    Args:
        reasons: rows of `churnlight.explain.reasons`; reason, feature, value, quoted and, where it
            is there, second are read. Where `quoted` is null the sentence states the strongest
            feature alone, as a rule.
        medians: the cohort's median by feature, null or absent where there is none.
        as_of: YYYY-MM-DD.
        language: of LANGUAGES.

    Raises:
        UsageError: when the language is unknown; lists those there are.
    """
    hold_language(language)
    try:
        at = date.fromisoformat(as_of)
    except ValueError:
        raise UsageError(f"as_of {as_of!r} is no date; write it YYYY-MM-DD") from None
    writer = _Writer(medians, at, language)
    columns = [reasons[name].tolist() for name in ("reason", "feature", "value", "quoted")]
    second = reasons["second"].tolist() if "second" in reasons else [""] * len(reasons)
    return [writer.sentence(*row) for row in zip(*columns, second, strict=True)]


@dataclass(frozen=True)
class _Writer:
    """Writes the sentences of one as_of and language.

    Attributes:
        medians, at, language: see `sentences`.
        shown_medians: medians in words, each worked out once.
    """

    medians: Mapping[str, float | None]
    at: date
    language: str
    shown_medians: dict[tuple[str, str], str] = field(default_factory=dict)

    def sentence(self, reason: str, feature: str, value: Any, quoted: Any, second: Any) -> str:
        """One row's; `second` may be null (no other feature worth a word) or "" (not known)."""
        values = _values(feature, value, quoted)
        about, beside = _candidates(reason, feature, second if isinstance(second, str) else None)
        facts = [self._about(feature, values, _first_able(about, values))]
        further = _first_able(beside, values)
        if further is not None:
            facts.append(self._written(further, values))
        text = _JOINED[self.language].join(facts)
        return text[:1].upper() + text[1:] if self.language == "en" else text

    def _about(self, feature: str, values: Values, phrase: Phrase | None) -> str:
        """The fact about the strongest feature; its meaning and value where no phrase fits."""
        if phrase is not None:
            return self._written(phrase, values)
        known = _FEATURES.get(feature)
        meaning = feature if known is None else short(getattr(known, self.language))
        if self.language == "en":
            meaning = lowered(meaning)
        value = values.get(feature)
        if value is None:
            return _UNKNOWN[self.language].format(meaning=meaning)
        return _PLAIN[self.language].format(
            meaning=meaning,
            value=self._field(feature, "", {feature: value}),
            median=self._field(feature, "vs", values),
        )

    def _written(self, phrase: Phrase, values: Values) -> str:
        return "".join(
            part if isinstance(part, str) else self._field(*part, values)
            for part in parts(phrase.text(self.language))
        )

    def _field(self, name: str, how: str, values: Values) -> str:
        if name in MONTHS:
            back = 1 if name == "last_month" else 2
            year, month = divmod(self.at.year * 12 + self.at.month - 1 - back, 12)
            return month_name((year, month + 1), self.language)
        if how.startswith("vs"):
            if (name, how) not in self.shown_medians:
                self.shown_medians[name, how] = self._median(name, how)
            return self.shown_medians[name, how]
        value = _value(name, values)
        if value is None:
            raise ChurnlightError(f"a sentence wants {name}, which is unknown: report this")
        return shown(value, _unit(name), how, self.language, self.at)

    def _median(self, name: str, how: str) -> str:
        median = self.medians.get(name)
        if median is None or median != median:  # noqa: PLR0124 - NaN
            return ""
        way = how.removeprefix("vs").strip()
        return _MEDIAN[self.language].format(
            median_shown(float(median), _unit(name), way, self.language, self.at)
        )


@cache
def _candidates(
    reason: str, feature: str, second: str | None
) -> tuple[tuple[Phrase, ...], tuple[Phrase, ...]]:
    """The phrases about the strongest feature, and those that may stand beside it; in order.

    Args:
        reason: code of the reason.
        feature: the strongest.
        second: the next strongest; "" where that is not known.
    """
    every = _BY_REASON.get(reason, ())
    others = tuple(p for p in every if feature not in p.features)
    beside = others if second == "" else tuple(p for p in others if second in p.features)
    return tuple(p for p in every if feature in p.quoted), beside


def _first_able(phrases: Sequence[Phrase], values: Values) -> Phrase | None:
    """The first whose fields are known and whose conditions hold."""
    return next((phrase for phrase in phrases if _holds(phrase, values)), None)


@cache
def _unit(name: str) -> str:
    if name in _FEATURES:
        return _FEATURES[name].unit
    return "money" if name.endswith("_money") else "count"


def _values(feature: str, value: Any, quoted: Any) -> Values:
    """What is known of a row, by feature."""
    found: dict[str, Value] = json.loads(quoted) if isinstance(quoted, str) else {}
    if feature not in found:
        known = _FEATURES.get(feature)
        as_text = known is None or known.is_category
        found[feature] = (value if as_text else float(value)) if isinstance(value, str) else None
    return found


def _value(name: str, values: Values) -> Value:
    """A feature's value, or a derived one; None where unknown."""
    if name not in DERIVED:
        return values.get(name)
    known = [values.get(f) for f in DERIVED[name]]
    if any(v is None or isinstance(v, str) for v in known):
        return None
    first, then = (float(v) for v in known if v is not None)
    if name == "last_bill_money":
        return first * then
    return first / (1 - then) if then < 1 else None  # contacts_before_count: lost over its share


def _holds(phrase: Phrase, values: Values) -> bool:
    """Whether all its fields are known and its conditions hold."""
    for name, test, against in phrase.when:
        value = values.get(name)
        if test == "unknown":
            if name not in values or value is not None:
                return False
        elif value is None or not _TESTS[test](value, against):
            return False
    return all(_value(name, values) is not None for name in phrase.stated)
