"""Reasons of a model against those of models trained again on resampled accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churnlight.explain.reasons import Meaning
from churnlight.explain.stability import retrained, stability, top_reasons
from churnlight.learners import gbm
from churnlight.learners.dataset import Dataset
from churnlight.learners.folds import split_stop
from churnlight.params.learning import GbmParams, TrainParams

NAMES = ("silent_days", "bill_money", "calls_count", "noise_a", "noise_b")
MEANING = Meaning(reason={n: n for n in NAMES}, family=dict.fromkeys(NAMES, "any"))
PARAMS = TrainParams(gbm=GbmParams(learning_rate=0.1, max_rounds=30))


def make(weight: float, rows: int = 900) -> Dataset:
    draws = np.random.default_rng(1)
    frame = pd.DataFrame({n: draws.exponential(1, rows) for n in NAMES})
    risk = -2 + weight * (frame["silent_days"] - frame["bill_money"])
    churned = draws.random(rows) < 1 / (1 + np.exp(-risk))
    return Dataset.of(frame, churned, range(rows), [f"a{i // 3}" for i in range(rows)])


def train(data: Dataset) -> gbm.Gbm:
    return gbm.fit(*split_stop(data, 1), PARAMS)


@pytest.fixture(scope="module")
def strong() -> Dataset:
    return make(2.0)


def test_the_same_model_keeps_every_reason(strong: Dataset) -> None:
    model = train(strong)
    (found,) = stability(model, [model], strong.frame, MEANING)
    assert found.kept.all()
    assert found.same.all()


def test_what_rests_on_noise_is_less_stable_than_what_does_not(strong: Dataset) -> None:
    def kept(data: Dataset) -> float:
        again = list(retrained(data, train, 2, seed=3))
        found = stability(train(data), again, data.frame, MEANING)
        return float(np.mean([f.same.mean() for f in found]))

    assert kept(strong) > kept(make(0.0)) + 0.1


def test_accounts_are_drawn_whole(strong: Dataset) -> None:
    seen: list[Dataset] = []

    def keep(data: Dataset) -> gbm.Gbm:
        seen.append(data)
        return model

    model = train(strong)
    assert len(list(retrained(strong, keep, 2, seed=3))) == 2
    for data in seen:
        # Three rows each: whoever is drawn is drawn with all of the account.
        counts = pd.Series(data.subscriber).value_counts()
        by_account = counts.groupby(counts.index // 3).agg(["size", "nunique"])
        assert (by_account["size"] == 3).all()
        assert (by_account["nunique"] == 1).all()
        assert counts.max() > 1
    assert seen[0].subscriber.tolist() != seen[1].subscriber.tolist()


def test_top_reasons_stand_in_order_and_end_in_nothing(strong: Dataset) -> None:
    top = top_reasons(train(strong), strong.frame, MEANING)
    assert top.shape == (len(strong), 3)
    assert set(top.ravel()) <= {*NAMES, ""}
    longest = strong.frame["silent_days"].to_numpy().argmax()
    assert top[longest, 0] == "silent_days"
