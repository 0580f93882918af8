"""From rows of a scored month to entries in words, in chunks of bounded memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
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
    chosen = month.scores.iloc[rows].reset_index(drop=True)
    chosen = chosen.assign(rose_from=rose_from(month, rows))
    chunks = _in_chunks(month.reasons, chosen["subscriber_id"])
    for start in range(0, len(rows), _CHUNK):
        part = chosen.iloc[start : start + _CHUNK]
        said = _said(month, month.reasons.iloc[chunks[start // _CHUNK]], language)
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
        rose_from=_text(score["rose_from"]),
        rose_since=month.previous_as_of if _text(score["rose_from"]) else None,
    )


def rose_from(month: HandoutInputs, rows: IntArray) -> pd.Series[Any]:
    """The tier of the month scored before, of who rose two tiers or more since; else None."""
    ids = month.scores["subscriber_id"].iloc[rows].reset_index(drop=True)
    if month.previous is None:
        return pd.Series(None, index=ids.index, dtype=object)
    then = month.previous[month.previous["subscriber_id"].isin(ids)]
    tier = then.drop_duplicates("subscriber_id").set_index("subscriber_id")["tier"]
    return ids.map(tier).astype(object).where(month.risen[rows], None)


def _in_chunks(reasons: pd.DataFrame, subscribers: pd.Series[Any]) -> list[IntArray]:
    """The rows of the reasons of each `_CHUNK` subscribers, looked up once for all."""
    chunk = pd.Index(subscribers).get_indexer(pd.Index(reasons["subscriber_id"]))
    chunk[chunk >= 0] //= _CHUNK
    order = np.argsort(chunk, kind="stable")
    bounds = np.searchsorted(chunk[order], np.arange(-(-len(subscribers) // _CHUNK) + 1))
    return [order[a:b] for a, b in pairwise(bounds)]


def _said(
    month: HandoutInputs, rows: pd.DataFrame, language: Language
) -> dict[Any, tuple[tuple[Said, ...], Said | None]]:
    """What raises and what lowers each subscriber's score, in words, by subscriber_id."""
    rows = rows.sort_values(["direction", "rank"], kind="stable").reset_index(drop=True)
    texts = sentences.sentences(rows, month.medians, month.at.key, language)
    up: dict[Any, list[Said]] = defaultdict(list)
    down: dict[Any, Said] = {}
    columns = [rows[name].tolist() for name in ("subscriber_id", "reason", "direction", "share")]
    for subscriber, reason, direction, share, text in zip(*columns, texts, strict=True):
        said = Said(reason, sentences.title(reason, language, direction), text, float(share))
        if direction == "up":
            up[subscriber].append(said)
        else:
            down.setdefault(subscriber, said)
    return {s: (tuple(up.get(s, ())), down.get(s)) for s in (*up, *down)}


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def _text(value: Any) -> str | None:
    return None if value is None or pd.isna(value) or value == "" else str(value)


def _day(value: Any) -> date | None:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()
