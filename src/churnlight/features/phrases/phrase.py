"""A fact that a sentence can state: data."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

Test = Literal["<", ">", "<=", ">=", "==", "!=", "unknown"]

# What a text may name besides features: the two months before as_of.
MONTHS = ("last_month", "month_before")
# Worked out from other features; see churnlight.explain.values.
DERIVED: dict[str, tuple[str, ...]] = {
    "contacts_before_count": ("contacts_lost_count", "contacts_kept_share"),
    "last_bill_money": ("bill_money", "bill_last_over_mean_ratio"),
}
_FIELD = re.compile(r"\{(\w+)(?::([^{}]*))?\}")


@dataclass(frozen=True)
class Phrase:
    """One fact.

    Fields stand in braces: `{feature}` is the value with its unit, `{feature:how}` the value
    written another way (`churnlight.explain.values.WAYS`; `{feature:line|lines}` counts things),
    `{feature:vs}` the cohort's median in brackets, or nothing where there is none.

    Attributes:
        reason: the reason that it speaks for.
        en, zh: the text.
        when: conditions on features, all of which must hold; an unknown value holds none but
            "unknown". Empty: always, where the fields are known.
    """

    reason: str
    en: str
    zh: str
    when: tuple[tuple[str, Test, float | str], ...] = ()

    def text(self, language: str) -> str:
        """The text in a language."""
        return str(getattr(self, language))

    @cached_property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Name and way of each field of the English text, in its order."""
        return fields(self.en)

    @cached_property
    def stated(self) -> tuple[str, ...]:
        """Of the fields, those whose value must be known: no month, and no median."""
        return tuple(n for n, how in self.fields if n not in MONTHS and not how.startswith("vs"))

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Features that it states, those behind derived ones too, without those of `when`."""
        named = [name for name, _ in self.fields if name not in MONTHS]
        found = [f for name in named for f in DERIVED.get(name, (name,))]
        return tuple(dict.fromkeys(found))

    @cached_property
    def quoted(self) -> tuple[str, ...]:
        """Features without whose values it can't be written: stated, or asked by `when`."""
        return tuple(dict.fromkeys((*self.features, *(name for name, _, _ in self.when))))


@cache
def fields(text: str) -> tuple[tuple[str, str], ...]:
    """Name and way of each field of a text, in its order."""
    return tuple((m[1], m[2] or "") for m in _FIELD.finditer(text))


@cache
def parts(text: str) -> tuple[str | tuple[str, str], ...]:
    """A text cut at its fields: words, and name and way of each field."""
    found: list[str | tuple[str, str]] = []
    end = 0
    for m in _FIELD.finditer(text):
        found += [text[end : m.start()], (m[1], m[2] or "")]
        end = m.end()
    return tuple(p for p in (*found, text[end:]) if p)
