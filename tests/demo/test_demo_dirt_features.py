"""Dirt leaves no trace behind the check: the stages make the same features and labels without it.

The stages themselves run, from the inventory to the features, on one operator clean and spoilt.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from dirty_operator import ROWS, spoil

from churnlight.demo import generate
from churnlight.params.output import DemoParams
from churnlight.stages.check import check
from churnlight.stages.features import features
from churnlight.stages.inventory import inventory
from churnlight.stages.marts import marts
from churnlight.stages.windows import windows
from churnlight.timeline import Month, month_range

pytestmark = pytest.mark.slow

MONTHS = month_range(Month(2025, 1), 5)
AS_OF, NEXT = "2025-04-01", "2025-05-01"
SEED = 8
EVERYTHING = ("cdr", "billing", "topups", "subscribers", "care", "services", "campaigns", "plans",
              "handsets", "holidays")  # fmt: skip
PARAMS = {
    "schema_version": 1,
    "engine": {"threads": 1, "memory_limit_gb": 1},
    "extracts": {"path": "extracts", "months": [str(m) for m in MONTHS]},
    "time": {"horizon_months": 1},
    "as_ofs": {AS_OF: "fit", NEXT: "test"},
    # The whole base, so that everybody's traces are compared.
    "cohort": {"min_monthly_bill": None, "min_voice_out_minutes": None},
}


def run(root: Path, patch: pytest.MonkeyPatch) -> None:
    (root / "params.yaml").write_text(yaml.safe_dump(PARAMS))
    (root / "dvc.yaml").write_text("stages: {}\n")
    patch.setenv("CHURNLIGHT_PROJECT", str(root))
    inventory()
    check()
    for month in MONTHS:
        marts(str(month))
    windows()
    for as_of in (AS_OF, NEXT):
        features(as_of)


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    root = tmp_path_factory.mktemp("clean")
    generate(DemoParams(subscribers=200, months=len(MONTHS), seed=SEED), root)
    with pytest.MonkeyPatch.context() as patch:
        run(root, patch)
    return root


def outputs(root: Path, as_of: str) -> dict[str, pd.DataFrame]:
    data = root / "data"
    paths = {
        "features": data / "features" / f"as_of={as_of}" / "features.parquet",
        "labels": data / "labels" / f"as_of={as_of}" / "labels.parquet",
    }
    return {name: pd.read_parquet(path).set_index("subscriber_id") for name, path in paths.items()}


def named(index: pd.Index) -> pd.Index:
    return pd.Index([f"id{i:x}" for i in index], name=index.name)


@pytest.mark.parametrize("asked", [
    pytest.param({k: v for k, v in ROWS.items() if k != "mixed_case_ids"}, id="whole numbers"),
    pytest.param(ROWS, id="text"),
])  # fmt: skip
def test_features_and_labels_are_those_of_the_clean_operator(clean, asked, tmp_path, monkeypatch):
    spoil(clean, tmp_path, SEED, asked, EVERYTHING)
    injected = pd.read_parquet(tmp_path / "truth" / "dirt" / "part-0.parquet")
    assert injected.groupby("what").size().min() > 10
    assert set(injected["what"]) == set(asked)
    run(tmp_path, monkeypatch)
    for as_of in (AS_OF, NEXT):
        before, after = outputs(clean, as_of), outputs(tmp_path, as_of)
        for name, whole_numbers in before.items():
            table = whole_numbers
            if "mixed_case_ids" in asked:
                table = table.set_axis(named(table.index))
            assert len(table) > 100
            assert table.shape[1] > (80 if name == "features" else 2)
            pd.testing.assert_frame_equal(
                table.sort_index(), after[name].sort_index(), check_exact=True
            )
