"""The report's sentences about what was found, English and Chinese side by side; see `words`."""

from __future__ import annotations

HEAD = {
    "language": ("English", "中文"),
    "title": ("Who is about to leave", "谁可能离网"),
    "eyebrow": ("Churn warning · as of {as_of}", "离网预警 · 基准日 {as_of}"),
    "simulated_short": ("Simulated", "模拟数据"),
    "simulated": (
        "These are the figures of a simulated operator. They show how the software works; "
        "they say nothing about accuracy in the field.",
        "以下数字来自模拟运营商，只说明软件如何工作，不代表实际网络中的准确率。",
    ),
    "small_short": ("Small data", "样本很小"),
    "small": (
        "Only {churners} of the {subscribers} subscribers in the test left. The intervals are "
        "wide: read the ranges, not the single figures, and don't rank the models by them.",
        "测试月的 {subscribers} 个用户中只有 {churners} 个离网，区间很宽："
        "请看区间，不要只看单个数值，也不要据此比较模型优劣。",
    ),
    "contents": ("Contents", "目录"),
    "source": ("From", "来源"),
    "scroll": ("Table, scrolls sideways", "表格，可左右滚动"),
    "made_by": ("stage {stage}", "阶段 {stage}"),
}

BRIEF = {
    "brief": ("In brief", "要点"),
    "brief_scored": (
        "{subscribers} subscribers are ranked by their risk of leaving between {start} and {end}.",
        "{subscribers} 个用户已按 {start} 至 {end} 之间的离网风险排序。",
    ),
    "brief_unscored": (
        "No month has been scored yet. The figures below are those of the test month, {as_of}, "
        "with {subscribers} subscribers.",
        "尚未对任何月份评分。以下是测试月 {as_of} 的数字，共 {subscribers} 个用户。",
    ),
    "call_first": ("Call first", "优先联系"),
    "call_then": ("Then", "其次"),
    "call_winback": ("Win back", "挽回"),
    "call_count": ("{count} in the {tier} tier", "{tier}档用户 {count} 个"),
    "call_evidence": (
        "In the test month {rate} of this tier left ({range}), against {base} of all.",
        "测试月中该档有 {rate} 离网（{range}），全体为 {base}。",
    ),
    "call_unsure": (
        "The test can't tell this tier from the rest: the interval reaches the rate of all.",
        "测试无法区分该档与全体：区间包含全体离网率。",
    ),
    "call_winback_why": (
        "The highest risk of all: a win-back offer fits better than a routine call.",
        "风险最高：更适合挽回方案，而不是常规维系电话。",
    ),
    "gone": (
        "{count} left between {as_of} and {cutoff}; they are on no call list.",
        "有 {count} 个用户在 {as_of} 至 {cutoff} 之间已离网，不进入外呼名单。",
    ),
    "list_where": ("The list of subscribers:", "用户名单："),
    "of_base": ("{share} of the base", "占 {share}"),
    "at_risk_short": ("monthly bills at risk: {money}", "每月账单风险：{money}"),
    "left_in_test": ("{rate} left in the test", "测试月离网 {rate}"),
    "strip": ("Tiers by size", "各档规模"),
    "tier_blue": ("blue", "蓝"),
    "tier_green": ("green", "绿"),
    "tier_yellow": ("yellow", "黄"),
    "tier_red": ("red", "红"),
    "tier_white": ("white", "白"),
}

TIERS = {
    "tiers": ("Do the tiers hold?", "分档是否可靠？"),
    "tiers_lead": (
        "Subscribers of the test month {as_of}, put into tiers from what was known then, and how "
        "many of them really left. A good warning rises from tier to tier.",
        "测试月 {as_of} 的用户按当时已知的信息分档，再看实际离网的比例。好的预警应逐档上升。",
    ),
    "tier": ("Tier", "档位"),
    "subscribers": ("Subscribers", "用户数"),
    "left": ("Left", "离网数"),
    "rate": ("Observed churn rate", "实际离网率"),
    "interval": ("95% interval", "95% 区间"),
    "drawn": ("Drawn", "图示"),
    "bills": ("Monthly bills", "每月账单"),
    "bills_at_risk": ("Bills at risk", "风险账单"),
    "tiers_caption": (
        "Tiers by {model}, test month {as_of}",
        "{model} 分档，测试月 {as_of}",
    ),
    "tiers_note": (
        "Drawn on a square-root scale; the thin line marks the rate of all, {base}. Bills at "
        "risk = probability of leaving × mean monthly bill, added up; a dash means that there are "
        "no bills.",
        "图示采用平方根刻度，细线为全体离网率 {base}。"
        "风险账单 = 离网概率 × 月均账单，逐户相加；短横表示没有账单数据。",
    ),
    "tiers_used": (" (in use)", "（当前使用）"),
    "money_own": (
        "Money is in the currency of the operator's own bills.",
        "金额均为运营商账单所用币种。",
    ),
    "money_simulated": (
        "Money is in yuan, the simulated operator's currency.",
        "金额单位为元（模拟运营商的币种）。",
    ),
    "tiers_not_rising": (
        "Here the observed rate does not rise at every step: take neighbouring tiers as one.",
        "此处实际离网率并非逐档上升：相邻档位请合并看待。",
    ),
    "interval_title": ("Churn rate of tier {tier}", "{tier}档离网率"),
    "interval_says": ("{rate}, interval {range}", "{rate}，区间 {range}"),
    "treated": (
        "Left out of the test: {treated} who had a campaign offer, {unlabelled} without a known "
        "outcome.",
        "未计入测试：{treated} 个收到营销方案的用户，{unlabelled} 个结果未知的用户。",
    ),
}

MODELS = {
    "models": ("The two models side by side", "两个模型对比"),
    "models_lead": (
        "Both learned from the same subscribers and are tested on the same month. The baseline "
        "ranks by days since the last outgoing call or message and knows nothing else.",
        "两个模型用同一批用户学习，在同一个月测试。基线只按距最近一次主叫或发短信的天数排序。",
    ),
    "gbm": ("LightGBM", "LightGBM"),
    "tree": ("Decision tree", "决策树"),
    "baseline": ("Baseline", "基线"),
    "baseline_days_since_out": (
        "Baseline: days since last outgoing",
        "基线：距最近主叫或发短信天数",
    ),
    "champion": ("in use", "当前使用"),
    "metric": ("Measure", "指标"),
    "metrics_caption": ("Measures with 95% intervals", "指标与 95% 区间"),
    "roc_auc": ("ROC AUC", "ROC AUC"),
    "roc_auc_says": (
        "chance that a leaver ranks above a stayer; 0.5 is guessing",
        "离网者排在留网者之前的概率；0.5 为随机",
    ),
    "pr_auc": ("PR AUC", "PR AUC"),
    "pr_auc_says": (
        "precision over all list lengths; guessing gives {base}",
        "各名单长度下的精确率；随机为 {base}",
    ),
    "lift": ("Lift at {share}%", "前 {share}% 提升度"),
    "lift_says": (
        "leavers in the top {share}% against a random list",
        "风险最高的 {share}% 中离网者是随机名单的几倍",
    ),
    "brier": ("Brier score", "Brier 分数"),
    "brier_says": (
        "mean squared error of the probabilities; lower is better",
        "概率的均方误差，越低越好",
    ),
    "ece": ("Calibration error", "校准误差"),
    "ece_says": (
        "mean gap between predicted and observed rate; lower is better",
        "预测率与实际率的平均差距，越低越好",
    ),
    "log_loss": ("Log loss", "对数损失"),
    "log_loss_says": ("price of confident mistakes; lower is better", "对自信错误的惩罚，越低越好"),
    "paired": ("Is the difference real?", "差异是否真实？"),
    "paired_lead": (
        "Both rankings are compared on the same resampled accounts. A difference counts only when "
        "its whole interval stands on one side of 0.",
        "在相同的重抽样账户上比较两种排序。只有整个区间都在 0 的同一侧，差异才算数。",
    ),
    "paired_caption": ("Paired differences with 95% intervals", "配对差异与 95% 区间"),
    "comparison": ("Comparison", "比较"),
    "minus": ("{first} − {second}", "{first} − {second}"),
    "difference": ("Difference", "差异"),
    "verdict": ("Reading", "结论"),
    "verdict_better": ("{first} is better", "{first} 更好"),
    "verdict_worse": ("{second} is better", "{second} 更好"),
    "verdict_none": ("may be chance", "可能是偶然"),
    "roc": ("ROC curve", "ROC 曲线"),
    "roc_x": ("Stayers flagged", "误报的留网者"),
    "roc_y": ("Leavers found", "找到的离网者"),
    "roc_ref": ("guessing", "随机"),
    "pr": ("Precision and recall", "精确率与召回率"),
    "pr_x": ("Leavers found (recall)", "找到的离网者（召回率）"),
    "pr_y": ("Leavers on the list (precision)", "名单中的离网者（精确率）"),
    "pr_ref": ("all: {base}", "全体 {base}"),
    "calibration": ("Calibration", "校准"),
    "calibration_x": ("Predicted probability", "预测概率"),
    "calibration_y": ("Observed churn rate", "实际离网率"),
    "calibration_ref": ("just right", "完全准确"),
    "calibration_note": (
        "Points on the dotted line are just right. Square-root axes open up the small rates.",
        "点落在虚线上表示完全准确。坐标轴取平方根刻度，便于看清小数值。",
    ),
    "curve_note": ("Up and left is better.", "越靠左上越好。"),
    "pr_note": ("Higher is better.", "越高越好。"),
}

FEATURES = {
    "features": ("What the model looks at", "模型看什么"),
    "features_lead": (
        "The features that move LightGBM's scores most, by mean |SHAP| in log-odds on the month "
        "{as_of}. This says what the model saw, not what makes people leave.",
        "按 {as_of} 当月平均 |SHAP|（对数几率）排列、对 LightGBM 评分影响最大的特征。"
        "它说明模型看到了什么，并不说明用户离网的原因。",
    ),
    "feature": ("Feature", "特征"),
    "family": ("Family", "类别"),
    "shap": ("Mean |SHAP|", "平均 |SHAP|"),
    "share": ("Share", "占比"),
    "features_caption": (
        "The {shown} strongest of {all} features",
        "{all} 个特征中最强的 {shown} 个",
    ),
    "bar_title": ("Strength of {feature}", "{feature} 的强度"),
    "family_circle": ("Calling circle", "通话圈"),
    "family_activity": ("Activity", "使用行为"),
    "family_tenure": ("Tenure", "在网时长"),
    "family_spend": ("Spend", "消费"),
    "family_contract": ("Contract and plan", "合约与套餐"),
    "family_handset": ("Handset", "终端"),
    "family_care": ("Care", "客户服务"),
    "family_network": ("Group and family lines", "集团与家庭"),
    "family_personal": ("Person", "个人属性"),
}
