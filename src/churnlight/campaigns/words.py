"""What a campaign report says in words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

NOTES: Mapping[str, Mapping[Language, str]] = {
    "no_offers": {
        "en": "No offer is on record in the extract campaigns: there is nothing to judge.",
        "zh": "营销记录（campaigns）中没有任何派发，无法评估。",
    },
    "no_control": {
        "en": "No control group was held out: who was contacted cannot be compared with anybody, "
        "and no effect is claimed. Hold out a random control group next time.",
        "zh": "没有随机对照组：被接触用户没有可比对象，因此不作效果结论。下次请预留随机对照组。",
    },
    "no_treated": {
        "en": "Nobody was assigned to an offer: no effect is claimed.",
        "zh": "没有任何用户被分配到营销组，因此不作效果结论。",
    },
    "nothing_known": {
        "en": "No outcome is complete and known yet: no effect is claimed before the follow-up "
        "months are over.",
        "zh": "跟踪期尚未结束，没有完整的结果，暂不作效果结论。",
    },
    "too_few": {
        "en": "An arm has fewer lines with a known outcome than an effect can be told from: no "
        "effect is claimed.",
        "zh": "某一组结果已知的用户太少，因此不作效果结论。",
    },
    "uncontrolled": {
        "en": "{count} lines belong to campaigns with one arm alone; they are left out of the "
        "effect.",
        "zh": "{count}个用户所在的活动只有一个组，未计入效果。",
    },
    "not_yet": {
        "en": "{count} outcomes are not complete yet and are left out.",
        "zh": "{count}个用户的跟踪期未结束，未计入。",
    },
    "not_on_books_before": {
        "en": "{count} lines were not on the books at the end of the month before their offer and "
        "are left out.",
        "zh": "{count}个用户在派发前一个月末不在网，未计入。",
    },
    "no_snapshot": {
        "en": "{count} outcomes lack the snapshot of a month and are left out.",
        "zh": "{count}个用户缺少所需月份的快照，未计入。",
    },
    "both_arms": {
        "en": "{count} subscribers stand in both arms of a campaign and are left out.",
        "zh": "{count}个用户同时出现在两个组，未计入。",
    },
    "no_arm": {
        "en": "{count} offers name no arm and are left out.",
        "zh": "{count}条派发没有组别，未计入。",
    },
    "contaminated": {
        "en": "{count} of the control group were contacted all the same: the effect is understated "
        "or wrong.",
        "zh": "对照组中有{count}个用户仍被接触：效果可能被低估或失真。",
    },
    "no_bills": {
        "en": "There are no bills: revenue and return are left out.",
        "zh": "没有账单，未计算收入与回报。",
    },
    "bills_missing": {
        "en": "{count} lines lack a bill of the follow-up and are left out of revenue.",
        "zh": "{count}个用户缺少跟踪期账单，未计入收入。",
    },
    "few_churners": {
        "en": "Fewer than ten in an arm left: the intervals are rough.",
        "zh": "某一组离网用户不足十个，区间较粗略。",
    },
    "left_out_unevenly": {
        "en": "Outcomes are known for {treated} of the treated and {control} of the control group: "
        "what is missing may bias the effect.",
        "zh": "营销组结果已知{treated}，对照组{control}：缺失可能造成偏差。",
    },
    "no_scores": {
        "en": "No score from before an offer was found: no effect by tier or reason, no Qini "
        "curve.",
        "zh": "没有派发之前的评分，未按等级和原因分析，也没有Qini曲线。",
    },
    "assumed_value": {
        "en": "The value of those saved assumes that they go on paying the mean bill for {months} "
        "months; nobody has measured that.",
        "zh": "挽留价值假定用户继续按平均账单缴费{months}个月，此项未经测量。",
    },
}
VERDICTS: Mapping[str, Mapping[Language, str]] = {
    "saves": {
        "en": "Fewer left where the offer was assigned.",
        "zh": "营销组离网更少，活动有效。",
    },
    "unclear": {
        "en": "No difference can be told: it is not shown that contact saves anybody.",
        "zh": "看不出差异：没有证据表明接触挽留了用户。",
    },
    "provokes": {
        "en": "More left where the offer was assigned: contact provokes leaving here. Stop it.",
        "zh": "营销组离网更多：接触反而促使用户离网，应停止。",
    },
}

# Whether treating by effect keeps more than treating by risk: of the order by effect.
ORDERS: Mapping[str, Mapping[Language, str]] = {
    "no_features": {
        "en": "No line stood in a feature table whose cutoff had passed before its offer: no order "
        "by effect is looked for.",
        "zh": "派发之前没有任何用户的特征表，无法按效果排序。",
    },
    "few_leavers": {
        "en": "Too few left in an arm ({treated} treated, {control} control; {least} are needed): "
        "no order by effect is looked for. List by risk.",
        "zh": "离网用户太少（营销组{treated}，对照组{control}，至少需要{least}），"
        "不按效果排序，请按风险排序。",
    },
    "better": {
        "en": "Treating by effect keeps more than treating by risk does, beyond chance.",
        "zh": "按效果排序比按风险排序挽留更多，差异显著。",
    },
    "not_better": {
        "en": "Treating by effect is not shown to keep more than treating by risk does. List by "
        "risk.",
        "zh": "没有证据表明按效果排序优于按风险排序，请按风险排序。",
    },
    "worse": {
        "en": "Treating by effect keeps less than treating by risk does. List by risk.",
        "zh": "按效果排序不如按风险排序，请按风险排序。",
    },
}


def order_verdict(code: str, **figures: object) -> dict[str, str]:
    """What is said of the order by effect: code and both texts."""
    return _both(ORDERS, code, figures)


def note(code: str, **figures: object) -> dict[str, str]:
    """A note as the JSON holds it: code and both texts."""
    return _both(NOTES, code, figures)


def _both(
    texts: Mapping[str, Mapping[Language, str]], code: str, figures: Mapping[str, object]
) -> dict[str, str]:
    en, zh = (texts[code][language].format(**figures) for language in LANGUAGES)
    return {"code": code, "en": en, "zh": zh}


def warning(column: str | None, value: object, code: str) -> dict[str, object]:
    """A verdict on all, or on the lines with one value of a column, with both texts."""
    text = VERDICTS[code]
    return {"by": column, "value": value, "verdict": code, "en": text["en"], "zh": text["zh"]}
