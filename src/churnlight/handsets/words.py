"""The tree's leaves in words, and why handsets were left out, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from churnlight.handsets.features import AGE, DATA, GENERATION, PRICE, SPEND, TEXTS, flag_name
from churnlight.handsets.kinds import KindTree
from churnlight.learners.rules import Language, rules

LANGUAGES: tuple[Language, ...] = ("en", "zh")
_SUGGESTED = 3
NAMES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        AGE: "age of the handset in days",
        PRICE: "list price of the present handset",
        GENERATION: "network generation of the handset",
        SPEND: "bill a month",
        DATA: "data a month in MB",
        "brand": "present handset of {value}",
        "os": "present handset with {value}",
    },
    "zh": {
        AGE: "终端使用天数",
        PRICE: "现终端标价",
        GENERATION: "终端网络代际",
        SPEND: "月均账单",
        DATA: "月均流量（MB）",
        "brand": "现终端品牌为{value}",
        "os": "现终端系统为{value}",
    },
}
# Why nothing, or less, is said of handsets.
NOTICES: Mapping[str, Mapping[Language, str]] = {
    "no_handsets": {
        "en": "There is no price list of handsets (extract handsets): left out.",
        "zh": "缺少终端目录（handsets），未做终端偏好分析。",
    },
    "no_handset_columns": {
        "en": "The snapshots name no handset (handset_id): their preference is left out.",
        "zh": "用户快照中没有终端编号（handset_id），未做终端偏好分析。",
    },
    "no_attributes": {
        "en": "The price list of handsets gives neither brand, price nor system: left out.",
        "zh": "终端目录没有品牌、价格和系统，未做终端偏好分析。",
    },
    "no_snapshots": {
        "en": "No snapshot of the month before as_of was known: handsets are left out.",
        "zh": "统计时点前一个月的快照尚未到位，未做终端偏好分析。",
    },
    "too_few_changes": {
        "en": "Fewer changes of handset are known than handset.min_changes: left out.",
        "zh": "已知的换机次数少于 handset.min_changes，未做终端偏好分析。",
    },
    "not_judged": {
        "en": "History is too short to judge the suggestions on later changes: their accuracy is "
        "unknown.",
        "zh": "历史太短，无法用之后的换机检验推荐，准确率未知。",
    },
    "no_brand": {
        "en": "The price list gives no brand: none is foreseen.",
        "zh": "终端目录没有品牌，不预测品牌。",
    },
    "no_os": {
        "en": "The price list gives no system: none is foreseen.",
        "zh": "终端目录没有系统，不预测系统。",
    },
    "no_price_band": {
        "en": "The price list gives no price: no price band is foreseen.",
        "zh": "终端目录没有价格，不预测价位。",
    },
    "sampled": {
        "en": "The tree learned from a sample of handset.max_changes changes.",
        "zh": "仅抽取 handset.max_changes 次换机用于训练。",
    },
    "ages_unknown": {
        "en": "No age of a handset is known (handset_since): all have the same chance of a change.",
        "zh": "没有终端启用日期（handset_since），所有用户的换机概率相同。",
    },
}


def notice(code: str) -> dict[str, str]:
    """A notice as the JSON holds it: code and both texts."""
    return {"code": code, "en": NOTICES[code]["en"], "zh": NOTICES[code]["zh"]}


def rules_in_words(tree: KindTree) -> list[dict[str, Any]]:
    """The leaves, the one with most changes first.

    Returns:
        For each leaf: text_en, text_zh, changes (learned from), share, and `next`: its likeliest
        whole handsets with their chance.
    """
    said = {language: _texts(tree, language) for language in LANGUAGES}
    best, chances = tree.best(_SUGGESTED), tree.chances
    rows = tree.counts.sum(axis=1)
    leaves = sorted(tree.nodes.leaves.tolist(), key=lambda leaf: (-int(rows[leaf]), leaf))
    return [
        {
            "leaf": leaf,
            **{f"text_{language}": said[language][leaf] for language in LANGUAGES},
            "changes": int(rows[leaf]),
            "share": round(float(rows[leaf] / rows[0]), 6),
            "next": [
                {
                    **dict(zip(tree.targets, tree.kinds[kind], strict=True)),
                    "chance": round(float(chances[leaf, kind]), 6),
                }
                for kind in best[leaf].tolist()
            ],
        }
        for leaf in leaves
    ]


def _texts(tree: KindTree, language: Language) -> dict[int, str]:
    names = dict(NAMES[language])
    flags = []
    for text, value in tree.questions.flags:
        flags.append(flag_name(text, value))
        names[flags[-1]] = names[text].format(value=value)
    for text in TEXTS:
        del names[text]
    found = rules(tree.as_rules(), language, names, _written, flags)
    return {rule.leaf: rule.text for rule in found}


def _written(name: str, value: float) -> str:
    """A bound that whole numbers are compared with: cents as money."""
    if name in (PRICE, SPEND):
        return f"{value / 100:.2f}"
    return np.format_float_positional(value, precision=1, trim="-")
