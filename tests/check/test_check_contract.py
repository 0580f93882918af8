from __future__ import annotations

from pathlib import Path

import pytest

from churnlight.check.contract import BEGIN, END, written_into
from churnlight.schema import EXTRACTS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "extracts.md"


def test_the_document_holds_what_the_code_declares() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == written_into(text), "run python -m churnlight.check.contract docs/extracts.md"


def test_every_column_is_in_the_document() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for extract in EXTRACTS.values():
        section = text.split(f"### `{extract.name}`", 1)[1].split("###", 1)[0]
        for column in extract.columns:
            shown = f"**{column.name}**" if column.required else column.name
            assert f"| {shown} |" in section


def test_a_document_without_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        written_into(f"{BEGIN} and no end")
    assert END in written_into(f"{BEGIN}{END}")
