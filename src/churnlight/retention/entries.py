"""From rows of a scored month to entries in words, in chunks of bounded memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd

from churnlight.explain import sentences
from churnlight.learners.dataset import IntArray
from churnlight.report.inputs import Language
from churnlight.retention.month import Entry, HandoutInputs, Said

_CHUNK = 10_000


def entries(month: HandoutInputs, rows: IntArray, language: Language) -> Iterator[Entry]:
    """The entries of these rows, in their order; places count from 1.

    Args:
        month: the scored month.
        rows: row numbers of `month.scores`.
        language: of the reasons and the rules.
    """
    people = month.people.drop_duplicates("subscriber_id").set_index("subscriber_id")
    for start in range(0, len(rows), _CHUNK):
        part = month.scores.iloc[rows[start : start + _CHUNK]].reset_index(drop=True)
        said = reasons_said(month, part["subscriber_id"], language)
        known = people.reindex(part["subscriber_id"])
        for number, (score, person) in enumerate(
            zip(part.to_dict("records"), known.to_dict("records"), strict=True)
        ):
            up, down = said.get(score["subscriber_id"], ((), None))
            yield _entry(month, score | {"place": start + number + 1}, person, (up, down), language)


def _entry(
    month: HandoutInputs,
    score: dict[Any, Any],
    person: dict[Any, Any],
    said: tuple[tuple[Said, ...], Said | None],
    language: Language,
) -> Entry:
    return Entry(
        place=score["place"],
        subscriber=str(score["subscriber_id"]),
        probability=float(score["probability"]),
        tier=str(score["tier"]),
        tier_tree=str(score["tier_tree"]),
        bill_money=_number(score["monthly_bill_money"]),
        at_risk_money=_number(score["value_at_risk_money"]),
        area=_text(person.get("region")),
        account=_text(person.get("account_id")),
        since=_day(person.get("activated_on")),
        rule=month.rules.get(language, {}).get(int(score["leaf"])),
        apart=bool(score["models_apart"]),
        gone=bool(score["left_before_cutoff"]),
        up=said[0],
        down=said[1],
    )


def reasons_said(
    month: HandoutInputs, subscribers: pd.Series[Any], language: Language
) -> dict[Any, tuple[tuple[Said, ...], Said | None]]:
    """What raises and what lowers each subscriber's score, in words, by subscriber_id."""
    rows = month.reasons[month.reasons["subscriber_id"].isin(subscribers)]
    rows = rows.sort_values(["direction", "rank"], kind="stable").reset_index(drop=True)
    texts = sentences.sentences(rows, month.medians, month.at.key, language)
    up: dict[Any, list[Said]] = defaultdict(list)
    down: dict[Any, Said] = {}
    for row, text in zip(rows.to_dict("records"), texts, strict=True):
        title = sentences.title(row["reason"], language, row["direction"])
        said = Said(row["reason"], title, text, float(row["share"]))
        if row["direction"] == "up":
            up[row["subscriber_id"]].append(said)
        else:
            down.setdefault(row["subscriber_id"], said)
    return {s: (tuple(up.get(s, ())), down.get(s)) for s in (*up, *down)}


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) or value == "" else str(value)


def _day(value: Any) -> date | None:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()
