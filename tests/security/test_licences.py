"""Every pin stands on the page of licences, as the installed packages say it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import licences  # noqa: E402

PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
ROWS = dict(
    re.findall(r"^\| (\S+) \| (\S+) \| [^|]+ \|$", PAGE.split("## All pins")[1], re.MULTILINE)
)


def test_each_pin_stands_on_the_page_with_its_version() -> None:
    lines = (ROOT / "requirements.txt").read_text().split()
    wanted = dict(line.split("==") for line in lines)
    assert len(wanted) > 100
    assert {n: v for n, v in ROWS.items() if n != "package"} == wanted


def test_the_page_is_what_the_script_writes() -> None:
    assert licences.page(ROOT / "requirements.txt") == PAGE


def test_the_package_itself_imports_no_strong_copyleft() -> None:
    """DVC's and the tests' own needs are theirs; what churnlight imports binds churnlight."""
    own = licences.imported()
    for line in PAGE.split("## All pins")[0].splitlines():
        if "| what is made of it |" in line or "| ask its authors |" in line:
            name = line.split("|")[1].strip().lower()
            assert name not in own


@pytest.mark.parametrize(
    ("licence", "kind"),
    [
        ("MIT", "open"),
        ("Apache-2.0 OR GPL-2.0-or-later", "open"),
        ("EPL-2.0 OR GPL-2.0-or-later", "weak"),
        ("LGPL-3.0-only", "weak"),
        ("MPL-2.0 AND MIT", "weak"),
        ("GPLv2 with linking exception", "weak"),
        ("AGPL-3.0", "strong"),
        ("GNU General Public License v2 (GPLv2)", "strong"),
        ("GPL-3.0-or-later AND MIT", "strong"),
        ("unknown", "unknown"),
    ],
)
def test_what_a_licence_asks(licence: str, kind: str) -> None:
    assert licences.kind_of(licence) == kind
