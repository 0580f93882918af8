"""The report's sentences about time, cohort, meanings and origin; see `words`."""

from __future__ import annotations

TIME = {
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

COHORT = {
    "cohort": ("Who is counted", "统计对象"),
    "cohort_lead": (
        "Each rule in turn, and who remains after it, in the test month {as_of}.",
        "测试月 {as_of}：逐条规则之后剩余的用户。",
    ),
    "rule": ("Rule", "规则"),
    "removed": ("Removed", "剔除"),
    "subscribers_left": ("Subscribers remaining", "剩余用户"),
    "churners_left": ("Churners among them", "其中离网者"),
    "attrition_caption": ("Attrition, {as_of}", "剔除记录，{as_of}"),
    "attrition_more": ("All months", "全部月份"),
    "attrition_all": (
        "Subscribers remaining (churners among them), by as_of",
        "各基准日剩余用户（其中离网者）",
    ),
}

MEANING = {
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

ORIGIN = {
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
RULES = {
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
