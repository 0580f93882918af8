"""Facts about contacts, groups and households."""

from __future__ import annotations

from churnlight.features.phrases.phrase import Phrase

PHRASES: tuple[Phrase, ...] = (
    Phrase(
        "circle_shrinking",
        "{contacts_lost_count:n} of {contacts_before_count:n} contacts of {month_before} "
        "not seen in {last_month}",
        "{month_before}的{contacts_before_count:n}位联系人中有{contacts_lost_count:n}位"
        "在{last_month}未再联系",
        when=(("contacts_lost_count", ">", 0), ("contacts_kept_share", "<", 1)),
    ),
    Phrase(
        "circle_shrinking",
        "all contacts of {month_before} seen again in {last_month}",
        "{month_before}的联系人在{last_month}都有联系",
        when=(("contacts_lost_count", "==", 0), ("contacts_kept_share", "==", 1)),
    ),
    Phrase(
        "circle_shrinking",
        "{strong_contacts_lost_share} of {month_before}'s close contacts not seen in {last_month}",
        "{month_before}的亲密联系人中{strong_contacts_lost_share}在{last_month}未再联系",
        when=(("strong_contacts_lost_share", ">", 0),),
    ),
    Phrase(
        "circle_shrinking",
        "contacts in {last_month} {contacts_last_over_mean_ratio:change} their recent mean",
        "{last_month}联系人数较近月均值{contacts_last_over_mean_ratio:change}",
    ),
    Phrase(
        "circle_shrinking",
        "close circle {effective_contacts_trend_share_per_month}",
        "有效通话圈{effective_contacts_trend_share_per_month}",
    ),
    Phrase(
        "circle_shrinking",
        "calls spread over {contact_entropy_change_nats:fewer}",
        "通信分散程度较此前{contact_entropy_change_nats:fewer}",
    ),
    Phrase(
        "circle_shrinking",
        "{contacts_gained_share} of {last_month}'s contacts are new{contacts_gained_share:vs}",
        "{last_month}联系人中{contacts_gained_share}为新增{contacts_gained_share:vs}",
    ),
    Phrase(
        "circle_breadth",
        "{contacts_count:contact|contacts} in {last_month}{contacts_count:vs}",
        "{last_month}联系人{contacts_count}位{contacts_count:vs}",
    ),
    Phrase(
        "circle_breadth",
        "{effective_contacts_count:contact|contacts} in the close circle"
        "{effective_contacts_count:vs}",
        "有效通话圈{effective_contacts_count}人{effective_contacts_count:vs}",
    ),
    Phrase(
        "circle_breadth",
        "{strong_contacts_count:contact|contacts} met on four days or more in {last_month}"
        "{strong_contacts_count:vs}",
        "{last_month}联系四天以上的联系人{strong_contacts_count}位{strong_contacts_count:vs}",
    ),
    Phrase(
        "circle_breadth",
        "{top1_contact_share} of calls and messages with one contact{top1_contact_share:vs}",
        "与同一联系人的通信占{top1_contact_share}{top1_contact_share:vs}",
    ),
    Phrase(
        "circle_breadth",
        "{top3_contacts_share} of calls and messages with three contacts{top3_contacts_share:vs}",
        "与前三位联系人的通信占{top3_contacts_share}{top3_contacts_share:vs}",
    ),
    Phrase(
        "circle_breadth",
        "calls spread as if over {contact_entropy_nats:even} equally frequent contacts"
        "{contact_entropy_nats:vs even}",
        "通信分散程度相当于{contact_entropy_nats:even}位同等频繁的联系人"
        "{contact_entropy_nats:vs even}",
    ),
    Phrase(
        "contacts_left",
        "{contacts_left_count:contact has|contacts have} left our network "
        "({contacts_left_share} of all), with {contacts_left_weighted_share} of calls and messages",
        "{contacts_left_count}位联系人已离网（占联系人{contacts_left_share}，"
        "占通信{contacts_left_weighted_share}）",
        when=(("contacts_left_count", ">", 0),),
    ),
    Phrase(
        "contacts_left",
        "{strong_contacts_left_count:close contact has|close contacts have} left",
        "{strong_contacts_left_count}位亲密联系人已离网",
        when=(("strong_contacts_left_count", ">", 0),),
    ),
    Phrase(
        "contacts_left",
        "no contact has left our network",
        "没有联系人离网",
        when=(("contacts_left_count", "==", 0),),
    ),
    Phrase(
        "contacts_to_rival",
        "{contacts_to_rival_count:contact has|contacts have} moved to a rival, "
        "with {contacts_to_rival_weighted_share} of calls and messages",
        "{contacts_to_rival_count}位联系人转入竞争对手（占通信{contacts_to_rival_weighted_share}）",
        when=(("contacts_to_rival_count", ">", 0),),
    ),
    Phrase(
        "contacts_to_rival",
        "no contact has moved to a rival",
        "没有联系人转入竞争对手",
        when=(("contacts_to_rival_count", "==", 0),),
    ),
    Phrase(
        "contacts_to_rival",
        "{rival_contacts_share} of contacts on a rival's network{rival_contacts_share:vs}",
        "{rival_contacts_share}的联系人在竞争对手网络{rival_contacts_share:vs}",
    ),
    Phrase(
        "contacts_to_rival",
        "{rival_events_share} of calls and messages with a rival's network{rival_events_share:vs}",
        "与竞争对手网络的通信占{rival_events_share}{rival_events_share:vs}",
    ),
    Phrase(
        "contacts_to_rival",
        "share of contacts on a rival's network {rival_contacts_change_share:points} "
        "in {last_month}",
        "{last_month}竞争对手联系人比例{rival_contacts_change_share:points}",
    ),
    Phrase(
        "group_leaving",
        "left the group in recent months",
        "近月已退出集团",
        when=(("group_dropped_flag", "==", 1),),
    ),
    Phrase(
        "group_leaving",
        "{account_left_count:other line of the account has|other lines of the account have} left",
        "同一账户另有{account_left_count}个号码已离网",
        when=(("account_left_count", ">", 0),),
    ),
    Phrase(
        "group_leaving",
        "{group_left_share} of the group's lines have left{group_left_share:vs}",
        "集团号码中{group_left_share}已离网{group_left_share:vs}",
        when=(("group_left_share", ">", 0),),
    ),
    Phrase(
        "group_leaving",
        "no line of the account or of a group has left",
        "同一账户与集团内没有号码离网",
        when=(("account_left_count", "==", 0), ("group_left_share", "==", 0)),
    ),
    Phrase(
        "group_ties",
        "in a group of {group_size_count:line|lines}, class {group_class_category}",
        "所属集团有{group_size_count}个号码，等级{group_class_category}",
        when=(("group_member_flag", "==", 1),),
    ),
    Phrase("group_ties", "in no group", "不属于集团", when=(("group_member_flag", "==", 0),)),
    Phrase(
        "household_ties",
        "{account_lines_count:line|lines} in the account{account_lines_count:vs}",
        "同一账户有{account_lines_count}个号码{account_lines_count:vs}",
        when=(("account_lines_count", ">", 1),),
    ),
    Phrase(
        "household_ties",
        "the only line of the account",
        "账户内唯一号码",
        when=(("account_lines_count", "==", 1),),
    ),
    Phrase("household_ties", "with broadband", "已办宽带", when=(("broadband_flag", "==", 1),)),
    Phrase("household_ties", "no broadband", "未办宽带", when=(("broadband_flag", "==", 0),)),
    Phrase("person", "area {region_category}", "地区{region_category}"),
    Phrase("person", "age band {age_band_category}", "年龄段{age_band_category}"),
    Phrase("person", "sex {sex_category}", "性别{sex_category}"),
)
