"""The feature dictionary and the page of reasons, written from the catalogue.

`python -m churnlight.features.dictionary` writes docs/features.md and docs/reasons.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from churnlight.features.catalogue import CATALOGUE
from churnlight.features.feature import FAMILIES, Family, Feature, Nothing
from churnlight.features.phrases import PHRASES
from churnlight.features.reasons import REASONS, Reason
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
- † rests on who somebody is: a feature only where `features.allow_personal` names the column, see
  [fairness](fairness.md). 带 † 的为个人属性，仅在参数允许时才作为特征。
- Changes and slopes of use are per day of the month, so that February is no decline. Months before
  the present activation of a number are nobody's history. 变化与斜率按日计算。
"""


_REASONS_INTRO = """# Reasons · 原因

Written by `churnlight.features.dictionary` from the catalogue and `churnlight/features/phrases`; a
test holds them together. 由特征目录与语句表自动生成，测试保证一致。

A reason is a group of features. Its weight is the sum of their SHAP values in LightGBM's raw score
(log-odds), its share that weight's size over the sizes of all reasons' weights. Each subscriber
gets the reasons that raise the score most (`explain.reasons`, 3) and the one that lowers it most.

Reasons are what the model saw, not what moved the subscriber: a sentence states facts from the
subscriber's own records, against their own past or the cohort's median, and claims nothing more.
原因是模型所看到的迹象，并非用户离网的缘由；语句只陈述用户自身数据，与其过往或群体中位数对照。

- `data/scores/as_of=YYYY-MM-DD/reasons.parquet` holds codes and values: subscriber_id, rank (from 1
  within the direction), direction (up, down), reason, share, feature (the reason's strongest in
  that direction), value, second (its next strongest; empty where it says little), quoted (JSON: the
  values that sentences may quote; kept for the tiers in `handout.tiers`).
- `churnlight.explain.sentences.sentences` turns rows into text: a fact about the strongest feature,
  then one about the second. A fact is left out where a value is unknown or its condition does not
  hold; a feature without a fact is stated by its meaning and value.
- In the texts below `{feature}` is the value with its unit, `:vs` the cohort's median in brackets,
  other words after the colon another way to write it (`churnlight/explain/values.py`).
- To add a sentence, add an entry to `churnlight/features/phrases`. To add a reason, add an entry to
  `churnlight/features/reasons.py`, and give it features in the catalogue.
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


def reasons_markdown() -> str:
    """The whole page as docs/reasons.md holds it."""
    counts = f"{len(REASONS)} reasons, {len(PHRASES)} facts. 共 {len(REASONS)} 个原因。\n"
    return "\n".join([_REASONS_INTRO, counts, *map(_reason, REASONS.values())])


def write(folder: Path = Path("docs")) -> None:
    """Write features.md and reasons.md; each appears by rename."""
    for name, text in (("features.md", markdown()), ("reasons.md", reasons_markdown())):
        with atomic_file(folder / name) as part:
            part.write_text(text, encoding="utf-8")


def _reason(reason: Reason) -> str:
    up, down = "raises 升高", "lowers 降低"
    usual, other = (down, up) if reason.protective else (up, down)
    usual = usual if reason.other_en else "either way 升降"
    lines = [f"## `{reason.code}`\n", f"- {usual}: {reason.title_en} · {reason.title_zh}"]
    if reason.other_en:
        lines.append(f"- {other}: {reason.other_en} · {reason.other_zh}")
    features = ", ".join(f"`{f.name}`" for f in CATALOGUE if f.reason == reason.code)
    lines += [f"- features 特征: {features}\n", "| fact | 语句 | where |", "|---|---|---|"]
    for phrase in (p for p in PHRASES if p.reason == reason.code):
        where = ", ".join(
            f"{name} unknown" if test == "unknown" else f"{name} {test} {against}"
            for name, test, against in phrase.when
        )
        en, zh = (text.replace("|", "\\|") for text in (phrase.en, phrase.zh))
        lines.append(f"| {en} | {zh} | {where} |")
    return "\n".join(lines) + "\n"


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
    mark = f" † `{f.personal}`" if f.personal else ""
    cells = (
        f"`{f.name}`",
        f.unit,
        f"{f.en}{mark}<br>{f.zh}",
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
