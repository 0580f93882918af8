"""The retention KPI as a table on the terminal. Printing is the cli's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from churnlight.report.view_kpi import kpi_view, targets
from churnlight.report.words import Words

# 80 columns hold less than the report: what was lost in one number, the sentences tell its parts.
_HEADS = ("kept", "score", "vs {asked}", "vs {challenge}", "base", "lost", "contract")
_FROM_CELLS = 5


def kpi_table(content: Mapping[str, Any]) -> RenderableType:
    """One base month and month; reads well at 80 columns.

    Args:
        content: as data/kpi/kpi.json, with one figure.
    """
    view = kpi_view(content, Words("en"))
    parts: list[RenderableType] = [Text()]
    if content["simulated"]:
        parts.append(Text("Simulated operator: no figure here comes from the field.", "bold"))
    parts.append(Text(view["sentence"], "bold"))
    parts += [Text(said) for said in view["says"]]
    parts += [Text(f"Note: {notice}", "yellow") for notice in view["notices"]]
    table = Table(
        title=view["table"]["caption"],
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    table.add_column("", no_wrap=True, max_width=20)
    for head in _HEADS:
        table.add_column(head.format(**targets(content)), justify="right", no_wrap=True)
    for group in view["table"]["groups"]:
        if group["name"]:
            table.add_row(Text(group["name"], "italic"))
        for row in group["rows"]:
            cells = row["cells"]
            table.add_row(row["name"], *cells[:_FROM_CELLS], row["lost"], cells[-1])
        table.add_section()
    return Group(*parts, table)
