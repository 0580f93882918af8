"""Fitting and assigning: known groups, orders and names that change nothing, odd cohorts."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segments_world import CATEGORIES, NUMBERS, params, three_groups

from churnlight.errors import DataRefused, UsageError
from churnlight.segments.matching import adjusted_rand
from churnlight.segments.model import SegmentModel, fit

AS_OF = "2025-04-01"
COHORT = three_groups()


def test_three_groups_are_found_and_nobody_else() -> None:
    fitted = fit(COHORT, AS_OF, params())
    assert len(fitted.model.segments) == 3
    assert adjusted_rand(COHORT["group"], fitted.place) > 0.95


def test_codes_go_by_size() -> None:
    frame = pd.concat([COHORT[COHORT["group"] != 1], COHORT[COHORT["group"] == 1].head(60)])
    fitted = fit(frame, AS_OF, params())
    sizes = np.bincount(fitted.place)
    assert fitted.model.codes == ("S1", "S2", "S3")
    assert sizes.tolist() == sorted(sizes.tolist(), reverse=True)
    assert sizes[2] == pytest.approx(60, abs=3)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_the_order_of_rows_and_columns_and_the_identifiers_change_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(COHORT))
    shuffled = COHORT.iloc[order][list(rng.permutation(COHORT.columns))]
    shuffled = shuffled.assign(subscriber_id=rng.permutation(len(COHORT)) + 77)
    plain, other = fit(COHORT, AS_OF, params()), fit(shuffled, AS_OF, params())
    assert other.model.content() == plain.model.content()
    assert other.place.tolist() == plain.place[order].tolist()


def test_equal_rows_go_together() -> None:
    doubled = pd.concat([COHORT, COHORT], ignore_index=True)
    place = fit(doubled, AS_OF, params()).place
    assert place[: len(COHORT)].tolist() == place[len(COHORT) :].tolist()


def test_the_model_puts_its_own_cohort_where_fitting_did() -> None:
    fitted = fit(COHORT, AS_OF, params())
    again = SegmentModel.of(json.loads(json.dumps(fitted.model.content())))
    assert again == SegmentModel.of(fitted.model.content())
    assert again.place(COHORT).tolist() == fitted.place.tolist()


def test_a_subscriber_is_judged_by_what_is_known() -> None:
    fitted = fit(COHORT, AS_OF, params())
    bare = COHORT.copy()
    for name in (*NUMBERS[1:], *CATEGORIES):
        bare[name] = None if name in CATEGORIES else np.nan
    # The length of calls alone tells most of them: 300, 60 and 120 s.
    assert adjusted_rand(COHORT["group"], fitted.model.place(bare)) > 0.7
    assert adjusted_rand(COHORT["group"], fitted.model.place(bare[["voice_out_call_s"]])) > 0.7


def test_numbers_alone() -> None:
    fitted = fit(COHORT, AS_OF, params(features=NUMBERS))
    assert fitted.model.encoding.categories == ()
    assert adjusted_rand(COHORT["group"], fitted.place) > 0.95


def test_categories_alone() -> None:
    rng = np.random.default_rng(4)
    group = np.repeat([0, 1], 200)
    columns = ("payment_category", "group_class_category", "vip_tier_category", "brand_category")
    frame = pd.DataFrame(
        {c: np.where(rng.random(400) < 0.02 + 0.96 * group, "yes", "no") for c in columns}
    )
    fitted = fit(frame, AS_OF, params(features=columns, category_weight=1.0, most=2))
    assert len(fitted.model.segments) == 2
    # Of four such answers more than one is wrong in 0.2 % of cases.
    assert adjusted_rand(group, fitted.place) > 0.9


def test_missing_values_do_not_make_a_segment_of_their_own() -> None:
    frame = COHORT.copy()
    rng = np.random.default_rng(9)
    for name in NUMBERS:
        frame.loc[rng.random(len(frame)) < 0.1, name] = np.nan
    fitted = fit(frame, AS_OF, params())
    assert len(fitted.model.segments) == 3
    assert adjusted_rand(frame["group"], fitted.place) > 0.9


def test_one_constant_column_is_as_if_it_were_not_there() -> None:
    constant = fit(COHORT.assign(bill_money=99.0), AS_OF, params())
    without = fit(COHORT.drop(columns="bill_money"), AS_OF, params())
    assert constant.place.tolist() == without.place.tolist()
    assert constant.model.left_out == {"bill_money": "constant"}


@pytest.mark.parametrize("rows", [2, 3, 5])
def test_fewer_rows_than_segments(rows: int) -> None:
    fitted = fit(COHORT.iloc[:: 450 // rows][:rows], AS_OF, params(least=4, most=8))
    assert len(fitted.place) == rows
    assert 1 <= len(fitted.model.segments) <= rows


def test_one_row_and_no_row_are_refused() -> None:
    with pytest.raises(DataRefused, match="nothing to make segments from"):
        fit(COHORT.head(1), AS_OF, params())
    with pytest.raises(DataRefused, match="the cohort is empty"):
        fit(COHORT.head(0), AS_OF, params())


def test_more_rows_than_are_learned_from() -> None:
    fitted = fit(COHORT, AS_OF, params(learn_rows=100))
    assert adjusted_rand(COHORT["group"], fitted.place) > 0.95


def test_a_model_of_another_version_is_refused() -> None:
    content = fit(COHORT, AS_OF, params()).model.content()
    with pytest.raises(UsageError, match="schema_version is 0"):
        SegmentModel.of({**content, "schema_version": 0})
    damaged = {k: v for k, v in content.items() if k != "variance"}
    with pytest.raises(UsageError, match=r"segments\.json is damaged"):
        SegmentModel.of(damaged, "segments.json")
