"""Every sentence that the retention team reads, English and Chinese side by side.

Reasons have their own words in `churnlight.explain.sentences`; tiers share theirs with the report.
"""

from __future__ import annotations

from churnlight.report.inputs import Language
from churnlight.report.words import LANGUAGES
from churnlight.report.words import Words as ReportWords
from churnlight.retention import words_columns, words_page, words_terminal

COMMON = {
    "language": ("English", "中文"),
    "title": ("Retention list", "维系名单"),
    "simulated_short": ("Simulated", "模拟数据"),
    "simulated": (
        "These subscribers are made up by a simulator. Nothing here is accuracy in the field.",
        "这些用户由模拟器生成，不代表实际网络中的准确率。",
    ),
    "caveat": (
        "Reasons are what the model saw in this subscriber's record; they are not causes. Ask "
        "before you assume.",
        "原因是模型在该用户记录中看到的情况，并不等于离网的真正起因；请先了解，再下判断。",
    ),
    "of_many": ("{shown} of {all}", "{all} 个中的 {shown} 个"),
    "unknown": ("unknown", "未知"),
    "apart": (
        "The two models disagree: the tree puts this subscriber into {tier}. Look before you call.",
        "两个模型意见不一：决策树将该用户归入{tier}档，联系前请先核实。",
    ),
    "risen": (
        "Rose from {before} to {tier} since {since}: call first.",
        "自 {since} 以来由{before}档升至{tier}档，请优先联系。",
    ),
    "sentences": ("{first} {second}", "{first}{second}"),
    "gbm": ("LightGBM", "LightGBM"),
    "tree": ("decision tree", "决策树"),
    "rate": ("{rate} of {rows}", "{rows} 人中 {rate}"),
    "rule_support": (
        "Of {rows} such subscribers in training {rate} left.",
        "训练数据中此类用户 {rows} 个，离网 {rate}。",
    ),
    "colon": ("{name}: {text}", "{name}：{text}"),
}

TEXTS: dict[str, tuple[str, str]] = {
    **COMMON,
    **words_columns.COLUMNS,
    **words_columns.SUMMARY,
    **words_page.PAGE,
    **words_page.CARD,
    **words_terminal.TERMINAL,
}


class Words:
    """The texts in one language; tiers and rules of the cohort in the report's words."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._column = LANGUAGES.index(language)
        self._report = ReportWords(language)

    def __call__(self, key: str, **values: object) -> str:
        """A text, its placeholders filled in.

        Raises:
            KeyError: when there is no such text or a placeholder has no value.
        """
        return TEXTS[key][self._column].format(**values)

    def tier(self, name: str) -> str:
        """The word for a tier; one that the operator named itself keeps its name."""
        return self._report.named("tier", name)

    def rule(self, name: str) -> str:
        """The word for a rule of the cohort."""
        return self._report.named("rule", name)

    def area(self, name: str | None, areas: int = 1) -> str:
        """An area, or the word for none, or for so many that are too small to be shown apart."""
        return self._report("other_groups", count=areas) if areas > 1 else name or self("unknown")
