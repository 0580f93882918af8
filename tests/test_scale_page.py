"""docs/scale.md shows what benchmarks/results say, and extrapolates as it says it does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "scale.md"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import scale_page

    return scale_page


def result(*sizes: tuple[int, float], busy: bool = False, shuffled: int = 0) -> dict[str, Any]:
    each = [{"rows": rows, "seconds": s, "shuffled": shuffled} for rows, s in sizes]
    machine = {"cpu": "one", "cores": 2, "memory_gb": 8.0, "was_busy": busy}
    steps = dict.fromkeys(("marts", "features", "scoring"), each)
    return {"steps": steps, "machine": machine, "run": {"started": "day 1", "quick": False}}


def line(text: str, words: str) -> list[str]:
    found = [row for row in text.splitlines() if row.startswith(f"| {words} |")]
    assert len(found) == 1, words
    return [cell.strip() for cell in found[0].strip("|").split("|")]


def test_the_page_is_what_the_results_say(page: Any) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text == page.render(text, page.read(page.RESULTS)), (
        "a table of docs/scale.md was edited by hand, or results were: "
        "python -m benchmarks.scale_page writes them anew"
    )


def test_results_of_small_sizes_are_not_published(page: Any) -> None:
    assert [n for n, r in page.read(page.RESULTS).items() if r["run"]["quick"]] == []


def test_what_a_run_costs_is_parted_from_what_a_row_costs(page: Any) -> None:
    # 30 s, and a second for each thousand rows.
    assert page.per_row(result((10_000, 40.0), (60_000, 90.0))["steps"]["marts"]) == (1000.0, 30.0)
    # The larger was faster: its own rate, and nothing besides.
    assert page.per_row(result((10_000, 40.0), (60_000, 30.0))["steps"]["marts"]) == (2000.0, 0.0)


def test_a_province_is_extrapolated_in_proportion(page: Any) -> None:
    results = {"scale_spark": result((10_000, 40.0), (60_000, 90.0))}
    # 45 million rows at a thousand a second are 12.5 hours of one executor; 30 s are not shared.
    cells = line(page.hours(results), "scoring")
    assert cells[1] == "45,000,000"
    assert [float(c) for c in cells[2:5]] == pytest.approx(
        [12.5 / n for n in (10, 50, 200)], abs=0.06
    )
    assert cells[5] == "not measured"
    busy = {"scale_spark": result((10_000, 40.0), (60_000, 90.0), busy=True)}
    assert line(page.hours(busy), "scoring")[2].endswith("(busy)")


def test_bytes_are_those_of_45_million(page: Any) -> None:
    sizes = {"scale_bytes": {"bytes_a_subscriber": {"edges": 100.0}}}
    assert line(page.sizes(sizes), "edges") == ["edges", "month", "100", "4.5", "22"]
    shuffled = {"scale_spark": result((1, 1.0), (1_000, 2.0), shuffled=50_000)}
    assert line(page.gathers(shuffled), "shuffled by scoring")[1:] == [
        "50.0 bytes a row",
        "2 GB",
    ]


def test_without_results_nothing_is_claimed(page: Any) -> None:
    assert line(page.hours({}), "scoring")[2:] == ["not measured"] * 4
    assert line(page.rates({}), "scoring")[2] == "not measured"
    text = page.render(PAGE.read_text(encoding="utf-8"), {})
    assert "(busy)" not in text
    with pytest.raises(ValueError, match="markers for rates"):
        page.render("no markers", {})


@pytest.mark.slow
def test_it_measures_at_small_sizes(tmp_path: Path, page: Any) -> None:
    command = [sys.executable, "-m", "benchmarks.scale_page", "--measure", "--quick", "--work"]
    subprocess.run([*command, str(tmp_path)], cwd=ROOT, check=True)
    found = page.read(tmp_path / "quick")
    assert set(found) == {"scale_duckdb", "scale_spark"}
    for name, each in found.items():
        assert set(each["steps"]) == {"marts", "features", "scoring"}
        shuffled = [size["shuffled"] for sizes in each["steps"].values() for size in sizes]
        assert all(s > 0 for s in shuffled) == (name == "scale_spark")
    assert "small sizes" in (tmp_path / "quick" / "scale.md").read_text(encoding="utf-8")
    assert [p.name for p in tmp_path.iterdir()] == ["quick"]  # the data are gone
