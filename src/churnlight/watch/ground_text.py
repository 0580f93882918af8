"""The guard's sentences, English and Chinese side by side; see `churnlight.watch.ground`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What is wrong: figure, expected, low and high are filled in as counts or as shares.
KINDS: dict[str, tuple[str, str]] = {
    "month_missing": (
        "the month is missing: no rows, and earlier months had about {expected}",
        "缺少整月数据：没有任何行，以前各月约有 {expected} 行",
    ),
    "day_missing": (
        "no CDRs {when}, where about {expected} rows a day are usual",
        "{when}没有话单，通常每天约 {expected} 行",
    ),
    "day_low": (
        "{figure} rows of CDRs a day {when}, expected about {expected} (at least {low})",
        "{when}每天只有 {figure} 行话单，预期约 {expected} 行（至少 {low} 行）",
    ),
    "volume_low": (
        "{figure} rows of CDRs a day {when}, expected about {expected} (at least {low})",
        "{when}每天只有 {figure} 行话单，预期约 {expected} 行（至少 {low} 行）",
    ),
    "month_partial": (
        "the newest month is partial: {figure} rows of CDRs a day {when}, to the month's end; "
        "expected about {expected} (at least {low})",
        "最近一个月不完整：{when}直到月末每天只有 {figure} 行话单，"
        "预期约 {expected} 行（至少 {low} 行）",
    ),
    "kind_low": (
        "{column}: {figure} rows a day {when}, expected about {expected} (at least {low})",
        "{column}：{when}每天只有 {figure} 行，预期约 {expected} 行（至少 {low} 行）",
    ),
    "share_jump": (
        "{column} is {figure} of the CDRs {when}, expected about {expected} ({low} to {high})",
        "{column}：{when}占话单的 {figure}，预期约 {expected}（{low} 至 {high}）",
    ),
    "null_jump": (
        "{column} is empty in {figure} of the rows {when}, expected about {expected} "
        "({low} to {high})",
        "{column}：{when}有 {figure} 的行为空，预期约 {expected}（{low} 至 {high}）",
    ),
    "column_gone": (
        "the column {column} is gone; the month before had it",
        "缺少列 {column}，上个月还有",
    ),
    "rows_low": (
        "{figure} rows, expected about {expected} (at least {low})",
        "只有 {figure} 行，预期约 {expected} 行（至少 {low} 行）",
    ),
    "rows_partial": (
        "the newest month is partial: {figure} rows, expected about {expected} (at least {low})",
        "最近一个月不完整：只有 {figure} 行，预期约 {expected} 行（至少 {low} 行）",
    ),
    "active_low": (
        "{figure} subscribers with any activity, expected about {expected} (at least {low})",
        "有通信行为的用户只有 {figure} 户，预期约 {expected} 户（至少 {low} 户）",
    ),
    "unknown_jump": (
        "{column} has a value that nobody knows in {figure} of the rows, expected about {expected} "
        "(at most {high})",
        "{column} 有 {figure} 的行取值不在约定之内，预期约 {expected}（至多 {high}）",
    ),
    "refused_jump": (
        "the check refuses {figure} of the rows, expected about {expected} (at most {high})",
        "检查拒收了 {figure} 的行，预期约 {expected}（至多 {high}）",
    ),
    "late_jump": (
        "{figure} of the rows came after the month was closed, expected about {expected} "
        "(at most {high})",
        "{figure} 的行在关账之后才到，预期约 {expected}（至多 {high}）",
    ),
    "duplicates_jump": (
        "{figure} of the rows are copies of others, expected about {expected} (at most {high})",
        "{figure} 的行是重复行，预期约 {expected}（至多 {high}）",
    ),
    "strangers_jump": (
        "{figure} of the bills are of subscribers in no snapshot, expected about {expected} "
        "(at most {high})",
        "{figure} 的账单属于快照中没有的用户，预期约 {expected}（至多 {high}）",
    ),
    "cohort_size": (
        "the cohort has {figure} subscribers, expected about {expected} ({low} to {high}){rule}",
        "目标群体有 {figure} 户，预期约 {expected} 户（{low} 至 {high}）{rule}",
    ),
}
_RULE = ("; the rule {column} changed most", "；变化最大的规则是 {column}")
SHARES = frozenset(kind for kind in KINDS if kind.endswith("_jump"))

CAUSES: dict[str, tuple[str, str]] = {
    "ingestion": ("looks like an ingestion failure", "像是数据接入故障"),
    "drift": ("looks like real drift", "像是真实变化"),
    "unclear": ("the data can't tell which it is", "数据无法判断原因"),
}

# Why the guard thinks so.
WHYS: dict[str, tuple[str, str]] = {
    "absent": ("nothing came at all", "完全没有数据"),
    "whole_days": (
        "all kinds fall together, from one day to the next",
        "所有类型在一天之内同时下降",
    ),
    "one_kind": (
        "one kind falls from one day to the next, the others do not",
        "只有一种类型在一天之内下降，其余正常",
    ),
    "day_boundary": ("it begins from one day to the next", "从某一天突然开始"),
    "month_boundary": ("it begins with the month's file", "从当月文件开始"),
    "gradual": (
        "it grew over weeks, and bills and snapshots are whole",
        "几周内逐渐形成，账单与快照完整",
    ),
    "gradual_broken": (
        "it grew over weeks, but bills or snapshots are broken too",
        "几周内逐渐形成，但账单或快照也有问题",
    ),
    "base_shrank": (
        "it begins from one day to the next, but snapshots shrank with it",
        "突然开始，但用户快照同时减少",
    ),
    "day_off": (
        "it has the volume of a weekend: a public holiday may be the cause (no table of holidays "
        "is given; hand in the extract holidays)",
        "话务量与周末相当，可能是法定节假日（未提供节假日表，请提供 holidays）",
    ),
    "holiday_possible": (
        "a public holiday may be the cause (no table of holidays is given; hand in the extract "
        "holidays)",
        "可能是法定节假日（未提供节假日表，请提供 holidays）",
    ),
    "shift": (
        "a shift of one category from one day to the next can be a fault or a new tariff",
        "某类占比突变，可能是故障，也可能是新资费",
    ),
    "one_day_step": (
        "the fall is neither sudden nor slow, or not of all kinds",
        "下降既非突变也非缓变，或并非所有类型",
    ),
    "base_whole": ("the snapshots are whole", "用户快照完整"),
    "bills_whole": ("the bills are whole", "账单完整"),
    "copies": (
        "the same rows were handed in more than once; the copies are left out",
        "同样的行提交了多次，重复行已剔除",
    ),
    "no_cross_check": ("nothing else tells", "没有其他数据可供印证"),
    "sparse": (
        "the extract had months without files before",
        "该数据以前也有缺月",
    ),
    "values": ("the values themselves are not as agreed", "取值本身不符合约定"),
    "late": ("the records came too late", "记录到得太晚"),
}


def sentence(trouble: Mapping[str, Any], language: str) -> str:
    """A trouble in words: where, what came, what was expected, what it looks like, and why."""
    looks = cause(trouble, language)
    if because := why(trouble, language):
        looks += (": " if language == "en" else "：") + because
    return f"{where(trouble, language)}: {what(trouble, language)} ({looks})"


def cause(trouble: Mapping[str, Any], language: str) -> str:
    """What it looks like: ingestion, drift, or unclear."""
    return CAUSES[trouble["cause"]][language != "en"]


def why(trouble: Mapping[str, Any], language: str) -> str:
    """Why it looks so, and when it was accepted if it was."""
    at = int(language != "en")
    said = [WHYS[trouble["why"]][at]] if trouble["why"] else []
    if as_of := trouble["accepted_before"]:
        said.append((f"accepted when {as_of} was scored", f"评分 {as_of} 时已接受")[at])
    return ("; ", "；")[at].join(said)


def where(trouble: Mapping[str, Any], language: str) -> str:
    """Extract and month."""
    name = subject(trouble, language)
    if trouble["kind"] == "cohort_size" and language == "en":
        name += " of"
    return f"{name} {trouble['month']}"


def subject(trouble: Mapping[str, Any], language: str) -> str:
    """The extract, or the cohort."""
    if trouble["kind"] == "cohort_size":
        return ("cohort", "目标群体")[language != "en"]
    return str(trouble["extract"])


def what(trouble: Mapping[str, Any], language: str) -> str:
    """What came and what was expected."""
    at = 0 if language == "en" else 1
    share = trouble["kind"] in SHARES
    values = {n: number(trouble[n], share=share) for n in ("figure", "expected", "low", "high")}
    rule = _RULE[at].format(column=trouble["column"]) if trouble["column"] else ""
    return KINDS[trouble["kind"]][at].format(
        **values, column=trouble["column"], when=when(trouble, at), rule=rule
    )


def when(trouble: Mapping[str, Any], at: int) -> str:
    """The day, the run of days, or the whole month."""
    day, days = trouble["day"], trouble["days"]
    if day is None:
        return ("in the whole month", "整月")[at]
    if days == 1:
        return (f"on {day}", f"{day} ")[at]
    return (f"from {day} for {days} days", f"自 {day} 起 {days} 天")[at]


def number(value: float | None, *, share: bool) -> str:
    """A count, or a share as per cent; a dash for none."""
    if value is None:
        return "–"
    return f"{value:.1%}" if share else f"{value:,.0f}"
