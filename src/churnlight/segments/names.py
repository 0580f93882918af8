"""Suggested names of segments: what sets each apart most, in words, no two alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from churnlight.explain.values import lowered, short
from churnlight.features.catalogue import CATALOGUE
from churnlight.segments.profile import Trait


@dataclass(frozen=True)
class NameRule:
    """What a segment is called that is far above (or below) the cohort in a feature.

    Attributes:
        feature: the feature.
        category: the value of a text feature; None for numbers.
        above_en, above_zh, below_en, below_zh: the names; empty: that side says too little.
    """

    feature: str
    above_en: str
    above_zh: str
    below_en: str = ""
    below_zh: str = ""
    category: str | None = None


RULES: tuple[NameRule, ...] = (
    NameRule("voice_out_min_per_day", "Heavy callers", "通话大户", "Light callers", "通话较少"),
    NameRule("voice_in_min_per_day", "Much called", "接听较多", "Seldom called", "接听较少"),
    NameRule("voice_out_call_s", "Long calls", "长通话", "Short calls", "短通话"),
    NameRule("sms_out_count_per_day", "Texters", "短信活跃", "No texts", "短信较少"),
    NameRule("out_share", "Callers", "主叫为主", "Called by others", "被叫为主"),
    NameRule("data_mb_per_day", "Heavy data users", "大流量", "Light data users", "小流量"),
    NameRule("bill_money", "High spenders", "高消费", "Low spenders", "低消费"),
    NameRule("plan_fee_money", "Large plans", "高档套餐", "Small plans", "低档套餐"),
    NameRule("overage_share", "Beyond the plan", "套外消费多", "Within the plan", "套餐够用"),
    NameRule("vas_share", "Service buyers", "增值业务多", "Few services", "增值业务少"),
    NameRule("extra_services_count", "Service users", "增值业务多", "No services", "增值业务少"),
    NameRule("effective_contacts_count", "Wide circle", "通话圈宽", "Narrow circle", "通话圈窄"),
    NameRule("contact_entropy_nats", "Many friends", "联系分散", "Few friends", "联系集中"),
    NameRule("top3_contacts_share", "Few close contacts", "联系集中", "Many contacts", "联系分散"),
    NameRule(
        "rival_contacts_share", "Rivals' friends", "异网交往多", "On-net circle", "网内交往多"
    ),
    NameRule("night_share", "Evening users", "晚间用户", "Daytime users", "日间用户"),
    NameRule("weekend_share", "Weekend users", "周末用户", "Weekday users", "工作日用户"),
    NameRule("roaming_days", "Travellers", "漫游出行"),
    NameRule("cells_count", "On the move", "活动范围广", "Staying in place", "活动范围小"),
    NameRule("tenure_days", "Long-standing", "老用户", "Newcomers", "新用户"),
    NameRule("handset_price_money", "Dear handsets", "高端终端", "Cheap handsets", "低端终端"),
    NameRule("payment_category", "Prepaid", "预付费", category="prepaid"),
    NameRule("payment_category", "Postpaid", "后付费", category="postpaid"),
    NameRule("group_class_category", "Large-group members", "A类集团客户", category="A"),
    NameRule("group_class_category", "Mid-size-group members", "B类集团客户", category="B"),
    NameRule("group_class_category", "Small-group members", "C类集团客户", category="C"),
    NameRule("group_class_category", "No group", "非集团客户", category="none"),
    NameRule("contract_kind_category", "Without contract", "无合约", category="none"),
)
AVERAGE = ("Average users", "普通用户")

_RULES = {(rule.feature, rule.category): rule for rule in RULES}
_MEANING = {feature.name: feature for feature in CATALOGUE}
_BETWEEN_EN, _BETWEEN_ZH = ", ", "·"
_MOST_TRAITS = 4


def suggest(traits: Sequence[Sequence[Trait]], least: float) -> list[tuple[str, str]]:
    """A name in English and Chinese for each segment, unique in either language.

    A segment is called after its strongest trait. Where several would then be called the same,
    each of them takes the next trait too, and so on; the last resort is a number.

    Args:
        traits: of each segment, strongest first.
        least: difference from which a trait gives a name.
    """
    words = [_words(own, least) for own in traits]
    taken = [1] * len(words)
    for _ in range(_MOST_TRAITS):
        names = [_joined(own[:n]) for own, n in zip(words, taken, strict=True)]
        clash = _alike(names)
        if not clash:
            return names
        for place in clash:
            taken[place] += 1
    names = [_joined(own[:n]) for own, n in zip(words, taken, strict=True)]
    clash = _alike(names)
    return [
        (f"{en} ({n})", f"{zh}（{n}）") if n - 1 in clash else (en, zh)
        for n, (en, zh) in enumerate(names, 1)
    ]


def _words(traits: Iterable[Trait], least: float) -> list[tuple[str, str]]:
    """What each strong trait is called; the same word is not said twice."""
    found = [_word(trait) for trait in traits if abs(trait.difference) >= least]
    return list(dict.fromkeys(word for word in found if word is not None))


def _word(trait: Trait) -> tuple[str, str] | None:
    rule = _RULES.get((trait.feature, trait.category))
    above = trait.difference > 0
    if rule is not None:
        word = (rule.above_en, rule.above_zh) if above else (rule.below_en, rule.below_zh)
        return word if word[0] else None
    # A category that few have says nothing; a number without a rule goes by its meaning.
    if trait.category is not None:
        return None
    meaning = _MEANING[trait.feature]
    en, zh = lowered(short(meaning.en)), short(meaning.zh)
    return (f"More: {en}", f"{zh}偏高") if above else (f"Less: {en}", f"{zh}偏低")


def _joined(words: Sequence[tuple[str, str]]) -> tuple[str, str]:
    if not words:
        return AVERAGE
    first, *rest = (en for en, _ in words)
    english = _BETWEEN_EN.join([first, *(lowered(en) for en in rest)])
    return english, _BETWEEN_ZH.join(zh for _, zh in words)


def _alike(names: Sequence[tuple[str, str]]) -> set[int]:
    """Places of names that are not unique in both languages."""
    return {
        n
        for n, (en, zh) in enumerate(names)
        if any(m != n and (en == e or zh == z) for m, (e, z) in enumerate(names))
    }
