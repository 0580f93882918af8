"""Write the study's section of docs/accuracy.md from benchmarks/results/study.json."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from study_campaigns import lines as campaign_lines
from study_reasons import lines as reason_lines

MARKS = re.compile(r"<!-- study -->\n.*?<!-- /study -->", re.DOTALL)
HEAD = "# How accurate it is\n\nEvery figure here is written by a command; none by hand.\n"
NAMES = {"gbm": "LightGBM", "tree": "Decision tree", "oracle": "Oracle"}
FAMILIES = {
    "circle": "whole calling circle",
    "churned_neighbours": "contacts who left or changed network",
}
MEASURES = {"roc_auc": "ROC AUC", "pr_auc": "PR AUC"}

Found = Mapping[str, Any]


def write_page(found: Found, path: Path) -> None:
    """Put the section between its marks; the page is made, or the section added, where missing."""
    section = "<!-- study -->\n" + "\n".join(lines(found)) + "\n<!-- /study -->"
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD
    if MARKS.search(text):
        text = MARKS.sub(lambda _: section, text)
    else:
        text = f"{text.rstrip()}\n\n{section}\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def lines(found: Found) -> Iterator[str]:
    """The section, line by line."""
    seeds = found["seeds"]
    churners = sum(s["churners"] for s in seeds)
    rows = sum(s["subscribers"] for s in seeds)
    yield "## The simulated operator"
    yield ""
    yield (
        f"Simulated: {_plural(len(seeds), 'demo operator')} (one a seed, "
        f"{found['subscribers_a_seed']:,} subscribers each), in their test months together "
        f"{rows:,} subscribers and {churners:,} churners. This says how near the models "
        "come to what can be known about a simulated operator; it says nothing about accuracy in "
        "the field. Figures "
        "are means over the seeds with 95 % intervals, accounts resampled within each seed; the "
        "range in brackets is that of the seeds. Made by `make study`."
    )
    yield ""
    yield from _models(found)
    yield from _goals(found)
    yield from _tiers(found)
    yield from _ablation(found)
    if "reasons" in found:
        yield from reason_lines(found["reasons"])
    if "campaigns" in found:
        yield from campaign_lines(found["campaigns"])
    if "backtest" in found:
        yield from _backtest(found["backtest"])


def _models(found: Found) -> Iterator[str]:
    yield "| model | ROC AUC | PR AUC |"
    yield "|---|---|---|"
    for name, figures in found["models"].items():
        yield f"| {NAMES[name]} | {_seeds(figures['roc_auc'])} | {_seeds(figures['pr_auc'])} |"
    yield ""
    if "oracle" in found["models"]:
        yield (
            "The oracle ranks by the true chance of churning, which the simulator writes down "
            "before it draws: nobody can do better but by luck."
        )
        yield ""


def _goals(found: Found) -> Iterator[str]:
    rows = []
    if "minus_oracle" in found:
        rows.append(
            (
                "LightGBM's ROC AUC less the oracle's, at least -0.03",
                found["minus_oracle"]["gbm"]["roc_auc"],
                -0.03,
            )
        )
        rows.append(
            (
                "LightGBM's PR AUC over the oracle's, at least 0.80",
                found["share_of_oracle"]["gbm"]["pr_auc"],
                0.80,
            )
        )
    rows.append(
        (
            "the tree's ROC AUC less LightGBM's, at least -0.06",
            found["tree_minus_gbm"]["roc_auc"],
            -0.06,
        )
    )
    yield "| goal | found | reached |"
    yield "|---|---|---|"
    for name, figure, least in rows:
        yield f"| {name} | {_interval(figure)} | {_yes(figure['value'] >= least)} |"
    if "white" in found:
        white = found["white"]["gbm"]
        share = white["churners"] / white["oracle_churners"] if white["oracle_churners"] else None
        text = "–" if share is None else f"{share:.2f}"
        yield (
            "| churners in LightGBM's white tier over those in the oracle's equally large top "
            f"group, at least 0.75 | {text} ({white['churners']} of "
            f"{white['oracle_churners']:.1f}, {white['subscribers']} subscribers) | "
            f"{_yes(share is not None and share >= 0.75)} |"
        )
    for name, tiers in found["tiers"].items():
        rates = [t["rate"] for t in tiers]
        strict = all(a is not None and b is not None and a < b for a, b in pairwise(rates))
        yield f"| rates of {NAMES[name]}'s tiers rise strictly | see below | {_yes(strict)} |"
    yield ""


def _tiers(found: Found) -> Iterator[str]:
    yield "Tiers, cut on the calibrate as_of of each seed, observed in its test month, added up:"
    yield ""
    yield (
        "| tier | "
        + " | ".join(f"{NAMES[n]}: subscribers | churners | rate" for n in found["tiers"])
        + " |"
    )
    yield "|---|" + "---|" * (3 * len(found["tiers"]))
    for row in zip(*found["tiers"].values(), strict=True):
        cells = " | ".join(
            f"{t['subscribers']:,} | {t['churners']:,} | "
            + ("–" if t["rate"] is None else f"{t['rate']:.1%}")
            for t in row
        )
        yield f"| {row[0]['tier']} | {cells} |"
    yield ""


def _ablation(found: Found) -> Iterator[str]:
    yield (
        "What the calling circle adds: both models learned the same rows with and without these "
        "features; with less without, on the test month, in the same resamples:"
    )
    yield ""
    yield "| features | model | ROC AUC | PR AUC |"
    yield "|---|---|---|---|"
    for entry in found["ablation"]:
        adds = entry["adds"]
        yield (
            f"| {FAMILIES[entry['family']]} ({entry['features']}) | {NAMES[entry['learner']]} | "
            f"{_seeds(adds['roc_auc'], '+')} | {_seeds(adds['pr_auc'], '+')} |"
        )
    yield ""


def _backtest(found: Found) -> Iterator[str]:
    months, lead = found["months"], found["lead"]
    yield (
        f"Month by month, on one simulated operator of {found['months_simulated']} months "
        "(`churnlight backtest`): each model is made from the labels that were complete by the "
        "month's cutoff."
    )
    yield ""
    yield "| as_of | churners | LightGBM ROC AUC | tree ROC AUC |"
    yield "|---|---|---|---|"
    for month in months["months"]:
        yield f"| {month['as_of']} | {month['churners']:,} | {_both(month['models'])} |"
    for skipped in months["skipped"]:
        yield f"| {skipped['as_of']} | – | no model | no model |"
    yield ""
    if months["ageing"]:
        first = months["frozen"]
        yield f"How the model of {first} ages: its ROC AUC less that of the month's fresh model."
        yield ""
        yield "| as_of | months old | LightGBM | tree |"
        yield "|---|---|---|---|"
        for entry in months["ageing"]:
            if entry["made_for"] == first:
                both = _both(entry["minus_fresh"], "+")
                yield f"| {entry['as_of']} | {entry['age_months']} | {both} |"
        yield ""
    yield (
        f"Lead time: warned at {lead['as_of']}, leaving is looked for so many months later. Each "
        "gap has a model of its own, and with a longer gap fewer as_ofs to learn from."
    )
    yield ""
    yield "| gap, months | churners | LightGBM ROC AUC | tree ROC AUC |"
    yield "|---|---|---|---|"
    for entry in lead["gaps"]:
        yield f"| {entry['gap_months']} | {entry['churners']:,} | {_both(entry['models'])} |"
    yield ""


def _both(models: Found, sign: str = "") -> str:
    return " | ".join(_interval(models[name]["roc_auc"], sign) for name in ("gbm", "tree"))


def _interval(figure: Found, sign: str = "") -> str:
    if figure["value"] is None:
        return "–"
    value, low, high = (_number(figure[k], sign) for k in ("value", "low", "high"))
    return value if figure["low"] is None else f"{value} ({low} to {high})"


def _number(value: float | None, sign: str) -> str:
    # Adding 0.0 takes the sign off a zero.
    return "–" if value is None else f"{round(value, 3) + 0.0:{sign}.3f}"


def _seeds(figure: Found, sign: str = "") -> str:
    low, high = min(figure["seeds"]), max(figure["seeds"])
    return f"{_interval(figure, sign)} [{_number(low, sign)} to {_number(high, sign)}]"


def _yes(reached: object) -> str:
    return "yes" if reached else "no"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
