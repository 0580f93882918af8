"""The tables that stand beside the scores where a month has them: plan, segments, services."""

from __future__ import annotations

from churnlight.publish.table import AS_OF, KEY, SUBSCRIBER, VERSION, Column, Table, View

_MONEY = "double precision"


def _maybe(name: str, kind: str, says: str) -> Column:
    return Column(name, kind, says, required=False)


_TEXTS = (
    _maybe("offer_en", "text", "What to offer, of who is to be called. · 可提供的内容（英文）。"),
    _maybe("offer_zh", "text", "The same in Chinese. · 可提供的内容（中文）。"),
    _maybe("never_en", "text", "What must not be offered or said. · 不得提供的内容（英文）。"),
    _maybe("never_zh", "text", "The same in Chinese. · 不得提供的内容（中文）。"),
    _maybe("wording_en", "text", "How to begin. · 开场用语（英文）。"),
    _maybe("wording_zh", "text", "The same in Chinese. · 开场用语（中文）。"),
)
PLAN = Table(
    "plan",
    "The month's plan, one row a subscriber of its tiers: control group and suppressed, too, so no "
    "list to call by. · 当月方案，其档位内每个用户一行，含对照组与不得联系者，不可直接用于外呼。",
    (
        AS_OF,
        VERSION,
        SUBSCRIBER,
        _maybe("account_id", "text", "Account; arms are drawn by it. · 账户，按账户分组。"),
        _maybe("region", "text", "Area. · 区域。"),
        Column("tier", "text", "Risk tier. · 风险档位。"),
        _maybe("reason", "text", "Strongest reason, a code. · 首要原因代码。"),
        _maybe("segment", "text", "Segment. · 客户群。"),
        Column("probability", _MONEY, "Probability of leaving, as scored. · 离网概率，同评分。"),
        _maybe("monthly_bill_money", _MONEY, "Mean monthly bill, as scored. · 月均账单，同评分。"),
        Column(
            "status",
            "text",
            "listed, beyond_limits, not_worth, no_bill, control_kept or suppressed. · "
            "列入、超出预算、不值得、无账单、仍为对照组、不得联系。",
        ),
        _maybe("suppressed_by", "text", "Why there must be no contact. · 不得联系的原因。"),
        _maybe(
            "arm",
            "text",
            "treated or control; control must not be contacted. · 实验组或对照组；对照组不得联系。",
        ),
        _maybe("cycle", "date", "as_of of the plan that drew the arm. · 分组所属方案的基准日。"),
        _maybe("control_until", "date", "First day free again. · 对照组解除之日。"),
        _maybe("offers_from", "date", "First day of the offers. · 提供起始日。"),
        Column("rule", "bigint", "Number of the rule in the playbook. · 方案手册中的规则序号。"),
        _maybe("action", "text", "What would be done, by campaigns' name. · 动作，名称同活动。"),
        _maybe("offer", "text", "Code of the offer. · 内容代码。"),
        _maybe("channel", "text", "How to reach the subscriber. · 联系渠道。"),
        _maybe("wording", "text", "Key of the wording. · 用语代码。"),
        _maybe("plan_id", "text", "Tariff that is proposed. · 建议的资费套餐。"),
        _maybe("plan_fee_money", _MONEY, "Its monthly fee. · 其月费。"),
        _maybe("allowance_money", _MONEY, "Allowance a month on it. · 每月减免。"),
        _maybe("revenue_change_money", _MONEY, "What it changes a month. · 每月收入变化。"),
        _maybe("service_id", "text", "Service that is proposed. · 建议的增值业务。"),
        _maybe("value_money", _MONEY, "What the subscriber is worth. · 用户价值。"),
        _maybe("saved_share", _MONEY, "Share that stays because of it. · 因此留下的比例。"),
        _maybe("rate_source", "text", "assumed or measured. · 挽留率来源：假设或实测。"),
        _maybe("cost_money", _MONEY, "Cost when it is taken. · 接受时的成本。"),
        _maybe("contact_money", _MONEY, "Cost of the contact. · 联系成本。"),
        _maybe("calls", "bigint", "Calls that it takes. · 所需外呼次数。"),
        _maybe("expected_profit_money", _MONEY, "Expected profit. · 预期收益。"),
        _maybe(
            "plan_place",
            "integer",
            "Place on the callers' sheet, from 1; empty for all who are not to be called. · "
            "外呼名单序号，不联系者为空。",
        ),
        *_TEXTS,
    ),
    KEY,
)
SEGMENTS = Table(
    "segments",
    "Segment of each subscriber of the cohort. · 目标群内每个用户所属的客户群。",
    (
        AS_OF,
        VERSION,
        SUBSCRIBER,
        Column("segment", "text", "Its code. · 客户群代码。"),
        _maybe("name_en", "text", "Suggested name in English. · 建议的英文名称。"),
        _maybe("name_zh", "text", "Suggested name in Chinese. · 建议的中文名称。"),
    ),
    KEY,
)
SERVICES = Table(
    "services",
    "Services that fit a subscriber who has them not yet, the best first. · "
    "适合用户且尚未开通的增值业务，按匹配程度排序。",
    (
        AS_OF,
        VERSION,
        SUBSCRIBER,
        Column("rank", "integer", "From 1. · 名次，从 1 起。"),
        Column("service_id", "text", "The service. · 增值业务。"),
        Column("level", "integer", "Match level, 3 is the best. · 匹配等级，3 最高。"),
    ),
    (*KEY, "rank"),
)
BESIDE = (PLAN, SEGMENTS, SERVICES)

PLAN_CALLS = View(
    "plan_calls",
    "For the CRM: who of the newest month to call with which offer, in order; nobody of the "
    "control group, nobody suppressed. · "
    "供 CRM 读取：最新月份的外呼方案，按顺序；不含对照组与不得联系者。",
    (
        *PLAN.columns,
        Column("title_en", "text", "The strongest reason in English. · 首要原因（英文）。"),
        Column("title_zh", "text", "The same in Chinese. · 首要原因（中文）。"),
    ),
)
