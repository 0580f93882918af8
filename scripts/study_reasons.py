"""Hold the reasons to the simulator's truth, and to models trained again. All is simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from churnlight.demo.reasons_of_causes import TIERS, TOP, held_to_truth
from churnlight.explain.contributions import in_chunks
from churnlight.explain.meaning import catalogue_meaning
from churnlight.explain.reasons import People, reasons_of
from churnlight.explain.stability import retrained, stability
from churnlight.learners import gbm
from churnlight.learners.dataset import Dataset
from churnlight.learners.folds import split_stop
from churnlight.learners.gbm import Gbm
from churnlight.params.whole import load
from churnlight.paths import Project
from churnlight.stages.datasets import read_as_of, read_labelled, read_role

LISTED = ("yellow", *TIERS)
RESAMPLES = 2


def reasons_of_seed(made: Project, rows: pd.DataFrame, outlook: pd.DataFrame) -> dict[str, Any]:
    """One seed's counts, to add up.

    Args:
        made: the project, trained.
        rows: predictions.parquet of the test as_of.
        outlook: the truth of that as_of.

    Returns:
        `causes` (cause, leavers, named, usual), `commonest`, and `stable`: by group of tiers, how
        many rows a retrained model explained, and how many kept their top reason.
    """
    model, meaning = gbm.load(made.model("gbm")), catalogue_meaning()
    frame, people = read_as_of(made, read_role(made, "test")[1][-1])
    known = people[["subscriber_id"]].merge(
        rows[["subscriber_id", "account_id", "tier_gbm", "churned"]], how="left"
    )
    inside = known["tier_gbm"].isin(LISTED).to_numpy()
    listed, scores = frame[inside], known[inside].rename(columns={"tier_gbm": "tier"})
    ids = scores["subscriber_id"].to_numpy()
    reasons = pd.concat(
        reasons_of(v[:, :-1], People(listed.iloc[r], ids[r]), meaning, TOP)
        for r, v in in_chunks(model, listed)
    )
    held = held_to_truth(reasons, outlook, scores)
    kept = stability(model, _again(made), listed, meaning)
    top = scores["tier"].isin(TIERS).to_numpy()
    return {
        "causes": held.by_cause(),
        "commonest": list(held.commonest),
        "stable": {
            "red and white": _counts([k.kept[top] for k in kept]),
            "yellow": _counts([k.kept[~top] for k in kept]),
        },
    }


def _again(made: Project) -> Any:
    params = load(made.params_file).train
    role, as_ofs = read_role(made, "fit")
    whole = read_labelled(made, as_ofs, params.treated)

    def train(drawn: Dataset) -> Gbm:
        fit, stop, *rest = split_stop(drawn, params.seed, role["search"])
        return gbm.fit(fit, stop, params, 0, *rest)

    return retrained(whole, train, RESAMPLES, params.seed)


def _counts(kept: Sequence[np.ndarray]) -> dict[str, int]:
    return {"rows": sum(len(k) for k in kept), "kept": int(sum(k.sum() for k in kept))}


def added_up(seeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All seeds together: shares with Wilson's 95 % intervals, by cause and over all."""
    causes: dict[str, dict[str, int]] = {}
    for entry in (c for one in seeds for c in one["causes"]):
        of = causes.setdefault(entry["cause"], {"leavers": 0, "named": 0, "usual": 0})
        for key in of:
            of[key] += entry[key]
    total = {key: sum(c[key] for c in causes.values()) for key in ("leavers", "named", "usual")}
    stable = {
        tiers: {key: sum(one["stable"][tiers][key] for one in seeds) for key in ("rows", "kept")}
        for tiers in seeds[0]["stable"]
    }
    ordered = sorted(causes.items(), key=lambda item: (-item[1]["leavers"], item[0]))
    return {
        "total": _shares(total),
        "causes": [{"cause": cause} | _shares(counts) for cause, counts in ordered],
        "stable": {t: c | _share(c["kept"], c["rows"]) for t, c in stable.items()},
        "resamples_a_seed": RESAMPLES,
    }


def _shares(counts: Mapping[str, int]) -> dict[str, Any]:
    usual = counts["usual"] / counts["leavers"]
    return dict(counts) | _share(counts["named"], counts["leavers"]) | {"usual_share": usual}


def _share(part: int, whole: int) -> dict[str, float]:
    found = binomtest(part, whole).proportion_ci(method="wilson")
    return {"value": part / whole, "low": float(found.low), "high": float(found.high)}


def lines(found: Mapping[str, Any]) -> list[str]:
    """The page's part on reasons."""
    total = found["total"]
    out = [
        "### Reasons against the truth",
        "",
        f"{total['leavers']:,} subscribers in red and white who left or gave up their spending, "
        "nobody having made them an offer. The simulator knows which cause had the largest share "
        "of each one's hazard; *named* says that its reason stood among the three that LightGBM "
        "gave. *Anyway* is what naming the three commonest reasons to everyone would reach.",
        "",
        "| cause | leavers | named (95 % interval) | anyway |",
        "|---|---|---|---|",
    ]
    out += [
        f"| {row['cause']} | {row['leavers']:,} | {row['value']:.0%} "
        f"({row['low']:.0%} to {row['high']:.0%}) | {row['usual_share']:.0%} |"
        for row in [*found["causes"], {"cause": "**all**"} | total]
    ]
    ahead = total["value"] - total["usual_share"]
    out += [
        "",
        "| goal | found | reached |",
        "|---|---|---|",
        f"| named, at least 70 % | {total['value']:.1%} | {_yes(total['value'] >= 0.70)} |",
        f"| points above naming the commonest, at least 15 | {100 * ahead:.0f} "
        f"| {_yes(ahead >= 0.15)} |",
    ]
    for tiers, row in found["stable"].items():
        out.append(
            f"| top reason of {tiers} still among the top three of a model trained on a bootstrap "
            f"sample of accounts, at least 90 % | {row['value']:.1%} ({row['low']:.1%} to "
            f"{row['high']:.1%}; {row['rows']:,} rows) | {_yes(row['value'] >= 0.90)} |"
        )
    return [*out, ""]


def _yes(reached: bool) -> str:  # noqa: FBT001 - the answer itself
    return "yes" if reached else "no"
