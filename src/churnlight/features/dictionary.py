"""The feature dictionary, written from the catalogue: for people, and for MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from churnlight.features.catalogue import CATALOGUE
from churnlight.features.feature import FAMILIES, Family, Feature, Nothing
from churnlight.features.reasons import REASONS
from churnlight.files import atomic_file

_INTRO = """# Features · 特征字典

Written by `churnlight.features.dictionary` from the catalogue; a test holds the two together.
由特征目录自动生成，测试保证一致。

- The name ends in the unit; `flag` is 1 or 0, `category` is text. 名称以单位结尾。
- *Nothing* is the value when nothing happened; "–" means empty. Who has too little history of its
  own (a number that was somebody else's) is always empty. *Nothing* 为未发生时的取值，"–" 为空。
- *Months* is the history that it takes: a shorter window leaves the feature out. 所需历史月数。
- *From* names the marts and extracts: without one of them the feature is left out, never filled
  with zeros. 所需数据，缺少时不产生该特征。
- Changes and slopes of use are per day of the month, so that February is no decline. Months before
  the present activation of a number are nobody's history. 变化与斜率按日计算。
"""


def rows() -> list[dict[str, Any]]:
    """One dict a feature, in the catalogue's order, of JSON values only."""
    return [
        {
            "feature": f.name,
            "unit": f.unit,
            "family": f.family,
            "reason": f.reason,
            "sources": list(f.needs),
            "months": f.months_needed,
            "nothing": f.nothing.value if isinstance(f.nothing, Nothing) else f.nothing,
            "en": f.en,
            "zh": f.zh,
        }
        for f in CATALOGUE
    ]


def markdown() -> str:
    """The whole dictionary as docs/features.md holds it."""
    parts = [_INTRO, f"{len(CATALOGUE)} features. 共 {len(CATALOGUE)} 个特征。\n"]
    parts += [_family(family) for family in FAMILIES]
    parts.append(_reasons())
    return "\n".join(parts)


def write(path: Path = Path("docs/features.md")) -> None:
    """Write the dictionary; it appears by rename."""
    with atomic_file(path) as part:
        part.write_text(markdown(), encoding="utf-8")


def _family(family: Family) -> str:
    rules = FAMILIES[family]
    lines = [
        f"## {rules.title_en} · {rules.title_zh} (`{family}`)\n",
        "| feature 特征 | unit 单位 | meaning 含义 | reason 原因 | nothing | months | from |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_line(f) for f in CATALOGUE if f.family == family]
    return "\n".join(lines) + "\n"


def _line(f: Feature) -> str:
    cells = (
        f"`{f.name}`",
        f.unit,
        f"{f.en}<br>{f.zh}",
        f"`{f.reason}`",
        _nothing(f),
        str(f.months_needed),
        ", ".join(f.needs),
    )
    return f"| {' | '.join(cells)} |"


def _nothing(f: Feature) -> str:
    if f.nothing is None:
        return "–"
    if f.nothing is Nothing.WINDOW_DAYS:
        return "the window's days"
    return str(f.nothing)


def _reasons() -> str:
    lines = [
        "## Reasons · 原因\n",
        "| code | English | 中文 | features | protective |",
        "|---|---|---|---|---|",
    ]
    for code, reason in REASONS.items():
        count = sum(f.reason == code for f in CATALOGUE)
        protective = "yes" if reason.protective else ""
        lines.append(
            f"| `{code}` | {reason.title_en} | {reason.title_zh} | {count} | {protective} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    write()
