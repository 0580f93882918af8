"""What README, CONTRIBUTING and docs/ promise is there: links, commands, files."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from churnlight.cli import commands

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
# Code spans, and lines that are indented as code; a command ends where prose or a comment begins.
CODE = re.compile(r"(?<!`)`([^`\n]+)`|^ {4,}(\S.*)$", re.MULTILINE)


def of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_of(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    return [(span or line).split("  #")[0].strip() for span, line in CODE.findall(text)]


def commands_of(path: Path, program: str) -> list[list[str]]:
    """Calls of a program in a page's code, as words; `cd x && churnlight run` holds one."""
    found = []
    for code in code_of(path):
        for part in re.split(r"&&|;", code):
            words = [w for w in part.split() if not re.fullmatch(r"[A-Z_]+=\S*", w)]
            if words and words[0] == program:
                found.append(shlex.split(" ".join(words)))
    return found


@pytest.mark.parametrize("page", PAGES, ids=of)
def test_every_relative_link_points_to_a_file(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    missing = [
        link
        for link in links
        if not link.startswith("#") and not (page.parent / link.split("#")[0]).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=of)
def test_every_command_named_exists_with_its_options(page: Path) -> None:
    for words in commands_of(page, "churnlight"):
        command = get_command(commands.app)
        options = {"--json", "--quiet", "--log-format", "--version", "--help"}
        rest = words[1:]
        while rest and hasattr(command, "commands") and re.fullmatch(r"[a-z]+", rest[0]):
            assert rest[0] in command.commands, f"churnlight {' '.join(words[1:])}"
            command = command.commands[rest.pop(0)]
        options |= {name for p in command.params for name in p.opts}
        given = {word.split("=")[0] for word in rest if word.startswith("--")}
        assert given <= options, words


def test_the_commands_are_found_at_all() -> None:
    """The tests above would pass on pages in which they see no command."""
    named = {words[1] for page in PAGES for words in commands_of(page, "churnlight") if words[1:]}
    assert {"use", "run", "pseudonymise", "adapt", "project", "tracking"} <= named


@pytest.mark.parametrize("page", PAGES, ids=of)
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    named = {t for words in commands_of(page, "make") for t in words[1:] if "=" not in t}
    assert named <= targets
    if page.name == "CONTRIBUTING.md":
        assert {"setup", "test-fast", "test", "lint", "types"} <= named


@pytest.mark.parametrize("page", PAGES, ids=of)
def test_every_script_and_module_named_exists(page: Path) -> None:
    for program in ("python", "bash"):
        for words in commands_of(page, program):
            target = words[1]
            if target == "-m":
                if "<" in words[2]:
                    continue
                inside = ROOT if words[2].startswith("benchmarks") else ROOT / "src"
                path = inside / Path(*words[2].split("."))
                assert path.with_suffix(".py").is_file(), words
                text = path.with_suffix(".py").read_text(encoding="utf-8")
                assert '__name__ == "__main__"' in text, f"{words[2]} does nothing when run"
            else:
                assert (ROOT / target).is_file(), words


def test_the_map_names_what_there_is() -> None:
    """Every path in CONTRIBUTING's map exists, and every package and module of ours is on it."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named: set[str] = set()
    for row in rows:
        first = ""
        for path in re.findall(r"`([^`]+)`", row):
            # "`src/churnlight/inventory.py`, `check/`": the second stands beside the first.
            whole = path if (ROOT / path).exists() else f"{first}/{path}"
            assert (ROOT / whole).exists(), path
            first = first or str(Path(path).parent)
            named.add(whole.rstrip("/"))
    source = ROOT / "src" / "churnlight"
    ours = {of(p) for p in source.iterdir() if p.name[0] not in "_." and p.suffix != ".typed"}
    assert ours - named <= {f"src/churnlight/{n}.py" for n in SELF_EXPLAINING}


# Small files at the bottom, whose names say what they hold.
SELF_EXPLAINING = ("errors", "files", "logs", "paths", "pseudonymise")
