"""The alias `champion` in a registry of its own: moved by evidence, by hand, and back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from churnlight.errors import UsageError
from churnlight.learners import gbm, tree
from churnlight.learners.champion import Bundle, learn_scale, save_scales
from churnlight.learners.dataset import Dataset
from churnlight.params.data import TimeParams
from churnlight.params.judging import EvaluateParams, GateParams
from churnlight.params.learning import CalibrateParams, GbmParams, TiersParams, TrainParams
from churnlight.timeline import moment

pytestmark = pytest.mark.slow

NAME = "churnlight"
AT = moment("2026-02-01", TimeParams())
PARAMS = (GateParams(), EvaluateParams(bootstrap=200))
TRAIN = TrainParams(gbm=GbmParams(max_rounds=20, early_stopping_rounds=5))


def rows(seed: int, *, noise: bool = False) -> Dataset:
    draws = np.random.default_rng(seed)
    frame = pd.DataFrame(draws.normal(size=(800, 3)), columns=["a_count", "b_count", "c_count"])
    churned = draws.random(800) < 1 / (1 + np.exp(2 - 2 * frame["a_count"]))
    label = draws.permutation(churned) if noise else churned.to_numpy()
    return Dataset.of(frame, label, np.arange(800), None, "2025-09-01")


def models(folder: Path, *, noise: bool, seed: int) -> Path:
    fit, stop, later = (rows(seed + i, noise=noise) for i in range(3))
    scales: dict[Any, Any] = {}
    for name, learner in (("gbm", gbm), ("tree", tree)):
        model = learner.fit(fit, stop, TRAIN)
        model.save(folder / name)
        scales[name] = learn_scale(
            model.raw(later.frame), later.churned, later.account,
            CalibrateParams(method="platt"), TiersParams(), seed=0,
        )  # fmt: skip
    save_scales(folder / "tiers", scales, "gbm")
    return folder


class World:
    """A project's store, and candidates to hold to the gate."""

    def __init__(self, root: Path) -> None:
        self.root = root
        test = rows(99)
        self.test = test
        self._bundles: dict[str, Path] = {}

    def challenger(self, kind: str, known: str = "2026-01-06", number: int = 0) -> Any:
        """A logged model: "good" or "noise"; one that learned labels complete at `known`."""
        from churnlight import registry, tracking

        if kind not in self._bundles:
            folder = self.root / "models" / kind
            self._bundles[kind] = models(folder, noise=kind == "noise", seed=len(kind) * 10)
        bundle = self._bundles[kind]
        run = tracking.ModelRun(
            learner="gbm",
            content_hash=f"{kind}-{known}-{number}",
            params={},
            metrics={"roc_auc": 0.5},
            tags={
                registry.LABELS_KNOWN_AT: datetime.fromisoformat(known).isoformat(),
                registry.TEST_AS_OF: "2025-12-01",
                registry.MODEL_HASHES[0]: kind,
                registry.MODEL_HASHES[1]: "same",
            },
            folders={},
            texts={},
            bundle=bundle,
            example=self.test.frame.head(3),
        )
        logged = tracking.log_runs(self.root, "test", NAME, [run])["gbm"]
        said = Bundle.load(bundle).predict(self.test.frame)["probability"].to_numpy()
        return registry.Challenger("gbm", logged["version"], logged["run_id"], said)

    def settle(self, challenger: Any, frame: pd.DataFrame | None = None) -> dict[str, Any]:
        from churnlight import registry

        cohort = registry.TestCohort(
            AT,
            self.test.frame if frame is None else frame,
            self.test.churned,
            self.test.account,
        )
        return registry.settle(self.root, NAME, challenger, cohort, PARAMS)

    def champion(self) -> str:
        from churnlight import registry

        return str(registry.show(self.root, NAME)["version"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("registry"))


def test_the_way_of_a_champion(world: World) -> None:
    from churnlight import registry

    with pytest.raises(UsageError, match="no version of churnlight is champion yet"):
        registry.show(world.root, NAME)

    first = world.challenger("noise")
    found = world.settle(first)
    assert (found["outcome"], found["attempts"], found["champion"]) == ("first", 1, None)
    assert world.champion() == first.version
    assert world.settle(first)["outcome"] == "champion"

    good = world.challenger("good")
    found = world.settle(good)
    assert found["outcome"] == "promoted"
    assert found["champion"] == first.version
    assert found["attempts"] == 2
    assert found["challenger_minus_champion"]["pr_auc"]["low"] > 0
    assert world.champion() == good.version

    again = world.challenger("noise", number=1)
    found = world.settle(again)
    assert (found["outcome"], found["attempts"]) == ("kept", 2)  # the same model: no new attempt
    assert "PR AUC" in found["reasons"][0]
    assert world.champion() == good.version

    shown = registry.show(world.root, NAME)
    assert shown["champions"] == [first.version, good.version]
    assert shown["gate"]["outcome"] == "promoted"
    assert shown["gate"]["attempts"] == "2"

    assert registry.rollback(world.root, NAME) == {
        "champion": first.version, "before": good.version,
    }  # fmt: skip
    taken_back = world.settle(good)
    assert taken_back["outcome"] == "not_compared"
    assert "rolled back by hand" in taken_back["reasons"][0]
    with pytest.raises(UsageError, match="no champion before"):
        registry.rollback(world.root, NAME)
    registry.promote(world.root, NAME, good.version)
    assert world.champion() == good.version
    assert world.settle(good)["outcome"] == "champion"
    with pytest.raises(UsageError, match="has no version '77'"):
        registry.promote(world.root, NAME, "77")
    with pytest.raises(UsageError, match="champion already"):
        registry.promote(world.root, NAME, good.version)


def test_a_champion_that_knew_the_test_or_does_not_take_its_table(world: World) -> None:
    from churnlight import registry

    unfair = world.challenger("good", known="2026-03-06")
    registry.promote(world.root, NAME, unfair.version)
    other = world.challenger("noise", number=2)
    found = world.settle(other)
    assert found["outcome"] == "not_compared"
    assert "2026-03-06" in found["reasons"][0]
    assert found["challenger_minus_champion"] == {}

    fair = world.challenger("good", number=3)
    registry.promote(world.root, NAME, fair.version)
    renamed = world.test.frame.rename(columns={"b_count": "d_count"})
    found = world.settle(other, renamed)
    assert found["outcome"] == "not_compared"
    assert f"version {fair.version} can't score the test" in found["reasons"][0]
    assert "promote VERSION" in found["reasons"][1]
    assert world.champion() == fair.version
