"""What drifted in a scored month, in one language: for report and month's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

from markupsafe import Markup

from churnlight.explain import values
from churnlight.explain.sentences import title
from churnlight.features.dictionary import rows as dictionary
from churnlight.features.reasons import REASONS
from churnlight.report import formats
from churnlight.report.svg import Axis, Caption, box, drawing, line
from churnlight.report.words import Words

View = dict[str, Any]

_WIDTH, _HEIGHT = 190.0, 40.0
_SHARE_MOVED = 0.005  # of missing values, below which they are not worth a word


def drift_view(content: Mapping[str, Any], words: Words) -> View:
    """All that the section needs.

    Args:
        content: of drift.json.
        words: of the language.

    Returns:
        sentence (what it means and what to do), rows (what is outside its band, farthest first),
        rest (one line for all others; None where nothing was judged), method, left_out.
    """
    entries = content["distributions"]
    out = [e for e in entries if e["outside"]]
    return {
        "sentence": words(
            f"drift_{content['verdict']}",
            count=formats.count(len(entries)),
            outside=formats.count(len(out)),
            pairs=formats.count(content["pairs"]),
            needed=formats.count(content["pairs_needed"]),
        ),
        "rows": [_row(i, e, content["as_of"], words) for i, e in enumerate(out)],
        "rest": _rest([e for e in entries if not e["outside"]], words),
        "method": _method(content, words),
        "left_out": _left_out(content["left_out"], words),
    }


def distribution_name(kind: str, name: str, words: Words) -> str:
    """What people call a feature, reason or score; one we have no word for keeps its name."""
    if kind == "scores":
        return words(f"drift_score_{name}")
    if kind == "reasons":
        return title(name, words.language) if name in REASONS else name
    entry = _meanings().get(name)
    return values.short(str(entry[words.language])) if entry else name


def _row(index: int, one: Mapping[str, Any], as_of: str, words: Words) -> View:
    name = distribution_name(one["kind"], one["name"], words)
    return {
        "name": name,
        "kind": words(f"drift_kind_{one['kind']}"),
        "code": one["name"] if one["kind"] == "features" else None,
        "says": _says(one, as_of, words),
        "drawn": _then_now(index, name, one, words),
        "cells": [
            _cell(one, "psi", words),
            _cell(one, "wasserstein", words),
        ],
    }


def _cell(one: Mapping[str, Any], what: str, words: Words) -> View:
    return {
        "value": formats.number(one[what]),
        "usual": words("drift_usual", band=formats.number(one[f"{what}_band"])),
        "strong": what in one["outside_by"],
    }


def _says(one: Mapping[str, Any], as_of: str, words: Words) -> list[str]:
    """The typical value, or the level that moved most; and missing values where they moved."""
    said = []
    if one["level"] is not None:
        level = one["level"] or words("drift_level_rest")
        if one["kind"] == "scores":
            level = words.named("tier", level)
        shares = {k: formats.percent(one[f"level_{k}"]) for k in ("then", "now")}
        said.append(words("drift_level", level=level, **shares))
    elif one["kind"] == "features" and one["median_then"] is not None:
        unit = str(_meanings().get(one["name"], {}).get("unit", "count"))
        shown = {
            k: formats.DASH
            if one[f"median_{k}"] is None
            else values.shown(
                one[f"median_{k}"], unit, "", words.language, date.fromisoformat(as_of)
            )
            for k in ("then", "now")
        }
        if shown["then"] != shown["now"]:
            said.append(words("drift_median", **shown))
    if abs(one["missing_now"] - one["missing_then"]) >= _SHARE_MOVED:
        shares = {k: formats.percent(one[f"missing_{k}"]) for k in ("then", "now")}
        said.append(words("drift_missing", **shares))
    return said


def _then_now(index: int, name: str, one: Mapping[str, Any], words: Words) -> Markup:
    """Two bars a group, pale then and dark now, on one scale."""
    then, now = one["then"], one["now"]
    top = max([*then, *now, 0.01])
    floor = _HEIGHT - 2
    height = Axis(0.0, top, 0.0, floor - 2)
    step = _WIDTH / len(then)
    wide = max(1.5, step * 0.4)
    parts = [line((0, floor), (_WIDTH, floor), "rail")]
    for i, (before, after) in enumerate(zip(then, now, strict=True)):
        for shift, share, style in ((0.0, before, "then"), (wide, after, "bar")):
            tall = height(share)
            parts.append(box((i * step + 1 + shift, floor - tall), wide, tall, style))
    caption = Caption(
        f"drift-{words.language}-{index}",
        words("drift_drawn", name=name),
        words(
            "drift_drawn_says",
            then=", ".join(formats.percent(s, 0) for s in then),
            now=", ".join(formats.percent(s, 0) for s in now),
        ),
    )
    return drawing(_WIDTH, _HEIGHT, parts, caption)


def _rest(entries: Sequence[Mapping[str, Any]], words: Words) -> str | None:
    judged = [e for e in entries if e["over_band"] is not None]
    if not judged:
        return None
    nearest = max(judged, key=lambda e: (e["over_band"], e["name"]))
    return words(
        "drift_rest",
        count=formats.count(len(judged)),
        name=distribution_name(nearest["kind"], nearest["name"], words),
        share=formats.percent(nearest["over_band"], 0),
    )


def _method(content: Mapping[str, Any], words: Words) -> str | None:
    if content["verdict"] == "unjudged":
        return None
    return words(
        "drift_method",
        subscribers=formats.count(content["reference"]["subscribers"]),
        first=content["reference"]["as_ofs"][0],
        last=content["reference"]["as_ofs"][-1],
        pairs=formats.count(content["pairs"]),
        share=formats.percent(content["alarm_share"], 0),
    )


def _left_out(months: Sequence[Mapping[str, str]], words: Words) -> str | None:
    if not months:
        return None
    named = [words(f"drift_why_{m['why']}", as_of=m["as_of"]) for m in months]
    return words("drift_left_out", months=("、" if words.language == "zh" else ", ").join(named))


@cache
def _meanings() -> Mapping[str, Mapping[str, Any]]:
    return {row["feature"]: row for row in dictionary()}
