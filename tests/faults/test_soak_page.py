"""docs/reliability.md shows what benchmarks/results/soak.json says, losses too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import soak_page

    return soak_page


def kill(command: str = "dvc repro", hit: str = "marts@2025-01", **changes: Any) -> dict[str, Any]:
    plain = {"after_s": 1.0, "alone": False, "exit_code": 0, "differ": [], "notes": []}
    return {"command": command, "hit": hit, "sources": "a", **plain, **changes}


def found(*kills: dict[str, Any]) -> dict[str, Any]:
    compared = {"dvc repro": 400, "churnlight score": 30}
    return {"files_compared": compared, "subscribers": 600, "kills": list(kills)}


def test_the_page_is_what_the_results_say(page: Any) -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    assert text == page.render(text, json.loads(page.RESULTS.read_text(encoding="utf-8"))), (
        "figures of docs/reliability.md were edited by hand, or the results were: "
        "python scripts/soak_page.py writes them anew"
    )


def test_kills_are_counted_by_command_and_stage(page: Any) -> None:
    kills = [
        kill(),
        kill(hit="marts@2025-02", alone=True),
        kill(exit_code=None, notes=["first run"], sources="b"),
        kill(notes=["DVC's dvc.lock or rwlock was torn; `churnlight run` mended it"]),
        kill("churnlight score", "features"),
    ]
    text = page.figures(found(*kills))
    assert "5 kills at random moments" in text
    assert "2 states of the sources; 0 lost something" in text
    assert "| `dvc repro` | 4 | 1 | 400 | 2 | 1 | 1 | 0 |" in text
    assert "| `churnlight score` | 1 | 0 | 30 | 1 | 0 | 0 | 0 |" in text
    assert "| `dvc repro` | marts | 4 |" in text
    assert "What was lost" not in text


def test_a_loss_is_shown(page: Any) -> None:
    kills = [kill(), kill(differ=["data/x.parquet"]), kill("churnlight score", exit_code=1)]
    text = page.figures(found(*kills))
    assert "2 lost something" in text
    assert "| `dvc repro` | marts@2025-01 | data/x.parquet |" in text
    assert "| `churnlight score` | marts@2025-01 | failed |" in text


def test_without_marks_or_kills_nothing_is_claimed(page: Any) -> None:
    with pytest.raises(ValueError, match="marks"):
        page.render("no marks", found(kill()))
    assert page.figures(found()) == "Not measured yet: `make soak`.\n"


def test_what_is_missing_changed_or_left_over_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    import soak_rounds

    calm = {"data/a": "1", "data/b": "1", "data/c": "1"}
    found = {"data/a": "1", "data/b": "2", "data/.d.7.part": "1"}
    assert soak_rounds.differing(calm, found) == ["data/.d.7.part", "data/b", "data/c"]
    assert not soak_rounds.Round("dvc repro", "a", 1.0, exit_code=0, differ=["data/b"]).right
    assert not soak_rounds.Round("dvc repro", "a", 1.0, exit_code=1).right
