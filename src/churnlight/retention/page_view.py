"""From the scored month to what one language's page shows: plain values, texts and pictures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from churnlight.explain import sentences
from churnlight.report import formats
from churnlight.report.inputs import Language
from churnlight.report.view_movements import movements_view
from churnlight.report.words import Words as ReportWords
from churnlight.retention.cards import card_view, history_of, odds, reason_view, risen_says
from churnlight.retention.entries import entries
from churnlight.retention.month import Entry, HandoutInputs, Plot, callable_now
from churnlight.retention.totals import Common, TierTotal, by_area, by_tier, tier_totals
from churnlight.retention.words import Words
from churnlight.retention.workbook import meanings
from churnlight.retention.workbook_summary import facts

View = dict[str, Any]
_AREAS = 12


def page_view(month: HandoutInputs, language: Language) -> View:
    """All that the template needs for one language."""
    words = Words(language)
    every = month.listed
    shown = every[: max(month.params.page_rows, month.params.cards)]
    listed = list(entries(month, shown, language))
    past = history_of(month.history)
    cards = [
        card_view(month, entry, past.get(entry.subscriber), words)
        for entry in listed[: month.params.cards]
    ]
    totals = tier_totals(month)
    return {
        "language": language,
        "lang": "zh-CN" if language == "zh" else "en",
        "w": words,
        "as_of": month.at.key,
        "simulated": month.simulated,
        "headline": _headline(month, totals, words),
        "brief": _brief(month, totals, words),
        "moves": None
        if month.before is None
        else movements_view(month.moved.content, ReportWords(language)),
        "why": [
            _commonest("by_tier", by_tier(month), month, words),
            _commonest("by_area", by_area(month)[:_AREAS], month, words),
        ],
        "plots": [_plot(plot, month, words) for plot in month.plots],
        "rows": [_row(month, entry, words) for entry in listed[: month.params.page_rows]],
        "list_says": _list_says(month, words),
        "filters": _filters(month, listed[: month.params.page_rows], words),
        "cards": cards,
        "facts": facts(month, len(every), words),
        "meanings": meanings(month, words),
    }


def _headline(month: HandoutInputs, totals: list[TierTotal], words: Words) -> str:
    called = [t for t in totals if t.tier in month.params.tiers]
    count = formats.count(sum(t.to_call for t in called))
    money = [t.at_risk_money for t in called if t.at_risk_money is not None]
    if not money:
        return words("headline_plain", count=count)
    return words("headline", count=count, money=formats.count(sum(money)))


def _brief(month: HandoutInputs, totals: list[TierTotal], words: Words) -> View:
    at = month.at
    gone = int((~callable_now(month.scores)).sum())
    cutoff = f"{at.cutoff:%Y-%m-%d}"
    return {
        "says": words(
            "in_brief_says",
            start=f"{at.label_start:%Y-%m-%d}",
            end=f"{at.label_end - timedelta(days=1):%Y-%m-%d}",
            cutoff=cutoff,
        ),
        "gone": words("gone_note", count=formats.count(gone), as_of=at.key, cutoff=cutoff)
        if gone
        else None,
        "tiers": [
            {
                "style": f"tier-{index}",
                "name": words.tier(total.tier),
                "count": formats.count(total.to_call),
                "share": words(
                    "tier_share" if total.tier in month.params.tiers else "tier_share_off",
                    share=formats.percent(total.share),
                ),
                "rate": None
                if total.rate is None
                else words("tier_rate", rate=formats.percent(total.rate)),
                "money": None
                if total.at_risk_money is None
                else words("tier_money", money=formats.count(total.at_risk_money)),
            }
            for index, total in reversed(list(enumerate(totals)))
        ],
    }


def _commonest(key: str, groups: list[Common], month: HandoutInputs, words: Words) -> View:
    tiered = key == "by_tier"
    return {
        "title": words(key),
        "head": words("col_tier" if tiered else "col_area"),
        "groups": [
            {
                "name": words.tier(group.group) if tiered else words.area(group.group, group.areas),
                "style": f"tier-{month.tiers.index(group.group)}" if tiered else None,
                "count": words("few", count=formats.count(group.subscribers)),
                "reasons": [
                    {
                        "title": sentences.title(code, words.language, "up"),
                        "share": formats.percent(count / group.subscribers, 0),
                        "width": round(count / group.subscribers * 100, 1),
                    }
                    for code, count in group.reasons
                ],
            }
            for group in groups
        ],
    }


def _plot(plot: Plot, month: HandoutInputs, words: Words) -> View:
    if plot.kind == "beeswarm":
        title, says = words("plot_beeswarm"), words("plot_beeswarm_says")
    elif plot.kind == "dependence":
        known = month.features.get(words.language, {})
        feature = plot.feature or plot.path.stem
        title, says = known.get(feature, feature), words("plot_dependence_says")
    else:
        title, says = plot.path.stem, words("plot_other_says")
    return {"name": plot.path.name, "title": title, "says": says, "kind": plot.kind}


def _row(month: HandoutInputs, entry: Entry, words: Words) -> View:
    return {
        "place": formats.count(entry.place),
        "subscriber": entry.subscriber,
        "account": entry.account or "",
        "tier_name": entry.tier,
        "tier": words.tier(entry.tier),
        "style": f"tier-{month.tiers.index(entry.tier)}",
        "probability": odds(entry.probability),
        "bill": formats.number(entry.bill_money, 2),
        "at_risk": formats.number(entry.at_risk_money, 2),
        "area_key": entry.area or "",
        "area": words.area(entry.area),
        "apart": words("apart", tier=words.tier(entry.tier_tree)) if entry.apart else None,
        "risen": risen_says(entry, words),
        "codes": " ".join(said.code for said in entry.up),
        "up": [reason_view(said, words) for said in entry.up],
        "down": None if entry.down is None else reason_view(entry.down, words),
        "card": f"card-{words.language}-{entry.place}"
        if entry.place <= month.params.cards
        else None,
    }


def _filters(month: HandoutInputs, listed: list[Entry], words: Words) -> View:
    """What can be chosen from, only what is there."""
    tiers = {entry.tier for entry in listed}
    areas = {entry.area or "" for entry in listed}
    reasons = {said.code: said.title for entry in listed for said in entry.up}
    return {
        "tiers": [(t, words.tier(t)) for t in reversed(month.tiers) if t in tiers],
        "areas": [(a, words.area(a)) for a in sorted(areas)],
        "reasons": sorted(reasons.items(), key=lambda pair: pair[1]),
        "apart": any(entry.apart for entry in listed),
        "risen": any(entry.rose_from is not None for entry in listed),
    }


def _list_says(month: HandoutInputs, words: Words) -> str:
    every = month.listed
    shown = min(len(every), month.params.page_rows)
    if not len(every):
        return words("nobody")
    first = int(month.risen[every].sum())
    order = words("list_sorted")
    if first:
        order = words("list_risen", risen=formats.count(first), since=month.previous_as_of)
    if shown == len(every):
        return order
    part = words("list_part", shown=formats.count(shown), all=formats.count(len(every)))
    return words("sentences", first=order, second=part)
