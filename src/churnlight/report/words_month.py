"""The sentences of one scored month's page; see `words`."""

from __future__ import annotations

MONTH = {
    "month_title": ("Scored month {as_of}", "{as_of} 评分月报"),
    "month_facts": (
        "Known up to {cutoff}; scored by model {model}.",
        "数据截至 {cutoff}；评分模型：{model}。",
    ),
    "month_do": ("What to do", "需要做什么"),
    "month_then": (
        "Then {count} in the {tier} tier.",
        "其次联系{tier}档用户 {count} 个。",
    ),
    "month_winback": (
        "{count} in the {tier} tier are as good as gone: offer to win them back.",
        "{tier}档 {count} 个用户接近流失，宜采用挽回方案。",
    ),
    "month_nobody": ("nobody to call", "无需联系的用户"),
    "month_model": ("The model", "模型"),
    "month_data": ("The data", "数据"),
    "month_advice_retrain": ("train it again", "重新训练"),
    "month_advice_look": ("look at what drifted", "查看偏移项目"),
    "month_advice_keep": ("leave it as it is", "保持不变"),
    "month_advice_unknown": ("nothing known yet", "暂无结论"),
    "month_ground_sound": ("nothing to do", "无需处理"),
    "month_ground_look": ("have it looked at", "请检查"),
}
