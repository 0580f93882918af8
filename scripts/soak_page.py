"""Write the figures of docs/reliability.md from benchmarks/results/soak.json.

`python scripts/soak_page.py`; the soak calls it at its end. What stands outside the marks is
written by hand and holds no figure.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.markdown import table  # noqa: E402 - it stands beside scripts/

PAGE = ROOT / "docs" / "reliability.md"
RESULTS = ROOT / "benchmarks" / "results" / "soak.json"
MARKS = re.compile(r"<!-- soak -->\n.*?<!-- /soak -->", re.DOTALL)
COMMANDS = ("dvc repro", "churnlight score")
SAME = "the same after the plain rerun"
MENDED = "DVC's own file torn: the same after `churnlight run`"
FOLLOWED = "the next kill came first"
LOST = "lost"
OUTCOMES = (SAME, MENDED, FOLLOWED, LOST)


def right(kill: Mapping[str, Any]) -> bool:
    """Whether the plain run after a kill left nothing different; None: another kill came first."""
    return not kill["differ"] and kill["exit_code"] in (0, None)


def render(page: str, found: Mapping[str, Any]) -> str:
    """The page with its figures written anew.

    Raises:
        ValueError: when the marks are not there.
    """
    if not MARKS.search(page):
        raise ValueError(f"{PAGE.name} has no marks <!-- soak --> and <!-- /soak -->")
    return MARKS.sub(lambda _: f"<!-- soak -->\n{figures(found)}<!-- /soak -->", page)


def figures(found: Mapping[str, Any]) -> str:
    """What the soak has seen: by command, by what was hit, and what it lost."""
    kills = found["kills"]
    if not kills:
        return "Not measured yet: `make soak`.\n"
    lost = [kill for kill in kills if not right(kill)]
    states = len({kill["sources"] for kill in kills})
    text = (
        f"{_plural(len(kills), 'kill')} at random moments, on the simulated operator with "
        f"{found['subscribers']:,} subscribers, {_plural(states, 'state')} of the sources; "
        f"{len(lost)} lost something.\n\n"
    )
    rows = [_row(found, name, [k for k in kills if k["command"] == name]) for name in COMMANDS]
    head = ("command", "kills", "of the program alone", "files compared", *OUTCOMES)
    text += table(head, rows)
    return text + "\n" + table(("command", "hit in", "kills"), _hits(kills)) + _losses(lost)


def outcome(kill: Mapping[str, Any]) -> str:
    """Which of OUTCOMES a kill had."""
    if not right(kill):
        return LOST
    if kill["exit_code"] is None:
        return FOLLOWED
    return MENDED if any("mended" in note for note in kill["notes"]) else SAME


def _row(found: Mapping[str, Any], name: str, kills: list[Mapping[str, Any]]) -> list[str]:
    counted = Counter(map(outcome, kills))
    alone = sum(kill["alone"] for kill in kills)
    counts = (len(kills), alone, found["files_compared"][name], *(counted[o] for o in OUTCOMES))
    return [f"`{name}`", *map(str, counts)]


def _hits(kills: list[Mapping[str, Any]]) -> list[list[str]]:
    # Stages of one kind stand together: marts of a month, features of an as_of.
    counted = Counter((kill["command"], kill["hit"].split("@")[0]) for kill in kills)
    order = sorted(counted, key=lambda key: (COMMANDS.index(key[0]), -counted[key], key[1]))
    return [[f"`{command}`", hit, str(counted[command, hit])] for command, hit in order]


def _losses(lost: list[Mapping[str, Any]]) -> str:
    if not lost:
        return ""
    rows = [[f"`{k['command']}`", k["hit"], ", ".join(k["differ"][:3]) or "failed"] for k in lost]
    return "\nWhat was lost:\n\n" + table(("command", "hit in", "files"), rows)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" + ("" if count == 1 else "s")


def write(results: Path = RESULTS, page: Path = PAGE) -> None:
    """Write the page's figures."""
    found = json.loads(results.read_text(encoding="utf-8"))
    text = page.read_text(encoding="utf-8")
    page.write_text(render(text, found), encoding="utf-8")


if __name__ == "__main__":
    write()
