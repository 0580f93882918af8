import itertools
import json
from dataclasses import replace
from math import factorial

import numpy as np
import pandas as pd
import pytest

from churnlight.errors import ChurnlightError
from churnlight.explain import contributions as shap_values
from churnlight.explain.reasons import (
    COLUMNS,
    Meaning,
    People,
    Sums,
    as_text,
    explain,
    importance,
    in_columns,
    medians,
    reasons,
    reasons_of,
    texts,
)
from churnlight.learners import gbm
from churnlight.learners.dataset import Dataset
from churnlight.learners.folds import split_stop
from churnlight.params.learning import ExplainParams, GbmParams, TrainParams

MEANING = Meaning(
    reason={
        "bill_money": "bill_falling",
        "silent_days": "falling_silent",
        "calls_count": "falling_silent",
        "brand": "plan_misfit",
    },
    family={
        "bill_money": "spend",
        "silent_days": "activity",
        "calls_count": "activity",
        "brand": "contract",
    },
    quoted={"falling_silent": ("silent_days", "calls_count"), "plan_misfit": ("brand",)},
)
SILENCE = '{"silent_days": 12, "calls_count": 0}'


def make(rows: int, seed: int) -> Dataset:
    draws = np.random.default_rng(seed)
    silent = draws.exponential(8, rows)
    brand = draws.choice(["go", "zone", "easy"], rows)
    frame = pd.DataFrame(
        {
            "bill_money": np.where(draws.random(rows) < 0.1, np.nan, draws.gamma(4, 30, rows)),
            "silent_days": silent,
            "calls_count": draws.poisson(30, rows),
            "brand": brand,
        }
    )
    churned = draws.random(rows) < 1 / (1 + np.exp(3 - 0.15 * silent - (brand == "zone")))
    return Dataset.of(frame, churned, [f"s{i:04d}" for i in range(rows)])


@pytest.fixture(scope="module")
def rows() -> Dataset:
    return make(900, 1)


@pytest.fixture(scope="module")
def model(rows: Dataset) -> gbm.Gbm:
    params = TrainParams(gbm=GbmParams(learning_rate=0.1, max_rounds=40))
    return gbm.fit(*split_stop(rows, 1), params)


def test_values_add_up_to_the_raw_score(model: gbm.Gbm, rows: Dataset) -> None:
    values = shap_values.contributions(model, rows.frame)
    assert values.shape == (900, 5)
    p = model.raw(rows.frame)
    np.testing.assert_allclose(values.sum(axis=1), np.log(p / (1 - p)), atol=1e-8)
    assert shap_values.check_additive(model, rows.frame, 100) < 1e-8


@pytest.mark.slow
def test_values_equal_shaps_tree_explainer(model: gbm.Gbm, rows: Dataset) -> None:
    import shap

    matrix = model.encoder.transform(rows.frame)
    theirs = shap.TreeExplainer(model.booster).shap_values(matrix)
    ours = shap_values.contributions(model, rows.frame)
    np.testing.assert_allclose(ours[:, :-1], theirs, atol=1e-6)
    native = shap_values.explanation(model, rows.frame)
    assert native.feature_names == model.encoder.names
    np.testing.assert_array_equal(native.values, ours[:, :-1])


def brute_force(model: gbm.Gbm, row: np.ndarray) -> np.ndarray:  # noqa: C901
    """Shapley values from their definition, with tree-path-dependent expectations."""
    trees = model.booster.dump_model()["tree_info"]

    def value(known: tuple[int, ...]) -> float:
        return sum(expected(t["tree_structure"], known) for t in trees)

    def expected(node: dict, known: tuple[int, ...]) -> float:
        if "leaf_value" in node:
            return node["leaf_value"]
        left, right = node["left_child"], node["right_child"]
        if node["split_feature"] in known:
            return expected(left if goes_left(node) else right, known)
        weights = [n.get("internal_count", n.get("leaf_count")) for n in (left, right)]
        return float(np.average([expected(left, known), expected(right, known)], weights=weights))

    def goes_left(node: dict) -> bool:
        x = row[node["split_feature"]]
        if node["decision_type"] == "==":
            return not np.isnan(x) and str(int(x)) in node["threshold"].split("||")
        if np.isnan(x):
            return node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
        return x <= node["threshold"]

    features = range(len(row))
    out = np.zeros(len(row))
    for i in features:
        others = [f for f in features if f != i]
        for size in range(len(row)):
            share = factorial(size) * factorial(len(row) - size - 1) / factorial(len(row))
            for known in itertools.combinations(others, size):
                out[i] += share * (value((*known, i)) - value(known))
    return out


def test_values_equal_shapley_values_by_definition(model: gbm.Gbm, rows: Dataset) -> None:
    picked = rows.frame.iloc[[0, 1, int(np.flatnonzero(rows.frame["bill_money"].isna())[0])]]
    ours = shap_values.contributions(model, picked)
    for row, values in zip(model.encoder.transform(picked), ours, strict=True):
        np.testing.assert_allclose(values[:-1], brute_force(model, row), atol=1e-6)


def test_chunks_change_nothing(model: gbm.Gbm, rows: Dataset) -> None:
    whole = shap_values.contributions(model, rows.frame)
    parts = list(shap_values.in_chunks(model, rows.frame, threads=2, chunk=250))
    assert [p[0].start for p in parts] == [0, 250, 500, 750]
    np.testing.assert_array_equal(np.concatenate([p[1] for p in parts]), whole)


def test_values_that_do_not_add_up_stop_the_run(model: gbm.Gbm, rows: Dataset) -> None:
    class Off:
        def num_trees(self) -> int:
            return 1

        def predict(self, matrix: np.ndarray, **how: object) -> np.ndarray:
            values = model.booster.predict(matrix, **how)
            return values + 1e-4 if how.get("raw_score") else values

    with pytest.raises(ChurnlightError, match=r"miss the raw score by up to 0\.0001"):
        shap_values.check_additive(replace(model, booster=Off()), rows.frame, 50)


def test_values_that_differ_from_lightgbms_own_stop_the_run(
    model: gbm.Gbm, rows: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They add up, but two features' values are swapped in part."""
    own = shap_values.shap_chunk

    def shifted(*how: object) -> np.ndarray:
        return own(*how) + np.array([2e-4, -2e-4, 0.0, 0.0, 0.0])

    monkeypatch.setattr(shap_values, "shap_chunk", shifted)
    with pytest.raises(ChurnlightError, match=r"differ from LightGBM's own by up to 0\.0002"):
        shap_values.check_additive(model, rows.frame, 50)


def test_reasons_by_hand() -> None:
    frame = pd.DataFrame(
        {
            "bill_money": [74.2, np.nan, 1.0],
            "silent_days": [12.0, 3.0, 1.0],
            "calls_count": [0, 41, 5],
            "brand": ["zone", "go", None],
        }
    )
    values = np.array(
        [
            [0.1, 0.5, 0.4, -0.2],  # silence 0.9, bill 0.1, misfit -0.2; total 1.2
            [-0.3, 0.2, -0.4, 0.0],  # bill -0.3, silence -0.2, misfit 0; total 0.5
            [0.0, 0.0, 0.0, 0.0],
        ]
    )
    found = reasons(values, frame, np.array(["a", "b", "c"]), MEANING, 3)
    assert tuple(found.columns) == COLUMNS
    listed = found.astype(object).where(found.notna(), None).to_numpy().tolist()
    assert listed == [
        ["a", 1, "up", "falling_silent", 0.75, "silent_days", "12", "calls_count", SILENCE],
        ["a", 2, "up", "bill_falling", 0.083333, "bill_money", "74.2", None, None],
        ["a", 1, "down", "plan_misfit", 0.166667, "brand", "zone", None, '{"brand": "zone"}'],
        ["b", 1, "down", "bill_falling", 0.6, "bill_money", None, None, None],
    ]
    one = reasons(values, frame, np.array(["a", "b", "c"]), MEANING, 1)
    assert one["direction"].tolist() == ["up", "down", "down"]


def test_own_values_are_kept_for_those_asked_for_and_read_back_as_they_were() -> None:
    frame = pd.DataFrame(
        {
            "bill_money": [74.2, 1 / 3, 12345.67],
            "silent_days": [12.0, np.nan, -0.0],
            "calls_count": pd.array([0, None, 5], dtype="Int64"),
            "brand": ["zone", 'a "b" \\ 牌', None],
        }
    )
    meaning = replace(MEANING, quoted={"falling_silent": list(frame)})
    values = np.array([[0.0, 1.0, 0.0, 0.0]] * 3)
    people = People(frame, np.arange(3))
    found = reasons_of(values, people, meaning, 1)["quoted"]
    assert [json.loads(text) for text in found] == [
        {"bill_money": 74.2, "silent_days": 12, "calls_count": 0, "brand": "zone"},
        {"bill_money": 0.333333333, "silent_days": None, "calls_count": None,
         "brand": 'a "b" \\ 牌'},
        {"bill_money": 12345.67, "silent_days": 0, "calls_count": 5, "brand": None},
    ]  # fmt: skip
    assert "-0" not in found[2]
    some = replace(people, quote=np.array([False, True, False]))
    kept = reasons_of(values, some, meaning, 1)["quoted"]
    assert kept.notna().tolist() == [False, True, False]
    assert kept[1] == found[1]
    # A feature that the operator's extracts don't give is no column, and is not quoted.
    fewer = reasons_of(values[:, :3], People(frame.drop(columns="brand"), np.arange(3)), meaning, 1)
    assert list(json.loads(fewer["quoted"][0])) == ["bill_money", "silent_days", "calls_count"]


def test_a_second_feature_is_named_from_a_fifth_of_the_strongest_on() -> None:
    frame = pd.DataFrame({"silent_days": [1.5, 1.5, 1.5], "calls_count": [7, 7, 7]})
    values = np.array([[1.0, 0.2], [1.0, 0.19], [-0.5, 0.1]])
    found = reasons(values, frame, np.arange(3), MEANING, 1)
    assert found["direction"].tolist() == ["up", "up", "down"]
    assert found["second"].astype(object).where(found["second"].notna(), None).tolist() == [
        "calls_count",
        None,
        None,
    ]


def test_medians_by_hand_in_any_order() -> None:
    frame = pd.DataFrame(
        {
            "a": [3.0, np.nan, 1.0, 10.0],
            "b": ["x", "y", None, "x"],
            "c": [np.nan] * 4,
            "d": pd.array([1, None, 4, 2], dtype="Int64"),
        }
    )
    assert medians(frame) == {"a": 3.0, "b": None, "c": None, "d": 2.0}
    assert medians(frame.iloc[[3, 1, 0, 2]]) == medians(frame)


def test_importance_of_reasons_counts_what_cancels_out_once() -> None:
    """silence: |0.5 - 0.3| and |0.1 + 0.1|; mean 0.2."""
    sums = Sums(["silent_days", "calls_count", "brand"], MEANING)
    sums.add(np.array([[0.5, -0.3, 0.1]]))
    sums.add(np.array([[0.1, 0.1, -0.3]]))
    assert sums.by("reason") == [
        {"reason": "falling_silent", "mean_abs_shap": 0.2},
        {"reason": "plan_misfit", "mean_abs_shap": 0.2},
    ]
    assert sums.by("family")[0] == {"family": "activity", "mean_abs_shap": 0.2}
    assert sums.importance()[0]["mean_abs_shap"] == 0.3


def test_reasons_beside_each_other() -> None:
    frame = pd.DataFrame({"silent_days": [1.5, 2.5], "brand": ["go", "zone"]})
    found = reasons(np.array([[0.3, -0.1], [0.0, 0.0]]), frame, np.arange(2), MEANING, 2)
    wide = in_columns(found, 2, 2)
    assert list(wide) == [
        f"{place}{what}"
        for place in ("reason_1", "reason_2", "reason_down")
        for what in ("", "_share", "_feature", "_value")
    ]
    first = wide.astype(object).where(wide.notna(), None).to_numpy().tolist()
    up, down = ["falling_silent", 0.75, "silent_days", "1.5"], ["plan_misfit", 0.25, "brand", "go"]
    assert first[0] == [*up, None, None, None, None, *down]
    assert first[1] == [None] * 12


def test_the_strongest_feature_works_in_the_reasons_direction() -> None:
    frame = pd.DataFrame({"silent_days": [1.5], "calls_count": [7]})
    down = reasons(np.array([[0.2, -0.3]]), frame, np.array(["a"]), MEANING, 2)
    assert down[["direction", "feature", "value"]].to_numpy().tolist() == [
        ["down", "calls_count", "7"]
    ]
    up = reasons(np.array([[0.4, -0.3]]), frame, np.array(["a"]), MEANING, 2)
    assert up[["direction", "feature", "value"]].to_numpy().tolist() == [
        ["up", "silent_days", "1.5"]
    ]


def test_equal_reasons_stand_in_the_order_of_their_codes() -> None:
    frame = pd.DataFrame({"silent_days": [1], "brand": ["x"], "bill_money": [1]})
    found = reasons(np.array([[0.1, 0.1, 0.1]]), frame, np.array(["a"]), MEANING, 3)
    assert found["reason"].tolist() == ["bill_falling", "falling_silent", "plan_misfit"]


def test_importance_by_hand() -> None:
    values = np.array([[0.1, -0.5], [-0.3, 0.1]])
    assert importance(values, ["bill_money", "brand"], MEANING) == [
        {
            "feature": "brand",
            "family": "contract",
            "reason": "plan_misfit",
            "mean_abs_shap": 0.3,
        },
        {
            "feature": "bill_money",
            "family": "spend",
            "reason": "bill_falling",
            "mean_abs_shap": 0.2,
        },
    ]


def test_all_together_equals_the_parts(model: gbm.Gbm, rows: Dataset) -> None:
    found, ranked = explain(model, rows.frame, rows.subscriber, MEANING, ExplainParams())
    values = shap_values.contributions(model, rows.frame)[:, :-1]
    pd.testing.assert_frame_equal(found, reasons(values, rows.frame, rows.subscriber, MEANING, 3))
    assert ranked == importance(values, model.encoder.names, MEANING)
    assert ranked[0]["feature"] == "silent_days"
    assert set(found["subscriber_id"]) == set(rows.subscriber)
    again, _ = explain(model, rows.frame, rows.subscriber, MEANING, ExplainParams(), 2)
    pd.testing.assert_frame_equal(found, again)


def test_nobody_to_explain(model: gbm.Gbm, rows: Dataset) -> None:
    none = rows.frame.iloc[:0]
    found, ranked = explain(model, none, rows.subscriber[:0], MEANING, ExplainParams())
    assert tuple(found.columns) == COLUMNS
    assert len(found) == 0
    assert {r["mean_abs_shap"] for r in ranked} == {0.0}


def test_a_feature_without_a_reason_is_named(model: gbm.Gbm, rows: Dataset) -> None:
    lacking = Meaning({k: v for k, v in MEANING.reason.items() if k != "brand"}, MEANING.family)
    with pytest.raises(ChurnlightError, match="without a reason or family: brand"):
        explain(model, rows.frame, rows.subscriber, lacking, ExplainParams())


def test_a_column_is_written_as_its_values_are() -> None:
    draws = np.random.default_rng(3)
    values = np.concatenate(
        [
            draws.normal(size=300) * 10.0 ** draws.integers(-12, 16, 300),
            draws.integers(-5_000_000, 5_000_000, 50),
            [0.0, -0.0, np.nan, 1234567.5, 0.1 + 0.2, 2.5, 1e15, 123456.5, 99999.95],
        ]
    )
    assert texts(pd.Series(values)).tolist() == [as_text(v) for v in values]
    for other in (
        pd.Series([True, False]),
        pd.Series(["go", None]),
        pd.array([3, None, 12345678], dtype="Int64"),
    ):
        assert texts(pd.Series(other)).tolist() == [as_text(v) for v in other]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"), (74.2000001, "74.2"), (1234567.5, "1234570"), (0.000012345678, "0.0000123457"),
        (True, "1"), (np.bool_(False), "0"), ("zone", "zone"), (np.nan, None), (None, None),
        (pd.NA, None), (np.int64(-4), "-4"), (12345678.0, "12345678"),
    ],
)  # fmt: skip
def test_values_as_people_read_them(value: object, text: str | None) -> None:
    assert as_text(value) == text
