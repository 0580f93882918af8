"""Activity: levels per day, how the last month stands against the window, silence, habits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import mul

import ibis.expr.types as ir

from churnlight.features.feature import Feature, Nothing
from churnlight.features.row import Row, mean, ratio

_USE = ("voice_out_count", "voice_in_count", "data_sessions_count")
# Events a day that each level is raised by, so that hardly any against none is no fall without end.
_LITTLE = 0.1


def _last_over_first(row: Row, names: Sequence[str], first: int = 0) -> ir.FloatingValue:
    """Geometric mean of the counts' falls. Counts say more than minutes: one call may be long."""
    falls = []
    for name in names:
        rates = row.rates(name)
        falls.append((rates[-1] + _LITTLE) / (rates[first] + _LITTLE))
    together = reduce(mul, falls)
    return together if len(falls) == 1 else (together.log() / len(falls)).exp()


FEATURES: tuple[Feature, ...] = (
    Feature(
        "voice_out_min_per_day",
        "min_per_day",
        "activity",
        "use_level",
        "Minutes of outgoing calls a day, mean over the window",
        "日均主叫分钟数，窗口均值",
        lambda r: r.per_day("voice_out_s") / 60,
        nothing=0,
    ),
    Feature(
        "voice_in_min_per_day",
        "min_per_day",
        "activity",
        "use_level",
        "Minutes of incoming calls a day, mean over the window",
        "日均被叫分钟数，窗口均值",
        lambda r: r.per_day("voice_in_s") / 60,
        nothing=0,
    ),
    Feature(
        "sms_out_count_per_day",
        "count_per_day",
        "activity",
        "use_level",
        "Messages sent a day, mean over the window",
        "日均发送短信数，窗口均值",
        lambda r: r.per_day("sms_out_count"),
        nothing=0,
    ),
    Feature(
        "data_mb_per_day",
        "mb_per_day",
        "activity",
        "use_level",
        "Data a day, mean over the window",
        "日均流量，窗口均值",
        lambda r: r.per_day("data_mb"),
        nothing=0,
    ),
    Feature(
        "active_days_share",
        "share",
        "activity",
        "use_level",
        "Share of days with an event, mean over the window",
        "有通信记录的天数比例，窗口均值",
        lambda r: r.per_day("active_days"),
        nothing=0,
    ),
    Feature(
        "voice_out_last_over_mean_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Outgoing minutes a day, last month over the window's mean",
        "日均主叫分钟数：最近一个月与窗口均值之比",
        lambda r: r.last_over_mean(r.rates("voice_out_s")),
        nothing=1,
        months=2,
    ),
    Feature(
        "voice_in_last_over_mean_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Incoming minutes a day, last month over the window's mean",
        "日均被叫分钟数：最近一个月与窗口均值之比",
        lambda r: r.last_over_mean(r.rates("voice_in_s")),
        nothing=1,
        months=2,
    ),
    Feature(
        "sms_out_last_over_mean_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Messages sent a day, last month over the window's mean",
        "日均发送短信数：最近一个月与窗口均值之比",
        lambda r: r.last_over_mean(r.rates("sms_out_count")),
        nothing=1,
        months=2,
    ),
    Feature(
        "data_last_over_mean_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Data a day, last month over the window's mean",
        "日均流量：最近一个月与窗口均值之比",
        lambda r: r.last_over_mean(r.rates("data_mb")),
        nothing=1,
        months=2,
    ),
    Feature(
        "voice_out_count_last_over_first_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Outgoing calls a day, last month over the window's first",
        "日均主叫次数：最近一个月与窗口首月之比",
        lambda r: _last_over_first(r, ("voice_out_count",)),
        nothing=1,
        months=2,
    ),
    Feature(
        "voice_in_count_last_over_first_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Incoming calls a day, last month over the window's first",
        "日均被叫次数：最近一个月与窗口首月之比",
        lambda r: _last_over_first(r, ("voice_in_count",)),
        nothing=1,
        months=2,
    ),
    Feature(
        "use_last_over_first_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Calls out, calls in and data sessions a day, last month over window's first; geometric "
        "mean of the three",
        "日均主叫、被叫次数与上网次数：最近一个月与窗口首月之比（三者几何平均）",
        lambda r: _last_over_first(r, _USE),
        nothing=1,
        months=2,
    ),
    Feature(
        "use_last_over_before_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Calls out, calls in and data sessions a day, last month over the month before; geometric "
        "mean of the three",
        "日均主叫、被叫次数与上网次数：最近一个月与上月之比（三者几何平均）",
        lambda r: _last_over_first(r, _USE, first=-2),
        nothing=1,
        months=2,
    ),
    Feature(
        "active_days_change_share",
        "share",
        "activity",
        "falling_silent",
        "Share of days with an event, last month less the months before",
        "有通信记录的天数比例：最近一个月减此前各月均值",
        lambda r: r.change(r.rates("active_days")),
        nothing=0,
        months=2,
    ),
    Feature(
        "voice_out_trend_share_per_month",
        "share_per_month",
        "activity",
        "falling_silent",
        "Monthly slope of outgoing minutes a day, as a share of their mean",
        "日均主叫分钟数的月度斜率占均值的比例",
        lambda r: r.trend(r.rates("voice_out_s")),
        nothing=0,
        months=2,
    ),
    Feature(
        "data_trend_share_per_month",
        "share_per_month",
        "activity",
        "falling_silent",
        "Monthly slope of data a day, as a share of its mean",
        "日均流量的月度斜率占均值的比例",
        lambda r: r.trend(r.rates("data_mb")),
        nothing=0,
        months=2,
    ),
    Feature(
        "voice_out_volatility_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Standard deviation of outgoing minutes a day over the months, over their mean",
        "日均主叫分钟数的月间标准差与均值之比",
        lambda r: r.volatility(r.rates("voice_out_s")),
        nothing=0,
        months=2,
    ),
    Feature(
        "voice_out_zero_months",
        "months",
        "activity",
        "falling_silent",
        "Months of the window without an outgoing call",
        "窗口内没有主叫的月数",
        lambda r: r.months_without("voice_out_count"),
    ),
    Feature(
        "data_zero_months",
        "months",
        "activity",
        "falling_silent",
        "Months of the window without data",
        "窗口内没有流量的月数",
        lambda r: r.months_without("data_mb"),
    ),
    Feature(
        "silent_days",
        "days",
        "activity",
        "falling_silent",
        "Whole days without any event at the window's end",
        "窗口末尾连续无任何记录的天数",
        lambda r: r.days_since(r["last_day"]) - 1,
        nothing=Nothing.WINDOW_DAYS,
    ),
    Feature(
        "silent_out_days",
        "days",
        "activity",
        "falling_silent",
        "Whole days without an outgoing call or message at the window's end",
        "窗口末尾连续无主动通信的天数",
        lambda r: r.days_since(r["last_out_day"]) - 1,
        nothing=Nothing.WINDOW_DAYS,
    ),
    Feature(
        "last_ten_days_ratio",
        "ratio",
        "activity",
        "falling_silent",
        "Events a day after the last month's 20th over that month's events a day",
        "最近一个月20日以后日均记录数与当月日均之比",
        lambda r: ratio(
            r.last("last_ten_days_count") / (r.window[-1].days - 20),
            (
                r.last("first_ten_days_count")
                + r.last("middle_ten_days_count")
                + r.last("last_ten_days_count")
            )
            / r.window[-1].days,
        ),
        nothing=0,
    ),
    Feature(
        "night_share",
        "share",
        "activity",
        "usage_pattern",
        "Share of voice and SMS events from 19:00 to 07:00, mean over the window",
        "19时至次日7时通信次数比例，窗口均值",
        lambda r: r.mean("night_share"),
    ),
    Feature(
        "weekend_share",
        "share",
        "activity",
        "usage_pattern",
        "Share of voice and SMS events on Saturdays and Sundays, mean over the window",
        "周末通信次数比例，窗口均值",
        lambda r: r.mean("weekend_share"),
    ),
    Feature(
        "out_share",
        "share",
        "activity",
        "second_sim",
        "Share of voice and SMS events that the subscriber began, mean over the window",
        "主动发起的通信次数比例，窗口均值",
        lambda r: r.mean("out_share"),
    ),
    Feature(
        "out_change_share",
        "share",
        "activity",
        "second_sim",
        "That share, last month less the months before",
        "主动发起比例：最近一个月减此前各月均值",
        lambda r: r.change(r.months("out_share")),
        months=2,
    ),
    Feature(
        "missed_in_share",
        "share",
        "activity",
        "second_sim",
        "Share of incoming calls not answered, over the window",
        "窗口内未接来电比例",
        lambda r: ratio(r.total("missed_in_count"), r.total("voice_in_count")),
    ),
    Feature(
        "forward_count_per_day",
        "count_per_day",
        "activity",
        "second_sim",
        "Forwarded calls a day, mean over the window",
        "日均呼叫转移次数，窗口均值",
        lambda r: r.per_day("forward_count"),
        nothing=0,
    ),
    Feature(
        "forward_change_count_per_day",
        "count_per_day",
        "activity",
        "second_sim",
        "Forwarded calls a day, last month less the months before",
        "日均呼叫转移次数：最近一个月减此前各月均值",
        lambda r: r.change(r.rates("forward_count")),
        nothing=0,
        months=2,
    ),
    Feature(
        "rival_hotline_count",
        "count",
        "activity",
        "rival_interest",
        "Events with a rival's hotline in the window",
        "窗口内与竞争对手客服热线的通信次数",
        lambda r: r.total("rival_hotline_count"),
        nothing=0,
    ),
    Feature(
        "roaming_days",
        "days",
        "activity",
        "moving_away",
        "Days with an event while roaming, in the window",
        "窗口内有漫游记录的天数",
        lambda r: r.total("roaming_days"),
        nothing=0,
    ),
    Feature(
        "cells_count",
        "count",
        "activity",
        "moving_away",
        "Cells used in a month, mean over the window",
        "每月使用的基站数，窗口均值",
        lambda r: r.mean("cells_count"),
        nothing=0,
    ),
    Feature(
        "cells_last_over_mean_ratio",
        "ratio",
        "activity",
        "moving_away",
        "Cells per day of the last month over the window's mean",
        "最近一个月日均基站数与窗口均值之比",
        lambda r: r.last_over_mean(r.rates("cells_count")),
        nothing=1,
        months=2,
    ),
    Feature(
        "voice_out_call_s",
        "s",
        "activity",
        "usage_pattern",
        "Seconds of an outgoing call, attempts included, mean of the months' means",
        "主叫平均时长（含未接通），各月均值的均值",
        lambda r: mean(
            [
                ratio(seconds, calls)
                for seconds, calls in zip(
                    r.months("voice_out_s"), r.months("voice_out_count"), strict=True
                )
            ]
        ),
    ),
)
