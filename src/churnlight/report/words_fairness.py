"""The report's sentences about fairness, and about groups too small to be shown; see `words`."""

from __future__ import annotations

# In the place of a number; at the beginning of a sentence `Words` makes it a capital.
FEWER = {
    "fewer": ("fewer than {least}", "少于 {least}"),
    "withheld": ("not shown", "不显示"),
    "fewer_note": (
        "Counts below {least} (privacy.min_group) are not shown, nor those that would give them "
        "away.",
        "少于 {least}（privacy.min_group）的人数不显示，可据以推算的数字也不显示。",
    ),
    "fewer_groups": (
        "Groups of fewer than {least} are shown together (privacy.min_group), with the next "
        "smallest where they could be worked out otherwise.",
        "少于 {least} 户的组合并显示（privacy.min_group）；若仍可推算，则连同次小的组一并合并。",
    ),
    "other_groups": ("other groups together ({count})", "其他组合计（{count} 个）"),
    "all_groups": (
        "all {count} groups together: too small apart",
        "全部 {count} 组合计（人数太少，不分列）",
    ),
}

FAIRNESS = {
    "fairness": ("Fairness", "公平性"),
    "fairness_scored": (
        "Of the {subscribers} subscribers of {as_of}, {share} are in {tiers}, who are called "
        "first. Here is how that share differs by area, age, sex and brand, and whether the risk "
        "of each group is foreseen as well as everybody's.",
        "{as_of} 的 {subscribers} 户中，{share} 处于{tiers}档，优先联系。"
        "下面按地区、年龄、性别和品牌比较这一比例，并检查各组的风险预测是否同样准确。",
    ),
    "fairness_more": (
        "Clearly more often in {tiers} than all together: {names}.",
        "进入{tiers}档的比例明显高于整体：{names}。",
    ),
    "fairness_less": (
        "Clearly less often in {tiers} than all together: {names}.",
        "进入{tiers}档的比例明显低于整体：{names}。",
    ),
    "fairness_alike": (
        "No group is in {tiers} clearly more or less often than all together.",
        "没有哪个组进入{tiers}档的比例与整体有明显差别。",
    ),
    "fairness_under": (
        "On the test month {as_of} more of these left than foreseen: {names}.",
        "测试月 {as_of} 实际离网多于预测的组：{names}。",
    ),
    "fairness_over": (
        "On the test month {as_of} fewer of these left than foreseen: {names}.",
        "测试月 {as_of} 实际离网少于预测的组：{names}。",
    ),
    "fairness_calibrated": (
        "On the test month {as_of} as many left as foreseen in every group, as far as its size can "
        "tell.",
        "测试月 {as_of} 各组的实际离网与预测相符（在样本量可判断的范围内）。",
    ),
    "fairness_untested": (
        "Nobody knows yet who of them leaves: how well their risk was foreseen stands in the "
        "report, for the test month.",
        "实际离网情况尚未可知；预测是否准确见报告中的测试月。",
    ),
    "fairness_pick": ("{group} {share} ({ratio} times)", "{group} {share}（{ratio} 倍）"),
    "fairness_miss": (
        "{group} ({seen} left, {foreseen} foreseen)",
        "{group}（实际 {seen}，预测 {foreseen}）",
    ),
    "fairness_causes": (
        "These are differences, not causes: groups do leave at different rates, and an equal share "
        "is not always the fair one. Of {groups} groups about one in twenty falls outside its "
        "interval by chance. A difference that nobody can explain is one to ask about before the "
        "calls go out.",
        "以上只是差异，不代表原因：各组的实际离网率本就不同，比例相等也未必公平。"
        "{groups} 个组中约有二十分之一会因偶然而超出区间。无法解释的差异，请在外呼之前先弄清楚。",
    ),
    "fairness_no_features": (
        "The model does not see these columns; what it does see can still go along with them.",
        "模型不使用这些属性，但其使用的其他特征仍可能与之相关。",
    ),
    "fairness_features": (
        "The model weighs {columns}, because features.allow_personal allows it.",
        "模型使用了{columns}，因为 features.allow_personal 允许。",
    ),
    "fairness_unknown": (
        "Known of nobody, and so not shown: {columns}.",
        "以下属性没有数据，不予显示：{columns}。",
    ),
    "fairness_scored_caption": (
        "Scored month {as_of}: who is in {tiers}, with 95% intervals",
        "评分月 {as_of}：进入{tiers}档的比例与 95% 区间",
    ),
    "fairness_tested_caption": (
        "Test month {as_of}: foreseen and real, with 95% intervals",
        "测试月 {as_of}：预测与实际，附 95% 区间",
    ),
    "fairness_group": ("Group", "组"),
    "fairness_share": ("In {tiers}", "{tiers}档比例"),
    "fairness_ratio": ("Times all", "与整体之比"),
    "fairness_foreseen": ("Foreseen to leave", "预测离网率"),
    "fairness_left": ("Left", "实际离网率"),
    "fairness_foreseen_in": ("Of {tiers}: foreseen", "{tiers}档：预测"),
    "fairness_left_in": ("Of {tiers}: left", "{tiers}档：实际"),
    "fairness_all": ("All", "全部"),
    "fairness_nobody_knows": ("not known", "未知"),
    "fairness_note": (
        "Foreseen is the mean probability of leaving, left the share that did. Clearly means: the "
        "95% interval (Wilson) holds not the share of all, and the share is at least a quarter "
        "above it or a fifth below it. Tiers are the champion's.",
        "预测离网率为平均离网概率。“明显”指 95% 区间（Wilson）不含整体比例，"
        "且高出四分之一或低出五分之一以上。风险等级取自正式模型。",
    ),
    "fairness_by_region": ("Area", "地区"),
    "fairness_by_age_band": ("Age band", "年龄段"),
    "fairness_by_sex": ("Sex", "性别"),
    "fairness_by_brand": ("Brand of the plan", "套餐品牌"),
    "fairness_by_handset_brand": ("Brand of the handset", "终端品牌"),
    "fairness_of_region": ("area", "地区"),
    "fairness_of_age_band": ("age", "年龄"),
    "fairness_of_sex": ("sex", "性别"),
    "fairness_of_brand": ("brand", "品牌"),
    "fairness_of_handset_brand": ("handset", "终端"),
    "sex_male": ("male", "男"),
    "sex_female": ("female", "女"),
}
