"""The retention KPI as the report shows it: data/kpi/kpi.json in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from churnlight.report import formats
from churnlight.report.kpichart import Point, Target, chart
from churnlight.report.svg import Caption
from churnlight.report.words import Words

View = dict[str, Any]

_WIDE, _NARROW = 720.0, 340.0
_JOINT = {"en": ", ", "zh": "，"}
_ORDER = ("region", "vip_tier", "group_class")
_KINDS = ("ported_out", "cancelled", "debt", "vanished")


def kpi_view(content: Mapping[str, Any], words: Words) -> View:
    """The section on retention.

    Args:
        content: of data/kpi/kpi.json, see `kpi.content`.
        words: the language.

    Returns:
        sentence, says (what it means), notices, rules, table (heads and groups of rows), series and
        bases (tables), chart (wide and narrow, None without rates), left_out. Without any figure
        only sentence, notices and left_out are filled.
    """
    chosen = _chosen(content)
    left_out = [one["why"] for one in content["left_out"]]
    if chosen is None:
        why = left_out[0] if left_out else formats.DASH
        return {"sentence": words("kpi_none", why=why), "table": None, "left_out": []}
    series = [one for one in content["figures"] if one["base"] == chosen["base"]]
    return {
        "sentence": sentence(chosen, content, words),
        "says": says(chosen, content, words),
        "notices": notices(chosen, words),
        "rules": words("kpi_rules", **_rules(content), **targets(content)),
        "table": {
            "caption": words("kpi_caption", base=chosen["base"], month=chosen["month"]),
            "heads": heads(content, words),
            "groups": row_groups(chosen, words),
        },
        "chart": _chart(series, content, words),
        "series": {
            "caption": words("kpi_series_caption", base=chosen["base"]),
            "heads": heads(content, words),
            "rows": [_row(one["month"], one["total"]) for one in series],
        },
        "bases": _bases(content, words),
        "left_out": left_out,
        "left_out_title": words("kpi_left_out", count=formats.count(len(left_out))),
    }


def sentence(one: Mapping[str, Any], content: Mapping[str, Any], words: Words) -> str:
    """What was asked, what was reached, and the score."""
    total = one["total"]
    values = {
        **targets(content),
        "base": formats.count(total["base"]),
        "base_month": one["base"],
        "month": one["month"],
        "months": _apart(one["base"], one["month"]),
    }
    if total["rate"] is None:
        return words(
            "kpi_unknown",
            most=share(total["rate_at_most"]),
            on_books=formats.count(total["on_books"]),
            **values,
        )
    return words(
        "kpi_kept",
        reached=share(total["rate"]),
        kept=formats.count(total["kept"]),
        score=points(total["score"]),
        best=points(content["kpi"]["challenge_score"]),
        **values,
    )


def says(one: Mapping[str, Any], content: Mapping[str, Any], words: Words) -> list[str]:
    """How far from the targets, who was lost, who is under contract, and where it is worst."""
    total = one["total"]
    told = [_distance(total, content, words), _lost(total, content, words)]
    if total["contract_rate"] is not None:
        told.append(
            words(
                "kpi_contracts",
                rate=formats.percent(total["contract_rate"]),
                months=content["kpi"]["contract_months"],
                month=one["month"],
                count=formats.count(total["contracts"]),
                on_books=formats.count(total["on_books"]),
            )
        )
    told.append(_lowest(one, words))
    return [text for text in told if text]


def notices(one: Mapping[str, Any], words: Words) -> list[str]:
    """What is not known."""
    told = []
    for notice in one["notices"]:
        kind = notice["notice"]
        if kind == "unknown_bills":
            told.append(
                words(
                    "kpi_unknown_bills",
                    count=formats.count(notice["subscribers"]),
                    least=share(one["total"]["rate_at_least"]),
                    score=points(one["total"]["score_at_least"]),
                )
            )
        elif kind == "no_dimension":
            dimension = words(f"kpi_of_{notice['dimension']}")
            told.append(words("kpi_no_dimension", dimension=dimension))
        else:
            told.append(words(f"kpi_{kind}"))
    return told


def heads(content: Mapping[str, Any], words: Words) -> list[str]:
    """The names of `cells`."""
    named = targets(content)
    return [
        words("kpi_rate"),
        words("kpi_score"),
        words("kpi_against", target=named["asked"]),
        words("kpi_against", target=named["challenge"]),
        words("kpi_base"),
        words("kpi_off_net"),
        words("kpi_spend"),
        words("kpi_contract_rate"),
    ]


def cells(figure: Mapping[str, Any]) -> list[str]:
    """A figure as a row of the table shows it."""
    return [
        share(figure["rate"]),
        points(figure["score"]),
        _signed(figure["above_base_target"]),
        _signed(figure["above_challenge_target"]),
        formats.count(figure["base"]),
        formats.count(figure["off_net"]),
        formats.count(figure["spend_churn"]),
        formats.percent(figure["contract_rate"]),
    ]


def row_groups(one: Mapping[str, Any], words: Words) -> list[View]:
    """The whole base, then a group of rows a dimension."""
    groups: list[View] = [{"name": None, "rows": [_row(words("kpi_whole"), one["total"])]}]
    for dimension, entries in sorted(one["by"].items(), key=lambda item: _ORDER.index(item[0])):
        rows = [_row(group_name(dimension, entry, words), entry) for entry in entries]
        groups.append({"name": words(f"kpi_by_{dimension}"), "rows": rows})
    return groups


def _row(name: str, figure: Mapping[str, Any]) -> View:
    lost = None if figure["kept"] is None else figure["base"] - figure["kept"]
    return {"name": name, "cells": cells(figure), "lost": formats.count(lost)}


def group_name(dimension: str, entry: Mapping[str, Any], words: Words) -> str:
    """The name of a group; an area keeps the operator's own."""
    if entry["kind"] == "small":
        return words("kpi_group_small", count=entry["groups"])
    if entry["kind"] == "unknown":
        return words("kpi_group_unknown")
    name = str(entry["group"])
    return name if dimension == "region" else words.named(f"kpi_{dimension}", name)


def share(value: float | None) -> str:
    """A rate, never rounded up to a target that it misses: 71.96 % is not 72.0 %."""
    if value is None:
        return formats.DASH
    return formats.percent(_down(value, 1000))


def points(value: float | None) -> str:
    """A score, never rounded up."""
    if value is None:
        return formats.DASH
    return f"{_down(value, 10):.1f}".removesuffix(".0")


def _down(value: float, steps: int) -> float:
    # The tolerance takes back what floats lose of an exact figure, 0.77 * 1000 being 770.
    return int(value * steps + 1e-9) / steps


def _signed(value: int | None) -> str:
    if value is None:
        return formats.DASH
    return f"+{formats.count(value)}" if value > 0 else formats.count(value)


def _chosen(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    named = content["headline"]
    if named is None:
        return None
    wanted = (named["base"], named["month"])
    found: Mapping[str, Any] = next(
        one for one in content["figures"] if (one["base"], one["month"]) == wanted
    )
    return found


def targets(content: Mapping[str, Any]) -> dict[str, str]:
    """Both targets as people write them, by the names that the sentences use."""
    rules = content["kpi"]
    return {"asked": _target(rules["base_target"]), "challenge": _target(rules["challenge_target"])}


def _target(value: float) -> str:
    return f"{value * 100:.6g}%"


def _rules(content: Mapping[str, Any]) -> dict[str, object]:
    return {
        "months": content["spend_churn"]["months"],
        "limit": f"{content['spend_churn']['total_below']:g}",
        "low": points(content["kpi"]["base_score"]),
        "best": points(content["kpi"]["challenge_score"]),
    }


def _distance(total: Mapping[str, Any], content: Mapping[str, Any], words: Words) -> str:
    asked, challenge = total["above_base_target"], total["above_challenge_target"]
    if asked is None:
        return ""
    named = targets(content)
    if asked < 0:
        values = {"count": formats.count(-asked), "more": formats.count(-challenge)}
        return words("kpi_short_base", **values, **named)
    if challenge < 0:
        values = {"over": formats.count(asked), "count": formats.count(-challenge)}
        return words("kpi_short_challenge", **values, **named)
    return words("kpi_above", count=formats.count(challenge), challenge=named["challenge"])


def _lost(total: Mapping[str, Any], content: Mapping[str, Any], words: Words) -> str:
    kinds = _JOINT[words.language].join(
        words("kpi_kind", kind=words.named("segment", kind), count=formats.count(count))
        for kind in _KINDS
        if (count := total["off_net_kinds"][kind])
    )
    off_net = formats.count(total["off_net"])
    kinds = kinds or formats.DASH
    if total["spend_churn"] is None:
        return words("kpi_lost_off_net", off_net=off_net, kinds=kinds)
    spend = formats.count(total["spend_churn"])
    return words("kpi_lost", off_net=off_net, kinds=kinds, spend=spend, **_rules(content))


def _lowest(one: Mapping[str, Any], words: Words) -> str:
    """The part of each dimension with the lowest rate."""
    found = []
    for dimension in _ORDER:
        named = [e for e in one["by"].get(dimension, ()) if e["kind"] == "named"]
        rated = [e for e in named if e["rate"] is not None]
        if len(rated) > 1:
            worst = min(rated, key=lambda e: e["rate"])
            found.append(
                words(
                    "kpi_lowest_one",
                    dimension=words(f"kpi_of_{dimension}"),
                    group=group_name(dimension, worst, words),
                    rate=share(worst["rate"]),
                )
            )
    return words("kpi_lowest", groups=_JOINT[words.language].join(found)) if found else ""


def _chart(
    series: Sequence[Mapping[str, Any]], content: Mapping[str, Any], words: Words
) -> list[tuple[str, Markup]] | None:
    points_drawn = [
        Point(one["month"], one["total"]["rate"], share(one["total"]["rate"]))
        for one in series
        if one["total"]["rate"] is not None
    ]
    if len(points_drawn) < 2:
        return None
    rates = [point.rate for point in points_drawn]
    described = words(
        "kpi_chart_says",
        base=series[0]["base"],
        first=points_drawn[0].month,
        last=points_drawn[-1].month,
        high=share(max(rates)),
        low=share(min(rates)),
    )
    title = words("kpi_series_caption", base=series[0]["base"])
    rules, shown = content["kpi"], targets(content)
    lines = [
        Target(rules["base_target"], words("kpi_target_asked", target=shown["asked"])),
        Target(rules["challenge_target"], words("kpi_target_challenge", target=shown["challenge"])),
    ]
    return [
        (
            style,
            chart(
                points_drawn,
                lines,
                width,
                Caption(f"kpi-{style}-{words.language}", title, described),
            ),
        )
        for style, width in (("wide", _WIDE), ("narrow", _NARROW))
    ]


def _bases(content: Mapping[str, Any], words: Words) -> View | None:
    """Each base at its first month, so that bases of the same age stand side by side."""
    months = content["spend_churn"]["months"]
    young = [one for one in content["figures"] if _apart(one["base"], one["month"]) == months]
    if len(young) < 2:
        return None
    return {
        "title": words("kpi_bases", months=months),
        "lead": words("kpi_bases_lead"),
        "heads": heads(content, words),
        "rows": [_row(one["base"], one["total"]) for one in young],
    }


def _apart(first: str, last: str) -> int:
    (year, month), (later_year, later_month) = (
        (int(part) for part in text.split("-")) for text in (first, last)
    )
    return (later_year - year) * 12 + later_month - month
