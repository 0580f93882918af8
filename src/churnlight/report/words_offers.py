"""The report's sentences about segments, tariffs and handsets; see `words`."""

from __future__ import annotations

SEGS = {
    "segs": ("Segments and service preference", "用户分群与业务偏好"),
    "segs_says": (
        "The {subscribers} subscribers of {as_of} fall into {count} segments of people who use "
        "the network alike. Choose by segment what to offer and how to speak; whom to call first "
        "is for the tiers to say.",
        "{as_of} 的 {subscribers} 户按使用习惯分为 {count} 个群。"
        "分群用于决定推荐什么、如何沟通；先联系谁，仍以风险等级为准。",
    ),
    "segs_one": (
        "The {subscribers} subscribers of {as_of} are one segment: nothing parts them clearly "
        "enough. There is no reason to offer some of them other things than the rest.",
        "{as_of} 的 {subscribers} 户同属一个群，没有足够明显的差异，无需区别推荐。",
    ),
    "segs_more": (
        "These left more often than all together ({overall}): {names}.",
        "离网率明显高于整体（{overall}）的群：{names}。",
    ),
    "segs_less": (
        "These left less often than all together ({overall}): {names}.",
        "离网率明显低于整体（{overall}）的群：{names}。",
    ),
    "segs_same": (
        "No segment's churn rate stands clearly apart from that of all together ({overall}): "
        "don't choose by segment whom to call.",
        "没有哪个群的离网率与整体（{overall}）有明显差别：不要按分群挑选联系对象。",
    ),
    "segs_no_cause": (
        "That is a correlation, no cause: nobody is known to stay because a habit changes.",
        "这只是相关，不是原因：不能说改变使用习惯就能留住用户。",
    ),
    "segs_churn_unknown": (
        "No earlier month's outcome is known yet: there are no churn rates by segment.",
        "尚无已知结果的历史月份，无法给出各群离网率。",
    ),
    "segs_made_first": (
        "This is the first month with segments: there is none before to compare them with.",
        "首次分群，没有上月可比。",
    ),
    "segs_made_frozen": (
        "The segments are those found in {model_as_of}, used again as they were.",
        "沿用 {model_as_of} 的分群规则。",
    ),
    "segs_made_age": (
        "The segments were found anew this month, for the old ones had grown old.",
        "原分群规则已到期，本月重新分群。",
    ),
    "segs_made_parameters": (
        "The segments were found anew this month, for the parameters had changed.",
        "参数有变，本月重新分群。",
    ),
    "segs_stable": (
        "Of the {rows} subscribers who were there in {before} too, {kept} are in the same segment; "
        "adjusted Rand index {ari} (1: the same segments, 0: chance).",
        "与 {before} 相比，两期共有的 {rows} 户中 {kept} 所属群未变；"
        "调整兰德指数 {ari}（1 为完全一致，0 为随机）。",
    ),
    "segs_shaky": (
        "Below 0.6 a campaign should not count on somebody's segment staying what it is.",
        "低于 0.6 时，跨月营销活动不宜依赖分群。",
    ),
    "segs_new": ("New: {codes}.", "新增：{codes}。"),
    "segs_gone": ("Gone: {codes}.", "消失：{codes}。"),
    "segs_caption": (
        "Segments of {as_of}; churn rates of {churn_as_of}, the last as_of with a known outcome",
        "{as_of} 的分群；离网率为最近一个结果已知的时点 {churn_as_of}",
    ),
    "segs_name": ("Segment", "分群"),
    "segs_rows": ("Subscribers", "用户数"),
    "segs_rate": ("Left", "离网率"),
    "segs_above": ("Above the cohort", "高于整体"),
    "segs_below": ("Below the cohort", "低于整体"),
    "segs_trait": ("{text}: {here} (all: {all})", "{text}：{here}（整体 {all}）"),
    "segs_note": (
        "At most three features each way, where a segment lies at least 0.2 standard deviations "
        "of the cohort away from it; medians, or shares. Below the churn rate its 95% interval. "
        "Names are suggestions.",
        "每个方向最多列三项，且与整体相差至少 0.2 个标准差；所列为中位数或占比。"
        "离网率下方为 95% 区间。群名仅为建议。",
    ),
    "segs_services": ("Which service for which segment", "各群适合的增值业务"),
    "segs_services_none": (
        "There is no extract of services: none can be suggested.",
        "没有增值业务数据，无法推荐业务。",
    ),
    "segs_services_fit": (
        "Offer a segment first what has ▲, match level 3: it is used clearly more there than by "
        "all. {share} of the subscribers lack at least one service of their segment's list.",
        "优先推荐带 ▲ 的业务（匹配度 3）：该群的使用率明显高于整体。"
        "{share} 的用户尚缺所在群清单中的至少一项业务。",
    ),
    "segs_services_same": (
        "No service is used clearly more in one segment than by all (match level 3): offer what is "
        "most popular. {share} of the subscribers lack at least one service of their segment's "
        "list.",
        "没有哪项业务在某个群的使用率明显高于整体（匹配度 3）：推荐最热门的业务即可。"
        "{share} 的用户尚缺所在群清单中的至少一项业务。",
    ),
    "segs_hit_unknown": (
        "Whether these lists do better than the most popular services is not known yet: it takes "
        "the month after.",
        "这些清单是否优于“最热门业务”尚不可知，需等下一个月的数据。",
    ),
    "segs_hit": (
        "Of the {rows} who took up a service in {month}, {mine} took one of their segment's list; "
        "one of the most popular overall, {popular} (difference {difference}, 95% interval "
        "{interval}).",
        "{month} 有 {rows} 户新开通业务，其中 {mine} 的新业务在所在群清单内，"
        "{popular} 在整体最热门清单内（相差 {difference}，95% 区间 {interval}）。",
    ),
    "segs_hit_better": (
        "The segments' lists hit more often. That is what people took unasked, not what an offer "
        "would bring.",
        "分群清单命中更多；但这是用户自行开通的结果，不代表推荐的效果。",
    ),
    "segs_hit_same": (
        "The segments' lists are not shown to be better: the most popular services do as well.",
        "未能证明分群清单更好：推荐最热门的业务效果相当。",
    ),
    "segs_hit_worse": (
        "The segments' lists hit less often: offer the most popular services instead.",
        "分群清单命中更少：请改为推荐最热门的业务。",
    ),
    "segs_services_caption": (
        "Services by segment, the best first: id, match level (3 more than all, 2 alike, 1 less), "
        "share of the segment that has it (of all)",
        "各群业务排序：业务编号、匹配度（3 高于整体，2 相近，1 低于整体）、群内使用率（整体）",
    ),
    "segs_level": ("level {level} · {here} ({all})", "匹配度 {level} · {here}（{all}）"),
}

TARIFFS = {
    "tariffs": ("Tariff pricing", "资费测算"),
    "tariffs_out_no_plans": (
        "Pricing is left out: there is no table of plans. No plan is proposed to anybody.",
        "缺少套餐表（plans），未做资费测算，不推荐任何套餐。",
    ),
    "tariffs_out_no_billing": (
        "Pricing is left out: there are no bills. No plan is proposed to anybody.",
        "缺少账单（billing），未做资费测算，不推荐任何套餐。",
    ),
    "tariffs_out_no_activity": (
        "Pricing is left out: neither CDRs nor usage are there. No plan is proposed to anybody.",
        "既无详单（cdr）也无汇总用量（usage），未做资费测算，不推荐任何套餐。",
    ),
    "tariffs_out_no_plan_sold": (
        "Pricing is left out: no plan that is sold could be priced. No plan is proposed to "
        "anybody.",
        "没有可测算的在售套餐，未做资费测算，不推荐任何套餐。",
    ),
    "tariffs_exact": (
        "All {bills} bills of the window came out to the cent when worked out again: the plans' "
        "rules are understood, and the moves below may be proposed as far as the guard lets them "
        "pass.",
        "观察窗内 {bills} 张账单全部重算到分：套餐表能完整解释账单，下列经把关放行的调整可以推荐。",
    ),
    "tariffs_close": (
        "{near} of {bills} bills ({share}) came out within 1% when worked out again. Use the moves "
        "below, but quote nobody a figure before the other bills are explained.",
        "{bills} 张账单中 {near} 张（{share}）重算误差不超过 1%。"
        "下列调整可用，但在查明其余账单之前，不要向用户承诺金额。",
    ),
    "tariffs_poor": (
        "Only {near} of {bills} bills ({share}) came out within 1% when worked out again: the "
        "operator charges by rules that the table of plans does not have. Don't use the moves "
        "below before that is explained.",
        "{bills} 张账单中只有 {near} 张（{share}）重算误差不超过 1%：套餐表缺少部分计费规则。"
        "查明原因之前，不要使用下列调整。",
    ),
    "tariffs_no_bills": (
        "No bill could be worked out again: don't use the moves below.",
        "没有一张账单可以重算：不要使用下列调整。",
    ),
    "tariffs_matching": (
        "{members} may be proposed a plan that fits their use and costs no more. If all took it, "
        "revenue would change by {change} a month: propose it to those about to leave, not to "
        "all.",
        "可向 {members} 户推荐更合适且不更贵的套餐；若全部接受，月收入变动 {change}。"
        "只推荐给有离网风险的用户，不要普遍推荐。",
    ),
    "tariffs_withheld": (
        "The guard withholds a cheaper plan from {members} who do not need it: it would change "
        "revenue by {change} a month.",
        "把关规则对 {members} 户暂不推荐更便宜的套餐（无必要）：否则月收入变动 {change}。",
    ),
    "tariffs_incentive": (
        "{members} would plausibly take a plan of the next fee level: {change} a month if all did. "
        "How many do is not known.",
        "{members} 户有可能接受上一档套餐：若全部接受，月收入变动 {change}；实际接受率未知。",
    ),
    "tariffs_note": (
        "Assumed: use stays what it was under another plan. Nothing here says that anybody stays "
        "because of a proposal; only a campaign with a control group can.",
        "假设：换套餐后用量不变。以上不说明用户会因推荐而留下，只有带对照组的活动才能证明。",
    ),
    "tariffs_unpriced": ("Not priced: {kinds}.", "未测算：{kinds}。"),
    "tariffs_why_misfit": (
        "{count} whose bills do not come out",
        "{count} 户账单重算不符",
    ),
    "tariffs_why_no_month": (
        "{count} without a whole month's bill",
        "{count} 户没有完整月账单",
    ),
    "tariffs_why_plan_unknown": (
        "{count} whose plan is unknown or has no price",
        "{count} 户套餐未知或无价",
    ),
    "tariffs_plans_out": (
        "Plans that could not be priced: {kinds}.",
        "无法测算的套餐：{kinds}。",
    ),
    "tariffs_plan_two_versions": (
        "{count} with two versions of one day",
        "{count} 个同日有两个版本",
    ),
    "tariffs_plan_fee_missing": ("{count} without a fee", "{count} 个缺月费"),
    "tariffs_plan_price_missing": ("{count} without a price", "{count} 个缺单价"),
    "tariffs_plan_negative": ("{count} with a negative figure", "{count} 个含负数"),
    "tariffs_plan_too_large": ("{count} with an absurd figure", "{count} 个数值过大"),
    "tariffs_plan_step_unknown": (
        "{count} with a billing step that the usage does not know",
        "{count} 个计费步长在用量中没有",
    ),
    "tariffs_caption": (
        "Moves by what the guard says ({plans} plans sold)",
        "按把关结果统计的套餐调整（在售套餐 {plans} 个）",
    ),
    "tariffs_move": ("Move", "调整"),
    "tariffs_members": ("Subscribers", "用户数"),
    "tariffs_change": ("Revenue a month if all took it", "全部接受时的月收入变动"),
    "tariffs_proposed": ("May be proposed", "可推荐"),
    "tariffs_yes": ("yes", "是"),
    "tariffs_no": ("no", "否"),
    "tariffs_by_matching": (
        "Matching fee: the cheapest plan that covers the use",
        "匹配资费：覆盖实际用量的最便宜套餐",
    ),
    "tariffs_by_incentive": (
        "Incentive fee: the next fee level up, with an allowance where needed",
        "激励资费：上一档套餐，必要时给予减免",
    ),
    "tariffs_guard_in_need": ("cheaper, in a tier that needs it", "更便宜，且处于需挽留的等级"),
    "tariffs_guard_overpays": ("cheaper, pays far too much now", "更便宜，目前多付明显"),
    "tariffs_guard_within_loss": ("a little cheaper", "略便宜"),
    "tariffs_guard_no_loss": ("costs the same", "费用相同"),
    "tariffs_guard_withheld": ("cheaper without need: withheld", "更便宜但无必要：不推荐"),
    "tariffs_guard_dearer": ("dearer than the present plan", "比现套餐贵"),
    "tariffs_guard_stays": ("has it already", "已在用"),
    "tariffs_guard_plausible": ("would plausibly be taken", "有可能接受"),
    "tariffs_guard_none_plausible": ("none that would be taken", "没有合适的上一档"),
    "tariffs_guard_top_level": ("is at the top level", "已是最高档"),
    "tariffs_bills_caption": ("Bills worked out again", "账单重算结果"),
    "tariffs_bills": ("Bills", "账单"),
    "tariffs_count": ("Count", "数量"),
    "tariffs_share": ("Share", "占比"),
    "tariffs_of_exact": ("exactly", "完全一致"),
    "tariffs_of_within_cent": ("within a cent", "相差不超过 1 分"),
    "tariffs_of_within_1_percent": ("within 1%", "相差不超过 1%"),
    "tariffs_of_within_5_percent": ("within 5%", "相差不超过 5%"),
    "tariffs_of_plan_unknown": ("plan unknown, not worked out", "套餐未知，未重算"),
    "tariffs_levels_caption": ("Subscribers by fee level", "各费用档用户数"),
    "tariffs_level": ("Level", "档次"),
    "tariffs_fee": ("Fee of the plan", "套餐月费"),
    "tariffs_fee_from": ("from {low}", "{low} 起"),
    "tariffs_fee_below": ("below {high}", "{high} 以下"),
    "tariffs_fee_between": ("{low} to below {high}", "{low} 至 {high} 以下"),
    "tariffs_at_present": ("Present plan", "现套餐"),
    "tariffs_at_matching": ("Matching plan", "匹配套餐"),
    "tariffs_at_incentive": ("Incentive plan", "激励套餐"),
}
