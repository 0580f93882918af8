"""Facts about bills, payment, contract, plan, handset and standing."""

from __future__ import annotations

from churnlight.features.phrases.phrase import Phrase

PHRASES: tuple[Phrase, ...] = (
    Phrase(
        "bill_level",
        "bill {bill_money} a month{bill_money:vs}",
        "月均账单{bill_money}{bill_money:vs}",
    ),
    Phrase(
        "bill_level",
        "plan fee {plan_fee_money}{plan_fee_money:vs}",
        "套餐月费{plan_fee_money}{plan_fee_money:vs}",
    ),
    Phrase(
        "bill_level",
        "moved {plan_up_count:times} to a dearer plan",
        "升档{plan_up_count:times}",
        when=(("plan_up_count", ">", 0),),
    ),
    Phrase(
        "bill_falling",
        "{last_month}'s bill {last_bill_money}, {bill_last_over_mean_ratio:change} the recent mean",
        "{last_month}账单{last_bill_money}，较近月均值{bill_last_over_mean_ratio:change}",
    ),
    Phrase("bill_falling", "bill {bill_trend_share_per_month}", "账单{bill_trend_share_per_month}"),
    Phrase(
        "bill_falling",
        "moved {plan_down_count:times} to a cheaper plan",
        "降档{plan_down_count:times}",
        when=(("plan_down_count", ">", 0),),
    ),
    Phrase(
        "bill_falling",
        "bill varies by {bill_volatility_ratio} between months{bill_volatility_ratio:vs}",
        "账单月间波动{bill_volatility_ratio}{bill_volatility_ratio:vs}",
    ),
    Phrase(
        "plan_misfit",
        "{overage_share} of the bill is for use beyond the plan{overage_share:vs}",
        "套餐外费用占账单{overage_share}{overage_share:vs}",
        when=(("overage_share", ">", 0),),
    ),
    Phrase(
        "plan_misfit",
        "{data_allowance_ratio} of the plan's data used{data_allowance_ratio:vs}",
        "使用套餐流量的{data_allowance_ratio}{data_allowance_ratio:vs}",
    ),
    Phrase(
        "plan_misfit",
        "{voice_allowance_ratio} of the plan's minutes used{voice_allowance_ratio:vs}",
        "使用套餐分钟数的{voice_allowance_ratio}{voice_allowance_ratio:vs}",
    ),
    Phrase(
        "plan_misfit",
        "charges beyond the plan, as a share of the bill, {overage_change_share:points} "
        "in {last_month}",
        "{last_month}套餐外费用比例{overage_change_share:points}",
    ),
    Phrase(
        "plan_misfit",
        "changed plan {plan_changes_count:times}",
        "变更套餐{plan_changes_count:times}",
        when=(("plan_changes_count", ">", 0),),
    ),
    Phrase("plan_misfit", "brand {brand_category}", "品牌{brand_category}"),
    Phrase(
        "discount_ending",
        "discount {discount_share} of the bill{discount_share:vs}",
        "优惠占账单{discount_share}{discount_share:vs}",
        when=(("discount_share", ">", 0),),
    ),
    Phrase(
        "discount_ending",
        "no discount{discount_share:vs}",
        "没有优惠{discount_share:vs}",
        when=(("discount_share", "==", 0),),
    ),
    Phrase(
        "discount_ending",
        "discount, as a share of the bill, {discount_change_share:points} in {last_month}",
        "{last_month}优惠比例{discount_change_share:points}",
    ),
    Phrase(
        "payment_trouble",
        "{arrears_money} in arrears at the end of {last_month}",
        "{last_month}末欠费{arrears_money}",
        when=(("arrears_money", ">", 0),),
    ),
    Phrase(
        "payment_trouble",
        "{arrears_months} ended in arrears",
        "{arrears_months}月末欠费",
        when=(("arrears_months", ">", 0),),
    ),
    Phrase(
        "payment_trouble",
        "suspended for {suspended_days}",
        "停机{suspended_days}",
        when=(("suspended_days", ">", 0),),
    ),
    Phrase(
        "payment_trouble",
        "{suspended_months} ended in suspension",
        "{suspended_months}月末停机",
        when=(("suspended_months", ">", 0),),
    ),
    Phrase(
        "payment_trouble",
        "no arrears at the end of {last_month}",
        "{last_month}末无欠费",
        when=(("arrears_money", "==", 0),),
    ),
    Phrase("payment_trouble", "{paid_share} of the bills paid", "已缴账单的{paid_share}"),
    Phrase(
        "topup_rhythm",
        "last top-up on {since_topup_days:past}",
        "最近一次充值在{since_topup_days:past}",
        when=(("topups_count", ">", 0),),
    ),
    Phrase(
        "topup_rhythm",
        "no top-up in recent months",
        "近月没有充值",
        when=(("topups_count", "==", 0),),
    ),
    Phrase(
        "topup_rhythm",
        "{topup_mean_money} a top-up on average{topup_mean_money:vs}",
        "平均每次充值{topup_mean_money}{topup_mean_money:vs}",
        when=(("topups_count", ">", 0),),
    ),
    Phrase(
        "topup_rhythm",
        "balance of {balance_over_bill_ratio:n} monthly bills at the end of {last_month}"
        "{balance_over_bill_ratio:vs n}",
        "{last_month}末余额相当于{balance_over_bill_ratio:n}个月账单{balance_over_bill_ratio:vs n}",
    ),
    Phrase(
        "topup_rhythm",
        "{topup_gap_ratio} of the usual time between top-ups has passed",
        "距上次充值已过通常间隔的{topup_gap_ratio}",
    ),
    Phrase(
        "topup_rhythm",
        "{topups_count:top-up|top-ups} in recent months{topups_count:vs}",
        "近月充值{topups_count}次{topups_count:vs}",
    ),
    Phrase("topup_rhythm", "{payment_category} line", "{payment_category}号码"),
    Phrase(
        "extra_services",
        "{extra_services_count:value-added service|value-added services} in {last_month}"
        "{extra_services_count:vs}",
        "{last_month}增值业务{extra_services_count}项{extra_services_count:vs}",
    ),
    Phrase(
        "extra_services",
        "{vas_share} of the bill is for value-added services{vas_share:vs}",
        "增值业务费占账单{vas_share}{vas_share:vs}",
    ),
    Phrase(
        "extra_services",
        "{extra_services_change_count:more} value-added services than before",
        "增值业务较此前{extra_services_change_count:more}项",
        when=(("extra_services_change_count", "!=", 0),),
    ),
    Phrase(
        "contract_ending",
        "contract ends on {contract_left_days:date}",
        "合约于{contract_left_days:date}到期",
        when=(("contract_left_days", ">=", 0),),
    ),
    Phrase(
        "contract_ending",
        "contract ended on {contract_left_days:date}",
        "合约已于{contract_left_days:date}到期",
        when=(("contract_left_days", "<", 0),),
    ),
    Phrase(
        "contract_ending",
        "no contract",
        "无合约",
        when=(("under_contract_flag", "==", 0), ("contract_left_days", "unknown", 0)),
    ),
    Phrase(
        "contract_ending",
        "asked {contract_queries_count:times} about the contract",
        "咨询合约{contract_queries_count:times}",
        when=(("contract_queries_count", ">", 0),),
    ),
    Phrase(
        "contract_ending",
        "contract of kind {contract_kind_category}",
        "合约类型{contract_kind_category}",
        when=(("contract_kind_category", "!=", "none"),),
    ),
    Phrase(
        "handset",
        "handset changed in recent months",
        "近月更换终端",
        when=(("handset_changed_flag", "==", 1),),
    ),
    Phrase(
        "handset",
        "handset in use for {handset_age_days:years}{handset_age_days:vs years}",
        "终端已使用{handset_age_days:years}{handset_age_days:vs years}",
    ),
    Phrase(
        "handset",
        "handset of {handset_price_money}{handset_price_money:vs}",
        "终端标价{handset_price_money}{handset_price_money:vs}",
    ),
    Phrase("handset", "{handset_generation_rank}G handset", "{handset_generation_rank}G终端"),
    Phrase(
        "long_standing",
        "on the network for {tenure_days:years}{tenure_days:vs years}",
        "在网{tenure_days:years}{tenure_days:vs years}",
    ),
    Phrase(
        "long_standing",
        "{points_count:loyalty point|loyalty points}{points_count:vs}",
        "积分{points_count}{points_count:vs}",
    ),
    Phrase(
        "long_standing",
        "VIP card: {vip_tier_category}",
        "VIP等级：{vip_tier_category}",
        when=(("vip_tier_category", "!=", "none"),),
    ),
    Phrase(
        "long_standing",
        "no VIP card",
        "无VIP卡",
        when=(("vip_tier_category", "==", "none"),),
    ),
)
