"""The catalogue holds what it promises: names, units, reasons, both languages, sources."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import get_args

import ibis
import pytest
from features_tables import at_of

from churnlight.features import CATALOGUE, FAMILIES, REASONS, Feature
from churnlight.features.building import MARTS, MONTHLY, offered
from churnlight.features.dictionary import markdown, reasons_markdown, rows
from churnlight.features.row import Row
from churnlight.features.sources import snapshots
from churnlight.params.features import Personal
from churnlight.schema import EXTRACTS
from churnlight.timeline import Moment, Month

DOCS = Path(__file__).parents[2] / "docs" / "features.md"

# Columns of the joined row that are not monthly, by the source that brings them.
SINGLE = {
    "usage": {"last_day", "last_out_day"},
    "edges": {"tie_"},
    "care": {"care_"},
    "topups": {"topup_"},
    "plans": {"plan_minutes", "plan_data_mb", "plan_price", "plan_price_now"},
    "handsets": {"handset_generation", "handset_price"},
    "subscribers": {
        "activated_on",
        "plan_id",
        "handset_id",
        "group_",
        "account_",
        *snapshots.PER_MONTH,
        *snapshots.LATEST,
    },
}


class _AnyTable:
    """Has every column: dates and texts by their names, the rest numbers."""

    def __getitem__(self, name: str) -> ibis.Value:
        base = name.split("__", maxsplit=1)[0]
        kind = "float64"
        if base.endswith(("_on", "_day", "_since")):
            kind = "date"
        elif base == "has_broadband":
            kind = "boolean"
        elif base in snapshots.PER_MONTH or base in snapshots.LATEST:
            kind = "string"
        return ibis.table({name: kind}, name="any")[name]


def _brings(source: str, column: str) -> bool:
    return column in MONTHLY.get(source, {}) or any(
        column == c or (c.endswith("_") and column.startswith(c)) for c in SINGLE.get(source, ())
    )


def test_names_are_unique_and_end_in_their_unit() -> None:
    names = [f.name for f in CATALOGUE]
    assert len(set(names)) == len(names)
    assert [n for n, f in zip(names, CATALOGUE, strict=True) if not n.endswith(f.unit)] == []
    assert all(re.fullmatch(r"[a-z0-9_]+", n) for n in names)


def test_all_nine_families_and_about_a_hundred_features() -> None:
    assert {f.family for f in CATALOGUE} == set(FAMILIES)
    assert len(FAMILIES) == 9
    assert 70 <= len(CATALOGUE) <= 120


def test_every_feature_has_a_reason_and_every_reason_a_feature() -> None:
    assert {f.reason for f in CATALOGUE} == set(REASONS)
    assert all(r.title_en and r.title_zh for r in REASONS.values())
    assert {c for c, r in REASONS.items() if r.protective} == {
        "group_ties",
        "household_ties",
        "long_standing",
    }


def test_meanings_stand_in_both_languages() -> None:
    assert [f.name for f in CATALOGUE if not re.search("[\u4e00-\u9fff]", f.zh)] == []
    assert [f.name for f in CATALOGUE if not re.match("[A-Z]", f.en)] == []
    assert len({f.en for f in CATALOGUE}) > len(CATALOGUE) - 6  # "That share, ..." may repeat


def test_what_looks_at_who_somebody_is_says_so_and_is_no_feature_unless_allowed() -> None:
    personal = set(get_args(Personal))
    for feature in CATALOGUE:
        row = Row(_AnyTable(), at_of())  # type: ignore[arg-type]
        feature.expression(row)
        declared = set() if feature.personal is None else {feature.personal}
        assert row.touched & personal == declared, feature.name
        assert "manager_id" not in row.touched, feature.name
    every, at = (*MARTS, *EXTRACTS), at_of()
    assert [f.name for f in offered(every, at) if f.personal] == []
    assert [f.name for f in offered(every, at, ("sex", "brand")) if f.personal] == [
        "brand_category",
        "sex_category",
    ]
    whole = offered(every, at, personal)
    assert {f.personal for f in whole} - {None} == personal
    assert whole == CATALOGUE


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda f: f.name)
def test_a_feature_takes_columns_of_its_sources_only(feature: Feature) -> None:
    row = Row(_AnyTable(), at_of())  # type: ignore[arg-type]
    feature.expression(row)
    assert row.touched, "an expression without a column"
    for column in row.touched:
        assert any(_brings(s, column) for s in feature.needs), f"{column} is in none"
    for source in feature.needs:
        assert source in MARTS or source in EXTRACTS
        # `subscribers` may stand for the plan or handset of the month.
        if source != "subscribers":
            assert any(_brings(source, column) for column in row.touched), f"{source} is not used"


def _window(months: int) -> Moment:
    end = datetime(2025, 4, 1)
    first = Month(2025, 4) - months
    return Moment(end, end, tuple(first + i for i in range(months)), end, end)


def test_a_window_of_one_month_leaves_out_what_compares_months() -> None:
    every = (*MARTS, *EXTRACTS)
    allowed = get_args(Personal)
    one = {f.name for f in offered(every, _window(1), allowed)}
    two = {f.name for f in offered(every, _window(2), allowed)}
    assert two == {f.name for f in CATALOGUE}
    gone = two - one
    assert {"contacts_lost_count", "bill_trend_share_per_month", "plan_up_count"} <= gone
    assert not gone & {"bill_money", "silent_days", "tenure_days", "contacts_left_count"}
    assert all(f.months_needed == 2 for f in CATALOGUE if f.name in gone)


def test_the_page_of_reasons_is_what_the_code_says() -> None:
    assert DOCS.with_name("reasons.md").read_text(encoding="utf-8") == reasons_markdown(), (
        "run: python -m churnlight.features.dictionary"
    )


def test_the_dictionary_is_what_the_code_says() -> None:
    assert DOCS.read_text(encoding="utf-8") == markdown(), (
        "run: python -m churnlight.features.dictionary"
    )
    assert [r["feature"] for r in rows()] == [f.name for f in CATALOGUE]
    assert {r["nothing"] for r in rows() if r["feature"] == "silent_days"} == {"window_days"}
