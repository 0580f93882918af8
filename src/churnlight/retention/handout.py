"""Everything that the team receives for a scored month, written in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from churnlight.explain.rule import leaf_rules
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners.rules import Rule
from churnlight.learners.tree import Tree
from churnlight.report.inputs import Language
from churnlight.report.words import LANGUAGES
from churnlight.retention.month import HandoutInputs, Plot
from churnlight.retention.page import render_page
from churnlight.retention.workbook import write_workbook

PAGE = "call_list.html"
_DEPENDENCE = "dependence_"


def write_handout(
    out: Path, month: HandoutInputs, languages: Sequence[Language] | None = None
) -> None:
    """Write call_list.<language>.xlsx, one a language, and call_list.html with all of them.

    Args:
        out: the folder, which exists.
        month: the scored month.
        languages: of the workbooks; None: those of `month.params`.

    Raises:
        ChurnlightError: when scores or reasons lack a column.
        UsageError: when `handout.tiers` names what is no tier.
    """
    month.hold()
    for language in languages or month.params.languages:
        write_workbook(month, language, out / workbook_name(language))
    (out / PAGE).write_text(render_page(month), encoding="utf-8", newline="\n")


def workbook_name(language: Language) -> str:
    """The file name of the workbook in a language."""
    return f"call_list.{language}.xlsx"


def rules_in_words(tree: Tree) -> dict[Language, dict[int, Rule]]:
    """The tree's rules by language and leaf, in the words of the catalogue."""
    return {
        language: {leaf: _begun(rule) for leaf, rule in leaf_rules(tree, language).items()}
        for language in LANGUAGES
    }


def _begun(rule: Rule) -> Rule:
    """The rule as a sentence begins."""
    return replace(rule, text=rule.text[:1].upper() + rule.text[1:])


def feature_words() -> Mapping[Language, Mapping[str, str]]:
    """What each feature of the catalogue means, by language and name."""
    return {
        "en": {f.name: f.en for f in CATALOGUE},
        "zh": {f.name: f.zh for f in CATALOGUE},
    }


def plots_in(folder: Path) -> list[Plot]:
    """The pictures of SHAP values in a folder: beeswarm.png first, then dependence_<feature>.png.

    A folder that is not there has none.
    """
    if not folder.is_dir():
        return []
    first = [Plot(p, "beeswarm") for p in sorted(folder.glob("beeswarm*.png"))]
    return first + [
        Plot(p, "dependence", p.stem.removeprefix(_DEPENDENCE))
        for p in sorted(folder.glob(f"{_DEPENDENCE}*.png"))
    ]
