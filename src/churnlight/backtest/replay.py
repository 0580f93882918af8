"""Make the models of past months from what was known then, and measure them on what came."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from churnlight.assess.measures import Asked
from churnlight.assess.resampling import Scored, resample
from churnlight.backtest.planning import Plan
from churnlight.errors import DataRefused
from churnlight.learners import gbm, tree
from churnlight.learners.champion import Scale, learn_scale
from churnlight.learners.crossfit import crossfit
from churnlight.learners.dataset import Dataset, FloatArray, join, require_both
from churnlight.learners.folds import split_stop
from churnlight.params.judging import EvaluateParams
from churnlight.params.learning import CalibrateParams, TiersParams, TrainParams
from churnlight.timeline import as_ofs_apart

LEARNERS: Mapping[str, Any] = {"gbm": gbm, "tree": tree}
_ASKED = Asked(shares=(0.10,))
_ENOUGH = 3  # as_ofs

# The labelled rows of some as_ofs, in order of time.
Load = Callable[[Sequence[str]], Dataset]

log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class Settings:
    """The sections that making and measuring read, and the threads to use."""

    train: TrainParams
    calibrate: CalibrateParams
    tiers: TiersParams
    evaluate: EvaluateParams
    threads: int = 1


@dataclass(frozen=True)
class Made:
    """Both learners as they were made for one as_of."""

    plan: Plan
    models: Mapping[str, Any]
    scales: Mapping[str, Scale]

    def probability(self, learner: str, rows: Dataset, threads: int) -> FloatArray:
        """Calibrated probability of each row."""
        raw = self.models[learner].raw(rows.frame, threads)
        return self.scales[learner].calibration.apply(raw)


def make(plan: Plan, load: Load, settings: Settings) -> Made:
    """Fit, calibrate and cut as the stages do, from the plan's as_ofs alone.

    Raises:
        DataRefused: with counts, when there are too few churners to learn from.
    """
    train, threads = settings.train, settings.threads
    parts = split_stop(load(plan.fit), train.seed, plan.search)
    later = None if plan.calibrate is None else load([plan.calibrate])
    held = join(parts) if later is None else later
    require_both(held, 1, "calibrate")
    models, scales = {}, {}
    for name, learner in LEARNERS.items():
        fit, stop, *rest = parts
        models[name] = learner.fit(fit, stop, train, threads, *rest)
        raw = (
            crossfit(learner, fit, stop, train, threads, *rest)
            if later is None
            else models[name].raw(held.frame, threads)
        )
        scales[name] = learn_scale(
            raw,
            held.churned,
            held.account,
            settings.calibrate,
            settings.tiers,
            seed=train.seed,
            profit=settings.evaluate.profit,
        )
    return Made(plan, models, scales)


def over_time(plans: Sequence[Plan], load: Load, settings: Settings) -> dict[str, Any]:
    """Each month by the model made for it, and by every older model as it stood.

    Args:
        plans: one an as_of, rising.
        load: reads labelled rows.
        settings: parameters.

    Returns:
        "months": one entry an as_of; "ageing": one entry an older model and as_of, with what it
        loses against the fresh model (minus_fresh, paired); "frozen": which of the older models
        shows ageing best; "skipped": as_ofs without a model, and why.
    """
    made: list[Made] = []
    months, ageing, skipped = [], [], []
    for plan in plans:
        try:
            made.append(make(plan, load, settings))
        except DataRefused as error:
            skipped.append({"as_of": plan.test, "why": str(error)})
            continue
        rows = load([plan.test])
        if rows.churners in {0, len(rows)}:
            skipped.append({"as_of": plan.test, "why": f"one class only in {len(rows)} rows"})
            continue
        month, older = _measure(plan, made, rows, settings)
        months.append(month)
        ageing += older
        log.info("  %s: made from %s", plan.test, ", ".join(plan.learned))
    return {"months": months, "ageing": ageing, "frozen": _frozen(made, ageing), "skipped": skipped}


def _frozen(made: Sequence[Made], ageing: Sequence[Mapping[str, Any]]) -> str | None:
    """The oldest model that had enough to learn from, so that what it loses is age; or the oldest.

    One of a single as_of is beaten by the fresh one because that knows more.
    """
    aged = {entry["made_for"] for entry in ageing}
    found = [one.plan for one in made if one.plan.test in aged]
    enough = [plan for plan in found if len(plan.learned) >= _ENOUGH]
    return (enough or found)[0].test if found else None


def with_gaps(plans: Mapping[int, tuple[Plan, Load]], settings: Settings) -> list[dict[str, Any]]:
    """One as_of warned about ever earlier: the lead-time curve.

    Args:
        plans: gap in months -> the plan at the same test as_of under that gap, and what reads rows
            labelled with that gap.
        settings: parameters.
    """
    out = []
    for gap, (plan, load) in sorted(plans.items()):
        try:
            made = make(plan, load, settings)
        except DataRefused as error:
            log.warning("  gap of %d months: no model: %s", gap, error)
            continue
        rows = load([plan.test])
        if rows.churners in {0, len(rows)}:
            log.warning("  gap of %d months: one class only in %d rows", gap, len(rows))
            continue
        month, _ = _measure(plan, [made], rows, settings)
        out.append({"gap_months": gap, **month})
        log.info("  gap of %d months: made from %s", gap, ", ".join(plan.learned))
    return out


def _measure(
    plan: Plan, made: Sequence[Made], rows: Dataset, settings: Settings
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The newest of `made` on the plan's test, and each older one beside it."""
    scored = {
        (name, one.plan.test): Scored.of(
            one.probability(name, rows, settings.threads), rows.churned, _ASKED
        )
        for one in made
        for name in LEARNERS
    }
    found = resample(scored, rows.account, settings.evaluate)
    month = {
        "as_of": plan.test,
        "fit": list(plan.fit),
        "calibrate": plan.calibrate,
        "subscribers": len(rows),
        "churners": rows.churners,
        "models": {name: found.figures((name, plan.test)) for name in LEARNERS},
    }
    older = [
        {
            "made_for": one.plan.test,
            "as_of": plan.test,
            "age_months": as_ofs_apart(one.plan.test, plan.test),
            "models": {name: found.figures((name, one.plan.test)) for name in LEARNERS},
            "minus_fresh": {
                name: found.difference((name, one.plan.test), (name, plan.test))
                for name in LEARNERS
            },
        }
        for one in made[:-1]
    ]
    return month, older
