"""What `churnlight check` found, on the terminal. Printing is the cli's."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from churnlight.report.view_check import check_view
from churnlight.report.words import Words

# 80 columns hold less than the page: short heads, and months below their extract.
_HEADS = ("rows", "kept", "late", "copies", "refused", "complete", "accurate")
_STATES = {"clean": "ok", "warning": "look", "refused": "stop"}
_STYLES = {"clean": "", "warning": "yellow", "refused": "bold red"}


def check_text(content: Mapping[str, Any]) -> RenderableType:
    """The whole of it, in English.

    Args:
        content: as `churnlight.check.survey.survey` gives it.
    """
    words = Words("en")
    view = check_view(content, words)
    parts: list[RenderableType] = []
    if content["simulated"]:
        parts.append(Text("Simulated operator: no figure here comes from the field.", "bold"))
    parts += [Text(view["sentence"], "bold"), Text(), _fates(view)]
    parts += [Text(), Text(view["customer_lead"])]
    for row in view["customer"]:
        for name, rate in zip(("completeness", "accuracy"), row["rates"], strict=True):
            if rate["below"]:
                said = f"subscribers {row['month']}: {name} {rate['text']}, {rate['below']}"
                parts.append(Text(said, "yellow"))
    if view["reasons"]:
        parts += [Text(), Text(words("check_reasons"), "bold"), Text(words("check_reasons_lead"))]
    for row in view["reasons"]:
        said = f"{row['extract']} {row['month']}: {row['what']} {row['count']}"
        said += f" ({row['says']})" if row["says"] else ""
        parts.append(Text(said))
        parts += [Text(f"    {example}") for example in row["examples"]]
    if view["notes"]:
        parts += [Text(), Text(words("check_notes"), "bold")]
        parts += [Text(note, "yellow") for note in view["notes"]]
    return Group(*parts)


def _fates(view: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("", no_wrap=True)
    for head in _HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for name, rows in groupby(view["fates"], key=lambda row: row["extract"]):
        table.add_row(Text(name, "bold"))
        for row in rows:
            severity = row["severity"]
            state = Text(_STATES[severity], _STYLES[severity])
            table.add_row(f"  {row['month'] or 'all'}", *row["cells"], *row["rates"], state)
    return table
