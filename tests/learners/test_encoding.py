import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from churnlight.errors import DataRefused
from churnlight.learners.encoding import Encoder


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "a_count": [1, 2, 3],
            "b_share": [0.5, np.nan, -1.0],
            "c_flag": [True, False, True],
            "brand": ["zone", None, "easy"],
        }
    )


def test_numbers_by_hand() -> None:
    encoder = Encoder.learn(frame())
    assert [c.kind for c in encoder.columns] == ["numeric"] * 3 + ["category"]
    assert encoder.columns[3].categories == ("easy", "zone")
    assert encoder.category_indexes == [3]
    expected = [[1, 0.5, 1, 1], [2, np.nan, 0, np.nan], [3, -1, 1, 0]]
    np.testing.assert_array_equal(encoder.transform(frame()), expected)


def test_an_unknown_category_is_missing() -> None:
    encoder = Encoder.learn(frame())
    later = frame().assign(brand=["new", "easy", "zone"])
    np.testing.assert_array_equal(encoder.transform(later)[:, 3], [np.nan, 0, 1])


def test_json_and_back() -> None:
    encoder = Encoder.learn(frame())
    assert Encoder.from_json(json.loads(json.dumps(encoder.to_json()))) == encoder


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pd.Series([1, None, 3], dtype="Int64"), [1, np.nan, 3]),
        (pd.Series([True, None, False], dtype="boolean"), [1, np.nan, 0]),
        (pd.Series([True, None, False], dtype=object), [1, np.nan, 0]),
        (pd.Series([Decimal("1.5"), None, Decimal(2)], dtype=object), [1.5, np.nan, 2]),
        (pd.Series([None, None, None], dtype=object), [np.nan] * 3),
        (pd.Series([1, 2, 3], dtype="float32"), [1, 2, 3]),
        (pd.Series(["b", "a", None], dtype="category"), [1, 0, np.nan]),
        (pd.Series(["b", "a", None], dtype=object), [1, 0, np.nan]),
    ],
)
def test_every_way_pandas_holds_them(values: pd.Series, expected: list[float]) -> None:
    table = pd.DataFrame({"x": values})
    np.testing.assert_array_equal(Encoder.learn(table).transform(table)[:, 0], expected)


def test_a_category_with_no_value_in_a_later_month_is_missing() -> None:
    encoder = Encoder.learn(frame())
    later = frame().assign(brand=pd.Series([None] * 3, dtype=object))
    assert np.isnan(encoder.transform(later)[:, 3]).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns="b_share"), "missing: 'b_share'"),
        (lambda f: f.assign(new_count=1), "not known to the model: 'new_count'"),
        (lambda f: f.rename(columns={"b_share": "bb"}), "missing: 'b_share'; .*'bb'"),
        (
            lambda f: f[["b_share", "a_count", "c_flag", "brand"]],
            "'b_share' stands where 'a_count'",
        ),
        (lambda f: f.iloc[:, [0, 1, 2, 3, 3]], "twice there: 'brand'"),
        (lambda f: f.assign(a_count=["1", "2", "3"]), "'a_count' .* expects numbers"),
        (lambda f: f.assign(brand=[1, 2, 3]), "'brand' .* expects text"),
        (
            lambda f: f.assign(b_share=[0.0, np.inf, -np.inf]),
            "'b_share' is infinite .* row 2, 3",
        ),
        (lambda f: f.assign(b_share=[0.0, 1e39, 0.0]), "'b_share' is infinite .* row 2"),
        (lambda f: f.assign(a_count=pd.Timestamp("2025-01-01")), "'a_count' is datetime"),
        (lambda f: f.assign(brand=["x", 1, None]), "'brand' is int and str"),
    ],
)
def test_another_shape_is_refused_by_name(change: object, says: str) -> None:
    encoder = Encoder.learn(frame())
    with pytest.raises(DataRefused, match=says):
        encoder.transform(change(frame()))


def test_learning_refuses_names_that_stand_twice_and_no_names() -> None:
    with pytest.raises(DataRefused, match="twice: a_count"):
        Encoder.learn(frame().iloc[:, [0, 0]])
    with pytest.raises(DataRefused, match="no feature column"):
        Encoder.learn(frame()[[]])
