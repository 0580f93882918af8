"""Segments and the services that fit them: data/segments/as_of=.../segments.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlight.report import formats
from churnlight.report.view_offers import View, cell, joined, listed, row, table
from churnlight.report.words import Words
from churnlight.small_groups import hidden, is_small

# A trait is shown from this difference on, in standard deviations of the cohort.
_TELLING = 0.2
_TRAITS = 3
# Below this adjusted Rand index the text warns.
_STEADY = 0.6
_FITS = 3


def segments_view(content: Mapping[str, Any], words: Words) -> View:
    """The section on segments and service preference.

    Args:
        content: of segments.json, see `segments.month`.
        words: the language.

    Returns:
        title, sentence, says, notices, table, note, services (title, says, table or None), path.
    """
    found = content["segments"]
    counts = {"subscribers": formats.count(content["subscribers"]), "as_of": content["as_of"]}
    sentence = (
        words("segs_one", **counts)
        if len(found) == 1
        else words("segs_says", count=len(found), **counts)
    )
    return {
        "title": words("segs"),
        "sentence": sentence,
        "says": [*_churn_says(found, words), _stability(content, words)],
        "notices": [] if _rated(found) else [words("segs_churn_unknown")],
        "table": _table(content, words),
        "note": joined([words("segs_note"), *words.fewer_note], words),
        "services": _services(content, words),
        "path": f"data/segments/as_of={content['as_of']}/segments.json",
    }


def _rated(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in found if one["churn"] and one["churn"]["rate"] is not None]


def _churn_says(found: Sequence[Mapping[str, Any]], words: Words) -> list[str]:
    """Which segments left more or less than all, where their intervals say so."""
    rated = [
        one
        for one in _rated(found)
        if not is_small(min(one["rows"], one["churn"]["rows"]), words.least)
    ]
    if len(rated) < 2:
        return []
    churners = sum(one["churn"]["churners"] for one in rated)
    overall = churners / sum(one["churn"]["rows"] for one in rated)
    values = {"overall": formats.percent(overall)}
    apart = {
        "segs_more": [one for one in rated if one["churn"]["low"] > overall],
        "segs_less": [one for one in rated if one["churn"]["high"] < overall],
    }
    said = [
        words(key, names=listed([_named(one, words) for one in ones], words), **values)
        for key, ones in apart.items()
        if ones
    ]
    if not said:
        return [words("segs_same", **values)]
    return [joined([*said, words("segs_no_cause")], words)]


def _named(one: Mapping[str, Any], words: Words) -> str:
    rate = formats.percent(one["churn"]["rate"])
    return f"{one['code']} {one[f'name_{words.language}']} {rate}"


def _stability(content: Mapping[str, Any], words: Words) -> str:
    said = [words(f"segs_made_{content['made']}", model_as_of=content["model_as_of"])]
    before = content["before"]
    if before is not None and before["adjusted_rand"] is not None:
        said.append(
            words(
                "segs_stable",
                rows=formats.count(before["rows"]),
                before=before["as_of"],
                kept=formats.percent(before["kept_share"]),
                ari=formats.number(before["adjusted_rand"], 2),
            )
        )
        if before["adjusted_rand"] < _STEADY:
            said.append(words("segs_shaky"))
        for key, codes in (("segs_new", before["new"]), ("segs_gone", before["gone"])):
            if codes:
                said.append(words(key, codes=listed(codes, words)))
    return joined(said, words)


def _table(content: Mapping[str, Any], words: Words) -> View:
    heads = [
        words(key) for key in ("segs_name", "segs_rows", "segs_rate", "segs_above", "segs_below")
    ]
    caption = words(
        "segs_caption",
        as_of=content["as_of"],
        churn_as_of=content["churn_as_of"] or formats.DASH,
    )
    found = content["segments"]
    gone = {place for _, place in hidden([[one["rows"] for one in found]], words.least)}
    rows = [_row(one, words, hide=place in gone) for place, one in enumerate(found)]
    return table(caption, heads, [("", rows)], "segments profiles")


def _row(one: Mapping[str, Any], words: Words, *, hide: bool) -> View:
    """A segment; of one that is too small only its name, of one that is hidden only no size."""
    few = is_small(one["rows"], words.least)
    known = one["churn"] and not few and not is_small(one["churn"]["rows"], words.least)
    churn = one["churn"] if known else {"rate": None, "low": None, "high": None}
    size = words.withheld(one["rows"], hide=hide)
    interval = formats.between(churn["low"], churn["high"], formats.percent)
    return row(
        one[f"name_{words.language}"],
        [
            cell(size, says=[] if hide else [formats.percent(one["share"])]),
            cell(formats.percent(churn["rate"]), says=[interval], strong=True),
            *(
                cell(*_traits([] if few else one[side], words), figure=False)
                for side in ("above", "below")
            ),
        ],
        says=one["code"],
    )


def _traits(traits: Sequence[Mapping[str, Any]], words: Words) -> list[str]:
    told = [one for one in traits if abs(one["difference"]) >= _TELLING][:_TRAITS]
    return [
        words(
            "segs_trait",
            text=one[words.language],
            here=_value(one["segment"], one["unit"]),
            all=_value(one["cohort"], one["unit"]),
        )
        for one in told
    ] or [formats.DASH]


def _value(value: float | None, unit: str) -> str:
    if value is None or unit == "share":
        return formats.percent(value)
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    return f"{value:,.{digits}f}".replace("-", formats.MINUS)


def _services(content: Mapping[str, Any], words: Words) -> View:
    found, title = content["services"], words("segs_services")
    if found["left_out"] is not None:
        return {"title": title, "says": [words("segs_services_none")], "table": None}
    kept = [service for one in content["segments"] for service in one["services"] or ()]
    fits = any(service["level"] == _FITS for service in kept)
    key = "segs_services_fit" if fits else "segs_services_same"
    share = formats.percent(found["with_offer_share"])
    says = [words(key, share=share), _hits(found["hit_rate"], words)]
    return {"title": title, "says": says, "table": _service_table(content, words)}


def _hits(hit: Mapping[str, Any] | None, words: Words) -> str:
    if hit is None or not hit["subscribers"]:
        return words("segs_hit_unknown")
    said = words(
        "segs_hit",
        rows=formats.count(hit["subscribers"]),
        month=hit["month"],
        mine=formats.percent(hit["by_segment"]),
        popular=formats.percent(hit["by_popularity"]),
        difference=formats.percent(hit["difference"]),
        interval=formats.between(hit["low"], hit["high"], formats.percent),
    )
    worse = hit["high"] < 0
    verdict = "segs_hit_better" if hit["better"] else "segs_hit_worse" if worse else "segs_hit_same"
    return joined([said, words(verdict)], words)


def _service_table(content: Mapping[str, Any], words: Words) -> View | None:
    longest = max((len(one["services"] or ()) for one in content["segments"]), default=0)
    if longest == 0:
        return None
    rows = []
    for one in content["segments"]:
        if is_small(one["rows"], words.least):
            continue
        cells = [_service(service, words) for service in one["services"] or ()]
        cells += [cell(formats.DASH) for _ in range(longest - len(cells))]
        rows.append(row(one[f"name_{words.language}"], cells, says=one["code"]))
    heads = [words("segs_name"), *(str(rank) for rank in range(1, longest + 1))]
    return table(words("segs_services_caption"), heads, [("", rows)], "segments")


def _service(one: Mapping[str, Any], words: Words) -> View:
    mark = "▲ " if one["level"] == _FITS else ""
    shares = {
        "here": formats.percent(one["penetration"]),
        "all": formats.percent(one["cohort_penetration"]),
    }
    return cell(
        f"{mark}{one['service_id']}",
        says=[words("segs_level", level=one["level"], **shares)],
        strong=bool(mark),
    )
