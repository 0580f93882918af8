"""The report's sentences about handsets and the plan; see `words`."""

from __future__ import annotations

HANDSETS = {
    "handsets": ("Handset preference", "终端偏好"),
    "handsets_good": (
        "The suggestions name {what} of the next handset better than every simple guess: use them "
        "when somebody asks for a new one.",
        "推荐对下一部终端的{what}，命中率高于所有简单猜法：用户想换机时可以采用。",
    ),
    "handsets_plain": (
        "The suggestions are not shown to be better than simple guesses: read them as a list of "
        "what sells best, not as a tip for one person.",
        "未能证明推荐优于简单猜法：只可当作畅销机型清单，不可当作针对个人的推荐。",
    ),
    "handsets_unjudged": (
        "Whether the suggestions are any good is not known yet: history is too short to judge "
        "them. Don't act on them alone.",
        "历史太短，推荐是否可靠尚不可知，不要单独据此行动。",
    ),
    "handsets_worse": (
        "For the {what} they are worse than “{guess}”: go by that guess instead.",
        "对{what}，推荐不如“{guess}”：请改用后者。",
    ),
    "handsets_likely": (
        "{likely} of {rows} subscribers with a handset are marked as likely to change it within "
        "{months} months, by its age.",
        "按终端使用时长，{rows} 户中有 {likely} 户被标为 {months} 个月内可能换机。",
    ),
    "handsets_likely_better": (
        "In the newest months such handsets were changed more often than others ({likely} against "
        "{others} a month).",
        "近几个月这类终端确实换得更多（每月 {likely}，其余 {others}）。",
    ),
    "handsets_likely_no_difference": (
        "In the newest months such handsets were changed no more often than others, as far as can "
        "be said ({likely} against {others} a month): don't pick subscribers by it.",
        "近几个月看不出这类终端换得更多（每月 {likely}，其余 {others}）：不要据此挑选用户。",
    ),
    "handsets_likely_worse": (
        "In the newest months such handsets were changed less often than others ({likely} against "
        "{others} a month): don't use the mark.",
        "近几个月这类终端反而换得更少（每月 {likely}，其余 {others}）：不要使用该标记。",
    ),
    "handsets_judged": (
        "Judged on {judged} changes of {first} to {last}, by a tree that learned from {learned} "
        "earlier ones.",
        "用更早的 {learned} 次换机训练，以 {first} 至 {last} 的 {judged} 次换机检验。",
    ),
    "handsets_caption": (
        "How often the guess was right, with 95% interval, and how the suggestions compare",
        "命中率及 95% 区间，并与推荐相比",
    ),
    "handsets_guess": ("Of the next handset", "下一部终端"),
    "handsets_way_tree": ("Suggestion", "推荐"),
    "handsets_way_same_again": ("Same again", "与现在相同"),
    "handsets_way_most_common": ("Most common", "整体最常见"),
    "handsets_way_most_common_transition": (
        "Most common after the present one",
        "同类用户最常换成",
    ),
    "handsets_verdict_better": ("suggestion better", "推荐更好"),
    "handsets_verdict_worse": ("suggestion worse", "推荐更差"),
    "handsets_verdict_no_difference": ("no clear difference", "无明显差别"),
    "handsets_of_brand": ("brand", "品牌"),
    "handsets_of_price_band": ("price band", "价位"),
    "handsets_of_os": ("system", "系统"),
    "handsets_of_handset": ("all of these at once", "以上全部"),
    "handsets_of_handset_among_three": ("all at once, among three", "三个推荐之一完全命中"),
    "handsets_rules_caption": (
        "What is suggested to whom, with its chance if the handset is changed",
        "推荐对象与内容，及换机时选中的概率",
    ),
    "handsets_who": ("Who", "对象"),
    "handsets_changes": ("Changes learned from", "训练换机数"),
    "handsets_place": ("Suggestion {place}", "推荐 {place}"),
    "handsets_band_from": ("from {low}", "{low} 起"),
    "handsets_band_below": ("below {high}", "{high} 以下"),
    "handsets_band_between": ("{low} to below {high}", "{low} 至 {high} 以下"),
    "handsets_more": (
        "{count} smaller groups are in handsets.json.",
        "另有 {count} 个较小的组，见 handsets.json。",
    ),
    "handsets_note": (
        "Learned from what people took by themselves. It does not say that an offer of a handset "
        "keeps anybody.",
        "以上来自用户自行换机的记录，不说明提供终端优惠能留住用户。",
    ),
}

PLAN = {
    "plan": ("The plan", "挽留计划"),
    "plan_says": (
        "{listed} of {subscribers} subscribers in the tiers {tiers} are worth a contact from "
        "{start} on. Contact the {treated} on the caller's sheet, and leave {control} alone until "
        "{until}: they were drawn at random, and only they show later whether the offers kept "
        "anybody.",
        "{tiers}等级的 {subscribers} 户中，{listed} 户值得自 {start} 起联系。"
        "请联系外呼名单上的 {treated} 户；另有 {control} 户为随机抽取的对照组，"
        "{until} 之前不要联系：只有与他们比较，才知道推荐是否真的留住了用户。",
    ),
    "plan_no_control": (
        "{listed} of {subscribers} subscribers in the tiers {tiers} are worth a contact from "
        "{start} on. Contact the {treated} on the caller's sheet. Nobody was drawn into a control "
        "group: nobody will know whether the offers kept anybody.",
        "{tiers}等级的 {subscribers} 户中，{listed} 户值得自 {start} 起联系。"
        "请联系外呼名单上的 {treated} 户。对照组没有抽到任何人，因此无法得知推荐是否有效。",
    ),
    "plan_empty": (
        "Nobody is on the list: for none of the {subscribers} subscribers in the tiers {tiers} is "
        "a contact expected to bring more than it costs, or it must not be made. There is nothing "
        "to do.",
        "名单为空：{tiers}等级的 {subscribers} 户，或预期收益低于成本，或不得联系。无需行动。",
    ),
    "plan_empty_budget": (
        "Nobody is on the list, for the budget is 0: {subscribers} subscribers in the tiers "
        "{tiers} are left alone.",
        "预算为 0，名单为空：{tiers}等级的 {subscribers} 户均不联系。",
    ),
    "plan_assumed": (
        "All save rates are only assumed: the expected profit of {profit} from those contacted is "
        "arithmetic on assumptions, no forecast.",
        "所有挽留率均为假设：预期利润 {profit}（联系对象合计）只是按假设计算，不是预测。",
    ),
    "plan_mixed": (
        "{assumed} of the proposals have a save rate that is only assumed, {measured} the effect "
        "that a controlled campaign measured. Expected profit from those contacted: {profit}.",
        "{assumed} 条建议的挽留率仅为假设，{measured} 条采用对照实验测得的效果。"
        "联系对象预期利润合计 {profit}。",
    ),
    "plan_measured": (
        "All proposals go by effects that a controlled campaign measured. Expected profit from "
        "those contacted: {profit}.",
        "所有建议均采用对照实验测得的效果。联系对象预期利润合计 {profit}。",
    ),
    "plan_room": (
        "Budget and calls were enough: whoever is not on the list is not worth the cost, or must "
        "not be contacted.",
        "预算与外呼量够用：未列入名单者，或收益低于成本，或不得联系。",
    ),
    "plan_full": (
        "{count} more would be worth a contact, but budget or calls ran out.",
        "另有 {count} 户值得联系，但预算或外呼量已用完。",
    ),
    "plan_kept": (
        "{count} stay in the control group of an earlier plan and are left alone.",
        "{count} 户仍属此前计划的对照组，不联系。",
    ),
    "plan_caption": ("What is proposed", "建议内容"),
    "plan_action": ("Action", "动作"),
    "plan_channel": ("Channel", "渠道"),
    "plan_source": ("Save rate", "挽留率来源"),
    "plan_listed": ("On the list", "列入名单"),
    "plan_treated": ("To be contacted", "联系"),
    "plan_control": ("Held out", "对照"),
    "plan_outlay": ("Cost if all on the list accept", "名单全部接受时的成本"),
    "plan_profit": ("Expected profit of the list", "名单预期利润"),
    "plan_all": ("Together", "合计"),
    "plan_rate_assumed": ("assumed", "假设"),
    "plan_rate_measured": ("measured", "实测"),
    "plan_limits_caption": ("Budget and calls", "预算与外呼量"),
    "plan_limit": ("Limit", "限制"),
    "plan_limit_budget": ("Budget", "预算"),
    "plan_limit_calls": ("Calls", "外呼量"),
    "plan_allowed": ("Allowed", "上限"),
    "plan_by_list": ("By the whole list", "全部名单"),
    "plan_by_treated": ("By those contacted", "实际联系"),
    "plan_fate_caption": ("What became of each of the {subscribers}", "{subscribers} 户的去向"),
    "plan_fate": ("Outcome", "去向"),
    "plan_count": ("Subscribers", "用户数"),
    "plan_applies": ("Applies to", "符合该条件"),
    "plan_is_listed": ("on the list", "列入名单"),
    "plan_is_beyond_limits": (
        "worth it, but budget or calls ran out",
        "值得联系，但预算或外呼量不足",
    ),
    "plan_is_not_worth": ("not worth a contact", "收益低于成本"),
    "plan_is_no_bill": ("no bill, so no value is known", "没有账单，无法估值"),
    "plan_is_control_kept": ("control of an earlier plan", "此前计划的对照组"),
    "plan_out_left": ("must not: left since as_of", "不得联系：统计日之后已离网"),
    "plan_out_red_list": ("must not: on the red list", "不得联系：免打扰红名单"),
    "plan_out_no_contact": ("must not: asked not to be contacted", "不得联系：已要求不被联系"),
    "plan_out_port_out": (
        "must not: has applied to port out (served like anybody, offered nothing special)",
        "不得联系：已申请携号转网（照常服务，不给予专项优惠）",
    ),
    "plan_out_contacted": ("must not: contacted a short while ago", "不得联系：近期已联系"),
    "plan_note": (
        "Whom nothing may be proposed is counted once, under the first reason; beside it stand all "
        "whom it applies to. The control group stands on no caller's sheet. Expected profit is "
        "what the save rates, the mean bill and plan.value_months give, less offers and contacts.",
        "不得联系者只按首个符合的原因计一次，旁列该原因的全部符合人数。对照组不在任何外呼名单上。"
        "预期利润由挽留率、平均账单和 plan.value_months 算得，已扣除优惠与联系成本。",
    ),
    "action_care_call": ("Service call", "关怀回访"),
    "action_data_gift": ("Data gift", "赠送流量"),
    "action_fee_discount": ("Discount on the fee", "月费优惠"),
    "action_handset_subsidy": ("Handset subsidy", "购机补贴"),
    "action_renewal": ("New agreement", "续签协议"),
    "action_service_trial": ("Trial of a service", "业务免费试用"),
    "action_tariff_match": ("Plan that fits the use", "更合适的套餐"),
    "action_tariff_upgrade": ("Next plan up", "升档套餐"),
    "channel_call": ("call", "外呼"),
    "channel_sms": ("text message", "短信"),
}
