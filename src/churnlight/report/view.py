"""From the inputs to what one language's page shows: plain values, texts and pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

from churnlight.report import charts, formats
from churnlight.report.inputs import Language, ReportInputs
from churnlight.report.svg import Caption
from churnlight.report.view_models import View, model_view, scale_of
from churnlight.report.view_month import headings, month_views
from churnlight.report.view_parts import ablation_view, segment_view
from churnlight.report.view_time import moments, time_view
from churnlight.report.words import Words

# Below this many leavers a single figure says little: the page opens with a warning.
SMALL_CHURNERS = 50
_WINBACK = "white"
# The sections before and after those of the newest scored month.
_FIRST, _REST = ("brief", "tiers"), ("models", "features", "time", "cohort", "meaning", "origin")


def page(inputs: ReportInputs, language: Language) -> View:
    """All that the template needs for one language."""
    words = Words(language, inputs.least)
    details = inputs.details
    sections = month_views(inputs.month, words)
    return {
        "language": language,
        "lang": "zh-CN" if language == "zh" else "en",
        "w": words,
        "as_of": inputs.scored["as_of"] if inputs.scored else details["as_of"],
        "test": details["as_of"],
        "simulated": bool(details.get("simulated")),
        "small": _small(details, words),
        "brief": _brief(inputs, words),
        "contents": [
            *((key, words(key)) for key in _FIRST),
            *headings(sections, words),
            *((key, words(key)) for key in _REST),
        ],
        "sections": sections,
        "tiers": _tier_tables(inputs, words),
        "models": model_view(inputs, words),
        "segments": segment_view(inputs, words),
        "ablation": ablation_view(inputs, words),
        "time": time_view(inputs, words),
        "cohort": _cohort(inputs, words),
        "meanings": _meanings(inputs, words),
        "origin": _origin(inputs, words),
    }


def base_rate(details: Mapping[str, Any]) -> float | None:
    """Churn rate of all subscribers of the test, a share; None when there are none."""
    return details["churners"] / details["subscribers"] if details["subscribers"] else None


def is_small(details: Mapping[str, Any]) -> bool:
    """Whether so few left that single figures say little."""
    return bool(details["churners"] < SMALL_CHURNERS)


def _small(details: Mapping[str, Any], words: Words) -> str | None:
    if not is_small(details):
        return None
    return words(
        "small",
        churners=formats.count(details["churners"]),
        subscribers=formats.count(details["subscribers"]),
    )


def _brief(inputs: ReportInputs, words: Words) -> View:
    details, scored = inputs.details, inputs.scored
    evidence = {t["tier"]: t for t in details["models"][inputs.champion]["tiers"]}
    tiers = scored["tiers"] if scored else list(evidence.values())
    if scored:
        at = next(m for m in moments(inputs) if m.key == scored["as_of"])
        sentence = words(
            "brief_scored",
            subscribers=formats.count(scored["subscribers"]),
            start=f"{at.label_start:%Y-%m-%d}",
            end=f"{at.label_end - timedelta(days=1):%Y-%m-%d}",
        )
        gone = scored["left_before_cutoff"]
        closing = {"as_of": at.key, "cutoff": f"{at.cutoff:%Y-%m-%d}"}
    else:
        sentence = words(
            "brief_unscored",
            as_of=details["as_of"],
            subscribers=formats.count(details["subscribers"]),
        )
        gone, closing = 0, {}
    return {
        "sentence": sentence,
        "gone": words("gone", count=formats.count(gone), **closing) if gone else None,
        "calls": _calls(tiers, evidence, base_rate(details), words) if scored else [],
        "list": f"data/scores/as_of={scored['as_of']}/scores.parquet" if scored else None,
        "cards": _cards(tiers, evidence, words),
        "strip": charts.strip(
            [(f"tier-{i}", t["subscribers"]) for i, t in enumerate(tiers)],
            Caption(
                f"strip-{words.language}",
                words("strip"),
                "; ".join(
                    f"{words.named('tier', t['tier'])} {formats.count(t['subscribers'])}"
                    for t in tiers
                ),
            ),
        ),
    }


def _calls(
    tiers: Sequence[View], evidence: Mapping[str, View], base: float | None, words: Words
) -> list[View]:
    """Who to call, most urgent first; the tier that is as good as gone comes last."""
    falling = list(reversed(list(enumerate(tiers))))
    alive = [pair for pair in falling if pair[1]["tier"] != _WINBACK][:2]
    lost = [pair for pair in falling if pair[1]["tier"] == _WINBACK]
    calls = []
    for heading, pairs in (("call_first", alive[:1]), ("call_then", alive[1:])):
        for index, tier in pairs:
            calls.append(
                _call(heading, index, tier, words)
                | {"why": _evidence(evidence.get(tier["tier"]), base, words)}
            )
    for index, tier in lost:
        calls.append(
            _call("call_winback", index, tier, words)
            | {
                "why": [
                    words("call_winback_why"),
                    *_evidence(evidence.get(tier["tier"]), base, words),
                ]
            }
        )
    return calls


def _call(heading: str, index: int, tier: View, words: Words) -> View:
    return {
        "heading": words(heading),
        "style": f"tier-{index}",
        "what": words(
            "call_count",
            count=formats.count(tier.get("to_call", tier["subscribers"])),
            tier=words.named("tier", tier["tier"]),
        ),
    }


def _evidence(seen: View | None, base: float | None, words: Words) -> list[str]:
    if seen is None or seen["rate"] is None:
        return []
    said = [
        words(
            "call_evidence",
            rate=formats.percent(seen["rate"]),
            range=formats.between(seen["rate_low"], seen["rate_high"], formats.percent),
            base=formats.percent(base),
        )
    ]
    low = seen["rate_low"]
    if base is not None and low is not None and low <= base:
        said.append(words("call_unsure"))
    return said


def _cards(tiers: Sequence[View], evidence: Mapping[str, View], words: Words) -> list[View]:
    total = sum(t["subscribers"] for t in tiers)
    cards = []
    for index, tier in enumerate(tiers):
        risk, seen = tier.get("bills_at_risk_money"), evidence.get(tier["tier"])
        cards.append(
            {
                "style": f"tier-{index}",
                "name": words.named("tier", tier["tier"]),
                "count": formats.count(tier["subscribers"]),
                "share": words(
                    "of_base",
                    share=formats.percent(tier["subscribers"] / total if total else None),
                ),
                "rate": words("left_in_test", rate=formats.percent(seen["rate"] if seen else None)),
                "risk": None if risk is None else words("at_risk_short", money=formats.count(risk)),
            }
        )
    return cards


def _tier_tables(inputs: ReportInputs, words: Words) -> View:
    details = inputs.details
    base = base_rate(details)
    every = [t for m in details["models"].values() for t in m["tiers"]]
    top = scale_of([t["rate_high"] for t in every] + [t["rate"] for t in every], 0.01)
    tables = []
    for model, content in details["models"].items():
        ident = f"{model}-{words.language}"
        rows = [
            _tier_row(index, tier, (top, base), ident, words)
            for index, tier in enumerate(content["tiers"])
        ]
        caption = words("tiers_caption", model=words(model), as_of=details["as_of"])
        if model == inputs.champion:
            caption += words("tiers_used")
        steady = None if rising(content["tiers"]) else words("tiers_not_rising")
        tables.append({"caption": caption, "rows": rows, "warning": steady})
    return {
        "tables": tables,
        "note": words("tiers_note", base=formats.percent(base)),
        "money": words("money_simulated" if details.get("simulated") else "money_own"),
        "treated": words(
            "treated",
            treated=formats.count(details.get("treated_left_out", 0)),
            unlabelled=formats.count(details.get("unlabelled", 0)),
        ),
    }


def _tier_row(
    index: int, tier: View, scale: tuple[float, float | None], ident: str, words: Words
) -> View:
    top, base = scale
    rate, low, high = tier["rate"], tier["rate_low"], tier["rate_high"]
    name = words.named("tier", tier["tier"])
    spread = formats.between(low, high, formats.percent)
    caption = Caption(
        f"tier-{ident}-{index}",
        words("interval_title", tier=name),
        words("interval_says", rate=formats.percent(rate), range=spread or formats.DASH),
    )
    return {
        "style": f"tier-{index}",
        "name": name,
        "subscribers": formats.count(tier["subscribers"]),
        "left": formats.count(tier["churners"]),
        "rate": formats.percent(rate),
        "interval": spread,
        "drawn": charts.interval((rate, low, high), top, base, caption),
        "bills": formats.count(tier.get("monthly_bills_money")),
        "risk": formats.count(tier.get("bills_at_risk_money")),
    }


def _cohort(inputs: ReportInputs, words: Words) -> View:
    test = inputs.attrition.get(inputs.details["as_of"], {}).get("rules", [])
    rows = []
    for index, rule in enumerate(test):
        before = test[index - 1]["subscribers_left"] if index else None
        left = rule["subscribers_left"]
        rows.append(
            {
                "rule": words.named("rule", rule["rule"]),
                "removed": formats.DASH if before is None else formats.count(before - left),
                "subscribers": formats.count(left),
                "churners": formats.count(rule.get("churners_left")),
            }
        )
    return {"rows": rows, "every": _every_attrition(inputs, words)}


def _every_attrition(inputs: ReportInputs, words: Words) -> View:
    as_ofs = sorted(inputs.attrition)
    names: list[str] = []
    cells: dict[tuple[str, str], str] = {}
    for as_of in as_ofs:
        for rule in inputs.attrition[as_of].get("rules", []):
            if rule["rule"] not in names:
                names.append(rule["rule"])
            left = formats.count(rule["subscribers_left"])
            churners = rule.get("churners_left")
            # Nobody knows yet who leaves the month that is scored: its count says nothing.
            if churners is None or inputs.as_ofs.get(as_of) == "score":
                cells[rule["rule"], as_of] = left
            else:
                cells[rule["rule"], as_of] = f"{left} ({formats.count(churners)})"
    return {
        "heads": [(a, words.named("role", inputs.as_ofs.get(a, ""))) for a in as_ofs],
        "rows": [
            {
                "rule": words.named("rule", name),
                "cells": [cells.get((name, as_of), formats.DASH) for as_of in as_ofs],
            }
            for name in names
        ],
    }


def _meanings(inputs: ReportInputs, words: Words) -> list[tuple[str, str]]:
    tiers = [
        words.named("tier", t["tier"]) for t in inputs.details["models"][inputs.champion]["tiers"]
    ]
    comma, semicolon = ("、", "；") if words.language == "zh" else (", ", "; ")
    kinds = semicolon.join(words.named("kind", kind) for kind in inputs.label_kinds)
    said = {
        "tier": words("meaning_tier_says", count=len(tiers), names=comma.join(tiers)),
        "churned": words("meaning_churned_says", kinds=kinds),
    }
    where = "where_later" if "calibrate" in inputs.as_ofs.values() else "where_folds"
    said["probability"] = words("meaning_probability_says", where=words(where))
    for key in ("interval", "cohort", "shap"):
        said[key] = words(f"meaning_{key}_says")
    return [(words(f"meaning_{key}"), text) for key, text in said.items()]


def _origin(inputs: ReportInputs, words: Words) -> View:
    source = inputs.provenance
    test, scored = inputs.details["as_of"], inputs.scored
    files = [
        ("tiers", "data/evaluation/details.json", "evaluate"),
        ("models", "data/evaluation/details.json", "evaluate"),
        ("features", "data/explanations/importance.json", "explain"),
        ("time", "params.yaml", formats.DASH),
        ("cohort", f"data/labels/as_of={test}/attrition.json", "features"),
    ]
    if scored:
        path = f"data/scores/as_of={scored['as_of']}/scores.parquet"
        files.insert(0, ("brief", path, "score"))
    return {
        "files": [(words(part), path, stage) for part, path, stage in files],
        "commit": source.commit or words("unknown_commit"),
        "hashes": sorted(source.data.items()),
        "parameters": sorted((k, _plain(v)) for k, v in source.parameters.items()),
    }


def _plain(value: Any) -> str:
    if value is None:
        return formats.DASH
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def rising(tiers: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the observed rate never falls from one tier to the next."""
    rates = [t["rate"] for t in tiers if t["rate"] is not None]
    return all(earlier <= later for earlier, later in pairwise(rates))
