import numpy as np
import pandas as pd
import pytest

from churnlight.errors import DataRefused, UsageError
from churnlight.tables.labels import churned


def label(*values: object) -> pd.Series:
    return pd.Series(values, name="gone")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (label(1, 0, 0), [True, False, False]),
        (label("1", "0", "1.0"), [True, False, True]),
        (label(0.0, 1.0), [False, True]),
        (label(-1, 1), [False, True]),
        (label(True, False), [True, False]),
        (label("True", "False"), [True, False]),
        (label("No", "Yes"), [False, True]),
        (label("Churn", "No Churn"), [True, False]),
        (label("是", "否"), [True, False]),
        (pd.Series([True, False], dtype="boolean", name="gone"), [True, False]),
        (pd.Series(["yes", "no"], dtype="category", name="gone"), [True, False]),
    ],
)
def test_two_values_that_tell_themselves(values: pd.Series, expected: list[bool]) -> None:
    found, _ = churned(values)
    assert found.tolist() == expected
    assert found.dtype == np.bool_


def test_positive_says_what_the_values_do_not() -> None:
    found, value = churned(label("A", "B", "A"), positive="B")
    assert (found.tolist(), value) == ([False, True, False], "B")
    assert churned(label(1, 2), positive="2.0")[0].tolist() == [False, True]
    assert churned(label("Yes", "No"), positive="no")[0].tolist() == [False, True]


@pytest.mark.parametrize("values", [label("A", "B"), label(1, 2), label("yes", "maybe")])
def test_unclear_values_need_positive(values: pd.Series) -> None:
    with pytest.raises(UsageError, match="which value means churned: say it with --positive"):
        churned(values)


def test_positive_must_be_a_value() -> None:
    with pytest.raises(UsageError, match=r"--positive 'C' is no value of label column 'gone'"):
        churned(label("A", "B"), positive="C")


def test_three_values_are_counted() -> None:
    with pytest.raises(DataRefused, match=r"'gone' holds 3 values in 4 rows.*'0' in 2 rows.*'2'"):
        churned(label(0, 0, 1, 2))


def test_one_class_is_counted() -> None:
    with pytest.raises(DataRefused, match=r"one class only in 3 rows: 'no' in 3 rows"):
        churned(label("no", "no", "no"))
    with pytest.raises(DataRefused, match="no row"):
        churned(label())


def test_a_missing_label_is_named_by_row() -> None:
    with pytest.raises(DataRefused, match=r"label column 'gone' is empty in 2 rows \(2, 4\)"):
        churned(label("yes", None, "no", np.nan))
