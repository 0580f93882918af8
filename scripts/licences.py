"""Write docs/licences.md: the licence of every pin, as the installed packages say it themselves."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"
UNKNOWN = "unknown"
# Whoever uses a library through its interface is left alone.
EXCEPTION = "linking exception"
# Licences that ask something of who passes the program on, by how far they reach.
STRONG = re.compile(r"(?<!L)\bA?GPL|GNU (Affero )?General Public", re.IGNORECASE)
WEAK = re.compile(r"\bLGPL|\bMPL|\bEPL|\bCDDL|Mozilla|Lesser General|CC-BY-SA", re.IGNORECASE)
# What a licence's own text begins with, where a package has nothing but the text.
TEXTS = {
    "MIT License": "MIT",
    "The MIT License": "MIT",
    "Apache License": "Apache-2.0",
    "BSD 3-Clause License": "BSD-3-Clause",
    "Permission is hereby granted, free of charge": "MIT",
    "Mozilla Public License Version 2.0": "MPL-2.0",
    "GNU Affero General Public License Version 3": "AGPL-3.0",
    "GNU Lesser General Public License Version 3": "LGPL-3.0",
    "GNU General Public License Version 3": "GPL-3.0",
    "GNU General Public License Version 2": "GPL-2.0",
}
LONGEST = 60
HEAD = """\
# Licences of what is installed

Written by `python scripts/licences.py` from the metadata of the installed packages, one line a pin
of requirements.txt; a test holds the two together. It is what the packages say of themselves, and
no legal advice.

churnlight itself is under Apache-2.0 and carries no code of these packages in its own package:
they are fetched from a registry when the environment is made. Who passes an environment on, as an
image say, passes them on too, and has the duties of their licences: most ask for their notice to go
along; those below ask for more.
"""


def pins(path: Path) -> dict[str, str]:
    """Name -> version of a file of lines name==version, in its order."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def licence_of(package: Distribution) -> str:
    """The licence as the package says it: expression, short text, classifier, or its file."""
    metadata = package.metadata
    said = [str(metadata.get(key) or "").strip() for key in ("License-Expression", "License")]
    kinds = [
        c.rsplit("::", 1)[-1].strip()
        for c in metadata.get_all("Classifier", [])
        if c.startswith("License ::")
    ]
    named = " and ".join(k for k in kinds if k != "OSI Approved")
    short = [text for text in said if _is_name(text)]
    found = next((text for text in (*short, named, _from_text(package)) if text), UNKNOWN)
    return re.sub(r"\s*\|\s*", " OR ", found)


def _is_name(text: str) -> bool:
    """Whether a text names a licence: one short line that is no address and no copyright."""
    return (
        0 < len(text) <= LONGEST
        and "\n" not in text
        and text.upper() not in {"UNKNOWN", "DUAL LICENSE"}
        and not text.startswith(("http", "=", "Copyright", "License agreement"))
    )


def _from_text(package: Distribution) -> str:
    for file in package.files or []:
        if re.search(r"dist-info/(licenses/)?(licen[cs]e|copying)", str(file), re.IGNORECASE):
            whole = Path(str(package.locate_file(file))).read_text("utf-8", errors="replace")
            begin = " ".join(whole[:600].split())
            for text, name in TEXTS.items():
                if text.lower() in begin.lower():
                    return name
    return ""


def kind_of(licence: str) -> str:
    """`strong`, `weak`, `unknown`, or `open` for licences that ask for their notice alone.

    Of several to choose from, the one that asks least.
    """
    if licence == UNKNOWN:
        return UNKNOWN
    choices = licence.split(" OR ")
    ranks = [
        "weak"
        if WEAK.search(choice) or EXCEPTION in choice
        else "strong"
        if STRONG.search(choice)
        else "open"
        for choice in choices
    ]
    return min(ranks, key=("open", "weak", "strong").index)


def asked_by(name: str, packages: dict[str, Distribution]) -> list[str]:
    """The pins that require a package."""
    wanted = _plain(name)
    return sorted(
        other
        for other, package in packages.items()
        if wanted in {_needed(text) for text in package.requires or []}
    )


def _needed(requirement: str) -> str:
    """The package that a requirement names; empty for one of an extra, which nobody asked for."""
    return "" if "extra ==" in requirement else _plain(re.split(r"[^\w.-]", requirement)[0])


def imported() -> set[str]:
    """The packages that churnlight's own source imports."""
    found: set[str] = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {_plain(alias.name.split(".")[0]) for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(_plain(node.module.split(".")[0]))
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def page(requirements: Path) -> str:
    """The page's text.

    Raises:
        SystemExit: when a pin is not installed in its version; names it.
    """
    wanted = pins(requirements)
    packages: dict[str, Distribution] = {}
    for name, version in wanted.items():
        try:
            packages[name] = distribution(name)
        except PackageNotFoundError:
            sys.exit(f"{name} is not installed: `make setup`")
        if packages[name].version != version:
            sys.exit(f"{name} is {packages[name].version}, pinned is {version}: `make setup`")
    licences = {name: licence_of(package) for name, package in packages.items()}
    kinds = {name: kind_of(licence) for name, licence in licences.items()}
    counts = {
        kind: list(kinds.values()).count(kind) for kind in ("open", "weak", "strong", UNKNOWN)
    }
    lines = [
        HEAD,
        f"Of {len(wanted)} pins {counts['open']} ask for their notice alone (MIT, BSD, Apache and",
        f"the like, also where one may be chosen). {counts['weak']} are copyleft for their own",
        f"files, {counts['strong']} for what is made of them too; {counts[UNKNOWN]} unknown.",
        "",
        "## Those to look at",
        "",
        "| package | licence | reach | asked for by | churnlight's source imports it |",
        "|---|---|---|---|---|",
    ]
    own = imported()
    reach = {"weak": "its own files", "strong": "what is made of it", UNKNOWN: "ask its authors"}
    for name in sorted((n for n in wanted if kinds[n] != "open"), key=str.lower):
        by = ", ".join(asked_by(name, packages)) or "churnlight"
        mine = "yes" if _plain(name) in own else "no"
        lines.append(f"| {name} | {licences[name]} | {reach[kinds[name]]} | {by} | {mine} |")
    lines += ["", "## All pins", "", "| package | version | licence |", "|---|---|---|"]
    for name in sorted(wanted, key=str.lower):
        lines.append(f"| {name} | {wanted[name]} | {licences[name]} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(ROOT / "requirements.txt"), encoding="utf-8")


if __name__ == "__main__":
    main()
