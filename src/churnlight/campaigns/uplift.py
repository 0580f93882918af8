"""Whom an offer keeps: each line's effect, from features known before its offer.

Two LightGBMs. The first gives the chance of leaving, b(x), whatever the arm; the second what the
offer changes of it, g(x), in log-odds:

    logit P(left) = logit b(x) + (T - e) g(x)        T: assigned to the offer, e: its share

e is known, for arms are drawn at random, so an error of b does not pass for an effect (Robinson
1988; Nie and Wager 2021, here with the logistic loss). With g the same for all, the order is that
of risk: what the second model has to find is only whom the offer moves more or less than that. Two
models of an arm each would have to find the risk twice, and their noise would be the difference.

Every line is judged by models that saw no line of its account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlight.campaigns.assigned import CAMPAIGN, KEY, STEPS
from churnlight.campaigns.outcomes import standing_at
from churnlight.errors import UsageError
from churnlight.learners import gbm
from churnlight.learners.dataset import BoolArray, Dataset, FloatArray, IntArray
from churnlight.learners.encoding import Encoder
from churnlight.learners.folds import folds
from churnlight.params.learning import TrainParams

FEW, ALIKE = "few_leavers", "no_difference_found"
EFFECT, RISK, SCORE = "effect", "risk", "score"
_CLIP = 1e-4
_STEPS_OF_NEWTON = 25
# What is only known once the offer was made.
_LATER = frozenset({"churned", "outcome", "treated", "arm", "responded_at", "cost", *STEPS})


@dataclass(frozen=True)
class UpliftTerms:
    """How effects are learned.

    Attributes:
        least_leavers: an arm with fewer claims nothing.
        folds: of accounts, at least three: the models made without one are fitted by the others.
        learning_rate, leaves, feature_fraction, l2: of the model of the effect.
        least_information: of a leaf, the sum of (T - e)^2 b (1 - b); its log-odds have a standard
            error of 1 / sqrt of it.
        rounds: of boosting. Few and fixed: which round does best on held out lines is mostly noise.
        seed: of folds and of the draws of features.
        threads: of LightGBM; nothing depends on it.
    """

    least_leavers: int = 100
    folds: int = 5
    learning_rate: float = 0.05
    leaves: int = 4
    feature_fraction: float = 0.5
    l2: float = 20.0
    least_information: float = 20.0
    rounds: int = 20
    seed: int = 7
    threads: int = 1

    def __post_init__(self) -> None:
        if self.folds < 3:
            raise ValueError(f"folds is {self.folds}, expected at least 3")


@dataclass(frozen=True)
class UpliftModel:
    """Both models, fitted.

    Attributes:
        encoder: of the features.
        risk: the model of leaving.
        common: effect in log-odds of an average line.
        booster: what lines differ by from it (lightgbm.Booster).
        share: of lines assigned to the offer, on the mean.
    """

    encoder: Encoder
    risk: gbm.Gbm
    common: float
    booster: Any
    share: float

    def shift(self, frame: pd.DataFrame) -> FloatArray:
        """g(x), shape (rows,)."""
        return _raw(self.booster, self.encoder.transform(frame), self.common)

    def effect(self, frame: pd.DataFrame, threads: int = 1) -> FloatArray:
        """Chance of leaving with the offer less that without, shape (rows,); below 0: saved."""
        share = np.full(len(frame), self.share)
        return _effect(self.risk.raw(frame, threads), self.shift(frame), share)


@dataclass(frozen=True)
class Uplift:
    """Effects of lines, each by models without its account.

    Attributes:
        lines: campaign_id, subscriber_id, and risk (chance of leaving without the offer), effect
            (with it, less without; below 0: saved) and score (-effect: first whom it saves); the
            three null where there is too little data.
        claimed: whether lines were shown to differ in more than their risk.
        why_not: `FEW` or `ALIKE`; None: it is claimed.
        slope: how much of the differences in g(x) that were foretold came true: value, low, high
            (95 %, errors by account); above 0 they are real, 1 says that they have the right size;
            None where nothing was foretold.
        leavers_treated, leavers_control: lines that left, by arm.
    """

    lines: pd.DataFrame
    claimed: bool
    why_not: str | None
    slope: dict[str, float] | None
    leavers_treated: int
    leavers_control: int


def features_before(
    rows: pd.DataFrame, features: Mapping[str, pd.DataFrame], names: Sequence[str]
) -> pd.DataFrame:
    """Each line's features as they were known before its offer.

    Args:
        rows: see `Assigned`.
        features: cutoff ("YYYY-MM-DD") -> subscriber_id and features, unique; only the newest whose
            cutoff had passed on the day of the offer is read.
        names: of the features.

    Returns:
        `names`, in the order of `rows`; all null for who stood in no such table.
    """
    return standing_at(rows, dict(features), names)[list(names)]


def uplift(
    lines: pd.DataFrame,
    frame: pd.DataFrame,
    terms: UpliftTerms | None = None,
    params: TrainParams | None = None,
) -> Uplift:
    """Estimate every line's effect.

    Args:
        lines: rows of `effects.controlled`: campaign_id, subscriber_id, account, treated, churned.
        frame: their features, one row a line, known before the offer (`features_before`).
        terms: see `UpliftTerms`.
        params: section `train`, for the model of leaving.

    Raises:
        UsageError: when a feature is known only after the offer.
    """
    terms, params = terms or UpliftTerms(), params or TrainParams()
    if later := sorted(_LATER & {str(name) for name in frame.columns}):
        raise UsageError(
            f"features of an uplift model hold {', '.join(later)}, known only after the offer: "
            "give what features_before returns"
        )
    data = _Lines.of(lines, frame)
    leavers = [int((data.rows.churned & arm).sum()) for arm in (data.treated, ~data.treated)]
    found = lines[KEY].reset_index(drop=True)
    if min(leavers) < terms.least_leavers:
        empty = found.assign(**dict.fromkeys((RISK, EFFECT, SCORE), np.nan))
        return Uplift(
            lines=empty,
            claimed=False,
            why_not=FEW,
            slope=None,
            leavers_treated=leavers[0],
            leavers_control=leavers[1],
        )
    dealt = folds(data.rows.account, terms.folds, terms.seed, data.rows.churned)
    risk, shift, common = _cross_fitted(data, dealt, terms, params)
    effect = _effect(risk, shift, data.share)
    without = _sigmoid(_logit(risk) - data.share * shift)
    slope = _slope(data, risk, shift - common, common)
    claimed = slope is not None and slope["low"] > 0
    return Uplift(
        lines=found.assign(**{RISK: without, EFFECT: effect, SCORE: -effect}),
        claimed=claimed,
        why_not=None if claimed else ALIKE,
        slope=slope,
        leavers_treated=leavers[0],
        leavers_control=leavers[1],
    )


def fit(
    lines: pd.DataFrame,
    frame: pd.DataFrame,
    terms: UpliftTerms | None = None,
    params: TrainParams | None = None,
) -> UpliftModel:
    """Fit both models on all lines, for lines to come; arguments as for `uplift`."""
    terms, params = terms or UpliftTerms(), params or TrainParams()
    data = _Lines.of(lines, frame)
    dealt = folds(data.rows.account, terms.folds, terms.seed, data.rows.churned)
    return _fitted(data, dealt, terms, params)


@dataclass(frozen=True)
class _Lines:
    """Lines as both models take them: rows, arm (bool), share of its campaign assigned to it."""

    rows: Dataset
    treated: BoolArray
    share: FloatArray

    @classmethod
    def of(cls, lines: pd.DataFrame, frame: pd.DataFrame) -> _Lines:
        if len(lines) != len(frame):
            raise ValueError(f"{len(lines)} lines, {len(frame)} rows of features")
        arm = lines["treated"].astype("float64").reset_index(drop=True)
        share = arm.groupby(lines[CAMPAIGN].to_numpy()).transform("mean").to_numpy()
        rows = Dataset.of(frame, lines["churned"].astype(bool), lines[KEY[1]], lines["account"])
        return cls(rows, arm.to_numpy() > 0, share)

    def take(self, mask: BoolArray) -> _Lines:
        return _Lines(self.rows.take(mask), self.treated[mask], self.share[mask])

    @property
    def lever(self) -> FloatArray:
        """T - e."""
        return np.asarray(self.treated - self.share, dtype=np.float64)


def _cross_fitted(
    data: _Lines, dealt: IntArray, terms: UpliftTerms, params: TrainParams
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """b(x), g(x) and the common g of each line, by models without its fold."""
    risk, shift, common = (np.empty(len(data.rows)) for _ in range(3))
    for number in range(terms.folds):
        held = dealt == number
        model = _fitted(data.take(~held), dealt[~held], terms, params)
        frame = data.rows.frame.loc[held]
        risk[held] = model.risk.raw(frame, terms.threads)
        shift[held] = model.shift(frame)
        common[held] = model.common
    return risk, shift, common


def _fitted(data: _Lines, dealt: IntArray, terms: UpliftTerms, params: TrainParams) -> UpliftModel:
    """Both models; the second learns on what the first says of lines that it did not see."""
    settings = params.model_copy(update={"min_churners": 1})
    risk, raw = gbm.fit_folded(data.rows, dealt, settings, terms.threads)
    base = _logit(raw)
    common = _common(data, base)
    booster = _begin(data, (risk.encoder, terms))
    for _ in range(terms.rounds):
        _advance(booster, data, base, common)
    return UpliftModel(risk.encoder, risk, common, booster, float(data.share.mean()))


def _begin(data: _Lines, how: tuple[Encoder, UpliftTerms]) -> Any:
    """A booster of what lines differ by from the common effect, without a tree yet."""
    import lightgbm

    encoder, terms = how
    settings = {
        "objective": "none",
        "learning_rate": terms.learning_rate,
        "num_leaves": terms.leaves,
        "min_data_in_leaf": 20,
        "min_sum_hessian_in_leaf": terms.least_information,
        "feature_fraction": terms.feature_fraction,
        "lambda_l2": terms.l2,
        "seed": terms.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": terms.threads,
        "verbosity": -1,
    }
    table = lightgbm.Dataset(
        encoder.transform(data.rows.frame),
        label=data.rows.churned.astype(np.float64),
        categorical_feature=encoder.category_indexes,
        params=dict(settings),
    )
    return lightgbm.Booster(settings, table.construct())


def _advance(booster: Any, data: _Lines, base: FloatArray, common: float) -> None:
    """One more tree, by the gradient of the log loss in g."""
    lever, churned = data.lever, data.rows.churned

    def slopes(found: FloatArray, _: Any) -> tuple[FloatArray, FloatArray]:
        p = _sigmoid(base + lever * (common + found))
        return lever * (p - churned), lever**2 * p * (1.0 - p)

    booster.update(fobj=slopes)


def _raw(booster: Any, matrix: FloatArray, common: float) -> FloatArray:
    return np.asarray(common + booster.predict(matrix, raw_score=True, num_threads=1))


def _common(data: _Lines, base: FloatArray) -> float:
    """The g that fits best where it is one for all, by Newton's steps."""
    lever, found = data.lever, 0.0
    for _ in range(_STEPS_OF_NEWTON):
        p = _sigmoid(base + lever * found)
        step = (lever * (p - data.rows.churned)).sum() / (lever**2 * p * (1.0 - p)).sum()
        found -= float(step)
    return found


def _loss(data: _Lines, base: FloatArray, shift: FloatArray) -> float:
    """Log loss, summed."""
    at = base + data.lever * shift
    return float(np.sum(np.logaddexp(0.0, at) - data.rows.churned * at))


def _effect(risk: FloatArray, shift: FloatArray, share: FloatArray) -> FloatArray:
    """From log-odds to the difference in the chance of leaving."""
    base = _logit(risk)
    return _sigmoid(base + (1.0 - share) * shift) - _sigmoid(base - share * shift)


def _slope(
    data: _Lines, risk: FloatArray, differs: FloatArray, common: FloatArray
) -> dict[str, float] | None:
    """What came true of foretold differences: their coefficient beside the common effect's.

    A logistic regression with the foretold risk as offset, the best linear predictor of
    Chernozhukov, Demirer, Duflo and Fernandez-Val (2018) in log-odds; errors by account.
    """
    if float(np.ptp(differs)) == 0.0:
        return None
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    matrix = np.column_stack(
        [np.ones(len(differs)), data.lever, data.lever * (differs - differs.mean())]
    )
    offset = _logit(risk) + data.lever * common
    codes, _ = pd.factorize(data.rows.account)
    model = GLM(data.rows.churned.astype(np.float64), matrix, family=Binomial(), offset=offset)
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": codes})
    low, high = fitted.conf_int(alpha=0.05)[2]
    return {
        "value": round(float(fitted.params[2]), 6),
        "low": round(float(low), 6),
        "high": round(float(high), 6),
    }


def _logit(chance: FloatArray) -> FloatArray:
    clipped = np.clip(chance, _CLIP, 1.0 - _CLIP)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def _sigmoid(at: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-at)))
