"""The contract of the extracts in words, from its declarations: the tables of docs/extracts.md.

`python -m churnlight.check.contract docs/extracts.md` writes them anew between their marks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from churnlight.check.rules import reason_codes
from churnlight.schema import EXTRACTS, Column, Extract

BEGIN = "<!-- columns: written by churnlight.check.contract -->"
END = "<!-- columns: end -->"

_HOLDS = {
    "id": "id: integer or text",
    "text": "text",
    "int": "whole number",
    "float": "number",
    "money": "money",
    "bool": "true or false",
    "date": "date",
    "timestamp": "local time",
    "month": "month, YYYY-MM",
}


def columns_markdown() -> str:
    """One section an extract: key, columns, and the reasons for which a row is refused."""
    return "\n\n".join(_section(extract) for extract in EXTRACTS.values()) + "\n"


def written_into(document: str) -> str:
    """The document with the sections between its marks written anew.

    Raises:
        ValueError: when a mark is missing.
    """
    head, _, rest = document.partition(BEGIN)
    _, mark, tail = rest.partition(END)
    if not mark:
        raise ValueError(f"the document lacks the marks {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{columns_markdown()}\n{END}{tail}"


def _section(extract: Extract) -> str:
    facts = ["month=YYYY-MM folders" if extract.monthly else "reference table, no months"]
    if extract.key:
        facts.append(f"unique by {', '.join(f'`{k}`' for k in extract.key)}")
    if extract.happened:
        facts.append(f"happens at `{extract.happened}`")
    if extract.ends:
        facts.append(f"happens when `{extract.ends}` has passed where given, else with its month")
    if extract.begins:
        facts.append(f"not known before `{extract.begins}`")
    if extract.known:
        facts.append(f"known at `{extract.known}` where given")
    if extract.fresh_by:
        days = extract.fresh_days
        allowed = f"{days} day{'' if days == 1 else 's'}"
        facts.append(f"newest `{extract.fresh_by}` at most {allowed} before the month's last")
    lines = [f"### `{extract.name}`", "", "; ".join(facts) + ".", ""]
    lines += ["| column | holds | rules |", "|---|---|---|"]
    lines += [_row(column, extract) for column in extract.columns]
    codes = ", ".join(f"`{code}`" for code in reason_codes(extract))
    lines += ["", f"Refused for: {codes}; `<column>_unparsable`." if codes else ""]
    if extract.references:
        places = ", ".join(f"`{r.column}` in `{r.extract}`" for r in extract.references)
        lines += ["", f"Counted, and kept, where it leads nowhere: {places}."]
    return "\n".join(lines).rstrip()


def _row(column: Column, extract: Extract) -> str:
    name = f"**{column.name}**" if column.required else column.name
    rules = []
    if column.kind == "month":
        rules.append("the folder's month where left out")
    elif not column.nullable:
        rules.append("never empty")
    if column.allowed is not None:
        otherwise = "refused" if column.strict else "reads as unknown"
        rules.append(f"{', '.join(column.allowed)}; anything else {otherwise}")
    if column.name == extract.ends:
        rules.append("last day of the row's own period")
    rules += _numbers(column)
    if column.name in extract.counted:
        rules.append("completeness counts it")
    if extract.late.get(column.name, column.name) != column.name:
        rules.append(f"known at `{extract.late[column.name]}`")
    elif column.name in extract.late:
        rules.append("known at that time")
    return f"| {name} | {_HOLDS[column.kind]} | {'; '.join(rules)} |"


def _numbers(column: Column) -> list[str]:
    """Unit and range."""
    rules = [f"in {column.unit}"] if column.unit else []
    if column.minimum is not None:
        rules.append(f"at least {column.minimum:,.10g}")
    if column.maximum is not None:
        rules.append(f"at most {column.maximum:,.10g}")
    return rules


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_text(written_into(target.read_text(encoding="utf-8")), encoding="utf-8")
