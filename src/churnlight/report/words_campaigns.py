"""The sentences of the page on campaigns; see `words`."""

from __future__ import annotations

CAMPAIGNS = {
    "campaigns_title": ("Did it work?", "营销活动效果"),
    "campaigns_eyebrow": (
        "churnlight · campaigns · known at {as_of}",
        "churnlight · 营销活动 · 截至 {as_of}",
    ),
    "campaigns_lead": (
        "{campaigns} campaigns: {treated} lines assigned to an offer, {control} held out.",
        "共 {campaigns} 个活动：营销组 {treated} 户，对照组 {control} 户。",
    ),
    "campaigns_effect": ("What the offer changed", "活动带来的变化"),
    "campaigns_effect_caption": (
        "By assigned arm, {months} months after the offer's own, with 95% intervals",
        "按分组比较，活动当月之后 {months} 个月，附 95% 区间",
    ),
    "campaigns_what": ("Outcome", "结果"),
    "campaigns_with": ("With the offer", "营销组"),
    "campaigns_without": ("Without", "对照组"),
    "campaigns_difference": ("Difference", "差异"),
    "campaigns_verdict": ("Verdict", "结论"),
    "campaigns_left": ("Left", "离网"),
    "campaigns_bill": ("Bill a month", "月均账单"),
    "campaigns_saves": ("saves", "有效"),
    "campaigns_unclear": ("not shown", "看不出差异"),
    "campaigns_provokes": ("provokes leaving", "促使离网"),
    "campaigns_more": ("more", "更多"),
    "campaigns_less": ("less", "更少"),
    "campaigns_points": ("{value} points ({range})", "{value} 个百分点（{range}）"),
    "campaigns_return": ("Cost and return", "成本与回报"),
    "campaigns_return_measured": (
        "Measured: margin of the follow-up's revenue, less the cost",
        "实测：跟踪期收入毛利减成本",
    ),
    "campaigns_return_assumed": (
        "Assumed: lines saved go on paying for {months} months",
        "假定：挽留用户继续缴费 {months} 个月",
    ),
    "campaigns_cost": ("Cost", "成本"),
    "campaigns_money": ("Money", "金额"),
    "campaigns_range": ("95% interval", "95% 区间"),
    "campaigns_funnel": ("How far contacts got", "接触漏斗"),
    "campaigns_step": ("Step", "步骤"),
    "campaigns_lines": ("Lines", "户数"),
    "campaigns_share": ("Share", "占比"),
    "campaigns_target": ("assigned to the offer", "营销组"),
    "campaigns_contacted": ("reached, of those assigned", "已接触（占营销组）"),
    "campaigns_accepted": ("accepted, of those reached", "已接受（占已接触）"),
    "campaigns_succeeded": ("succeeded, of those reached", "已成功（占已接触）"),
    "campaigns_groups": ("By group", "分组效果"),
    "campaigns_groups_lead": (
        "The best of many small groups is mostly the luckiest: each is drawn toward what all have "
        "in common.",
        "小组中表现最好的多半是运气：各组效果已向共同效果收缩。",
    ),
    "campaigns_by_tier": ("Tier", "等级"),
    "campaigns_by_reason": ("Reason", "原因"),
    "campaigns_by_segment": ("Segment", "分群"),
    "campaigns_by_action": ("Action", "动作"),
    "campaigns_by_channel": ("Channel", "渠道"),
    "campaigns_unknown": ("unknown", "未知"),
    "campaigns_orders": ("Whom to treat first", "优先接触哪些用户"),
    "campaigns_orders_lead": (
        "Lines saved a thousand if only that share of the list were treated; the straight line is "
        "a random order. Both orders are of the same lines, each judged by models that saw no line "
        "of its account.",
        "只接触名单中相应比例的用户时，每千户挽留的户数；直线为随机顺序。"
        "两种排序针对相同用户，且均由未见过其账户的模型给出。",
    ),
    "campaigns_order": ("Order", "排序"),
    "campaigns_by_score": ("the score known before the offer", "派发前的评分"),
    "campaigns_by_effect": ("by effect", "按效果"),
    "campaigns_by_risk": ("by risk alone", "仅按风险"),
    "campaigns_less_risk": ("by effect less by risk", "按效果减按风险"),
    "campaigns_above_random": (
        "Lines saved a thousand above a random order",
        "每千户比随机顺序多挽留",
    ),
    "campaigns_share_treated": ("share of the list treated", "接触比例"),
    "campaigns_saved": ("lines saved a thousand", "每千户挽留"),
    "campaigns_random": ("random", "随机"),
    "campaigns_curve": (
        "Qini curves: lines saved by the share of the list that is treated.",
        "Qini 曲线：按接触比例计算的挽留户数。",
    ),
    "campaigns_next": ("The next campaign", "下一次活动"),
    "campaigns_next_lead": (
        "Lines needed to see so much less churn, with a power of 80% at 5% two-sided.",
        "要看出相应降幅所需的户数（功效 80%，双侧 5%）。",
    ),
    "campaigns_reduction": ("Less churn", "离网降幅"),
    "campaigns_held_out": ("of them held out", "其中对照组"),
    "campaigns_notes": ("Notes", "说明"),
}
