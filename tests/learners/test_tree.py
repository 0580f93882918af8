import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from churnlight.errors import DataRefused
from churnlight.learners import tree
from churnlight.learners.dataset import BoolArray, Dataset, FloatArray, join
from churnlight.learners.folds import split_stop
from churnlight.learners.nodes import closing_alphas
from churnlight.params.learning import TrainParams, TreeParams


@pytest.fixture(scope="module")
def model(data: Dataset, params: TrainParams) -> tree.Tree:
    return tree.fit(*split_stop(data, params.seed), params)


def ranked(model: tree.Tree, frame: pd.DataFrame) -> FloatArray:
    """Categories by rank, the slow way."""
    out = frame.copy()
    for i, rank in model.ranks.items():
        column = model.encoder.columns[i]
        places = dict(zip(column.categories, rank, strict=True))
        out[column.name] = [places.get(v, np.nan) for v in frame[column.name]]
    return out.astype(float).to_numpy()


def test_walk_and_pruning_equal_scikit_learns(
    data: Dataset, params: TrainParams, model: tree.Tree
) -> None:
    whole = join(split_stop(data, params.seed))
    theirs = DecisionTreeClassifier(
        criterion="entropy",
        min_samples_leaf=20,
        random_state=params.seed,
        ccp_alpha=model.training["alpha_used"],
    ).fit(ranked(model, whole.frame), whole.churned)
    assert 3 < theirs.get_n_leaves() == len(model.nodes.leaves) <= params.tree.max_leaves
    other = whole.frame.sample(frac=1, random_state=1)
    other.loc[other.index[::7], ["silent_days", "brand"]] = np.nan
    for frame in (whole.frame, other):
        leaf = model.leaf(frame)
        share = (model.nodes.churners / model.nodes.rows)[leaf]
        proba = theirs.predict_proba(ranked(model, frame))[:, 1]
        np.testing.assert_allclose(share, proba, rtol=0, atol=1e-12)
        pairs = set(zip(leaf, theirs.apply(ranked(model, frame)), strict=True))
        assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


def messy(seed: int) -> tuple[FloatArray, BoolArray]:
    draws = np.random.default_rng(seed)
    x = draws.normal(size=(900, 5)).round(1)
    churned = draws.random(900) < 1 / (1 + np.exp(1 - x[:, 0] - 2 * (x[:, 1] > 0.5)))
    x[draws.random(x.shape) < 0.2] = np.nan
    x[churned & (draws.random(900) < 0.7), 4] = np.nan
    return x, churned


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_pruned_subtree_equals_scikit_learns(seed: int) -> None:
    x, churned = messy(seed)
    settings = TrainParams(seed=seed)
    grown = tree._grow(x, churned, settings)
    assert np.isinf(grown.threshold).any()  # some question is only "known?"
    closing = closing_alphas(grown)
    kind = {"criterion": "entropy", "min_samples_leaf": 20, "random_state": seed}
    path = DecisionTreeClassifier(**kind).cost_complexity_pruning_path(x, churned).ccp_alphas
    ours = np.unique(closing[np.isfinite(closing)])
    np.testing.assert_allclose(
        np.unique(path.round(9)), np.unique(np.append(ours, 0).round(9)), atol=1e-8
    )
    for alpha in np.sqrt(ours[:-1] * ours[1:])[::3]:
        theirs = DecisionTreeClassifier(**kind, ccp_alpha=alpha).fit(x, churned)
        nodes = grown.collapse(closing <= alpha)
        np.testing.assert_array_equal(nodes.left, theirs.tree_.children_left)
        np.testing.assert_array_equal(nodes.walk(x), theirs.apply(x))


def test_saved_and_loaded_it_says_the_same(data: Dataset, model: tree.Tree, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = tree.load(tmp_path)
    np.testing.assert_array_equal(loaded.raw(data.frame), model.raw(data.frame))
    loaded.save(tmp_path / "again")
    first, again = (tmp_path / "tree.json"), (tmp_path / "again" / "tree.json")
    assert first.read_bytes() == again.read_bytes()
    assert json.loads(first.read_text())["schema_version"] == 1


def test_trained_twice_it_is_the_same(
    data: Dataset, params: TrainParams, model: tree.Tree, tmp_path: Path
) -> None:
    tree.fit(*split_stop(data, params.seed), params, threads=2).save(tmp_path / "a")
    model.save(tmp_path / "b")
    assert (tmp_path / "a" / "tree.json").read_bytes() == (tmp_path / "b/tree.json").read_bytes()


def test_no_more_leaves_than_allowed(data: Dataset, params: TrainParams) -> None:
    small = params.model_copy(update={"tree": TreeParams(max_leaves=3)})
    assert len(tree.fit(*split_stop(data, 1), small).nodes.leaves) <= 3


def test_alpha_is_the_best_on_the_stop_rows(data: Dataset, params: TrainParams) -> None:
    """An independent search over scikit-learn's own pruned trees finds no better one."""
    numbers = data.frame.drop(columns="brand").astype(float)
    plain = Dataset.of(numbers, data.churned, data.subscriber, data.account, data.as_of)
    fit, stop = split_stop(plain, params.seed)
    model = tree.fit(fit, stop, params)
    kind = {"criterion": "entropy", "min_samples_leaf": 20, "random_state": params.seed}
    grower = DecisionTreeClassifier(**kind)
    reached = []
    for alpha in grower.cost_complexity_pruning_path(fit.frame, fit.churned).ccp_alphas:
        theirs = DecisionTreeClassifier(**kind, ccp_alpha=alpha + 1e-12)
        theirs.fit(fit.frame.to_numpy(), fit.churned)
        if theirs.get_n_leaves() <= params.tree.max_leaves:
            at = theirs.apply(stop.frame.to_numpy())
            rows = theirs.tree_.n_node_samples[at]
            p = theirs.tree_.value[at, 0, 1] * rows + 20 * fit.churned.mean()
            reached.append(roc_auc_score(stop.churned, p / (rows + 20)))
    assert model.training["stop_roc_auc"] == pytest.approx(max(reached), abs=1e-8)
    assert len(set(np.round(reached, 6))) > 3


def test_rare_categories_share_a_place() -> None:
    frame = pd.DataFrame({"brand": ["a"] * 50 + ["b"] * 50 + ["c", "d", "e"]})
    churned = np.array([i % 2 == 0 for i in range(50)] + [False] * 50 + [True, True, False])
    encoder = tree.Encoder.learn(frame)
    ranks = tree._category_ranks(encoder, encoder.transform(frame), churned, 5)
    # b: 0; a: 1/2; c, d, e together: 2/3
    assert ranks[0].tolist() == [1, 0, 2, 2, 2]


def test_too_few_churners_are_refused(data: Dataset, params: TrainParams) -> None:
    fit, stop = split_stop(data.take(~data.churned), 1)
    with pytest.raises(DataRefused, match="one class only: 0 churners"):
        tree.fit(fit, stop, params)
    few = params.model_copy(update={"min_churners": 10_000})
    with pytest.raises(DataRefused, match="needed at least 10000"):
        tree.fit(*split_stop(data, 1), few)


def test_it_learns_and_shuffled_labels_teach_nothing(
    make_data, at_chance, params: TrainParams
) -> None:
    train, test = make_data(2000, seed=1), make_data(2000, seed=2)
    model = tree.fit(*split_stop(train, 1), params)
    assert roc_auc_score(test.churned, model.raw(test.frame)) > 0.65
    assert 0.4 < at_chance(tree, train, test, params) < 0.6


def test_past_many_rows_it_grows_on_a_sample_and_counts_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, churned = messy(3)
    monkeypatch.setattr(tree, "_GROWN_ON", 500)
    settings = TrainParams(seed=3)
    grown = tree._grow(x, churned, settings)
    assert (grown.rows[0], grown.churners[0]) == (900, churned.sum())
    leaf = grown.walk(x)
    for number in grown.leaves:
        assert grown.rows[number] == (leaf == number).sum() >= 20
        assert grown.churners[number] == churned[leaf == number].sum()
    inner = np.flatnonzero(grown.left >= 0)
    left, right = grown.left[inner], grown.right[inner]
    np.testing.assert_array_equal(grown.rows[inner], grown.rows[left] + grown.rows[right])
    again = tree._grow(x, churned, settings)
    np.testing.assert_array_equal(again.threshold, grown.threshold)


def test_folded_pruning_scores_rows_by_trees_that_did_not_see_them(
    data: Dataset, params: TrainParams
) -> None:
    fold = np.arange(len(data)) % 4
    model, raw = tree.fit_folded(data, fold, params)
    assert 1 < len(model.nodes.leaves) <= params.tree.max_leaves
    assert model.training["stop_roc_auc"] == pytest.approx(
        np.mean([roc_auc_score(data.churned[fold == k], raw[fold == k]) for k in range(4)])
    )
    # Turning the labels of a fold round changes nothing of how its own rows are scored, but for
    # the alpha; with that held, nothing at all.
    other = Dataset.of(
        data.frame, np.where(fold == 2, ~data.churned, data.churned), data.subscriber, data.account
    )
    grown = [
        tree._Grown.on(
            model.encoder,
            model.encoder.transform(d.frame)[fold != 2],
            d.churned[fold != 2],
            params,
        )
        for d in (data, other)
    ]
    held = model.encoder.transform(data.frame)[fold == 2]
    alpha = model.training["alpha_chosen"]
    for part in grown:
        nodes = part.pruned(alpha, params.tree.max_leaves).nodes
        at = nodes.walk(tree._ranked(held, part.ranks))
        np.testing.assert_array_equal(tree.leaf_probability(nodes)[at], raw[fold == 2])
