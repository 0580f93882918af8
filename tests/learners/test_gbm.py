import re
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from churnlight.errors import DataRefused
from churnlight.learners import gbm, tree
from churnlight.learners.dataset import Dataset
from churnlight.learners.folds import split_stop
from churnlight.params.learning import GbmParams, TrainParams


@pytest.fixture(scope="module")
def model(data: Dataset, params: TrainParams) -> gbm.Gbm:
    return gbm.fit(*split_stop(data, params.seed), params)


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_one_and_two_threads_give_the_same_bytes(make_data, tmp_path: Path) -> None:
    rows = make_data(5000, seed=3)
    params = TrainParams(gbm=GbmParams(max_rounds=8))
    for threads in (1, 2):
        gbm.fit(*split_stop(rows, 1), params, threads).save(tmp_path / str(threads))
    assert folder_bytes(tmp_path / "1") == folder_bytes(tmp_path / "2")
    assert b"[num_threads: 0]" in (tmp_path / "1" / "model.txt").read_bytes()


@pytest.mark.slow
def test_one_and_two_threads_give_the_same_bytes_on_many_rows(make_data, tmp_path: Path) -> None:
    rows = make_data(100_000, seed=3)
    params = TrainParams(gbm=GbmParams(max_rounds=60))
    for threads in (1, 2):
        gbm.fit(*split_stop(rows, 1), params, threads).save(tmp_path / str(threads))
    assert folder_bytes(tmp_path / "1") == folder_bytes(tmp_path / "2")


def test_saved_and_loaded_it_says_the_same(data: Dataset, model: gbm.Gbm, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = gbm.load(tmp_path)
    np.testing.assert_array_equal(loaded.raw(data.frame), model.raw(data.frame))
    loaded.save(tmp_path / "again")
    first = folder_bytes(tmp_path / "again")
    assert {n: (tmp_path / n).read_bytes() for n in first} == first
    plain = lightgbm.Booster(model_file=str(tmp_path / "model.txt"))
    matrix = model.encoder.transform(data.frame)
    np.testing.assert_array_equal(plain.predict(matrix), model.raw(data.frame))


def test_rounds_come_from_the_stop_rows_and_grow_with_all_rows(
    data: Dataset, params: TrainParams
) -> None:
    fit, stop = split_stop(data, params.seed)
    model = gbm.fit(fit, stop, params)
    best = model.training["best_round"]
    assert 1 < best < params.gbm.max_rounds
    assert model.booster.num_trees() == round(best * np.sqrt(len(data) / len(fit)))
    # Worked out by training round by round: the first within 2 % of what boosting gains at most.
    encoder = gbm.Encoder.learn(data.frame)
    booster = gbm._boost(encoder, fit, params, 1, best + params.gbm.early_stopping_rounds)
    matrix = encoder.transform(stop.frame)
    losses = []
    for rounds in range(1, booster.num_trees() + 1):
        p = booster.predict(matrix, num_iteration=rounds)
        losses.append(-np.log(np.where(stop.churned, p, 1 - p)).mean())
    enough = min(losses) + 0.02 * (losses[0] - min(losses))
    assert losses[best - 1] <= enough < losses[best - 2]
    assert losses[best - 1] == pytest.approx(model.training["stop_log_loss"], abs=1e-6)


def test_the_category_is_native_and_names_may_hold_anything(params: TrainParams) -> None:
    draws = np.random.default_rng(0)
    brand = draws.integers(0, 30, 3000)
    frame = pd.DataFrame(
        {'brand "x", 品牌: [1]': [f"b{b:02d}" for b in brand], "noise": draws.normal(size=3000)}
    )
    churned = draws.random(3000) < np.where(brand % 2 == 0, 0.5, 0.05)
    rows = Dataset.of(frame, churned, range(3000))
    model = gbm.fit(*split_stop(rows, 1), params)
    assert re.search(r"^num_cat=[1-9]", model.text, re.MULTILINE)
    assert model.booster.feature_name() == ["column_0", "noise"]
    assert roc_auc_score(churned, model.raw(frame)) > 0.75


def test_it_learns_and_shuffled_labels_teach_nothing(
    make_data, at_chance, params: TrainParams
) -> None:
    train, test = make_data(2000, seed=1), make_data(2000, seed=2)
    model = gbm.fit(*split_stop(train, 1), params)
    assert roc_auc_score(test.churned, model.raw(test.frame)) > 0.75
    assert 0.4 < at_chance(gbm, train, test, params) < 0.6


def test_too_few_churners_are_refused(data: Dataset, params: TrainParams) -> None:
    with pytest.raises(DataRefused, match="one class only: 0 churners"):
        gbm.fit(*split_stop(data.take(~data.churned), 1), params)
    few = params.model_copy(update={"min_churners": 10_000})
    with pytest.raises(DataRefused, match="too few churners"):
        gbm.fit(*split_stop(data, 1), few)


def test_folded_scores_come_from_models_without_the_fold(
    data: Dataset, params: TrainParams
) -> None:
    """Turning a fold's labels round leaves the scores of its rows where the rounds stay."""
    fold = np.arange(len(data)) % 4
    fixed = params.model_copy(
        update={"gbm": params.gbm.model_copy(update={"max_rounds": 12, "learning_rate": 0.02})}
    )
    model, raw = gbm.fit_folded(data, fold, fixed)
    assert model.training["best_round"] == 12
    assert model.training["rounds"] == round(12 * np.sqrt(4 / 3))
    flipped = Dataset.of(
        data.frame, np.where(fold == 2, ~data.churned, data.churned), data.subscriber, data.account
    )
    boosters, encoder = [], model.encoder
    for rows in (data, flipped):
        kept = rows.take(fold != 2)
        table = gbm._table(encoder, rows, gbm._settings(fixed, 1))
        part = table.subset(np.flatnonzero(fold != 2))
        boosters.append(lightgbm.train(gbm._settings(fixed, 1), part, 12))
        assert kept.churners == rows.churned[fold != 2].sum()
    held = encoder.transform(data.frame)[fold == 2]
    for booster in boosters:
        np.testing.assert_allclose(booster.predict(held), raw[fold == 2], atol=1e-12)


@pytest.mark.parametrize("learner", [gbm, tree])
def test_folded_fits_are_the_same_bytes_with_any_threads(
    learner: Any, make_data, params: TrainParams, tmp_path: Path
) -> None:
    rows = make_data(4000, seed=3)
    fold = np.arange(len(rows)) % 3
    raws = []
    for threads in (1, 2, 4):
        model, raw = learner.fit_folded(rows, fold, params, threads)
        model.save(tmp_path / str(threads))
        raws.append(raw)
    assert folder_bytes(tmp_path / "1") == folder_bytes(tmp_path / "2")
    assert folder_bytes(tmp_path / "1") == folder_bytes(tmp_path / "4")
    np.testing.assert_array_equal(raws[0], raws[1])
    np.testing.assert_array_equal(raws[0], raws[2])


def test_boosting_in_step_finds_what_lightgbms_cv_finds(data: Dataset, params: TrainParams) -> None:
    fold = np.arange(len(data)) % 3
    model, _ = gbm.fit_folded(data, fold, params)
    settings = gbm._settings(params, 1)
    found = lightgbm.cv(
        settings,
        gbm._table(model.encoder, data, settings),
        num_boost_round=params.gbm.max_rounds,
        folds=[(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)],
        callbacks=[gbm._stopping(params)],
    )["valid binary_logloss-mean"]
    assert model.training["best_round"] == len(found)
    assert model.training["stop_log_loss"] == pytest.approx(found[-1], abs=2e-9)


def test_rare_categories_read_as_unknown() -> None:
    encoder = gbm.Encoder.learn(pd.DataFrame({"a": ["x"] * 5 + ["y"] * 2}), least_rows=3)
    assert encoder.columns[0].categories == ("x",)
    coded = encoder.transform(pd.DataFrame({"a": ["y", "x", "z", None]}))[:, 0]
    np.testing.assert_array_equal(coded, [np.nan, 0, np.nan, np.nan])
