"""The report's sentences about the retention KPI; see `words`."""

from __future__ import annotations

KPI = {
    "kpi": ("Retention", "保有率"),
    "kpi_kept": (
        "{asked} is asked, {challenge} is the challenge: {reached} was reached. Of the {base} "
        "subscribers in the base of {base_month}, {kept} were kept at the end of {month}, "
        "{months} months later: score {score} of {best}.",
        "基础目标 {asked}，挑战目标 {challenge}，实际达到 {reached}。{base_month} 基数 {base} 户，"
        "{months} 个月后（{month} 月末）保有 {kept} 户，得分 {score}（满分 {best}）。",
    ),
    "kpi_unknown": (
        "{asked} is asked, {challenge} is the challenge; what was reached is not known, at most "
        "{most}. Of the {base} subscribers in the base of {base_month}, {on_books} were still on "
        "the books at the end of {month}, {months} months later; what they spend is not known.",
        "基础目标 {asked}，挑战目标 {challenge}；实际值未知，最高为 {most}。{base_month} 基数 "
        "{base} 户，{months} 个月后（{month} 月末）仍在网 {on_books} 户；其消费未知。",
    ),
    "kpi_short_base": (
        "{count} more of the base would have had to be kept to reach {asked}, and {more} to reach "
        "{challenge}. Everybody of the base who is kept from leaving, or won back, counts.",
        "再保有 {count} 户可达到 {asked}，再保有 {more} 户可达到 {challenge}："
        "基数中每挽留或赢回一户都计入。",
    ),
    "kpi_short_challenge": (
        "That is {over} subscribers more than {asked} asks for, and {count} short of {challenge}: "
        "the base still loses subscribers each month, so the room will shrink.",
        "比 {asked} 多保有 {over} 户，距 {challenge} 还差 {count} 户；"
        "基数每月仍在流失，余量会越来越小。",
    ),
    "kpi_above": (
        "{count} more of the base may be lost before {challenge} is missed.",
        "在跌破 {challenge} 之前，基数最多还能再流失 {count} 户。",
    ),
    "kpi_lost": (
        "Lost: {off_net} are off the books ({kinds}), and {spend} are there but pay next to "
        "nothing (bills of {months} months below {limit} together).",
        "流失：离网 {off_net} 户（{kinds}）；在网但消费流失 {spend} 户"
        "（{months} 个月账单合计低于 {limit}）。",
    ),
    "kpi_lost_off_net": (
        "Off the books: {off_net} ({kinds}).",
        "离网 {off_net} 户（{kinds}）。",
    ),
    "kpi_kind": ("{kind} {count}", "{kind} {count} 户"),
    "kpi_contracts": (
        "{rate} of those still on the books have a contract that ends more than {months} months "
        "after {month} ({count} of {on_books}).",
        "在网用户中 {rate} 的合约在 {month} 之后还有 {months} 个月以上才到期"
        "（{on_books} 户中 {count} 户）。",
    ),
    "kpi_lowest": ("Lowest: {groups}.", "最低：{groups}。"),
    "kpi_lowest_one": ("{dimension} {group} ({rate})", "{dimension} {group}（保有率 {rate}）"),
    "kpi_rules": (
        "The base are the mid/high-end subscribers (the cohort) at the first instant after the "
        "base month. Kept is who is on the books at the month's end, also after leaving and "
        "coming back, and whose bills of {months} months reach {limit}; debt counts as lost; a "
        "number that went to somebody else is somebody else. Below {asked} the score is 0, at "
        "{asked} it is {low}, and it rises in a straight line to {best} at {challenge}. Every "
        "subscriber of the base is counted, none is sampled: the rate has no margin of error.",
        "基数为基准月结束后第一时刻的中高端用户（分析群体）。月末在网（包括离网后返回）且 "
        "{months} 个月账单合计不低于 {limit} 视为保有；欠费离网计为流失；"
        "号码换了主人即为另一用户。低于 {asked} 得 0 分，达到 {asked} 得 {low} 分，"
        "到 {challenge} 线性升至 {best} 分。基数逐户统计，不是抽样，因此没有抽样误差。",
    ),
    "kpi_no_billing": (
        "There are no bills: whom the operator has lost by spend is not known, so neither the rate "
        "nor a score can be claimed.",
        "没有账单数据：无法判断消费流失，因此不给出保有率和得分。",
    ),
    "kpi_unknown_bills": (
        "{count} on the books lack a bill: they count as kept. If all of them were lost by spend, "
        "the rate would be {least} and the score {score}.",
        "{count} 户在网但缺账单，按保有计算；若全部为消费流失，保有率为 {least}，得分 {score}。",
    ),
    "kpi_no_contracts": (
        "Nobody of the base has a contract's end in the snapshot: the contract rate is not known.",
        "快照中没有任何基数用户的合约到期日：合约捆绑率未知。",
    ),
    "kpi_no_dimension": (
        "The snapshot of the base month does not say {dimension}: no such rows below.",
        "基准月快照没有{dimension}信息，下表不含该分组。",
    ),
    "kpi_none": (
        "No retention figure can be made yet: {why}",
        "暂时无法计算保有率：{why}",
    ),
    "kpi_left_out": (
        "{count} figures could not be made",
        "{count} 个结果无法计算",
    ),
    "kpi_caption": (
        "The base of {base} at the end of {month}",
        "{base} 基数在 {month} 月末的情况",
    ),
    "kpi_group": ("Part of the base", "基数分组"),
    "kpi_base": ("Base", "基数"),
    "kpi_off_net": ("Off the books", "离网"),
    "kpi_spend": ("Spend churn", "消费流失"),
    "kpi_rate": ("Kept", "保有率"),
    "kpi_score": ("Score", "得分"),
    "kpi_against": ("Against {target}", "与 {target} 相差"),
    "kpi_contract_rate": ("Under contract", "合约捆绑率"),
    "kpi_whole": ("Whole base", "全部基数"),
    "kpi_by_region": ("By area", "按区域"),
    "kpi_by_vip_tier": ("By VIP tier", "按 VIP 级别"),
    "kpi_by_group_class": ("By group class", "按集团类别"),
    "kpi_of_region": ("area", "区域"),
    "kpi_of_vip_tier": ("VIP tier", "VIP 级别"),
    "kpi_of_group_class": ("group class", "集团类别"),
    "kpi_vip_tier_diamond": ("diamond", "钻卡"),
    "kpi_vip_tier_gold": ("gold", "金卡"),
    "kpi_vip_tier_silver": ("silver", "银卡"),
    "kpi_vip_tier_none": ("none", "无"),
    "kpi_group_class_none": ("no group", "非集团"),
    "kpi_group_unknown": ("not known", "未知"),
    "kpi_group_small": ("small groups ({count})", "人数少的组合计（{count} 个）"),
    "kpi_series": ("Month by month", "逐月变化"),
    "kpi_series_lead": (
        "The same base at the end of each month. A base only shrinks, unless somebody comes back.",
        "同一基数在各月末的情况。除非有人返回，基数只会减少。",
    ),
    "kpi_series_caption": ("The base of {base}, month by month", "{base} 基数逐月情况"),
    "kpi_month": ("Month", "月份"),
    "kpi_target_asked": ("asked {target}", "基础目标 {target}"),
    "kpi_target_challenge": ("challenge {target}", "挑战目标 {target}"),
    "kpi_chart_says": (
        "Share of the base of {base} kept at the end of each month from {first} to {last}: from "
        "{high} to {low}.",
        "{base} 基数从 {first} 到 {last} 各月末的保有率：由 {high} 到 {low}。",
    ),
    "kpi_bases": (
        "Each base month, {months} months on",
        "各基准月 {months} 个月后的情况",
    ),
    "kpi_bases_lead": (
        "Bases of the same age can be compared: here a change is a change in how many leave.",
        "相同时长的基数才可比较：此处的变化即流失快慢的变化。",
    ),
    "kpi_base_month": ("Base month", "基准月"),
}
