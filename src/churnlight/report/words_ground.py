"""The report's sentences about the ground that a month was scored on; see `words`.

What a single trouble says stands in `churnlight.watch.ground_text`: the command says it too.
"""

from __future__ import annotations

GROUND = {
    "ground": ("What the scores stand on", "数据基础"),
    "ground_sound": (
        "The extracts behind this month are whole: days, columns, bills and snapshots from "
        "{first} to {last} have their usual volume. Nothing needs to be done.",
        "本月所依据的数据完整：{first} 至 {last} 的每日话单、各列、账单与快照均在正常范围内，"
        "无需处理。",
    ),
    "ground_notes": (
        "The extracts behind this month are good enough to score on. Some counts from {first} to "
        "{last} are unusual, or were accepted before ({count}, below): have somebody look at them.",
        "本月数据可以评分。{first} 至 {last} 有 {count} 项计数异常或此前已接受（见下表），"
        "请有关人员查看。",
    ),
    "ground_accepted": (
        "Scored although the extracts are in doubt ({count}, below): somebody decided to go on. "
        "Be careful with tiers of subscribers whom the lost data would have shown.",
        "数据存在疑问（{count} 项，见下表），经人工决定仍然评分。请谨慎使用受影响用户的分层。",
    ),
    "ground_refused": (
        "Not fit to score on: the extracts are in doubt ({count}, below). Hand in what is missing "
        "and run again, or go on with --accept REASON.",
        "数据存在疑问（{count} 项，见下表），不宜评分。请补交缺失数据后重新运行，"
        "或使用 --accept 说明理由后继续。",
    ),
    "ground_reason": ("Why it was accepted: {reason}", "接受理由：{reason}"),
    "ground_cohort": (
        "The cohort has {size} subscribers; {low} to {high} is usual.",
        "目标群体 {size} 户，通常为 {low} 至 {high} 户。",
    ),
    "ground_no_holidays": (
        "No table of holidays is given, so a public holiday can look like a fault: hand in the "
        "extract holidays.",
        "未提供节假日表，法定节假日可能被误认为故障，请提供 holidays。",
    ),
    "ground_troubles": ("What is unusual", "异常情况"),
    "ground_where": ("Extract", "数据"),
    "ground_what": ("What came, what is usual", "实际与预期"),
    "ground_looks": ("What it looks like", "判断"),
    "ground_status": ("Scored?", "处理"),
    "ground_stops": ("stops scoring", "停止评分"),
    "ground_went_on": ("accepted", "已接受"),
    "ground_note": ("does not stop", "不影响评分"),
    "ground_accepted_before": ("accepted {as_of}", "{as_of} 已接受"),
    "ground_days": ("CDRs, by month", "各月话单"),
    "ground_month": ("Month", "月份"),
    "ground_rows": ("Rows", "行数"),
    "ground_days_there": ("Days with CDRs", "有话单的天数"),
    "ground_lowest": ("Lowest day, of the usual", "最低日占通常的比例"),
    "ground_extracts": ("Other extracts: rows, and what is usual", "其他数据：行数与通常水平"),
    "ground_holiday": ("{day}, a holiday", "{day}，节假日"),
    "ground_active_of": ("subscribers with activity", "有通信行为的用户"),
    "ground_usual": ("usual {expected}", "通常 {expected}"),
    "ground_of": ("{there} of {days}", "{days} 天中有 {there} 天"),
    "ground_method": (
        "Usual is what the same weekday had in the eight weeks before, holidays apart; a count is "
        "told as unusual when it is off by more than a fixed share and by more than {noise} "
        "standard deviations of the ordinary noise.",
        "“通常”指此前八周同一星期日的水平（节假日除外）；"
        "偏离超过固定比例且超过日常波动 {noise} 个标准差时视为异常。",
    ),
}
