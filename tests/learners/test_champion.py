import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import churnlight
from churnlight.errors import ChurnlightError, DataRefused, UsageError
from churnlight.learners import calibration, gbm, tree
from churnlight.learners import tiers as tiers_module
from churnlight.learners.champion import Bundle, learn_scale, save_scales
from churnlight.learners.dataset import Dataset
from churnlight.learners.folds import folds, split_stop
from churnlight.learners.stored import seal_again
from churnlight.params.learning import CalibrateParams, TiersParams, TrainParams


@pytest.fixture(scope="module")
def models(
    data: Dataset, make_data, params: TrainParams, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("models")
    later = make_data(1500, seed=4)
    scales = {}
    for name, learner in (("gbm", gbm), ("tree", tree)):
        model = learner.fit(*split_stop(data, 1), params)
        model.save(folder / name)
        scales[name] = learn_scale(
            model.raw(later.frame),
            later.churned,
            later.account,
            CalibrateParams(),
            TiersParams(),
            seed=1,
        )
    save_scales(folder / "tiers", scales, "gbm")
    return folder


def test_it_scores_a_later_month(models: Path, make_data) -> None:
    bundle = Bundle.load(models)
    test = make_data(3000, seed=8)
    scored = bundle.predict(test.frame)
    assert list(scored) == [
        "probability", "tier", "probability_tree", "tier_tree", "leaf", "models_apart",
    ]  # fmt: skip
    np.testing.assert_array_equal(scored["leaf"], bundle.tree.leaf(test.frame))
    assert scored["probability"].mean() == pytest.approx(test.churned.mean(), rel=0.15)
    sizes = scored["tier"].value_counts(normalize=True)
    assert sizes["blue"] == pytest.approx(0.6, abs=0.05)
    rates = [test.churned[scored["tier"] == t].mean() for t in ("blue", "green", "yellow", "red")]
    assert rates == sorted(rates)
    least = scored.groupby("tier")["probability"].agg(["min", "max"]).loc[list(bundle.tier_names)]
    assert (least["min"].to_numpy()[1:] > least["max"].to_numpy()[:-1]).all()


def test_the_champion_is_who_the_file_names(models: Path, data: Dataset, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(models, tmp_path / "models")
    file = tmp_path / "models" / "tiers" / "tiers.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"champion": "tree"}))
    seal_again(file.parent)
    scored = Bundle.load(tmp_path / "models").predict(data.frame)
    np.testing.assert_array_equal(scored["probability"], scored["probability_tree"])
    both = Bundle.load(models).predict_both(data.frame)
    np.testing.assert_array_equal(both["probability_tree"], scored["probability_tree"])
    assert (both["probability_gbm"] != both["probability_tree"]).any()


@pytest.mark.parametrize("champion", ["gbm", "tree"])
def test_models_two_tiers_apart_are_flagged_whoever_is_champion(
    models: Path, make_data, champion: str
) -> None:
    bundle = replace(Bundle.load(models), champion=champion)
    frame = make_data(3000, seed=8).frame
    scored, both = bundle.predict(frame), bundle.predict_both(frame)
    order = {name: place for place, name in enumerate(bundle.tier_names)}
    gaps = [
        abs(order[a] - order[b]) for a, b in zip(both["tier_gbm"], both["tier_tree"], strict=True)
    ]
    assert {0, 1, 2} <= set(gaps)
    assert scored["models_apart"].tolist() == [gap >= 2 for gap in gaps]


def test_the_index_of_the_table_stays(models: Path, data: Dataset) -> None:
    part = data.frame.iloc[5:9]
    assert Bundle.load(models).predict(part).index.tolist() == [5, 6, 7, 8]


def test_a_column_that_does_not_fit_is_named(models: Path, data: Dataset) -> None:
    with pytest.raises(DataRefused, match="'silent_days'"):
        Bundle.load(models).predict(data.frame.drop(columns="silent_days"))


def test_models_of_different_features_do_not_load(
    models: Path, data: Dataset, params: TrainParams, tmp_path: Path
) -> None:
    import shutil

    shutil.copytree(models, tmp_path / "models")
    other = Dataset.of(
        data.frame.drop(columns="brand"), data.churned, data.subscriber, None, data.as_of
    )
    tree.fit(*split_stop(other, 1), params).save(tmp_path / "models" / "tree")
    with pytest.raises(ChurnlightError, match="different features"):
        Bundle.load(tmp_path / "models")


def test_missing_models_say_what_makes_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"tiers\.json is missing.*dvc repro"):
        Bundle.load(tmp_path)


def test_models_are_text_only(models: Path) -> None:
    names = sorted(p.name for p in models.rglob("*") if p.is_file())
    manifests = ["manifest.json"] * 3
    assert names == [*manifests, "model.txt", "schema.json", "tiers.json", "tree.json"]
    for path in models.rglob("*.*"):
        path.read_text(encoding="utf-8")


def test_no_pickle_is_written_or_read_anywhere() -> None:
    word = re.compile(r"\b(c?pickle|joblib|cloudpickle|dill|allow_pickle|to_pickle|read_pickle)\b")
    using = re.compile(r"^\s*(import|from)\s+\S*|\w\(.*\)")
    for path in Path(churnlight.__file__).parent.rglob("*.py"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = word.search(line.split("#")[0])
            assert not (found and using.search(line)), f"{path.name}:{number}: {line.strip()}"


def test_rates_of_tiers_come_from_other_folds() -> None:
    """A score that is unique noise: calibrated on itself, isotonic would know each label."""
    draws = np.random.default_rng(0)
    raw, churned = draws.random(400), draws.random(400) < 0.3
    params = CalibrateParams(method="isotonic")
    scale = learn_scale(raw, churned, np.arange(400), params, TiersParams(), seed=1)
    rows = sum(n for n, _ in scale.rates.values())
    assert (rows, sum(c for _, c in scale.rates.values())) == (400, churned.sum())
    tiers = scale.tiers.apply(scale.calibration.apply(raw))
    own = {t: (int((tiers == t).sum()), int(churned[tiers == t].sum())) for t in scale.rates}
    # One fold after the other, by hand: calibrated and cut by what the other folds know.
    fold = folds(np.arange(400), params.folds, 1, churned)
    expected = dict.fromkeys(scale.rates, (0, 0))
    for out in (fold == k for k in range(params.folds)):
        known = calibration.learn(raw[~out], churned[~out], np.arange(400)[~out], params, 1)
        cuts = tiers_module.learn(known.apply(raw[~out]), TiersParams())
        for tier in expected:
            inside = cuts.apply(known.apply(raw[out])) == tier
            n, c = expected[tier]
            expected[tier] = (n + int(inside.sum()), c + int(churned[out][inside].sum()))
    assert scale.rates == expected
    # Judged on its own rows the top looks riskier than it is.
    assert scale.rates != own
    top = ("yellow", "red", "white")
    seen, other = (np.sum([r[t] for t in top], axis=0) for r in (own, scale.rates))
    assert other[1] / other[0] < seen[1] / seen[0]


def test_rates_survive_the_file(models: Path) -> None:
    content = json.loads((models / "tiers" / "tiers.json").read_text())
    rates = content["models"]["gbm"]["rates"]
    assert [r["tier"] for r in rates] == list(TiersParams().names)
    assert sum(r["rows"] for r in rates) == 1500
    loaded = Bundle.load(models).scales["gbm"].rates
    assert loaded["white"] == (rates[-1]["rows"], rates[-1]["churners"])
    assert content["models"]["gbm"]["tiers"]["by"] == "share"


@pytest.mark.parametrize("file", ["gbm/schema.json", "tree/tree.json", "tiers/tiers.json"])
def test_another_version_is_refused(models: Path, tmp_path: Path, file: str) -> None:
    import shutil

    shutil.copytree(models, tmp_path / "m")
    path = tmp_path / "m" / file
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 2}))
    seal_again(path.parent)
    with pytest.raises(ChurnlightError, match="schema_version is 2, this churnlight reads 1"):
        Bundle.load(tmp_path / "m")


@pytest.mark.parametrize("keep", [0, 40, 3000, -60])
def test_a_cut_off_booster_is_refused(models: Path, tmp_path: Path, keep: int) -> None:
    import shutil

    shutil.copytree(models, tmp_path / "m")
    path = tmp_path / "m" / "gbm" / "model.txt"
    text = path.read_text()
    path.write_text(text[: text.index("end of parameters") + keep if keep < 0 else keep])
    seal_again(path.parent)
    with pytest.raises(ChurnlightError, match="is no whole LightGBM model"):
        Bundle.load(tmp_path / "m")
