"""What families of features add: the same rows learned with and without them."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from churnlight.assess.measures import Asked
from churnlight.assess.resampling import Resampled, Scored, resample
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners import gbm, tree
from churnlight.learners.dataset import Dataset
from churnlight.params.judging import EvaluateParams
from churnlight.params.learning import TrainParams

ALL = "all"
# Contacts who left the network or changed to another one: a subset of the circle family.
NEIGHBOURS = (
    "contacts_left_count",
    "contacts_left_share",
    "contacts_left_weighted_share",
    "strong_contacts_left_count",
    "contacts_to_rival_count",
    "contacts_to_rival_weighted_share",
)
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "circle": tuple(f.name for f in CATALOGUE if f.family == "circle"),
    "churned_neighbours": NEIGHBOURS,
}
LEARNERS: Mapping[str, Any] = {"gbm": gbm, "tree": tree}
_ASKED = Asked(shares=(0.10,))

log = logging.getLogger("churnlight")


def ablate(
    parts: Sequence[Dataset],
    test: Dataset,
    train: TrainParams,
    evaluate: EvaluateParams,
    threads: int = 1,
) -> Resampled[tuple[str, str]]:
    """Learn with all features and without each of `FAMILIES`, and measure on the test rows.

    Ranking alone is compared, so raw scores do.

    Args:
        parts: rows to fit on, to stop on, and the rest; see `folds.split_stop`.
        test: rows of a later as_of.
        train: section `train`.
        evaluate: section `evaluate`.
        threads: of the learners.

    Returns:
        Measures by (learner, what was left out); `ALL`: nothing.
    """
    scored = {}
    for name, learner in LEARNERS.items():
        for left_out, columns in {ALL: (), **FAMILIES}.items():
            fit, stop, *rest = (without(part, columns) for part in parts)
            held = without(test, columns)
            model = learner.fit(fit, stop, train, threads, *rest)
            scored[name, left_out] = Scored.of(
                model.raw(held.frame, threads), test.churned, _ASKED, probability=False
            )
            log.info("  %s: %s", name, "all" if left_out == ALL else f"without {left_out}")
    return resample(scored, test.account, evaluate)


def without(data: Dataset, columns: Collection[str]) -> Dataset:
    """The same rows without some columns; those that are not there are passed over."""
    kept = [c for c in data.frame.columns if c not in columns]
    return Dataset(data.frame[kept], data.churned, data.subscriber, data.account, data.as_of)


def table(found: Resampled[tuple[str, str]], columns: Collection[str]) -> list[dict[str, Any]]:
    """What each family adds to each learner: all features minus all but the family, paired.

    Args:
        found: of `ablate`.
        columns: the features there were, for counting.
    """
    return [
        {
            "learner": learner,
            "family": family,
            "features": len(set(names) & set(columns)),
            "without": found.figures((learner, family)),
            "all": found.figures((learner, ALL)),
            "adds": found.difference((learner, ALL), (learner, family)),
        }
        for learner in LEARNERS
        for family, names in FAMILIES.items()
    ]
