"""Models of past months learn from their plan's as_ofs alone, and are measured as they should."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from churnlight.backtest.planning import Plan, plan
from churnlight.backtest.replay import Settings, make, over_time, with_gaps
from churnlight.learners.dataset import Dataset, join
from churnlight.params.data import TimeParams
from churnlight.params.judging import EvaluateParams
from churnlight.params.learning import CalibrateParams, GbmParams, TiersParams, TrainParams

AS_OFS = tuple(f"2025-{m:02d}-01" for m in range(4, 12))
TIME = TimeParams()
SETTINGS = Settings(
    TrainParams(gbm=GbmParams(max_rounds=25, early_stopping_rounds=5), folds=5),
    CalibrateParams(method="platt", folds=2),
    TiersParams(),
    EvaluateParams(bootstrap=100),
)


class Rows:
    """Labelled rows of every as_of, made up; notes what was asked for."""

    def __init__(
        self,
        rows: int = 250,
        drift: float = 0.0,
        poisoned: Sequence[str] = (),
        shuffled: int | None = None,
    ) -> None:
        self.asked: list[str] = []
        self._shuffled = shuffled
        self._of = {a: self._one(i, a, rows, drift) for i, a in enumerate(AS_OFS)}
        for as_of in poisoned:
            one = self._of[as_of]
            self._of[as_of] = Dataset(
                one.frame * -1, ~one.churned, one.subscriber, one.account, one.as_of
            )

    def _one(self, number: int, as_of: str, rows: int, drift: float) -> Dataset:
        draws = np.random.default_rng(number)
        frame = pd.DataFrame(draws.normal(size=(rows, 3)), columns=["a", "b", "c"])
        # With drift, what matters moves from a to b month by month.
        share = min(1.0, drift * number)
        risk = 1 / (1 + np.exp(2 - 2 * ((1 - share) * frame["a"] + share * frame["b"])))
        churned = (draws.random(rows) < risk).to_numpy()
        if self._shuffled is not None:
            churned = np.random.default_rng((self._shuffled, number)).permutation(churned)
        return Dataset.of(frame, churned, np.arange(rows), None, as_of)

    def __call__(self, as_ofs: Sequence[str]) -> Dataset:
        self.asked += as_ofs
        return join([self._of[a] for a in as_ofs])


def planned(test: str) -> Plan:
    found = plan(test, AS_OFS, TIME, None)
    assert found is not None
    return found


@pytest.mark.parametrize("test", ["2025-06-01", "2025-07-01", "2025-08-01", "2025-11-01"])
def test_a_model_reads_its_plans_as_ofs_alone(test: str) -> None:
    rows = Rows()
    make(planned(test), rows, SETTINGS)
    assert set(rows.asked) == set(planned(test).learned)


def test_what_was_not_known_changes_no_model() -> None:
    """The leak test: turn round all that was incomplete at the cutoff of August."""
    test = "2025-08-01"
    later = [a for a in AS_OFS if a > "2025-06-01"]
    clean, poisoned = Rows(), Rows(poisoned=later)
    held = clean([test])
    for name in ("gbm", "tree"):
        p = make(planned(test), clean, SETTINGS).probability(name, held, 1)
        q = make(planned(test), poisoned, SETTINGS).probability(name, held, 1)
        assert np.array_equal(p, q)
    # And the test can fail: the newest label that was known does change the model.
    touched = Rows(poisoned=["2025-06-01"])
    q = make(planned(test), touched, SETTINGS).probability("gbm", held, 1)
    assert not np.array_equal(make(planned(test), clean, SETTINGS).probability("gbm", held, 1), q)


def test_months_and_ageing() -> None:
    rows = Rows(rows=600, drift=0.12)
    plans = [planned(a) for a in ("2025-08-01", "2025-09-01", "2025-11-01")]
    found = over_time(plans, rows, SETTINGS)
    assert [m["as_of"] for m in found["months"]] == [p.test for p in plans]
    assert found["skipped"] == []
    newest = found["months"][-1]
    held = rows(["2025-11-01"])
    p = make(plans[-1], rows, SETTINGS).probability("gbm", held, 1)
    figure = newest["models"]["gbm"]["roc_auc"]
    assert figure["value"] == pytest.approx(roc_auc_score(held.churned, p), abs=1e-6)
    assert figure["low"] < figure["value"] < figure["high"]
    # August's model learned from two as_ofs, September's from three.
    assert found["frozen"] == "2025-09-01"
    ages = {(a["made_for"], a["as_of"]): a for a in found["ageing"]}
    assert [a["age_months"] for a in found["ageing"]] == [1, 3, 2]
    oldest = ages["2025-08-01", "2025-11-01"]
    # What matters has moved on: the old model loses to the fresh one, for sure.
    assert oldest["minus_fresh"]["gbm"]["roc_auc"]["high"] < 0
    difference = oldest["models"]["gbm"]["roc_auc"]["value"] - figure["value"]
    assert oldest["minus_fresh"]["gbm"]["roc_auc"]["value"] == pytest.approx(difference, abs=2e-6)


def test_shuffled_labels_are_at_chance_from_fit_to_measure() -> None:
    """Through fitting, stopping, calibrating and measuring: nothing is learned from nothing."""
    true = over_time([planned("2025-11-01")], Rows(rows=500), SETTINGS)["months"][0]
    assert true["models"]["gbm"]["roc_auc"]["low"] > 0.6
    areas: dict[str, list[float]] = {"gbm": [], "tree": []}
    for seed in range(5):
        rows = Rows(rows=500, shuffled=seed)
        month = over_time([planned("2025-11-01")], rows, SETTINGS)["months"][0]
        for name, found in areas.items():
            found.append(month["models"][name]["roc_auc"]["value"])
            # Calibration gives everybody about the same probability: the rate of all.
            rate = month["churners"] / month["subscribers"]
            assert month["models"][name]["brier"]["value"] == pytest.approx(
                rate * (1 - rate), abs=0.03
            )
    for found in areas.values():
        assert np.mean(found) == pytest.approx(0.5, abs=0.05)


def test_too_few_churners_are_said_and_passed_over() -> None:
    strict = Settings(
        SETTINGS.train.model_copy(update={"min_churners": 80}),
        SETTINGS.calibrate, SETTINGS.tiers, SETTINGS.evaluate,
    )  # fmt: skip
    found = over_time([planned("2025-06-01"), planned("2025-11-01")], Rows(), strict)
    assert [s["as_of"] for s in found["skipped"]] == ["2025-06-01"]
    assert "too few churners" in found["skipped"][0]["why"]
    assert [m["as_of"] for m in found["months"]] == ["2025-11-01"]


def test_lead_time_gives_one_entry_a_gap() -> None:
    first, second = Rows(), Rows(drift=0.2)
    test = planned("2025-09-01")
    found = with_gaps({1: (test, second), 0: (test, first)}, SETTINGS)
    assert [g["gap_months"] for g in found] == [0, 1]
    assert found[0]["models"]["gbm"] != found[1]["models"]["gbm"]
