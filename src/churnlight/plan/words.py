"""What the callers' workbook and `churnlight explain` say of a plan, in both languages."""

from __future__ import annotations

from churnlight.explain.sentences import title
from churnlight.features.reasons import REASONS
from churnlight.report.inputs import Language
from churnlight.report.words import LANGUAGES
from churnlight.retention.words import COMMON
from churnlight.retention.words import Words as RetentionWords

# Heading, and what it means: a column of the sheet has both.
COLUMNS = {
    "col_place": ("No.", "序号"),
    "col_place_says": (
        "Place on the list: the greatest expected profit first.",
        "名单序号：按预期收益由高到低排列。",
    ),
    "col_subscriber": ("Subscriber", "用户"),
    "col_subscriber_says": (
        "The pseudonymous subscriber_id of the extracts, as text.",
        "源数据中的匿名用户标识（文本）。",
    ),
    "col_region": ("Area", "区域"),
    "col_region_says": ("As in the snapshots.", "同用户快照。"),
    "col_tier": ("Tier", "档位"),
    "col_tier_says": ("Risk tier of the scored month.", "评分月份的风险档位。"),
    "col_reason": ("Reason", "原因"),
    "col_reason_says": (
        "What raises the score most: what the model saw, not the cause. Ask before you assume.",
        "使评分升高的首要原因：为模型所见，并非起因；请先了解，再下判断。",
    ),
    "col_offer": ("What to offer", "可提供的内容"),
    "col_offer_says": (
        "The one proposal of the plan for this subscriber. Nothing else is covered by the budget.",
        "方案对该用户的唯一建议，预算不含其他内容。",
    ),
    "col_never": ("What must NOT be offered", "不得提供的内容"),
    "col_never_says": (
        "What must not be offered or said in this contact.",
        "本次联系中不得提供或不得说的内容。",
    ),
    "col_wording": ("How to begin", "开场用语"),
    "col_wording_says": ("A sentence to begin with.", "开场的一句话。"),
    "col_channel": ("Channel", "渠道"),
    "col_channel_says": (
        "How to reach the subscriber, by the playbook's name.",
        "联系方式，名称同方案手册。",
    ),
    "col_notes": ("Notes", "备注"),
    "col_notes_says": ("Left blank for the caller.", "供外呼人员填写。"),
    "col_profit": ("Expected profit", "预期收益"),
    "col_profit_says": (
        "What the contact is expected to bring, less its costs; arithmetic on what the playbook "
        "and the parameters say.",
        "联系的预期收益（已扣除成本），按方案手册与参数计算。",
    ),
    "col_rate": ("Save rate", "挽留率来源"),
    "col_rate_says": (
        "assumed: the playbook's own figure, which nothing has shown yet; measured: by a campaign "
        "with a control group.",
        "假设：方案手册中的数值，尚无验证；实测：来自有对照组的营销活动。",
    ),
}
SUMMARY = {
    "title": ("Callers' sheet", "外呼方案"),
    "sheet_list": ("Offers", "外呼名单"),
    "sheet_summary": ("Summary", "概要"),
    "sheet_columns": ("Columns", "列说明"),
    "column": ("Column", "列"),
    "meaning": ("Meaning", "含义"),
    "caveat": ("Call nobody who is not on this sheet.", "请勿联系名单以外的用户。"),
    "caveat_control": (
        "Call nobody who is not on this sheet. A part of those who were worth a call was left out "
        "at random: the control group, which shows later whether the calls helped.",
        "请勿联系名单以外的用户。部分值得联系的用户被随机留出作为对照组，用于检验联系是否有效。",
    ),
    "as_of": ("As of", "基准日"),
    "offers_from": ("Offers from", "提供起始日"),
    "playbook": ("Playbook", "方案手册"),
    "looked_at": ("Subscribers looked at", "考虑的用户"),
    "on_sheet": ("On this sheet", "名单人数"),
    "shown_says": ("{shown} of {all}", "{all} 个中的 {shown} 个"),
    "expected": ("Expected profit of the sheet", "名单预期收益"),
    "outlay": ("Costs, if everybody takes the offer", "成本（全部接受时）"),
    "calls": ("Calls", "外呼次数"),
    "of_limit": ("{value} of {limit}", "{value}（上限 {limit}）"),
    "control": ("Control group, not to be called", "对照组（不得联系）"),
    "control_says": (
        "{subscribers} subscribers in {accounts} accounts, until {until}",
        "{subscribers} 个用户，{accounts} 个账户，至 {until}",
    ),
    "control_kept": ("Still control of an earlier plan", "仍属此前方案的对照组"),
    "rates": ("Save rates", "挽留率"),
    "rates_says": (
        "assumed for {assumed}, measured for {measured}",
        "假设 {assumed} 个，实测 {measured} 个",
    ),
    "status": ("What became of everybody", "各用户的结果"),
    "listed": ("on the list, control group included", "列入名单（含对照组）"),
    "beyond_limits": ("worth it, but budget or calls ran out", "值得联系，但预算或外呼次数已用尽"),
    "not_worth": ("not worth a contact", "不值得联系"),
    "no_bill": ("without a bill, so without a value", "无账单，无法估值"),
    "status_control_kept": ("control group of an earlier plan", "此前方案的对照组"),
    "suppressed": ("must not be contacted", "不得联系"),
    "suppressions": ("Who must not be contacted", "不得联系的原因"),
    "why": ("Reason", "原因"),
    "first": ("Counted here", "计入"),
    "applies": ("Applies to", "符合"),
    "subscribers": ("Subscribers", "用户数"),
    "left_since": ("left since as_of", "基准日后已离网"),
    "red_list": ("on the red list", "红名单"),
    "no_contact": ("asked not to be contacted", "已要求勿扰"),
    "port_out": (
        "applied to port out: served like anybody, no offer and no call",
        "已申请携号转出：正常服务，不营销、不外呼",
    ),
    "contacted": ("contacted lately", "近期已联系"),
    "actions": ("What is proposed", "建议内容"),
    "action": ("Action", "动作"),
    "notices": ("What to know about this plan", "须知"),
}
ONE = {
    "heading": ("Plan", "方案"),
    "to_control": (
        "control group: don't contact, until {until}",
        "对照组：{until} 前请勿联系",
    ),
    "to_suppress": ("don't contact: {why}", "请勿联系：{why}"),
    "to_offer": ("No. {place} by {channel}: {offer}", "序号 {place}，渠道 {channel}：{offer}"),
    "never": ("Not to be offered: {text}", "不得提供：{text}"),
    "begin": ("How to begin: {text}", "开场用语：{text}"),
    "worth": (
        "expected profit {profit} ({rate} save rate)",
        "预期收益 {profit}（挽留率：{rate}）",
    ),
    "not_called": ("no call: {why}", "不联系：{why}"),
    "assumed": ("assumed", "假设"),
    "measured": ("measured", "实测"),
    "no_reason": ("none", "无"),
}
TEXTS: dict[str, tuple[str, str]] = {
    "simulated_short": COMMON["simulated_short"],
    "simulated": COMMON["simulated"],
    **COLUMNS,
    **SUMMARY,
    **ONE,
}


class Words:
    """The texts in one language; tiers and reasons in the words of the call list."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._column = LANGUAGES.index(language)
        self.retention = RetentionWords(language)

    def __call__(self, key: str, **values: object) -> str:
        """A text, its placeholders filled in."""
        return TEXTS[key][self._column].format(**values)

    def reason(self, code: str | None) -> str:
        """The title of a reason that raises the score."""
        if code is None:
            return self("no_reason")
        return title(code, self.language, "up") if code in REASONS else code

    def suppression(self, name: str) -> str:
        """Why somebody must not be contacted."""
        key = "left_since" if name == "left" else name
        return self(key) if key in TEXTS else name

    def status(self, name: str) -> str:
        """A status of the plan."""
        key = "status_control_kept" if name == "control_kept" else name
        return self(key) if key in TEXTS else name
