"""The plan: data/plans/as_of=.../plan.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from churnlight.report import formats
from churnlight.report.view_offers import (
    View,
    cell,
    joined,
    listed,
    money,
    noticed,
    row,
    table,
)
from churnlight.report.words import Words
from churnlight.small_groups import hidden

# As the plan counts them: the first that applies.
_REASONS = ("left", "red_list", "no_contact", "port_out", "contacted")
# The most urgent first; names of an operator's own come after them.
_TIERS = ("white", "red", "yellow")
_STATUSES = ("listed", "beyond_limits", "not_worth", "no_bill", "control_kept")


def plan_view(content: Mapping[str, Any], words: Words) -> View:
    """The section on the plan.

    Args:
        content: of plan.json, see `plan.telling.content_of`.
        words: the language.

    Returns:
        title, sentence, says, notices, tables, note, path.
    """
    # That every rate is assumed stands above already.
    but = ("no_effects",) if _only_assumed(content) else ()
    tables = [_limits(content, words), _fates(content, words)]
    if content["actions"]:
        tables.insert(0, _actions(content, words))
    return {
        "title": words("plan"),
        "sentence": _sentence(content, words),
        "says": _says(content, words),
        "notices": noticed(content["notices"], words, but),
        "tables": tables,
        "note": joined([words("plan_note"), *words.fewer_note], words),
        "path": f"data/plans/as_of={content['as_of']}/plan.json",
    }


def _only_assumed(content: Mapping[str, Any]) -> bool:
    rates = content["rates"]
    return bool(rates["assumed"]) and not rates["measured"]


def _sentence(content: Mapping[str, Any], words: Words) -> str:
    known = [tier for tier in _TIERS if tier in content["tiers"]]
    names = [*known, *(tier for tier in content["tiers"] if tier not in _TIERS)]
    tiers = listed([words.named("tier", tier) for tier in names], words)
    values = {"subscribers": formats.count(content["subscribers"]), "tiers": tiers}
    if not content["listed"]["subscribers"]:
        none = content["limits"]["budget_money"] == 0
        return words("plan_empty_budget" if none else "plan_empty", **values)
    control = content["arms"]["control"]
    values |= {
        "listed": formats.count(content["listed"]["subscribers"]),
        "start": content["offers_from"],
        "treated": formats.count(content["arms"]["treated"]["subscribers"]),
    }
    if not control["subscribers"]:
        return words("plan_no_control", **values)
    held_out = {"control": formats.count(control["subscribers"]), "until": control["until"]}
    return words("plan_says", **values, **held_out)


def _says(content: Mapping[str, Any], words: Words) -> list[str]:
    rates, status = content["rates"], content["status"]
    said = []
    if content["listed"]["subscribers"]:
        profit = money(content["arms"]["treated"]["expected_profit_money"])
        counts = {kind: formats.count(rates[kind]) for kind in ("assumed", "measured")}
        if _only_assumed(content):
            said.append(words("plan_assumed", profit=profit))
        elif rates["assumed"]:
            said.append(words("plan_mixed", profit=profit, **counts))
        else:
            said.append(words("plan_measured", profit=profit))
        beyond = status.get("beyond_limits", 0)
        full = words("plan_full", count=words.size(beyond)) if beyond else words("plan_room")
        said.append(full)
    if content["control_kept"]:
        said.append(words("plan_kept", count=words.size(content["control_kept"])))
    return said


def _actions(content: Mapping[str, Any], words: Words) -> View:
    """By action and channel, those worth most first; offers under the same action apart."""
    order = sorted(content["actions"], key=lambda one: -one["expected_profit_money"])
    # An action's arms stand side by side, so all three counts are looked at.
    arms = [(one["treated"], one["subscribers"] - one["treated"]) for one in order]
    # A single action is the whole list, which is told above.
    gone = {place for place, _ in hidden(arms, words.least)} if len(order) > 1 else set()
    rows = [_action(one, words, hide=place in gone) for place, one in enumerate(order)]
    sums = {
        key: sum(one[key] for one in order)
        for key in ("subscribers", "treated", "outlay_money", "expected_profit_money")
    }
    blank = [cell("", figure=False), cell("", figure=False)]
    whole = row(words("plan_all"), [*blank, *_figures(sums)])
    keys = (
        "plan_action",
        "plan_channel",
        "plan_source",
        "plan_listed",
        "plan_treated",
        "plan_control",
        "plan_outlay",
        "plan_profit",
    )
    heads = [words(key) for key in keys]
    return table(words("plan_caption"), heads, [("", [*rows, whole])], "segments")


def _action(one: Mapping[str, Any], words: Words, *, hide: bool) -> View:
    return row(
        words.named("action", one["action"]),
        [
            cell(words.named("channel", one["channel"]), figure=False),
            cell(words(f"plan_rate_{one['rate_source']}"), figure=False),
            *(_withheld(one, words) if hide else _figures(one)),
        ],
    )


def _withheld(one: Mapping[str, Any], words: Words) -> list[View]:
    """In the place of `_figures`: its money would tell how many it is for."""
    return [cell(words.withheld(one["subscribers"])), *(cell(formats.DASH) for _ in range(4))]


def _figures(one: Mapping[str, Any]) -> list[View]:
    return [
        cell(formats.count(one["subscribers"])),
        cell(formats.count(one["treated"]), strong=True),
        cell(formats.count(one["subscribers"] - one["treated"])),
        cell(money(one["outlay_money"])),
        cell(money(one["expected_profit_money"])),
    ]


def _limits(content: Mapping[str, Any], words: Words) -> View:
    found = content["limits"]
    rows = [
        _limit(
            words("plan_limit_budget"),
            [money(found[f"{name}_money"]) for name in ("budget", "outlay", "outlay_treated")],
        ),
        _limit(
            words("plan_limit_calls"),
            [formats.count(found[name]) for name in ("calls", "calls_listed", "calls_treated")],
        ),
    ]
    heads = [
        words(key) for key in ("plan_limit", "plan_allowed", "plan_by_list", "plan_by_treated")
    ]
    return table(words("plan_limits_caption"), heads, [("", rows)], "moved lean")


def _limit(name: str, texts: Sequence[str]) -> View:
    return row(name, [cell(text) for text in texts])


def _fates(content: Mapping[str, Any], words: Words) -> View:
    """Each subscriber once: by status, the suppressed by the first reason that applies.

    How many are listed is the team's work, and told above: it is shown however few they are.
    """
    found = [
        (name, words(f"plan_is_{name}"), content["status"][name], None)
        for name in _STATUSES
        if content["status"].get(name)
    ]
    found += [
        (reason, words(f"plan_out_{reason}"), one["first"], one["applies"])
        for reason in _REASONS
        if (one := content["suppressed"].get(reason)) is not None
    ]
    sizes = [0 if key == "listed" else count for key, _, count, _ in found]
    gone = {place for _, place in hidden([sizes], words.least)}
    rows = []
    for place, (key, name, count, applies) in enumerate(found):
        shown = words.withheld(count, hide=place in gone)
        told = formats.count(count) if key == "listed" else shown
        rows.append(row(name, [cell(told), cell(words.size(applies))]))
    heads = [words(key) for key in ("plan_fate", "plan_count", "plan_applies")]
    caption = words("plan_fate_caption", subscribers=formats.count(content["subscribers"]))
    return table(caption, heads, [("", rows)], "moved lean")
