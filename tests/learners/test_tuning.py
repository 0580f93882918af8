"""Tuning looks back only, is the same every time, and never ends worse than the parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from churnlight.errors import UsageError
from churnlight.learners import gbm, tuning
from churnlight.learners.dataset import Dataset
from churnlight.learners.encoding import Encoder
from churnlight.params.learning import GbmParams, TrainParams, TuneParams

MONTHS = ["2025-04-01", "2025-05-01", "2025-06-01", "2025-07-01"]
SEARCHES = {"2025-06-01": MONTHS[:1], "2025-07-01": MONTHS[:2]}
PARAMS = TrainParams(
    gbm=GbmParams(learning_rate=0.1, max_rounds=40, early_stopping_rounds=8),
    tune=TuneParams(trials=3),
)


@pytest.fixture(scope="module")
def months(make_data: Callable[..., Dataset]) -> Dataset:
    rows = make_data(1600, seed=6)
    as_of = np.array(MONTHS)[np.arange(1600) % 4]
    return Dataset.of(rows.frame, rows.churned, rows.subscriber, rows.account, as_of)


def test_every_split_learns_from_the_past_that_was_known(months: Dataset) -> None:
    found = tuning.splits(months, SEARCHES)
    assert [s.as_of for s in found] == ["2025-06-01", "2025-07-01"]
    for split in found:
        assert set(split.judge.as_of) == {split.as_of}
        assert set(split.fit.as_of) == set(SEARCHES[split.as_of])
        assert max(split.fit.as_of) < split.as_of


def test_three_trials_are_the_same_every_time_and_with_two_threads(months: Dataset) -> None:
    found = tuning.splits(months, SEARCHES)
    params, trials = tuning.tune(found, PARAMS, 1)
    again, repeated = tuning.tune(found, PARAMS, 2)
    assert trials == repeated
    assert params == again
    assert [t.number for t in trials] == [0, 1, 2]
    assert len({json.dumps(dict(t.settings)) for t in trials}) == 3
    longer = tuning.tune(found, PARAMS.model_copy(update={"tune": TuneParams(trials=4)}), 1)[1]
    assert longer[:3] == trials


def test_the_first_trial_is_the_parameters_and_the_best_is_taken(months: Dataset) -> None:
    params, trials = tuning.tune(tuning.splits(months, SEARCHES), PARAMS)
    first = {k: getattr(PARAMS.gbm, k) for k in trials[0].settings}
    assert trials[0].settings == pytest.approx(first)
    best = min(trials, key=lambda t: t.log_loss)
    assert {k: getattr(params.gbm, k) for k in best.settings} == best.settings
    assert params.gbm.learning_rate == PARAMS.gbm.learning_rate
    assert best.log_loss <= trials[0].log_loss


def test_the_loss_is_that_of_the_later_month(months: Dataset) -> None:
    """Measured again with LightGBM alone."""
    trial = tuning.tune(tuning.splits(months, SEARCHES), PARAMS)[1][1]
    for as_of, earlier in SEARCHES.items():
        fit = months.take(np.isin(months.as_of, earlier))
        judge = months.take(months.as_of == as_of)
        encoder = Encoder.learn(fit.frame)
        settings = gbm._settings(
            PARAMS.model_copy(update={"gbm": PARAMS.gbm.model_copy(update=dict(trial.settings))}), 1
        )
        rows = lightgbm.Dataset(
            encoder.transform(fit.frame),
            fit.churned.astype(float),
            categorical_feature=encoder.category_indexes,
        )
        booster = lightgbm.train(settings, rows, trial.by_as_of[as_of]["rounds"])
        p = booster.predict(encoder.transform(judge.frame))
        loss = -np.log(np.where(judge.churned, p, 1 - p)).mean()
        assert loss == pytest.approx(trial.by_as_of[as_of]["log_loss"], abs=1e-6)
    mean = np.mean([v["log_loss"] for v in trial.by_as_of.values()])
    assert trial.log_loss == pytest.approx(mean, abs=1e-8)


def test_the_future_does_not_change_what_is_found(months: Dataset) -> None:
    """Turning every label of July round leaves June's judgements as they were."""
    turned = Dataset.of(
        months.frame,
        np.where(months.as_of == "2025-07-01", ~months.churned, months.churned),
        months.subscriber,
        months.account,
        months.as_of,
    )
    one, other = (
        tuning.tune(tuning.splits(d, SEARCHES), PARAMS)[1][0].by_as_of for d in (months, turned)
    )
    assert one["2025-06-01"] == other["2025-06-01"]
    assert one["2025-07-01"] != other["2025-07-01"]


def test_without_a_past_there_is_nothing_to_tune_on(months: Dataset) -> None:
    with pytest.raises(UsageError, match=r"train.tune.trials: no fit as_of can judge"):
        tuning.splits(months, {})
    one_class = months.take(~months.churned)
    with pytest.raises(UsageError, match="give more fit as_ofs"):
        tuning.splits(one_class, SEARCHES)


def test_trials_are_kept(months: Dataset, tmp_path: Path) -> None:
    trials = tuning.tune(tuning.splits(months, SEARCHES), PARAMS)[1]
    tuning.save(tmp_path, trials)
    kept = json.loads((tmp_path / "trials.json").read_text())
    assert [t["number"] for t in kept["trials"]] == [0, 1, 2]
    losses = [t["log_loss"] for t in kept["trials"]]
    assert losses[kept["chosen"]] == min(losses)
