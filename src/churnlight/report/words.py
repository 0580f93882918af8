"""Every sentence of the report, English and Chinese side by side, so that neither can be missing.

Placeholders in braces are filled in by `view`. No markup stands here: all of it is escaped.
"""

from __future__ import annotations

from churnlight.report.inputs import Language

LANGUAGES: tuple[Language, ...] = ("en", "zh")

_HEAD = {
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

_BRIEF = {
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
    "call_count": ("{count} subscribers in {tier}", "{tier}档用户 {count} 个"),
    "call_evidence": (
        "In the test month {rate} of this tier left ({range}), against {base} of all.",
        "测试月中该档有 {rate} 离网（{range}），全体为 {base}。",
    ),
    "call_unsure": (
        "The test can't tell this tier from the rest: the interval reaches the rate of all.",
        "测试无法区分该档与全体：区间包含全体离网率。",
    ),
    "call_winback_why": (
        "As good as gone: a win-back offer fits better than a retention call.",
        "基本已流失：更适合挽回方案，而不是维系电话。",
    ),
    "gone": (
        "{count} left between {as_of} and {cutoff}; they are on no call list.",
        "有 {count} 个用户在 {as_of} 至 {cutoff} 之间已离网，不进入外呼名单。",
    ),
    "list_where": ("The list of subscribers:", "用户名单："),
    "of_base": ("{share} of the base", "占 {share}"),
    "at_risk_short": ("{money} yuan of monthly bills at risk", "每月账单风险 {money} 元"),
    "left_in_test": ("{rate} left in the test", "测试月离网 {rate}"),
    "strip": ("Tiers by size", "各档规模"),
    "tier_blue": ("blue", "蓝"),
    "tier_green": ("green", "绿"),
    "tier_yellow": ("yellow", "黄"),
    "tier_red": ("red", "红"),
    "tier_white": ("white", "白"),
}

_TIERS = {
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
    "bills": ("Monthly bills, yuan", "每月账单（元）"),
    "bills_at_risk": ("Bills at risk, yuan", "风险账单（元）"),
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

_MODELS = {
    "models": ("The two models side by side", "两个模型对比"),
    "models_lead": (
        "Both learned from the same subscribers and are tested on the same month. The baseline "
        "ranks by days since the last outgoing call or message and knows nothing else.",
        "两个模型用同一批用户学习，在同一个月测试。基线只按距最近一次主叫或发短信的天数排序。",
    ),
    "gbm": ("LightGBM", "LightGBM"),
    "tree": ("Decision tree", "决策树"),
    "baseline": ("Baseline", "基线"),
    "baseline_days_since_out": ("Baseline: days silent", "基线：沉默天数"),
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

_FEATURES = {
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
}

_TIME = {
    "time": ("What was known when", "时间口径"),
    "time_lead": (
        "The test month {as_of}, to scale. Nothing that happened at or after as_of, and nothing "
        "learned at or after the cutoff, reaches a feature.",
        "测试基准日 {as_of} 的时间轴（按比例）。"
        "基准日及以后发生的事、截止日及以后才得知的事，都不进入特征。",
    ),
    "window": ("window", "观察窗"),
    "gap": ("gap", "间隔"),
    "horizon": ("horizon", "表现期"),
    "window_says": ("what the features see", "特征所看的时间"),
    "as_of_says": ("the first instant of the current month", "当前月的第一刻"),
    "cutoff_says": ("bills are closed, the batch runs", "账单已结，批处理运行"),
    "gap_says": ("kept free for the retention work", "留给维系工作的时间"),
    "horizon_says": ("who leaves here is the label", "在此期间离网即为标签"),
    "from_to": ("{start} to before {end}", "{start} 起，{end} 之前"),
    "roles": ("The months and what each is for", "各基准日的用途"),
    "roles_lead": (
        "Every label that a role learns from is complete by the next role's cutoff, as it "
        "would be in production.",
        "每个角色所学的标签，到下一个角色的截止日都已完整，与实际生产一致。",
    ),
    "role_fit": ("fit", "训练"),
    "role_calibrate": ("calibrate", "校准"),
    "role_test": ("test", "测试"),
    "role_score": ("score", "评分"),
    "roles_says": (
        "{count} as_ofs from {first} to {last}.",
        "共 {count} 个基准日，自 {first} 至 {last}。",
    ),
}

_COHORT = {
    "cohort": ("Who is counted", "统计对象"),
    "cohort_lead": (
        "Each rule in turn, and who is left after it, in the test month {as_of}.",
        "测试月 {as_of}：逐条规则之后剩余的用户。",
    ),
    "rule": ("Rule", "规则"),
    "removed": ("Removed", "剔除"),
    "subscribers_left": ("Subscribers left", "剩余用户"),
    "churners_left": ("Churners left", "剩余离网者"),
    "attrition_caption": ("Attrition, {as_of}", "剔除记录，{as_of}"),
    "attrition_more": ("All months", "全部月份"),
    "attrition_all": (
        "Subscribers left (churners left), by as_of",
        "各基准日剩余用户（剩余离网者）",
    ),
}

_MEANING = {
    "meaning": ("What the words mean", "名词解释"),
    "meaning_tier": ("Tier", "档位"),
    "meaning_tier_says": (
        "One of {count} groups in rising risk: {names}. The cuts were learned before the test "
        "and are not moved by the month that is scored.",
        "按风险由低到高分为 {count} 档：{names}。分界在测试之前学得，不随评分月变化。",
    ),
    "meaning_churned": ("Left (the label)", "离网（标签）"),
    "meaning_churned_says": (
        "Within the horizon, one of: {kinds}.",
        "在表现期内出现以下之一：{kinds}。",
    ),
    "kind_off_net": (
        "gone from the network (cancelled, ported out or no longer on the books)",
        "离开网络（销户、携出或不再在册）",
    ),
    "kind_spend_churn": ("hardly any bills over several months", "连续数月几乎没有账单"),
    "kind_value_loss": (
        "every bill far below the subscriber's own earlier level",
        "每月账单都远低于本人此前水平",
    ),
    "kind_silence": (
        "no outgoing call, no message sent and no data session at all",
        "没有任何主叫、发短信和数据业务",
    ),
    "meaning_probability": ("Probability", "概率"),
    "meaning_probability_says": (
        "Calibrated on {where}: of 100 subscribers at 10%, about 10 should leave. The calibration "
        "curve shows how well that holds.",
        "在{where}上校准：概率为 10% 的 100 个用户中应有约 10 个离网，校准曲线显示是否如此。",
    ),
    "where_later": ("a later month than the model learned from", "晚于训练的月份"),
    "where_folds": (
        "subscribers that the model did not learn from (cross-fitted)",
        "未参与训练的用户（交叉拟合）",
    ),
    "meaning_interval": ("95% interval", "95% 区间"),
    "meaning_interval_says": (
        "How far the figure could be off by chance alone. Models are compared by drawing whole "
        "accounts again and again.",
        "仅因偶然，数值可能偏离的范围。模型比较采用按账户反复重抽样。",
    ),
    "meaning_shap": ("SHAP", "SHAP"),
    "meaning_shap_says": (
        "How much each feature moved a score, in log-odds. It describes the model. A feature that "
        "moves the score need not be the cause, and changing it need not keep anyone.",
        "每个特征把评分推动了多少（对数几率）。它描述的是模型：影响评分的特征不一定是原因，改变它也不一定能留住用户。",
    ),
    "meaning_cohort": ("Cohort", "目标群"),
    "meaning_cohort_says": (
        "The subscribers at risk and worth watching at an as_of, after all rules above.",
        "在基准日经上述全部规则后，值得关注的在网用户。",
    ),
}

_ORIGIN = {
    "origin": ("Where do the numbers come from?", "数字从何而来？"),
    "origin_lead": (
        "Each part of this page, the file it was read from and the stage that made the file.",
        "本页各部分所读取的文件，以及生成该文件的阶段。",
    ),
    "origin_caption": ("Files behind this page", "本页所用文件"),
    "part": ("Part", "部分"),
    "file": ("File", "文件"),
    "stage": ("Stage", "阶段"),
    "commit": ("Code (git commit)", "代码（git 提交）"),
    "unknown_commit": (
        "not in this file; each MLflow run carries it",
        "不在本文件中，见 MLflow 运行标签",
    ),
    "hashes": ("Fingerprints of the data (SHA-256)", "数据指纹（SHA-256）"),
    "parameters": ("Parameters", "参数"),
    "name": ("Name", "名称"),
    "value": ("Value", "取值"),
}

# What the population calls its rules; a rule that isn't here is shown by its own name.
_RULES = {
    "rule_active_at_as_of": ("active at as_of", "基准日状态正常"),
    "rule_whole_window": ("on the books for the whole window", "整个观察窗在网"),
    "rule_not_suspended": ("not suspended at as_of", "基准日未停机"),
    "rule_not_staff_or_test": ("no staff or test numbers", "剔除员工和测试号码"),
    "rule_not_red_list": ("not on the operator's red list", "不在红名单"),
    "rule_no_port_out_application": ("no port-out application filed", "未申请携出"),
    "rule_min_monthly_bill": ("mean monthly bill high enough", "月均账单达标"),
    "rule_min_voice_out_minutes": ("enough outgoing minutes", "主叫分钟数达标"),
    "rule_active_in_window": (
        "some outgoing event in the window",
        "观察窗内有主叫、发短信或数据业务",
    ),
}

TEXTS: dict[str, tuple[str, str]] = {
    **_HEAD,
    **_BRIEF,
    **_TIERS,
    **_MODELS,
    **_FEATURES,
    **_TIME,
    **_COHORT,
    **_MEANING,
    **_ORIGIN,
    **_RULES,
}


class Words:
    """The texts in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """A text, its placeholders filled in.

        Raises:
            KeyError: when there is no such text or a placeholder has no value.
        """
        return TEXTS[key][self._column].format(**values)

    def named(self, kind: str, name: str) -> str:
        """The word for a tier, family, rule or the like; one we have no word for keeps its name."""
        found = TEXTS.get(f"{kind}_{name}")
        return found[self._column] if found else name.replace("_", " ")
