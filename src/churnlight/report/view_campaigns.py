"""What the page on campaigns shows of `churnlight campaign report`'s document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from churnlight.report import formats
from churnlight.report.charts import Labels, Series, qini
from churnlight.report.svg import Caption
from churnlight.report.view_offers import cell, change, money, noticed, row, table
from churnlight.report.words import Words

View = dict[str, Any]

_STEPS = ("contacted", "accepted", "succeeded")
# The classes of report.css that set the lines' colours and dashes.
_STYLES = {"uplift": "gbm", "risk": "tree"}
_ORDERS = {"uplift": "campaigns_by_effect", "risk": "campaigns_by_risk"}


def campaign_view(content: Mapping[str, Any], words: Words) -> View:
    """The page's parts in one language.

    Args:
        content: as `churnlight campaign report --json` gives it.
        words: the language, and how small a group may be that is shown.

    Returns:
        lead, says (what was found, or why nothing is claimed), warnings, sections (key, title,
        lead, chart, tables, note), notes.
    """
    counts = content["assignments"]
    names = ("campaigns", "treated", "control")
    claimed = content["effect_claimed"]
    sections = _claimed(content, words) if claimed else []
    sections.append(_section("funnel", words, [_funnel(content["funnel"], words)]))
    return {
        "lead": words("campaigns_lead", **{name: formats.count(counts[name]) for name in names}),
        "says": [] if claimed else noticed([content["why_not"]], words),
        "warnings": [str(one[words.language]) for one in content["warnings"] if one["by"] is None],
        "sections": sections,
        "notes": noticed(content["notes"], words),
    }


def _claimed(content: Mapping[str, Any], words: Words) -> list[View]:
    groups = [_group(by, rows, words) for by, rows in content["groups"].items()]
    found = [_section("effect", words, [_effects(content, words)])]
    found.append(_section("return", words, [_return(content["cost"], words)]))
    if groups:
        found.append(_section("groups", words, groups, lead=words("campaigns_groups_lead")))
    orders = content.get("orders")
    if orders is not None or content["qini"] is not None:
        found.append(_orders(content["qini"], orders, words))
    sizes = content["next_campaign"]["sizes"]
    if sizes:
        lead = words("campaigns_next_lead")
        found.append(_section("next", words, [_sizes(sizes, words)], lead=lead))
    return found


def _section(
    key: str, words: Words, tables: Sequence[View], *, lead: str = "", note: str = ""
) -> View:
    return {
        "key": f"campaigns_{key}",
        "title": words(f"campaigns_{key}"),
        "lead": lead,
        "chart": None,
        "tables": list(tables),
        "note": note,
    }


def _table(words: Words, heads: Sequence[str], rows: Sequence[View], caption: str = "") -> View:
    named = [words(f"campaigns_{head}") for head in heads]
    return table(caption, named, [("", rows)], "moved lean")


def _effects(content: Mapping[str, Any], words: Words) -> View:
    churn, revenue = content["churn"], content["revenue"]
    rows = [
        row(
            words("campaigns_left"),
            [
                cell(formats.percent(churn["treated"])),
                cell(formats.percent(churn["control"])),
                cell(_points(churn, words), strong=True),
                cell(words(f"campaigns_{churn['verdict']}"), figure=False),
            ],
        )
    ]
    if revenue is not None:
        gap = formats.between(revenue["low"], revenue["high"], change)
        rows.append(
            row(
                words("campaigns_bill"),
                [
                    cell(money(revenue["treated"])),
                    cell(money(revenue["control"])),
                    cell(change(revenue["difference"]), says=[gap], strong=True),
                    cell(words(f"campaigns_{revenue['verdict']}"), figure=False),
                ],
            )
        )
    caption = words("campaigns_effect_caption", months=content["follow_months"])
    heads = ("what", "with", "without", "difference", "verdict")
    return _table(words, heads, rows, caption)


def _return(cost: Mapping[str, Any], words: Words) -> View:
    rows = [row(words("campaigns_cost"), [cell(money(cost["cost_money"])), cell("")])]
    for kind, months in (("measured", "months"), ("assumed", "value_months")):
        found = cost[kind]
        if found is not None:
            name = words(f"campaigns_return_{kind}", months=f"{found[months]:g}")
            spread = formats.between(found["low"], found["high"], change)
            rows.append(row(name, [cell(change(found["profit_money"]), strong=True), cell(spread)]))
    return _table(words, ("return", "money", "range"), rows)


def _funnel(steps: Mapping[str, Any], words: Words) -> View:
    rows = [row(words("campaigns_target"), [cell(words.size(steps["target"])), cell(""), cell("")])]
    for step in _STEPS:
        share = steps["shares"][step]
        known = words.size(steps[step]) == formats.count(steps[step])
        spread = formats.between(share["low"], share["high"], formats.percent) if known else ""
        told = formats.percent(share["share"]) if known else formats.DASH
        cells = [cell(words.size(steps[step])), cell(told), cell(spread)]
        rows.append(row(words(f"campaigns_{step}"), cells))
    return _table(words, ("step", "lines", "share", "range"), rows)


def _group(by: str, entries: Sequence[Mapping[str, Any]], words: Words) -> View:
    rows = []
    for entry in entries:
        value = entry["value"]
        name = words("campaigns_unknown") if value is None else words.named(by, str(value))
        size = entry["lines_treated"] + entry["lines_control"]
        # Of a group that is too small nothing is said, nor where its effect lies.
        hide = words.size(size) != formats.count(size)
        told = formats.DASH if hide else _points(entry["shrunk"], words)
        said = formats.DASH if hide else words(f"campaigns_{entry['verdict']}")
        rows.append(row(name, [cell(words.size(size)), cell(told), cell(said, figure=False)]))
    return _table(words, (f"by_{by}", "lines", "difference", "verdict"), rows)


def _orders(
    score: Mapping[str, Any] | None, orders: Mapping[str, Any] | None, words: Words
) -> View:
    """The curves, their coefficients, and what follows from them."""
    found = {} if orders is None else {n: orders[n] for n in _ORDERS if orders[n] is not None}
    rows = [] if score is None else [_coefficient("campaigns_by_score", score, words)]
    rows += [_coefficient(_ORDERS[name], curve, words) for name, curve in found.items()]
    if orders is not None and orders["difference"] is not None:
        gap = orders["difference"] | {"coefficient": orders["difference"]["value"]}
        rows.append(_coefficient("campaigns_less_risk", gap, words))
    tables = [_table(words, ("order", "above_random", "range"), rows)] if rows else []
    note = "" if orders is None else str(orders["verdict"][words.language])
    lead = words("campaigns_orders_lead") if found else ""
    section = _section("orders", words, tables, lead=lead, note=note)
    return section | {"chart": _chart(found, words) if found else None}


def _coefficient(key: str, curve: Mapping[str, Any], words: Words) -> View:
    spread = formats.between(curve["low"], curve["high"], _thousand)
    return row(words(key), [cell(_thousand(curve["coefficient"]), strong=True), cell(spread)])


def _chart(curves: Mapping[str, Mapping[str, Any]], words: Words) -> Markup:
    series = [
        Series(
            _STYLES[name],
            words(_ORDERS[name]),
            [(point["share"], point["saved"]) for point in curve["points"]],
        )
        for name, curve in curves.items()
    ]
    caption = Caption(f"qini-{words.language}", words("campaigns_orders"), words("campaigns_curve"))
    return qini(
        series,
        Labels(
            words("campaigns_share_treated"),
            words("campaigns_saved"),
            words("campaigns_random"),
            caption,
        ),
    )


def _sizes(sizes: Sequence[Mapping[str, Any]], words: Words) -> View:
    rows = [
        row(
            formats.percent(one["reduction"], 0),
            [cell(formats.count(one["lines"])), cell(formats.count(one["lines_control"]))],
        )
        for one in sizes
    ]
    return _table(words, ("reduction", "lines", "held_out"), rows)


def _points(entry: Mapping[str, Any], words: Words) -> str:
    def show(value: float | None) -> str:
        return formats.signed(None if value is None else 100 * value, 1)

    spread = formats.between(entry["low"], entry["high"], show) or formats.DASH
    return words("campaigns_points", value=show(entry["difference"]), range=spread)


def _thousand(value: float | None) -> str:
    return formats.signed(None if value is None else 1_000 * value, 2)
