"""A model is held to what it was trained under, difference by difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from churnlight.learners import contract
from churnlight.learners.encoding import Column, Encoder
from churnlight.params.base import Section
from churnlight.params.data import CircleParams, TimeParams
from churnlight.params.features import FeaturesParams
from churnlight.params.population import CohortParams, LabelParams

ENCODER = Encoder(
    (Column("silent_days", "numeric"), Column("brand_category", "category", ("go", "zone")))
)


def sections(**changed: Section) -> dict[str, Section]:
    return {
        "time": TimeParams(),
        "circle": CircleParams(),
        "cohort": CohortParams(),
        "label": LabelParams(),
        "features": FeaturesParams(),
        **changed,
    }


def trained() -> dict[str, Any]:
    return contract.contract(ENCODER, sections())


def test_the_same_differs_in_nothing(tmp_path: Path) -> None:
    contract.save(tmp_path, trained())
    read = contract.read(tmp_path)
    assert read is not None
    assert read["features"] == {"silent_days": "numeric", "brand_category": ["go", "zone"]}
    assert contract.differences(read, sections()) == ([], [])


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"time": TimeParams(window_months=4)}, "time.window_months: the model has 3, now 4"),
        ({"time": TimeParams(horizon_months=1)}, "time.horizon_months: the model has 2, now 1"),
        ({"circle": CircleParams(coverage=0.9)}, "circle.coverage: the model has 0.8, now 0.9"),
        (
            {"label": LabelParams(kinds=("off_net",))},
            'label.kinds: the model has ["off_net", "value_loss"], now ["off_net"]',
        ),
        (
            {"features": FeaturesParams(allow_personal=("sex",))},
            'features.allow_personal: the model has [], now ["sex"]',
        ),
    ],
)
def test_another_window_or_label_is_refused(changed: dict[str, Section], line: str) -> None:
    assert contract.differences(trained(), sections(**changed)) == ([line], [])


def test_a_model_that_weighed_the_brand_before_it_had_to_be_allowed_is_refused() -> None:
    old = trained()
    del old["parameters"]["features.allow_personal"]
    assert contract.differences(old, sections())[0] == [
        'features.allow_personal: the model has ["brand"], now []'
    ]
    allowed = sections(features=FeaturesParams(allow_personal=("brand",)))
    assert contract.differences(old, allowed) == ([], [])
    del old["features"]["brand_category"]
    del old["definitions"]["brand_category"]
    assert contract.differences(old, sections()) == ([], [])


def test_another_cohort_is_told() -> None:
    refused, told = contract.differences(
        trained(), sections(cohort=CohortParams(min_monthly_bill=None))
    )
    assert refused == []
    assert told == ["cohort.min_monthly_bill: the model has 80.0, now none"]


def test_a_feature_of_another_meaning_is_refused() -> None:
    old = trained()
    old["definitions"]["silent_days"] = "0" * 16
    old["features"]["gone_count"] = "numeric"
    old["definitions"]["gone_count"] = "1" * 16
    assert contract.differences(old, sections())[0] == [
        "feature gone_count: this churnlight has none of that name",
        "feature silent_days: its definition has changed since the model was trained",
    ]


def test_another_vocabulary_is_refused() -> None:
    old = trained()
    old["vocabulary"]["cdr.kind"] = ["voice", "sms"]
    (line,) = contract.differences(old, sections())[0]
    assert line.startswith(
        'values of cdr.kind: the model has ["voice", "sms"], now ["voice", "sms"'
    )


def test_an_older_model_has_none(tmp_path: Path) -> None:
    assert contract.read(tmp_path) is None


def test_long_lists_are_cut() -> None:
    assert contract.shown([f"line {i}" for i in range(10)]).endswith("line 7; and 2 more")
