import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from churnlight.errors import DataRefused
from churnlight.learners import gbm, tree
from churnlight.learners.crossfit import crossfit
from churnlight.learners.dataset import Dataset, FloatArray, join
from churnlight.learners.folds import folds, split_stop
from churnlight.params.learning import TrainParams


class Recorder:
    """A learner that remembers whom it saw and predicts the number of its call."""

    def __init__(self) -> None:
        self.seen: list[set[object]] = []

    def fit(self, fit: Dataset, stop: Dataset, params: TrainParams, threads: int = 1) -> object:
        assert threads == 1
        assert params.min_churners == 1
        assert set(fit.as_of) == {"2025-04-01"}
        assert set(stop.as_of) == {"2025-05-01"}
        self.seen.append(set(fit.account) | set(stop.account))
        number = float(len(self.seen) - 1)

        class Model:
            def raw(self, frame: object, threads: int = 1) -> FloatArray:
                assert threads == 1
                return np.full(len(frame), number)

        return Model()


def test_nobody_is_predicted_by_a_model_that_saw_the_account(
    data: Dataset, params: TrainParams
) -> None:
    recorder = Recorder()
    fit, stop = split_stop(data, 1)
    raw = crossfit(recorder, fit, stop, params)
    whole = join([fit, stop])
    assert len(recorder.seen) == params.folds
    for account, model in zip(whole.account, raw, strict=True):
        assert account not in recorder.seen[int(model)]


def test_it_is_what_the_learner_says_without_the_fold(data: Dataset, params: TrainParams) -> None:
    fit, stop = split_stop(data, 1)
    raw = crossfit(tree, fit, stop, params)
    whole = join([fit, stop])
    fold = folds(whole.account, params.folds, params.seed + 1, whole.churned)
    a, b = fold[: len(fit)] != 2, fold[len(fit) :] != 2
    model = tree.fit(fit.take(a), stop.take(b), params)
    np.testing.assert_array_equal(raw[fold == 2], model.raw(whole.frame[fold == 2]))


@pytest.mark.parametrize("learner", [gbm, tree])
def test_shuffled_labels_are_predicted_at_chance(learner, data: Dataset, params) -> None:
    labels = np.random.default_rng(0).permutation(data.churned)
    blind = Dataset.of(data.frame, labels, data.subscriber, data.account, data.as_of)
    fit, stop = split_stop(blind, 1)
    whole = join([fit, stop])
    raw = crossfit(learner, fit, stop, params)
    fold = folds(whole.account, params.folds, params.seed + 1, whole.churned)
    within = [roc_auc_score(whole.churned[fold == f], raw[fold == f]) for f in range(params.folds)]
    churners, rows = whole.churners, len(whole)
    error = np.sqrt((rows + params.folds) / (12 * churners * (rows - churners)))
    assert abs(np.mean(within) - 0.5) < 4 * error
    if learner is gbm:  # what a leak would look like; the tree prunes itself to one leaf here
        seen = learner.fit(fit, stop, params).raw(whole.frame)
        assert roc_auc_score(whole.churned, seen) > 0.5 + 4 * error


def test_few_churners_are_enough_for_the_folds_or_refused_as_a_whole(
    data: Dataset, params: TrainParams
) -> None:
    few = data.take(~data.churned | (np.cumsum(data.churned) <= params.min_churners))
    raw = crossfit(gbm, *split_stop(few, 1), params)
    assert np.isfinite(raw).all()
    with pytest.raises(DataRefused, match="cross-fitting: too few churners"):
        crossfit(gbm, *split_stop(few, 1), params.model_copy(update={"min_churners": 21}))


def test_the_rest_is_predicted_too_and_chooses_nothing(data: Dataset, params: TrainParams) -> None:
    half = np.arange(len(data)) % 2 == 0
    fit, stop = split_stop(data.take(half), 1)
    rest = data.take(~half)
    raw = crossfit(tree, fit, stop, params, 1, rest)
    assert len(raw) == len(data)
    assert np.isfinite(raw).all()
    # What the rest says moves the final tree, never the choice of its pruning.
    flipped = Dataset.of(rest.frame, ~rest.churned, rest.subscriber, rest.account, rest.as_of)
    one, other = (tree.fit(fit, stop, params, 1, r).training for r in (rest, flipped))
    assert one["alpha_chosen"] == other["alpha_chosen"]
    assert one["churners"] != other["churners"]


@pytest.mark.parametrize("learner", [gbm, tree])
def test_one_as_of_alone_is_cross_fitted(learner, data: Dataset, params: TrainParams) -> None:
    """What is stopped on is then one account in five; no fold may be just those."""
    one = data.take(data.as_of == "2025-04-01")
    five = params.model_copy(update={"folds": 5})
    fit, stop = split_stop(one, five.seed, [])
    assert np.isfinite(crossfit(learner, fit, stop, five)).all()
