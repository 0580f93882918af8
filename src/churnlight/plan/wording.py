"""What is offered, what must not be, and what is said: English and Chinese side by side.

No text calls an agreement anything that keeps somebody from leaving: who has signed one may leave
on the terms that stand in it, and number portability is the subscriber's right. `held_back` finds
words of that kind; the texts here and those of an operator's own playbook are held to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["serve", "fixed", "agreement", "matching_plan", "incentive_plan", "service"]
KINDS: tuple[Kind, ...] = (
    "serve",
    "fixed",
    "agreement",
    "matching_plan",
    "incentive_plan",
    "service",
)
# What can be proposed to anybody, whatever tables there are.
ALWAYS: tuple[Kind, ...] = ("serve", "fixed")


@dataclass(frozen=True)
class Offer:
    """Something that can be offered.

    Attributes:
        code: what playbook and plan hold.
        kind: what it takes. serve: nothing is offered; fixed: a cost that the playbook says;
            agreement: for who has none that still runs; matching_plan, incentive_plan: from the
            tariff table; service: from the service table.
        en, zh: what to offer; {plan}, {fee}, {change}, {allowance}, {service} and {cost} are
            filled in.
        never_en, never_zh: what must not be offered or said.
    """

    code: str
    kind: Kind
    en: str
    zh: str
    never_en: str
    never_zh: str


@dataclass(frozen=True)
class Wording:
    """How a contact begins.

    Attributes:
        key: what playbook and plan hold.
        en, zh: the sentence.
    """

    key: str
    en: str
    zh: str


OFFERS: tuple[Offer, ...] = (
    Offer(
        "care",
        "serve",
        "Nothing to sell: hear what is wrong, settle it, and say by when.",
        "不推销：倾听问题，负责解决，并说明完成时间。",
        "No discount, no gift and no new agreement in this contact.",
        "本次联系不提供折扣、赠送，也不推荐新协议。",
    ),
    Offer(
        "fee_discount",
        "fixed",
        "A discount on the fee of the plan in use, worth {cost} in all.",
        "在现有套餐上给予月费优惠，总额 {cost}。",
        "No change of plan and no agreement in return; name no other operator.",
        "不以更换套餐或签订协议为条件；不提及其他运营商。",
    ),
    Offer(
        "data_gift",
        "fixed",
        "Extra data, worth {cost} in all, free of charge; it ends by itself.",
        "免费赠送流量，总值 {cost}，到期自动结束。",
        "Nothing that goes on at a price afterwards, and nothing that must be cancelled.",
        "不得到期后自动转为收费，也不得要求用户自行取消。",
    ),
    Offer(
        "renewal",
        "agreement",
        "A new agreement with {cost} off in all; say its term, its price and how to end it.",
        "新签协议，共优惠 {cost}；须说明期限、价格及提前结束的办法。",
        "No agreement without its terms in writing; say nothing against moving the number.",
        "未出示书面条款不得签订；不得发表不利于携号转网的言论。",
    ),
    Offer(
        "handset_subsidy",
        "agreement",
        "A subsidy of {cost} on a new handset with an agreement; say its term, its price and how "
        "to end it.",
        "签订协议购机补贴 {cost}；须说明期限、价格及提前结束的办法。",
        "No handset that works with one operator only; no agreement without its terms in writing.",
        "不得提供仅限单一运营商使用的终端；未出示书面条款不得签订协议。",
    ),
    Offer(
        "matching_plan",
        "matching_plan",
        "Change to plan {plan} at {fee} a month, which fits what is used: {change} a month.",
        "改用套餐 {plan}，月费 {fee}，适合实际使用：每月 {change}。",
        "No dearer plan, and no agreement in return.",
        "不推荐更贵的套餐，也不以签订协议为条件。",
    ),
    Offer(
        "incentive_plan",
        "incentive_plan",
        "Change to plan {plan} at {fee} a month with {allowance} off each month: {change} a month, "
        "and more included.",
        "改用套餐 {plan}，月费 {fee}，每月减免 {allowance}：每月 {change}，包含内容更多。",
        "Not without saying what the bill will be; no pressing if it is not wanted.",
        "须说明调整后的账单金额；用户不愿意时不得强推。",
    ),
    Offer(
        "service_trial",
        "service",
        "A free trial of service {service}; it ends by itself.",
        "免费试用业务 {service}，到期自动结束。",
        "Nothing that goes on at a price afterwards without a clear yes.",
        "未经用户明确同意，不得到期后转为收费。",
    ),
)

WORDINGS: tuple[Wording, ...] = (
    Wording(
        "trouble",
        "We see that something went wrong lately. May I ask what is still open?",
        "我们注意到您近期遇到过问题，请问还有哪些没有解决？",
    ),
    Wording(
        "agreement_ends",
        "Your agreement ends or has ended. May I show what is possible from then on?",
        "您的协议即将到期或已到期，可以为您介绍到期后的选择吗？",
    ),
    Wording(
        "plan_fit",
        "We have compared your use with our plans. May I tell you what we found?",
        "我们对比了您的使用情况与现有套餐，可以为您说明结果吗？",
    ),
    Wording(
        "plan_up",
        "You use all that your plan includes. May I show the next one, with its whole price?",
        "您已用足套餐内容，可以为您介绍上一档套餐及其全部费用吗？",
    ),
    Wording(
        "quiet",
        "You use less than before. Is there anything that doesn't suit you any more?",
        "您近期使用减少，请问有哪些地方不再适合您？",
    ),
    Wording(
        "people",
        "We would like to keep your calls good value. May I ask what matters to you?",
        "我们希望让您的通话更实惠，请问您最看重什么？",
    ),
    Wording(
        "moving",
        "Have you moved, or are you about to? May I check that the service is good there?",
        "请问您是否已搬迁或即将搬迁？可以帮您确认当地的服务情况吗？",
    ),
    Wording(
        "handset",
        "Your handset has served for a while. May I show what there is now?",
        "您的手机已使用一段时间，可以为您介绍现有机型吗？",
    ),
    Wording(
        "service",
        "May I show you a service that many find useful?",
        "可以为您介绍一项受欢迎的业务吗？",
    ),
    Wording(
        "thanks",
        "Thank you for being with us. May I ask how content you are?",
        "感谢您一直以来的支持，请问您对我们的服务满意吗？",
    ),
    Wording(
        "last_word",
        "If you are thinking of leaving, that is your choice. May I ask what we could do better?",
        "如果您考虑离开，我们尊重您的选择。请问我们哪些地方可以做得更好？",
    ),
)

# Why somebody is proposed nothing, in the order in which the first that applies is counted.
SUPPRESSED: Mapping[str, tuple[str, str]] = {
    "left": ("left since as_of", "统计日之后已离网"),
    "red_list": ("on the red list", "在免打扰红名单中"),
    "no_contact": ("asked not to be contacted", "已要求不被联系"),
    "port_out": (
        "has applied to port out: is to be served like anybody, and offered nothing special",
        "已申请携号转网：照常提供服务，不得给予专项优惠",
    ),
    "contacted": ("was contacted within the days of rest", "在免打扰期内已被联系"),
}
NOTICES: Mapping[str, tuple[str, str]] = {
    "no_tariffs": (
        "No tariff was worked out ({why}): no plan is proposed to anybody.",
        "未进行资费测算（{why}）：不推荐任何套餐。",
    ),
    "no_segments": (
        "There are no segments: rules that name one do not apply.",
        "没有客户分群：指定分群的规则不适用。",
    ),
    "no_services": (
        "There is no table of service preferences: no service is proposed to anybody.",
        "没有业务偏好表：不推荐任何业务。",
    ),
    "no_effects": (
        "No controlled campaign was measured: every save rate is an assumption of the playbook.",
        "没有对照实验结果：所有挽留率均为方案手册中的假设。",
    ),
    "campaigns_left_out": (
        "The campaigns on record count for nothing here: {en}",
        "已有的营销活动记录在此不作依据：{zh}",
    ),
    "effect_unclear": (
        "Measured: assigning the offer changed the share that left by {difference} points (95 % "
        "interval {low} to {high}). It is not shown that contact saves anybody.",
        "实测：营销组离网率相差 {difference} 个百分点（95% 区间 {low} 至 {high}），"
        "没有证据表明接触挽留了用户。",
    ),
    "effect_provokes": (
        "Measured: where the offer was assigned more left, {difference} points (95 % interval "
        "{low} to {high}). Whom contact drives away is not listed.",
        "实测：营销组离网更多，相差 {difference} 个百分点（95% 区间 {low} 至 {high}），"
        "接触会促使离网的用户不列入名单。",
    ),
    "effect_without_interval": (
        "Measured: where the offer was assigned the share that left differs by {difference} "
        "points; there are too few to say how sure that is.",
        "实测：营销组离网率相差 {difference} 个百分点，样本太少，无法给出区间。",
    ),
    "idle_rule": (
        "Rule {number} of the playbook (line {line}) is for tiers that plan.tiers does not have.",
        "方案手册第 {number} 条规则（第 {line} 行）所列等级不在 plan.tiers 中。",
    ),
    "no_bill": (
        "{rows} without a bill have no value to keep: they are proposed something, and not listed.",
        "{rows} 个用户没有账单，无法估算价值：给出建议，但不列入名单。",
    ),
    "no_flag": (
        "The snapshots do not say {column}: nobody could be left out by it.",
        "用户快照中没有 {column}：无法据此排除用户。",
    ),
    "no_campaigns": (
        "There is no extract campaigns: who was contacted lately is known from earlier plans only.",
        "没有营销活动数据：近期联系情况仅来自此前的计划。",
    ),
    "no_care": (
        "There is no extract care: nobody is known to have applied to port out.",
        "没有客服数据：无法得知谁已申请携号转网。",
    ),
    "not_exact": (
        "The list was not proved the best: at most {gap_money} of expected profit is missed.",
        "名单未被证明为最优：预期利润最多相差 {gap_money}。",
    ),
    "small_control": (
        "The control group has {accounts} accounts: too few to measure anything. See plan.json.",
        "对照组仅有 {accounts} 个账户，不足以得出结论，见 plan.json。",
    ),
}

_HELD_BACK = re.compile(
    r"\block\w*[\s-]*in\b|\block(?:ed|s|ing)?\b|\btie[ds]?\s+(?:you|them|down)|\bbound\s+to\b"
    r"|\btrap|\bcaptive|\bcan(?:not|'t)\s+leave|\bhandcuff"
    r"|锁定|锁住|锁网|锁机|套牢|绑定|绑住|捆绑|不能离开|不得离网|不能离网|不得携|不能携|禁止携",
    re.IGNORECASE,
)


def held_back(text: str) -> str | None:
    """The words in a text that call an agreement a bond; None without any."""
    found = _HELD_BACK.search(text)
    return None if found is None else found[0]


def texts() -> tuple[str, ...]:
    """Every sentence here, both languages."""
    offers = [t for o in OFFERS for t in (o.en, o.zh, o.never_en, o.never_zh)]
    said = [t for w in WORDINGS for t in (w.en, w.zh)]
    told = [t for group in (SUPPRESSED, NOTICES) for pair in group.values() for t in pair]
    return (*offers, *said, *told)
