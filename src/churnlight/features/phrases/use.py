"""Facts about use: how much, how it moves, from where, and what care heard."""

from __future__ import annotations

from churnlight.features.phrases.phrase import Phrase

PHRASES: tuple[Phrase, ...] = (
    Phrase(
        "use_level",
        "outgoing calls {voice_out_min_per_day}{voice_out_min_per_day:vs}",
        "主叫{voice_out_min_per_day}{voice_out_min_per_day:vs}",
    ),
    Phrase(
        "use_level",
        "data {data_mb_per_day}{data_mb_per_day:vs}",
        "流量{data_mb_per_day}{data_mb_per_day:vs}",
    ),
    Phrase(
        "use_level",
        "incoming calls {voice_in_min_per_day}{voice_in_min_per_day:vs}",
        "被叫{voice_in_min_per_day}{voice_in_min_per_day:vs}",
    ),
    Phrase(
        "use_level",
        "messages sent {sms_out_count_per_day}{sms_out_count_per_day:vs}",
        "发送短信{sms_out_count_per_day}{sms_out_count_per_day:vs}",
    ),
    Phrase(
        "use_level",
        "in use on {active_days_share} of days{active_days_share:vs}",
        "{active_days_share}的天数有通信{active_days_share:vs}",
    ),
    Phrase(
        "falling_silent",
        "{silent_days} without any event at the end of {last_month}",
        "{last_month}末连续{silent_days}无任何记录",
        when=(("silent_days", ">", 1),),
    ),
    Phrase(
        "falling_silent",
        "calls and data sessions in {last_month} {use_last_over_before_ratio:change} "
        "those of {month_before}",
        "{last_month}通话与上网次数较{month_before}{use_last_over_before_ratio:change}",
    ),
    Phrase(
        "falling_silent",
        "calls and data sessions in {last_month} {use_last_over_first_ratio:change} "
        "those of the first month looked at",
        "{last_month}通话与上网次数较所看首月{use_last_over_first_ratio:change}",
    ),
    Phrase(
        "falling_silent",
        "outgoing calls in {last_month} {voice_out_count_last_over_first_ratio:change} "
        "those of the first month looked at",
        "{last_month}主叫次数较所看首月{voice_out_count_last_over_first_ratio:change}",
    ),
    Phrase(
        "falling_silent",
        "incoming calls in {last_month} {voice_in_count_last_over_first_ratio:change} "
        "those of the first month looked at",
        "{last_month}被叫次数较所看首月{voice_in_count_last_over_first_ratio:change}",
    ),
    Phrase(
        "falling_silent",
        "outgoing minutes in {last_month} {voice_out_last_over_mean_ratio:change} "
        "their recent mean",
        "{last_month}主叫分钟数较近月均值{voice_out_last_over_mean_ratio:change}",
    ),
    Phrase(
        "falling_silent",
        "outgoing minutes {voice_out_trend_share_per_month}",
        "主叫分钟数{voice_out_trend_share_per_month}",
    ),
    Phrase(
        "falling_silent",
        "data in {last_month} {data_last_over_mean_ratio:change} its recent mean",
        "{last_month}流量较近月均值{data_last_over_mean_ratio:change}",
    ),
    Phrase(
        "falling_silent",
        "data {data_trend_share_per_month}",
        "流量{data_trend_share_per_month}",
    ),
    Phrase(
        "falling_silent",
        "incoming minutes in {last_month} {voice_in_last_over_mean_ratio:change} their recent mean",
        "{last_month}被叫分钟数较近月均值{voice_in_last_over_mean_ratio:change}",
    ),
    Phrase(
        "falling_silent",
        "messages sent in {last_month} {sms_out_last_over_mean_ratio:change} their recent mean",
        "{last_month}发送短信较近月均值{sms_out_last_over_mean_ratio:change}",
    ),
    Phrase(
        "falling_silent",
        "share of days in use {active_days_change_share:points} in {last_month}",
        "{last_month}有通信的天数比例{active_days_change_share:points}",
    ),
    Phrase(
        "falling_silent",
        "outgoing minutes vary by {voice_out_volatility_ratio} between months"
        "{voice_out_volatility_ratio:vs}",
        "主叫分钟数月间波动{voice_out_volatility_ratio}{voice_out_volatility_ratio:vs}",
    ),
    Phrase(
        "falling_silent",
        "{voice_out_zero_months} without an outgoing call",
        "{voice_out_zero_months}没有主叫",
        when=(("voice_out_zero_months", ">", 0),),
    ),
    Phrase(
        "falling_silent",
        "{data_zero_months} without data",
        "{data_zero_months}没有流量",
        when=(("data_zero_months", ">", 0),),
    ),
    Phrase(
        "falling_silent",
        "{silent_out_days} without an outgoing call or message at the end of {last_month}",
        "{last_month}末连续{silent_out_days}没有主动通信",
        when=(("silent_out_days", ">", 0),),
    ),
    Phrase(
        "falling_silent",
        "use after the 20th of {last_month} {last_ten_days_ratio:change} that month's mean",
        "{last_month}20日以后的使用较当月均值{last_ten_days_ratio:change}",
    ),
    Phrase(
        "usage_pattern",
        "{night_share} of calls and messages in the evening or at night{night_share:vs}",
        "晚间与夜间通信占{night_share}{night_share:vs}",
    ),
    Phrase(
        "usage_pattern",
        "{weekend_share} of calls and messages at weekends{weekend_share:vs}",
        "周末通信占{weekend_share}{weekend_share:vs}",
    ),
    Phrase(
        "usage_pattern",
        "outgoing calls of {voice_out_call_s} on average{voice_out_call_s:vs}",
        "主叫平均每次{voice_out_call_s}{voice_out_call_s:vs}",
    ),
    Phrase(
        "second_sim",
        "{forward_count_per_day:forwards} in 30 days",
        "30天内呼叫转移{forward_count_per_day:forwards}",
        when=(("forward_count_per_day", ">", 0),),
    ),
    Phrase(
        "second_sim",
        "no forwarded calls",
        "没有呼叫转移",
        when=(("forward_count_per_day", "==", 0),),
    ),
    Phrase(
        "second_sim",
        "{forward_change_count_per_day:forwards} more in 30 days than before",
        "30天内呼叫转移较此前增加{forward_change_count_per_day:forwards}",
        when=(("forward_change_count_per_day", ">", 0),),
    ),
    Phrase(
        "second_sim",
        "share of calls and messages that the subscriber begins {out_change_share:points} "
        "in {last_month}",
        "{last_month}主动发起比例{out_change_share:points}",
    ),
    Phrase(
        "second_sim",
        "{out_share} of calls and messages begun by the subscriber{out_share:vs}",
        "主动发起的通信占{out_share}{out_share:vs}",
    ),
    Phrase(
        "second_sim",
        "{reciprocated_contacts_share} of contacts are in touch both ways"
        "{reciprocated_contacts_share:vs}",
        "{reciprocated_contacts_share}的联系人为双向联系{reciprocated_contacts_share:vs}",
    ),
    Phrase(
        "second_sim",
        "the subscriber's part in contacts {balance_change_share:points} in {last_month}",
        "{last_month}对联系人的主动占比{balance_change_share:points}",
    ),
    Phrase(
        "second_sim",
        "the subscriber begins {balance_share} with a contact on average{balance_share:vs}",
        "平均对每位联系人的主动占比{balance_share}{balance_share:vs}",
    ),
    Phrase(
        "second_sim",
        "{missed_in_share} of incoming calls not answered{missed_in_share:vs}",
        "未接来电占{missed_in_share}{missed_in_share:vs}",
    ),
    Phrase(
        "moving_away",
        "{roaming_days} with roaming in recent months{roaming_days:vs}",
        "近月漫游{roaming_days}{roaming_days:vs}",
        when=(("roaming_days", ">", 0),),
    ),
    Phrase(
        "moving_away", "no roaming in recent months", "近月没有漫游",
        when=(("roaming_days", "==", 0),),
    ),
    Phrase(
        "moving_away",
        "{cells_count:cell|cells} used a month{cells_count:vs}",
        "每月使用{cells_count}个基站{cells_count:vs}",
    ),
    Phrase(
        "moving_away",
        "cells used in {last_month} {cells_last_over_mean_ratio:change} their recent mean",
        "{last_month}使用基站数较近月均值{cells_last_over_mean_ratio:change}",
    ),
    Phrase(
        "rival_interest",
        "asked {port_queries_count:times} about moving the number",
        "咨询携号转网{port_queries_count:times}",
        when=(("port_queries_count", ">", 0),),
    ),
    Phrase(
        "rival_interest",
        "{rival_hotline_count:call or message|calls or messages} with a rival's hotline",
        "与竞争对手客服热线通信{rival_hotline_count}次",
        when=(("rival_hotline_count", ">", 0),),
    ),
    Phrase(
        "rival_interest", "came from another operator", "由其他运营商携号转入",
        when=(("ported_in_flag", "==", 1),),
    ),
    Phrase(
        "rival_interest",
        "loyalty points {points_last_over_mean_ratio:change} their recent mean",
        "积分较近月均值{points_last_over_mean_ratio:change}",
    ),
    Phrase(
        "rival_interest", "no question about moving the number", "未咨询携号转网",
        when=(("port_queries_count", "==", 0),),
    ),
    Phrase(
        "rival_interest", "no contact with a rival's hotline", "未联系竞争对手客服热线",
        when=(("rival_hotline_count", "==", 0),),
    ),
    Phrase(
        "service_trouble",
        "{open_complaints_count:complaint|complaints} not resolved",
        "{open_complaints_count}件投诉未解决",
        when=(("open_complaints_count", ">", 0),),
    ),
    Phrase(
        "service_trouble",
        "{complaints_count:complaint|complaints} in recent months",
        "近月投诉{complaints_count}次",
        when=(("complaints_count", ">", 0),),
    ),
    Phrase(
        "service_trouble",
        "{care_contacts_count:contact|contacts} with customer care, last on {since_care_days:past}",
        "联系客服{care_contacts_count}次，最近一次在{since_care_days:past}",
        when=(("care_contacts_count", ">", 0),),
    ),
    Phrase(
        "service_trouble",
        "complaints resolved in {complaint_resolution_days} on average",
        "投诉平均{complaint_resolution_days}解决",
        when=(("complaints_count", ">", 0),),
    ),
    Phrase(
        "service_trouble", "no contact with customer care in recent months", "近月未联系客服",
        when=(("care_contacts_count", "==", 0),),
    ),
)  # fmt: skip
