"""Everything that the team receives for a scored month, written in one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from churnlight.explain.rule import leaf_rules
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners.rules import Rule
from churnlight.learners.tree import Tree
from churnlight.report.inputs import Language
from churnlight.report.words import LANGUAGES
from churnlight.retention.entries import rose_from
from churnlight.retention.month import HandoutInputs, Plot
from churnlight.retention.page import render_page
from churnlight.retention.workbook import write_workbook

PAGE, LIST = "call_list.html", "call_list.parquet"
# From so many names on, a process of its own is sooner ready than waiting for the first workbook.
LONG_LIST = 20_000
_DEPENDENCE = "dependence_"


def write_handout(
    out: Path, month: HandoutInputs, languages: Sequence[Language] | None = None
) -> None:
    """Write call_list.<language>.xlsx, .html with all languages, .parquet, and the movements.

    Args:
        out: the folder, which exists.
        month: the scored month.
        languages: of the workbooks; None: those of `month.params`.

    Raises:
        ChurnlightError: when scores or reasons lack a column.
        UsageError: when `handout.tiers` names what is no tier.
    """
    month.hold()
    _write_workbooks(month, languages or month.params.languages, out)
    month.moved.write(out)
    _write_list(month, out / LIST)
    (out / PAGE).write_text(render_page(month), encoding="utf-8", newline="\n")


def _write_workbooks(month: HandoutInputs, languages: Sequence[Language], out: Path) -> None:
    """Write a workbook a language; long ones at once, each by a process of its own.

    A process that outlives a killed run writes into the folder that run never made visible.
    """
    paths = {language: out / workbook_name(language) for language in languages}
    if len(month.listed) < LONG_LIST or len(languages) < 2:
        for language, path in paths.items():
            write_workbook(month, language, path)
        return
    first, *rest = languages
    # Spawned, not forked: a fork would hold this run's lock after its death.
    with ProcessPoolExecutor(len(rest), mp_context=get_context("spawn")) as pool:
        begun = [pool.submit(write_workbook, month, one, paths[one]) for one in rest]
        write_workbook(month, first, paths[first])
        for one in begun:
            one.result()


def _write_list(month: HandoutInputs, path: Path) -> None:
    """The call list for programs: subscriber_id in the list's order, and the tier risen from."""
    rows = month.listed
    ids = month.scores["subscriber_id"].iloc[rows]
    told = pa.array(rose_from(month, rows), pa.string(), from_pandas=True)
    table = pa.table({"subscriber_id": pa.Array.from_pandas(ids), "rose_from": told})
    pq.write_table(table, path, compression="zstd")


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
