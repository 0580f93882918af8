"""Reasons: what groups of features say, in the words that people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One reason.

    Attributes:
        code: what files hold.
        title_en, title_zh: what people read.
        protective: whether it usually speaks for staying.
    """

    code: str
    title_en: str
    title_zh: str
    protective: bool = False


_ALL = (
    Reason("circle_narrow", "Small or narrow calling circle", "通话圈小或集中"),
    Reason("circle_shrinking", "Calling circle shrinking", "通话圈在缩小"),
    Reason("contacts_left", "Contacts have left", "联系人已离网"),
    Reason(
        "contacts_to_rival", "Contacts with or moving to a rival", "联系人在竞争对手或转向竞争对手"
    ),
    Reason("low_use", "Low use", "使用量低"),
    Reason("falling_silent", "Falling silent", "逐渐沉默"),
    Reason("usage_pattern", "Pattern of use", "使用习惯"),
    Reason("second_sim", "Second SIM likely", "疑似使用第二张卡"),
    Reason("moving_away", "Moving or travelling", "搬迁或出行"),
    Reason("rival_interest", "Looking elsewhere", "有意转网"),
    Reason("bill_high", "High bill", "账单偏高"),
    Reason("bill_falling", "Bill falling or unsteady", "账单下降或波动"),
    Reason("plan_misfit", "Plan does not fit", "套餐不匹配"),
    Reason("discount_ending", "Discount small or running out", "优惠少或减少"),
    Reason("payment_trouble", "Payment trouble", "缴费困难"),
    Reason("topup_rhythm", "Top-ups and balance", "充值与余额"),
    Reason("extra_services", "Value-added services", "增值业务"),
    Reason("contract_ending", "Contract ending or none", "合约到期或无合约"),
    Reason("handset", "Handset", "终端"),
    Reason("service_trouble", "Service trouble", "服务问题"),
    Reason("group_leaving", "Colleagues or family lines leaving", "集团成员或家庭号码离网"),
    Reason("group_ties", "Ties to a group", "集团关系", protective=True),
    Reason("household_ties", "Family lines and broadband", "家庭号码与宽带", protective=True),
    Reason("long_standing", "Long-standing and valued", "老客户与高价值", protective=True),
)

REASONS: Mapping[str, Reason] = {r.code: r for r in _ALL}
