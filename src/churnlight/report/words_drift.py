"""The report's sentences about drift, and about how past scores did; see `words`."""

from __future__ import annotations

DRIFT = {
    "drift": ("Does this month look like the past?", "本月是否与以往相似？"),
    "drift_within": (
        "Yes. All {count} features, reasons and scores differ from the training cohort no more "
        "than months usually differ from each other. Nothing needs to be done.",
        "是。全部 {count} 项特征、原因与评分与训练群体的差异均未超出各月之间的正常波动，无需处理。",
    ),
    "drift_outside": (
        "Not quite. {outside} of {count} features, reasons and scores have moved farther from the "
        "training cohort than months usually differ. Ask what changed (an extract, a tariff, a "
        "campaign) before you trust reasons that rest on them.",
        "不完全是。{count} 项特征、原因与评分中有 {outside} 项与训练群体的差异超出正常波动。"
        "请先查明变化来源（数据、资费或活动），再采信相关原因。",
    ),
    "drift_provisional": (
        "Too early to say for sure: {pairs} past pairs of months are known, {needed} are needed. "
        "Of {count} features, reasons and scores, {outside} stand out so far.",
        "尚不能确定：目前只有 {pairs} 对历史月份，至少需要 {needed} 对。"
        "{count} 项特征、原因与评分中，暂有 {outside} 项较为突出。",
    ),
    "drift_unjudged": (
        "Nothing to compare with yet: fewer than two past months are known. The figures are kept "
        "for later months.",
        "暂无可比较的历史月份（少于两个月），相关数字已留存供以后使用。",
    ),
    "drift_caption": ("Outside what is usual", "超出正常范围的项目"),
    "drift_what": ("What", "项目"),
    "drift_then_now": ("Then and now", "以往与本月"),
    "drift_psi": ("Stability index", "稳定性指数"),
    "drift_distance": ("Distance", "距离"),
    "drift_usual": ("usual up to {band}", "正常不超过 {band}"),
    "drift_kind_features": ("feature", "特征"),
    "drift_kind_reasons": ("reason, its weight", "原因的权重"),
    "drift_kind_scores": ("score", "评分"),
    "drift_score_probability": ("Probability of leaving", "离网概率"),
    "drift_score_tier": ("Tier", "档位"),
    "drift_score_probability_tree": ("Probability by the tree", "决策树离网概率"),
    "drift_median": ("typically {then}, now {now}", "典型值由 {then} 变为 {now}"),
    "drift_level": ("{level}: {then}, now {now}", "{level}：由 {then} 变为 {now}"),
    "drift_level_rest": ("other values", "其他取值"),
    "drift_missing": ("unknown for {then}, now {now}", "缺失由 {then} 变为 {now}"),
    "drift_rest": (
        "All the rest ({count}) lie within. Nearest to its limit: {name}, {share} of the way.",
        "其余 {count} 项均在正常范围内。最接近界限的是“{name}”，达到界限的 {share}。",
    ),
    "drift_drawn": ("{name}: shares then and now", "{name}：以往与本月的分布"),
    "drift_drawn_says": (
        "Pale bars: training cohort; dark bars: this month. Last pair: unknown values. Shares "
        "then: {then}; now: {now}.",
        "浅色为训练群体，深色为本月，最后一组为缺失值。以往：{then}；本月：{now}。",
    ),
    "drift_method": (
        "Compared with {subscribers} rows of the training cohort ({first} to {last}). Limits come "
        "from {pairs} pairs of past months, allow for months lying farther apart, and are drawn so "
        "that a month without drift names anything with a chance of about {share}.",
        "与训练群体 {subscribers} 行（{first} 至 {last}）比较。界限取自 {pairs} 对历史月份，"
        "并考虑了月份间隔；在没有偏移的月份中误报的概率约为 {share}。",
    ),
    "drift_left_out": (
        "Not among the past months: {months}.",
        "以下月份未计入历史：{months}。",
    ),
    "drift_why_drifted": ("{as_of} (had an alarm itself)", "{as_of}（该月自身有偏移）"),
    "drift_why_other_model": ("{as_of} (scored by another model)", "{as_of}（由其他模型评分）"),
    "drift_why_later": ("{as_of} (not before this month)", "{as_of}（不早于本月）"),
}

REALISED = {
    "realised": ("How past scores did", "以往评分的实际表现"),
    "realised_none": (
        "No scored month has come to its end yet: who left is known only later. {advice}",
        "尚无评分月份的结果已知：离网情况要到之后才能确认。{advice}",
    ),
    "realised_caption": (
        "Scored months whose outcome is known, with 95% intervals",
        "结果已知的评分月份（附 95% 区间）",
    ),
    "realised_month": ("Scored month", "评分月份"),
    "realised_foreseen": ("Foreseen rate", "预测离网率"),
    "realised_ratio": ("Left over foreseen", "实际/预测"),
    "realised_slope": ("Slope", "斜率"),
    "realised_untreated": ("left alone", "未营销"),
    "realised_treated": ("made an offer", "已营销"),
    "realised_promised": ("promised {range}", "承诺 {range}"),
    "realised_few": ("too few to measure", "人数太少，不计算"),
    "realised_tiers": (
        "Rate of leaving by tier, month {as_of}",
        "{as_of} 各档离网率",
    ),
    "realised_promise": ("Promised by the test", "测试承诺"),
    "realised_note": (
        "Only those left alone are held against the promise: an offer may have kept the others. "
        "Left over foreseen: 1 when as many left as the probabilities said. Slope: below 1 when "
        "the probabilities were too extreme.",
        "只用未营销用户与承诺比较，因为营销可能留住了其他用户。"
        "实际/预测为 1 表示离网人数与概率一致；斜率小于 1 表示概率过于极端。",
    ),
}
