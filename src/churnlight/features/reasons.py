"""Reasons: what groups of features say, in the words that people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One reason.

    Attributes:
        code: what files hold.
        title_en, title_zh: what people read; of a protective reason, where it speaks for staying.
        other_en, other_zh: what they read where it works the other way; empty: the same title,
            which then takes no side.
        protective: whether it usually speaks for staying.
    """

    code: str
    title_en: str
    title_zh: str
    other_en: str = ""
    other_zh: str = ""
    protective: bool = False


# A reason whose features can raise the risk at either end (much use, little use) has a title that
# takes no side; the sentence then says which end it is.
_ALL = (
    Reason("circle_breadth", "Breadth of the calling circle", "通话圈宽窄"),
    Reason(
        "circle_shrinking",
        "Calling circle shrinking", "通话圈在缩小",
        "Calling circle holding", "通话圈稳定",
    ),
    Reason(
        "contacts_left",
        "Contacts have left", "联系人已离网",
        "Contacts staying", "联系人基本在网",
    ),
    Reason(
        "contacts_to_rival",
        "Contacts with or moving to a rival", "联系人在竞争对手或转向竞争对手",
        "Few contacts at a rival", "联系人较少在竞争对手",
    ),
    Reason("use_level", "Level of use", "使用量水平"),
    Reason(
        "falling_silent",
        "Falling silent", "逐渐沉默",
        "Use steady or rising", "使用稳定或上升",
    ),
    Reason("usage_pattern", "Habits of use", "使用习惯"),
    Reason(
        "second_sim",
        "Second SIM likely", "疑似使用第二张卡",
        "Little sign of a second SIM", "第二张卡迹象少",
    ),
    Reason(
        "moving_away",
        "Moving or travelling", "搬迁或出行",
        "Little roaming or moving", "较少漫游或搬迁",
    ),
    Reason(
        "rival_interest",
        "Looking elsewhere", "有意转网",
        "Little sign of looking elsewhere", "转网迹象少",
    ),
    Reason("bill_level", "Level of bill and plan fee", "账单与套餐费水平"),
    Reason(
        "bill_falling",
        "Bill falling or unsteady", "账单下降或波动",
        "Bill steady or rising", "账单稳定或上升",
    ),
    Reason("plan_misfit", "Plan does not fit", "套餐不匹配", "Plan fits", "套餐匹配"),
    Reason(
        "discount_ending",
        "Discount small or running out", "优惠少或减少",
        "Discount holds", "优惠保持",
    ),
    Reason(
        "payment_trouble",
        "Payment trouble", "缴费困难",
        "Payment in order", "缴费正常",
    ),
    Reason("topup_rhythm", "Top-ups and balance", "充值与余额"),
    Reason("extra_services", "Value-added services", "增值业务"),
    Reason(
        "contract_ending",
        "Contract ending or none", "合约到期或无合约",
        "No contract about to end", "近期无合约到期",
    ),
    Reason("handset", "Handset", "终端"),
    Reason(
        "service_trouble",
        "Service trouble", "服务问题",
        "Little service trouble", "服务问题少",
    ),
    Reason(
        "group_leaving",
        "Colleagues or family lines leaving", "集团成员或家庭号码离网",
        "Colleagues and family lines staying", "集团成员与家庭号码稳定",
    ),
    Reason(
        "group_ties",
        "Ties to a group", "集团关系",
        "Loose ties to a group", "集团关系弱",
        protective=True,
    ),
    Reason(
        "household_ties",
        "Family lines and broadband", "家庭号码与宽带",
        "Loose household ties", "家庭关系弱",
        protective=True,
    ),
    Reason(
        "long_standing",
        "Long-standing and valued", "老客户与高价值",
        "Short tenure or few points", "在网时间短或积分少",
        protective=True,
    ),
    # Only where `features.allow_personal` names one of them.
    Reason("person", "Area, age band or sex", "地区、年龄段或性别"),
)  # fmt: skip

REASONS: Mapping[str, Reason] = {r.code: r for r in _ALL}
