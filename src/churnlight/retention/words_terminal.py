"""The words of `churnlight explain`; see `words`."""

from __future__ import annotations

TERMINAL = {
    "left_already": (
        "Left between as_of and cutoff: on no call list.",
        "在基准日与数据截止之间已离网，不进入名单。",
    ),
    "not_listed": ("not on the call list", "不在外呼名单"),
    "absent_not_scored": (
        "not scored as of {as_of}: {why}",
        "基准日 {as_of} 未评分：{why}",
    ),
    "absent_unknown": (
        "no snapshot of subscribers shows this subscriber_id in the months {months}, as far as "
        "they were known on {cutoff}; check the id (after pseudonymisation, if there was one)",
        "在 {months} 各月、{cutoff} 前已知的用户快照中均无此标识；"
        "请核对标识（如经匿名化，请用匿名标识）",
    ),
    "absent_off_books": (
        "the snapshot of {month} shows the status {status}; only active and suspended "
        "subscribers are on the books",
        "{month} 的快照中状态为 {status}，只有正常或停机用户属于在网",
    ),
    "absent_missing": (
        "the last snapshot, of {month}, does not show this subscriber_id any more",
        "最近的快照（{month}）中已无此标识",
    ),
    "absent_rule": ("the cohort's rule “{rule}” left this subscriber out", "被规则“{rule}”排除"),
    "absent_measured": ("{text} ({have}; at least {need})", "{text}（{have}；要求不低于 {need}）"),
    "absent_bill": (
        "mean bill {value} over the window's known bills",
        "观察窗已知账单均值 {value}",
    ),
    "absent_minutes": (
        "{value} outgoing minutes in the window",
        "观察窗内主叫 {value} 分钟",
    ),
    "absent_stale": (
        "today's parameters let this subscriber in, but the month was scored without: "
        "`churnlight run` brings the scores up to date",
        "按当前参数应在目标群内，但评分时不在；请运行 `churnlight run` 更新评分",
    ),
    "absent_also": ("The rules, in order: {rules}", "规则依次为：{rules}"),
}
