"""Feature values as people read them: rounded, with their unit, in English and Chinese."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from churnlight.errors import UsageError

LANGUAGES = ("en", "zh")

_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
# What operators' own words would read like in a Chinese sentence; others stay as they are.
_CATEGORIES_ZH = {
    "prepaid": "预付费", "postpaid": "后付费", "none": "无", "unknown": "未知",
    "silver": "银卡", "gold": "金卡", "diamond": "钻石卡",
}  # fmt: skip
_ASIDE = re.compile(r"\s*[(（][^)）]*[)）]|;.*|, mean over the window|，窗口均值|，无合约为空")
_MONEY = {"en": "{} yuan", "zh": "{}元"}


def hold_language(language: str) -> None:
    """Refuse a language that there are no words for.

    Raises:
        UsageError: lists those there are.
    """
    if language not in LANGUAGES:
        raise UsageError(f"no words in {language!r}; languages there are: {', '.join(LANGUAGES)}")


def lowered(text: str) -> str:
    """English text as it reads within a sentence."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def short(meaning: str) -> str:
    """A feature's meaning without what it says in brackets or after it."""
    return _ASIDE.sub("", meaning)


def month_name(year_month: tuple[int, int], language: str) -> str:
    """A month's name without its year."""
    month = year_month[1]
    return _MONTHS_EN[month - 1] if language == "en" else f"{month}月"


def day_name(day: date, language: str) -> str:
    """A day with its year."""
    if language == "en":
        return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日"


def number(value: float, digits: int = 1) -> str:
    """Thousands parted, at most `digits` digits after the point, none that say nothing."""
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def per_cent(share: float, language: str) -> str:
    """A share as a percentage: whole from 10 % on, one digit below."""
    space = " " if language == "en" else ""
    return f"{_points(share)}{space}%"


def _points(share: float) -> str:
    points = share * 100
    return number(points, 0 if abs(points) >= 9.95 else 1)


def _counted(value: float, one: str, many: str) -> str:
    text = number(value)
    return f"{text} {one if text == '1' else many}"


def _money(value: float, language: str) -> str:
    text = f"{value:,.2f}"
    return _MONEY[language].format("0.00" if text == "-0.00" else text)


def _spans(one: str, many: str, zh: str) -> Callable[[float, str], str]:
    return lambda v, language: _counted(v, one, many) if language == "en" else f"{number(v)}{zh}"


def _rounded_rate(value: float) -> str:
    return number(value, 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2)


def _rate(en: str, zh: str) -> Callable[[float, str], str]:
    def text(value: float, language: str) -> str:
        shown = _rounded_rate(value)
        return f"{shown} {en}" if language == "en" else f"日均{shown}{zh}"

    return text


def _trend(value: float, language: str) -> str:
    shown = per_cent(abs(value), language)
    if _points(abs(value)) == "0":
        return "level" if language == "en" else "基本持平"
    if language == "en":
        return f"{'falling' if value < 0 else 'rising'} {shown} a month"
    return f"每月{'下降' if value < 0 else '上升'}{shown}"


def _flag(value: float, language: str) -> str:
    words = ("no", "yes") if language == "en" else ("否", "是")
    return words[int(value != 0)]


UNITS: Mapping[str, Callable[[float, str], str]] = {
    "money": _money,
    "share": per_cent,
    "ratio": per_cent,
    "share_per_month": _trend,
    "count": lambda v, _: number(v),
    "rank": lambda v, _: number(v),
    "nats": lambda v, _: number(v, 2),
    "days": _spans("day", "days", "天"),
    "months": _spans("month", "months", "个月"),
    "s": _spans("second", "seconds", "秒"),
    "min_per_day": _rate("minutes a day", "分钟"),
    "mb_per_day": _rate("MB a day", "MB"),
    "count_per_day": _rate("a day", "次"),
    "flag": _flag,
}


def _change(value: float, language: str) -> str:
    shown = per_cent(abs(value - 1), language)
    if _points(abs(value - 1)) == "0":
        return "level with" if language == "en" else "持平"
    if language == "en":
        return f"{shown} {'below' if value < 1 else 'above'}"
    return f"{'低' if value < 1 else '高'}{shown}"


def _moved(value: float, language: str) -> str:
    shown = _points(abs(value))
    if shown == "0":
        return "did not change" if language == "en" else "没有变化"
    if language == "en":
        verb = "fell" if value < 0 else "rose"
        return f"{verb} by {shown} {'point' if shown == '1' else 'points'}"
    return f"{'下降' if value < 0 else '上升'}{shown}个百分点"


def _fewer(value: float, language: str) -> str:
    change = math.expm1(value)
    shown = per_cent(abs(change), language)
    if _points(abs(change)) == "0":
        return "as many contacts as before" if language == "en" else "没有变化"
    if language == "en":
        return f"{shown} {'fewer' if value < 0 else 'more'} contacts than before"
    return f"{'下降' if value < 0 else '上升'}{shown}"


def _more(value: float, language: str) -> str:
    shown = number(abs(value))
    if language == "en":
        return f"{shown} {'fewer' if value < 0 else 'more'}"
    return f"{'减少' if value < 0 else '增加'}{shown}"


def _years(value: float, language: str) -> str:
    if value >= 365:
        years = number(value / 365.25)
        return (
            f"{years} {'year' if years == '1' else 'years'}" if language == "en" else f"{years}年"
        )
    return UNITS["days"](value, language)


def _forwards(value: float, language: str) -> str:
    calls = value * 30
    shown = number(calls, 0 if calls >= 1 else 1)
    if language == "zh":
        return f"{shown}次"
    return f"{shown} forwarded {'call' if shown == '1' else 'calls'}"


def _times(value: float, language: str) -> str:
    if language == "zh":
        return f"{number(value)}次"
    return {1.0: "once", 2.0: "twice"}.get(value, f"{number(value)} times")


# Ways to write a value other than by its unit; `a|b` (things counted) and `vs` come beside these.
WAYS: Mapping[str, Callable[[float, str], str]] = {
    "n": lambda v, _: number(v),
    "change": _change,
    "points": _moved,
    "fewer": _fewer,
    "even": lambda v, _: number(math.exp(v)),
    "more": _more,
    "years": _years,
    "times": _times,
    "forwards": _forwards,
}
# Units that a median in brackets need not repeat.
_PLAIN_MEDIAN = ("days", "months", "s", "min_per_day", "mb_per_day", "count_per_day")
DATES: Mapping[str, int] = {"date": 1, "past": -1}  # as_of plus or minus so many days


def median_shown(value: float, unit: str, how: str, language: str, as_of: date) -> str:
    """A cohort's median in words; see `shown`. Arguments as there."""
    if not how and unit in _PLAIN_MEDIAN:
        return _rounded_rate(value)
    return shown(value, unit, how, language, as_of)


def shown(value: float | str, unit: str, how: str, language: str, as_of: date) -> str:
    """A value in words.

    Args:
        value: of the feature, never missing.
        unit: the feature's.
        how: one of `WAYS` or `DATES`, `one|many`, or empty for the unit's own way.
        language: of LANGUAGES.
        as_of: where dates are counted from.
    """
    if isinstance(value, str):
        return _CATEGORIES_ZH.get(value, value) if language == "zh" else value
    if "|" in how:
        one, many = how.split("|")
        return _counted(value, one, many)
    if how in DATES:
        return day_name(as_of + timedelta(days=DATES[how] * round(value)), language)
    return (WAYS[how] if how else UNITS.get(unit, UNITS["count"]))(value, language)
