import numpy as np
import pandas as pd
import pytest

from churnlight.errors import DataRefused
from churnlight.learners.dataset import Dataset, join, require_both


def small(churned: list[object], **more: object) -> Dataset:
    frame = pd.DataFrame({"x": range(len(churned))})
    return Dataset.of(frame, churned, list(range(len(churned))), **more)


def test_an_account_that_is_missing_becomes_the_subscriber() -> None:
    data = small([True, False, True], account=["a", None, "a"])
    assert data.account.tolist() == ["a", 1, "a"]
    assert small([True]).account.tolist() == [0]


def test_a_missing_label_is_refused_with_the_count() -> None:
    with pytest.raises(DataRefused, match="missing in 2 of 3 rows"):
        small([True, None, None])


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Dataset(pd.DataFrame({"x": [1]}), *(np.array([True, False]) for _ in range(4)))


def test_take_and_join_keep_rows_together() -> None:
    data = small([True, False, True], as_of=["a", "b", "c"])
    both = join(
        [data.take(np.array([False, True, True])), data.take(np.array([True, False, False]))]
    )
    assert both.frame["x"].tolist() == [1, 2, 0]
    assert both.subscriber.tolist() == [1, 2, 0]
    assert both.churned.tolist() == [False, True, True]
    assert both.as_of.tolist() == ["b", "c", "a"]
    assert both.churners == 2


def test_join_names_the_feature_that_differs() -> None:
    data = small([True])
    other = Dataset.of(pd.DataFrame({"x": [1], "extra_count": [2]}), [True], [1])
    with pytest.raises(DataRefused, match="extra_count"):
        join([data, other])


@pytest.mark.parametrize(
    ("churned", "least", "says"),
    [
        ([False] * 5, 1, "one class only: 0 churners and 5 who stayed"),
        ([True] * 5, 1, "one class only: 5 churners and 0 who stayed"),
        ([True, True, False], 3, "too few churners: 2 churners .* at least 3"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    churned: list[object], least: int, says: str
) -> None:
    with pytest.raises(DataRefused, match=says) as caught:
        require_both(small(churned), least, "fit")
    assert "train.min_churners" in str(caught.value)


def test_what_can_be_learned_from_passes() -> None:
    require_both(small([True, True, False]), 2, "fit")
