"""Whom to treat first: the order by effect beside that by risk alone, on the same lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlight.campaigns.assigned import KEY
from churnlight.campaigns.judging import folders_with
from churnlight.campaigns.qini import INTERVAL, drawn_qini
from churnlight.campaigns.reading import rows_of
from churnlight.campaigns.reporting import Terms
from churnlight.campaigns.uplift import RISK, SCORE, Uplift, UpliftTerms, features_before, uplift
from churnlight.campaigns.words import order_verdict
from churnlight.identity import ID
from churnlight.params.learning import TrainParams
from churnlight.paths import Project
from churnlight.timeline import TimeRules, moment


def feature_folders(project: Project) -> dict[str, Path]:
    """As_of -> folder with features.parquet, the pipeline's before the monthly batch's."""
    both = (Project(project.batch), project)
    found = [folders_with(where.features("").parent, "features.parquet") for where in both]
    return found[0] | found[1]


def orders(
    known: pd.DataFrame,
    folders: Mapping[str, Path],
    time: TimeRules,
    terms: Terms,
    uplifted: UpliftTerms | None = None,
    train: TrainParams | None = None,
) -> dict[str, Any]:
    """Qini curves of the order by effect and of that by risk.

    Both scores of a line are by models that saw no line of its account.

    Args:
        known: rows of `reporting.controlled_rows`.
        folders: see `feature_folders`; a line has the features of the newest whose cutoff
            had passed before its offer.
        time: the section `time`.
        terms: resamples and their seed.
        uplifted: of the uplift model.
        train: section `train`, for the model of leaving.

    Returns:
        lines, left_out (without features), leavers_treated, leavers_control, claimed and slope (see
        `Uplift`), uplift and risk (see `qini.qini`), difference (uplift's coefficient less risk's:
        value, low, high by resamples of accounts), verdict (code and both texts: better,
        not_better, worse, or why nothing was looked for; the curves are then null).
    """
    settings = uplifted or UpliftTerms()
    frame = _features(known, folders, time)
    there = frame.notna().any(axis=1).to_numpy(dtype=bool)
    lines = known[there].reset_index(drop=True)
    content: dict[str, Any] = {"lines": len(lines), "left_out": len(known) - len(lines)}
    if lines.empty:
        return content | _nothing(order_verdict("no_features"))
    lines = lines.assign(churned=lines["churned"].astype(bool))
    found = uplift(lines, frame[there].reset_index(drop=True), settings, train)
    content |= {
        "leavers_treated": found.leavers_treated,
        "leavers_control": found.leavers_control,
        "claimed": found.claimed,
        "slope": found.slope,
    }
    if found.lines[SCORE].isna().any():
        figures = {"treated": found.leavers_treated, "control": found.leavers_control}
        least = settings.least_leavers
        return content | _nothing(order_verdict("few_leavers", least=least, **figures))
    return content | _compared(lines, found, terms)


def _nothing(verdict: dict[str, str]) -> dict[str, Any]:
    return {"uplift": None, "risk": None, "difference": None, "verdict": verdict}


def _compared(lines: pd.DataFrame, found: Uplift, terms: Terms) -> dict[str, Any]:
    # `uplift` keeps the lines' order.
    scored = lines.assign(**{name: found.lines[name].to_numpy() for name in (RISK, SCORE)})
    both = [drawn_qini(scored, name, terms.resamples, terms.seed) for name in (SCORE, RISK)]
    if both[0] is None or both[1] is None:
        return _nothing(order_verdict("not_better"))
    (effect, first), (risk, second) = both[0], both[1]
    low, high = (float(end) for end in np.percentile(first - second, INTERVAL))
    code = "better" if low > 0 else "worse" if high < 0 else "not_better"
    return {
        "uplift": effect,
        "risk": risk,
        "difference": {
            "value": round(effect["coefficient"] - risk["coefficient"], 6) + 0.0,
            "low": round(low, 6) + 0.0,
            "high": round(high, 6) + 0.0,
        },
        "verdict": order_verdict(code),
    }


def _features(known: pd.DataFrame, folders: Mapping[str, Path], time: TimeRules) -> pd.DataFrame:
    """Features before the offer, of the assigned alone; columns that all tables have."""
    wanted = known[KEY[1]].unique().tolist()
    tables = {}
    for as_of, folder in folders.items():
        cutoff = moment(as_of, time).cutoff
        tables[f"{cutoff:%Y-%m-%d}"] = rows_of(folder / "features.parquet", wanted)
    # An older table may lack a feature, or have one that is gone.
    first, *others = tables.values()
    names = [c for c in first.columns if c != ID and all(c in t.columns for t in others)]
    return features_before(known, {k: t[[ID, *names]] for k, t in tables.items()}, names)
