import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from tables_made import COLUMNS, make_table

from churnlight import files
from churnlight.errors import DataRefused, UsageError
from churnlight.learners.dataset import Dataset
from churnlight.learners.sizing import least_rows, sized
from churnlight.params.learning import GbmParams, TrainParams
from churnlight.tables.fitting import Columns, Fitted, Settings, fit_table, learn, to_dataset

QUICK = Settings(
    train=TrainParams(gbm=GbmParams(max_rounds=30, min_data_in_leaf=10)), by_size=False
)


def fit(
    folder: Path, table: pd.DataFrame, columns: Columns = COLUMNS, **kind: Any
) -> dict[str, Any]:
    table.to_csv(folder / "t.csv", index=False)
    return fit_table(folder / "t.csv", columns, folder / "m", QUICK, **kind)


@pytest.fixture(scope="module")
def fitted(table: pd.DataFrame) -> tuple[Dataset, Fitted]:
    data, _ = to_dataset(table, COLUMNS)
    return data, learn(data, QUICK)


def test_the_folder_is_json_and_lightgbm_text(model: Path) -> None:
    kinds = sorted(p.relative_to(model).as_posix() for p in model.rglob("*") if p.is_file())
    assert kinds == [
        "gbm/manifest.json", "gbm/model.txt", "gbm/schema.json", "importance.json",
        "manifest.json", "rules.json", "table.json", "tiers/manifest.json", "tiers/tiers.json",
        "tree/manifest.json", "tree/tree.json",
    ]  # fmt: skip
    for path in model.rglob("*.json"):
        json.loads(path.read_text())
    assert (model / "gbm" / "model.txt").read_text().startswith("tree\n")
    found = json.loads((model / "table.json").read_text())
    assert found["schema_version"] == 1
    assert found["columns"] == {
        "label": "churn", "positive": "yes", "id": "customer", "group": "household",
        "drop": ["leaks"],
    }  # fmt: skip


def test_label_id_group_and_dropped_are_no_features(model: Path, table: pd.DataFrame) -> None:
    columns = json.loads((model / "gbm" / "schema.json").read_text())["features"]["columns"]
    assert [c["name"] for c in columns] == [
        "Silent Days", "bill", "brand", "mostly_missing", "always", "never", "note", "is_new",
    ]  # fmt: skip
    categories = {c["name"]: c["categories"] for c in columns if c["kind"] == "category"}
    # A text of its own for each row teaches nothing, and is not stored.
    assert categories == {"brand": ["easy", "go", "zone"], "note": []}
    assert "text 17" not in "".join(p.read_text() for p in model.rglob("*") if p.is_file())
    assert table["customer"][0] not in (model / "table.json").read_text()


def test_it_finds_what_was_put_in(model: Path) -> None:
    told = json.loads((model / "table.json").read_text())
    assert 0.7 < told["models"]["gbm"]["cross_fitted_roc_auc"] < 0.9  # the leak would give 1
    assert told["models"]["tree"]["cross_fitted_roc_auc"] > 0.65
    first = json.loads((model / "importance.json").read_text())[0]
    assert first["feature"] == "Silent Days"
    rules = json.loads((model / "rules.json").read_text())
    assert "Silent Days" in rules["en"][0]["rule"]
    assert len(rules["en"]) == len(rules["zh"]) <= 24


def test_each_row_is_scored_by_models_that_saw_no_row_of_its_group(
    fitted: tuple[Dataset, Fitted],
) -> None:
    data, found = fitted
    by_group = pd.Series(found.fold).groupby(data.account).nunique()
    assert (by_group == 1).all()
    assert sorted(np.unique(found.fold)) == [0, 1, 2, 3, 4]


def test_cross_fitted_scores_of_noise_are_at_chance() -> None:
    """Groups of ten equal rows with one label: out of the group nothing can be known."""
    draws = np.random.default_rng(0)
    groups, size = 120, 10
    features = np.repeat(draws.normal(size=(groups, 4)), size, axis=0)
    label = np.repeat(draws.random(groups) < 0.4, size)
    frame = pd.DataFrame(features, columns=list("abcd"))
    data = Dataset.of(frame, label, range(groups * size), np.repeat(range(groups), size))
    for raw in learn(data, QUICK).raw.values():
        assert 0.3 < roc_auc_score(label, raw) < 0.65
    alone = Dataset.of(frame, label, range(groups * size))
    # Without groups the same rows give the game away.
    assert roc_auc_score(label, learn(alone, QUICK).raw["gbm"]) > 0.95


def test_rates_of_tiers_count_every_row_once(fitted: tuple[Dataset, Fitted]) -> None:
    data, found = fitted
    for scale in found.bundle.scales.values():
        rows, churners = np.array(list(scale.rates.values())).sum(axis=0)
        assert (rows, churners) == (len(data), data.churners)
    sizes = [rows for rows, _ in found.bundle.scales["gbm"].rates.values()]
    assert sizes[0] == pytest.approx(0.6 * len(data), rel=0.08)


def test_threads_and_order_of_columns_in_options_change_nothing(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    hashes = []
    for threads in (1, 2):
        (tmp_path / str(threads)).mkdir()
        fit(tmp_path / str(threads), table, threads=threads)
        hashes.append(files.sha256_of_tree(tmp_path / str(threads) / "m"))
    assert hashes[0] == hashes[1]


def test_too_few_of_a_class_are_counted(tmp_path: Path, table: pd.DataFrame) -> None:
    few = pd.concat([table[table["churn"] == "no"], table[table["churn"] == "yes"].head(7)])
    with pytest.raises(DataRefused, match=r"7 churners and \d+ who stayed .* at least 20 of each"):
        fit(tmp_path, few)
    with pytest.raises(DataRefused, match="one class only"):
        fit(tmp_path, table[table["churn"] == "no"])
    assert not (tmp_path / "m").exists()


def test_too_few_groups_are_counted(tmp_path: Path, table: pd.DataFrame) -> None:
    with pytest.raises(DataRefused, match="belong to 3 groups, needed are at least 5"):
        fit(tmp_path, table.assign(household=np.arange(len(table)) % 3))


def test_infinite_values_are_named_by_column_and_row(tmp_path: Path, table: pd.DataFrame) -> None:
    spoilt = table.copy()
    spoilt.loc[[3, 7], "bill"] = [np.inf, -np.inf]
    with pytest.raises(DataRefused, match=r"'bill' is infinite .* in 2 rows, first in row 4, 8"):
        fit(tmp_path, spoilt)


def test_dates_are_named(tmp_path: Path, table: pd.DataFrame) -> None:
    table.assign(since=pd.Timestamp("2025-01-01")).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataRefused, match="'since' is datetime"):
        fit_table(tmp_path / "t.parquet", COLUMNS, tmp_path / "m", QUICK)


def test_one_column_can_not_be_two_things(tmp_path: Path, table: pd.DataFrame) -> None:
    for columns in (Columns("churn", "churn"), Columns("churn", "customer", "churn")):
        with pytest.raises(UsageError, match="'churn' is named by two options"):
            fit(tmp_path, table, columns)


def test_another_folder_is_not_overwritten_and_a_model_is(
    tmp_path: Path, table: pd.DataFrame
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="is no model of `churnlight fit`"):
        fit(tmp_path, table)
    assert (tmp_path / "m" / "mine.txt").read_text() == "keep"
    (tmp_path / "m" / "mine.txt").unlink()
    fit(tmp_path, table)
    fit(tmp_path, make_table(seed=1))
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".m.")] == []


def test_settings_follow_from_the_rows_alone() -> None:
    # By hand: sqrt(2500) / 5 = 10; sqrt(40000) / 5 = 40; sqrt(100) / 5 = 2, at least 5.
    assert [least_rows(n) for n in (100, 2500, 40_000)] == [5, 10, 40]
    small, middle, large = (sized(n, TrainParams()) for n in (3000, 120_000, 10_000_000))
    assert [p.gbm.learning_rate for p in (small, middle, large)] == [0.03, 0.06, 0.1]
    assert [p.folds for p in (small, middle, large)] == [5, 3, 2]
    assert small.tree == TrainParams().tree
