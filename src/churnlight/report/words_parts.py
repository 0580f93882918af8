"""The report's sentences about parts of the cohort and of the features; see `words`."""

from __future__ import annotations

SEGMENTS = {
    "segments": ("Where the models are good", "模型在哪些用户上有效"),
    "segments_lead": (
        "The same measures in parts of the test cohort. Of a kind of leaving, only those who left "
        "that way are set against all who stayed. Silent is who made no call and sent no message "
        "in the last {days} days before as_of. Where fewer than {least} left, or fewer stayed, the "
        "part is counted and not measured.",
        "在测试群体的各部分中计算同样的指标。按离网类型划分时，只将该类离网者与全部留网者比较。"
        "基准日前 {days} 天内没有主叫和发短信的用户视为沉默。"
        "离网或留网少于 {least} 人的部分只计数，不计算指标。",
    ),
    "segments_caption": (
        "Parts of the test cohort, with 95% intervals",
        "测试群体的各部分与 95% 区间",
    ),
    "part_of_cohort": ("Part", "部分"),
    "measure_of": ("{measure}, {model}", "{model} {measure}"),
    "too_small": ("too few to measure", "人数太少，不计算"),
    "by_activity": ("By activity", "按活跃程度"),
    "by_tenure": ("By tenure", "按在网时长"),
    "by_label": ("By kind of leaving", "按离网类型"),
    "by_history": ("By what the models had seen", "按是否参与学习"),
    "segment_active": ("active", "活跃"),
    "segment_silent": ("silent before as_of", "基准日前沉默"),
    "segment_seen": ("in a fit as_of", "学习月中出现过"),
    "segment_unseen": ("in no fit as_of", "学习月中未出现"),
    "segment_ported_out": ("ported out", "携号转网"),
    "segment_cancelled": ("cancelled", "销户"),
    "segment_vanished": ("vanished from the snapshots", "从快照中消失"),
    "segment_value_loss": ("bill fell", "账单下降"),
    "segment_spend_churn": ("spend below the limit", "消费低于门槛"),
    "segment_silence": ("fell silent", "沉默"),
    "segment_debt": ("barred for debt", "欠费停机"),
    "tenure_below": ("below {high} months", "不足 {high} 个月"),
    "tenure_within": ("{low} to {high} months", "{low} 至 {high} 个月"),
    "tenure_from": ("{low} months and more", "{low} 个月及以上"),
}

ABLATION = {
    "ablation": ("What the calling circle adds", "通话圈特征的贡献"),
    "ablation_lead": (
        "Each model learned the same rows of the fit as_ofs with and without these features; both "
        "are measured on the test month {as_of}, in the same resampled accounts.",
        "每个模型用同样的学习数据分别在有、无这些特征的情况下训练，"
        "再在测试月 {as_of} 用相同的重抽样账户比较。",
    ),
    "ablation_caption": (
        "With the features, less without them, with 95% intervals",
        "有该类特征减去无该类特征，附 95% 区间",
    ),
    "left_out": ("Features", "特征"),
    "adds_circle": ("whole calling circle ({count})", "全部通话圈特征（{count} 个）"),
    "adds_churned_neighbours": (
        "contacts who left or changed network ({count})",
        "离网或转网的联系人（{count} 个）",
    ),
    "model": ("Model", "模型"),
    "adds_better": ("they help", "有帮助"),
    "adds_worse": ("they harm", "有损害"),
}

LISTS = {
    "precision_at_n": ("Precision of the call list", "外呼名单精确率"),
    "precision_at_n_says": (
        "share of leavers among the {calls} riskiest",
        "风险最高的 {calls} 户中离网者的比例",
    ),
    "recall_at_n": ("Recall of the call list", "外呼名单召回率"),
    "recall_at_n_says": (
        "share of all leavers that stands among the {calls} riskiest",
        "全部离网者中位于风险最高 {calls} 户的比例",
    ),
    "max_profit_money": ("Maximum profit", "最大利润"),
    "max_profit_money_says": (
        "money a subscriber, if the best number is called; costs from evaluate.profit",
        "按最佳外呼数量，平均每户的利润；成本见 evaluate.profit",
    ),
    "expected_max_profit_money": ("Expected maximum profit", "期望最大利润"),
    "expected_max_profit_money_says": (
        "the same, the share that accepts being uncertain",
        "同上，接受率按分布取期望",
    ),
}
