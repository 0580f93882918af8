"""The words of the workbook; see `words`."""

from __future__ import annotations

# Heading, and what it means: a column of the list has both, so that none goes unexplained.
COLUMNS = {
    "col_place": ("No.", "序号"),
    "col_place_says": (
        "Place on the list: who rose two tiers or more comes first, then all others, each by value "
        "at risk, the most money at stake first.",
        "名单序号：升两档及以上的用户在前，其余在后，均按风险金额由高到低排列。",
    ),
    "col_subscriber": ("Subscriber", "用户"),
    "col_subscriber_says": (
        "The pseudonymous subscriber_id of the extracts, as text.",
        "源数据中的匿名用户标识（文本）。",
    ),
    "col_tier": ("Tier", "档位"),
    "col_tier_says": (
        "Risk tier of the model in use, in rising risk: {tiers}. The highest is as good as gone: "
        "a win-back offer fits better than a routine call.",
        "所用模型的风险档位，由低到高：{tiers}。最高档基本已流失，更适合挽回方案。",
    ),
    "col_risen": ("Risen", "升档"),
    "col_risen_says": (
        "Marked where the subscriber rose two tiers or more: the tier of the month scored before, "
        "and its as_of.",
        "升两档及以上时标出：此前评分月份的档位及其基准日。",
    ),
    "col_probability": ("Risk of leaving", "离网概率"),
    "col_probability_says": (
        "Calibrated probability of leaving within the horizon: of 100 subscribers at 10%, about "
        "10 should leave.",
        "表现期内离网的校准概率：概率为 10% 的 100 个用户中应有约 10 个离网。",
    ),
    "col_bill": ("Monthly bill", "月均账单"),
    "col_bill_says": (
        "Mean bill over the window's months, in the currency of the bills.",
        "观察窗内的月均账单，币种同账单。",
    ),
    "col_at_risk": ("Value at risk", "风险金额"),
    "col_at_risk_says": (
        "Probability of leaving × mean monthly bill: what is expected to be lost a month.",
        "离网概率 × 月均账单：预计每月损失的金额。",
    ),
    "col_area": ("Area", "区域"),
    "col_area_says": ("Region in the extract subscribers.", "用户资料中的区域。"),
    "col_reason": ("Reason {number}", "原因 {number}"),
    "col_reason_says": (
        "What raises this subscriber's score most, with their own numbers. It is what the model "
        "saw and no cause.",
        "对该用户评分提升最大的情况及其本人数值。这是模型所见，并非起因。",
    ),
    "col_share": ("Share {number}", "占比 {number}"),
    "col_share_says": (
        "How much of the whole score the reason makes up, over all that raises and lowers it.",
        "该原因在全部升降因素中所占的比重。",
    ),
    "col_notes": ("Notes", "备注"),
    "col_notes_says": ("Empty, for the team.", "留空，供维系人员填写。"),
    "col_stays": ("Speaks for staying", "有利于留网"),
    "col_stays_says": (
        "What lowers this subscriber's score most: something to build on.",
        "对该用户评分降低最大的情况，可作为沟通的切入点。",
    ),
    "col_stays_share": ("Share", "占比"),
    "col_apart": ("Models apart", "模型分歧"),
    "col_apart_says": (
        "Marked where the decision tree puts the subscriber at least two tiers away from the "
        "tier in use.",
        "决策树档位与所用档位相差两档及以上时标出。",
    ),
    "col_tree_tier": ("Tier by the tree", "决策树档位"),
    "col_tree_tier_says": (
        "The tier that the decision tree gives, as a second opinion.",
        "决策树给出的档位，供参考。",
    ),
    "col_rule": ("The tree's rule", "决策树规则"),
    "col_rule_says": (
        "The rule that the decision tree put the subscriber under, with the number of subscribers "
        "it held in training and how many of them left.",
        "决策树所依据的规则，以及训练数据中该规则覆盖的用户数和离网比例。",
    ),
    "col_account": ("Account", "账户"),
    "col_account_says": (
        "The account, so that several lines of one customer are seen together.",
        "账户，便于将同一客户的多个号码合并处理。",
    ),
    "col_since": ("Activated", "入网日期"),
    "col_since_says": ("When the number was activated for this subscriber.", "该用户的入网日期。"),
    "risen_mark": ("▲ from {before}, {since}", "▲ 原{before}，{since}"),
    "apart_mark": ("! two tiers apart", "! 相差两档以上"),
}

SUMMARY = {
    "sheet_list": ("Call list", "外呼名单"),
    "sheet_summary": ("Summary", "汇总"),
    "sheet_columns": ("Columns", "列说明"),
    "as_of": ("As of", "基准日"),
    "cutoff": ("Known before (cutoff)", "数据截止（不含）"),
    "horizon": ("Leaving means between", "预警区间"),
    "from_to": ("{start} and {end}", "{start} 至 {end}"),
    "model": ("Model in use", "所用模型"),
    "model_mark": ("Fingerprint of the model", "模型指纹"),
    "listed": ("On this list", "名单人数"),
    "listed_says": (
        "{shown} of {all} in the tiers {tiers}",
        "{tiers}档共 {all} 个，列出 {shown} 个",
    ),
    "gone": ("Left before the cutoff", "截止前已离网"),
    "gone_says": ("{count}; they are on no call list", "{count} 个，不进入名单"),
    "order": ("Order", "排序"),
    "order_says": (
        "value at risk (probability of leaving × mean monthly bill), highest first",
        "风险金额（离网概率 × 月均账单）由高到低",
    ),
    "order_risen_says": (
        "who rose two tiers or more first; among them and among all others by value at risk "
        "(probability of leaving × mean monthly bill), highest first",
        "升两档及以上的用户在前；前后两部分均按风险金额（离网概率 × 月均账单）由高到低",
    ),
    "risen_two": ("Risen two tiers or more", "升两档及以上"),
    "risen_count": (
        "{count} on this list, since {since}; they stand on top",
        "名单中 {count} 个（自 {since} 以来），排在最前",
    ),
    "tiers": ("Tiers", "各档情况"),
    "subscribers": ("Subscribers", "用户数"),
    "to_call": ("To call", "可联系"),
    "share_of_all": ("Share of all", "占比"),
    "seen_rate": ("Left in an earlier month", "此前某月离网率"),
    "seen_rate_says": (
        "Share of each tier that left in the earlier month on which the tiers were cut, each "
        "subscriber judged by cuts made without it.",
        "确定分档所用的较早月份中各档实际离网的比例（各用户均由不含其自身的分界判定）。",
    ),
    "bills": ("Monthly bills", "每月账单"),
    "bills_at_risk": ("At risk a month", "每月风险金额"),
    "on_list": ("On the list", "在名单中"),
    "reasons_by_tier": ("Commonest first reasons by tier", "各档最常见的首要原因"),
    "reasons_by_area": ("Commonest first reasons by area", "各区域最常见的首要原因"),
    "reason": ("Reason", "原因"),
    "reasons_says": (
        "Share of those on the list whose strongest reason it is.",
        "名单用户中以此为首要原因的比例。",
    ),
    "meaning": ("Meaning", "含义"),
    "column": ("Column", "列"),
    "own_money": ("in the currency of the bills", "币种同账单"),
    "page_of": ("Page &P of &N", "第 &P 页，共 &N 页"),
}
