"""Skew, outliers, missing values, and what is left out."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from segments_world import params, three_groups

from churnlight.errors import DataRefused, UsageError
from churnlight.segments.encoding import Encoding, known_share, learn_encoding


def learn(frame: pd.DataFrame, *features: str) -> tuple[Encoding, dict[str, str]]:
    return learn_encoding(frame, params(features=features))


def test_skewed_features_are_logged_by_their_median_and_even_ones_are_not() -> None:
    # Of 1, 2, 4, ..., 1024 the median is 32 and the upper tenth far longer than the lower.
    frame = pd.DataFrame({"bill_money": 2.0 ** np.arange(11), "night_share": np.arange(11) / 10})
    encoding, _ = learn(frame, "bill_money", "night_share")
    bill, night = encoding.numbers
    assert bill.scale == 32.0
    assert night.scale is None
    rows = encoding.read(frame).numbers
    assert rows.mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-12)
    assert rows.std(axis=0) == pytest.approx([1.0, 1.0])
    logged = np.clip(np.log1p(frame["bill_money"] / 32.0), bill.low, bill.high)
    assert rows[:, 0] == pytest.approx((logged - logged.mean()) / logged.std(ddof=0))


def test_one_absurd_value_moves_nobody_else() -> None:
    frame = pd.DataFrame({"bill_money": np.linspace(50.0, 150.0, 1_000)})
    odd = frame.copy()
    odd.loc[999, "bill_money"] = 1e9
    usual = learn(frame, "bill_money")[0].read(frame).numbers[:999, 0]
    after = learn(odd, "bill_money")[0].read(odd).numbers
    assert np.abs(after[:999, 0] - usual).max() < 0.05
    assert after[999, 0] < 3


def test_missing_values_stay_missing_and_absent_columns_are_missing_throughout() -> None:
    frame = three_groups()
    frame.loc[:9, "bill_money"] = np.nan
    frame.loc[:4, "payment_category"] = None
    encoding, left_out = learn_encoding(frame, params())
    assert left_out == {}
    rows = encoding.read(frame)
    assert np.isnan(rows.numbers[:, 3]).sum() == 10
    assert (rows.codes[:, 0] == -1).sum() == 5
    shares = dict(zip(encoding.names, known_share(rows), strict=True))
    assert shares["bill_money"] == pytest.approx(1 - 10 / 450)
    assert shares["payment_category"] == pytest.approx(1 - 5 / 450)
    later = encoding.read(frame.drop(columns=["night_share", "group_class_category"]))
    assert np.isnan(later.numbers[:, 2]).all()
    assert (later.codes[:, 1] == -1).all()
    assert later.numbers[:, 1].tolist() == rows.numbers[:, 1].tolist()


def test_a_value_that_was_never_seen_is_unknown() -> None:
    frame = three_groups()
    encoding, _ = learn_encoding(frame, params())
    later = frame.assign(payment_category="barter")
    assert (encoding.read(later).codes[:, 0] == -1).all()


def test_constant_and_absent_features_are_left_out_with_the_reason() -> None:
    frame = three_groups().assign(bill_money=100.0, payment_category="prepaid")
    frame = frame.drop(columns="night_share")
    encoding, left_out = learn_encoding(frame, params())
    assert left_out == {
        "bill_money": "constant",
        "payment_category": "constant",
        "night_share": "absent",
    }
    assert encoding.names == ("voice_out_call_s", "data_mb_per_day", "group_class_category")


def test_nothing_to_tell_people_apart_by_is_refused() -> None:
    frame = pd.DataFrame({"bill_money": [5.0, 5.0], "night_share": [np.nan, np.nan]})
    with pytest.raises(DataRefused, match=r"of the 3 features of segments.features 1 are absent"):
        learn(frame, "bill_money", "night_share", "data_mb_per_day")


def test_a_feature_that_there_is_not_is_named() -> None:
    with pytest.raises(UsageError, match="names shoe_size, which is no feature"):
        learn(three_groups(), "bill_money", "shoe_size")


def test_the_encoding_survives_json() -> None:
    frame = three_groups()
    encoding, _ = learn_encoding(frame, params())
    again = Encoding.of(json.loads(json.dumps(encoding.content())))
    assert again == encoding
