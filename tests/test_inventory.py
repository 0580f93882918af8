from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from churnlight.errors import DataRefused
from churnlight.inventory import (
    discover,
    files_of,
    months_of,
    require_files,
    spell,
    take_inventory,
    write_inventory,
)
from churnlight.timeline import Month, month_range

FIRST = Month(2025, 1)


def lay(root: Path, extract: str, *months: str, content: str = "x\n1\n") -> None:
    for month in months:
        folder = root / extract / f"month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "part.csv").write_text(content)


def operator(root: Path, count: int = 4) -> Path:
    names = [str(m) for m in month_range(FIRST, count)]
    for extract in ("subscribers", "cdr", "billing"):
        lay(root, extract, *names)
    return root


def test_files_are_sorted_and_half_written_ones_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "cdr" / "month=2025-01"
    folder.mkdir(parents=True)
    for name in ("b.parquet", "a.csv.gz", ".c.parquet", "_SUCCESS", "notes.txt"):
        (folder / name).touch()
    assert [p.name for p in files_of(tmp_path, "cdr", FIRST)] == ["a.csv.gz", "b.parquet"]
    assert files_of(tmp_path, "cdr", FIRST + 1) == []
    assert files_of(tmp_path, "plans", None) == []


def test_months_without_files_do_not_count(tmp_path: Path) -> None:
    lay(tmp_path, "cdr", "2025-02", "2025-01")
    (tmp_path / "cdr" / "month=2025-03").mkdir()
    assert months_of(tmp_path, "cdr") == (FIRST, FIRST + 1)
    assert months_of(tmp_path, "billing") == ()


@pytest.mark.parametrize("name", ["month=2025-13", "month=202501", "month=2025-1"])
def test_a_partition_that_is_no_month_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "cdr" / name).mkdir(parents=True)
    with pytest.raises(DataRefused, match=rf"cdr/{name} is no month: .*month=YYYY-MM"):
        months_of(tmp_path, "cdr")


def test_a_missing_month_names_the_path_and_the_months_found(tmp_path: Path) -> None:
    lay(tmp_path, "cdr", "2025-01", "2025-02", "2025-04")
    with pytest.raises(DataRefused) as refused:
        require_files(tmp_path, "cdr", Month(2025, 3))
    assert str(tmp_path / "cdr" / "month=2025-03") in str(refused.value)
    assert "months found: 2025-01 to 2025-02, 2025-04" in str(refused.value)


def test_months_in_words() -> None:
    assert spell([]) == "none"
    assert spell([FIRST + 11, FIRST, FIRST + 12]) == "2025-01, 2025-12 to 2026-01"


def test_the_inventory_hashes_files_under_relative_names(tmp_path: Path) -> None:
    operator(tmp_path, 1)
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "all.csv").write_text("plan_id\n1\n")
    content = take_inventory(tmp_path, [FIRST])
    assert content["cdr/month=2025-01.json"] == {
        "extract": "cdr",
        "month": "2025-01",
        "files": [
            {
                "name": "cdr/month=2025-01/part.csv",
                "bytes": 4,
                "sha256": hashlib.sha256(b"x\n1\n").hexdigest(),
            }
        ],
    }
    assert content["care/month=2025-01.json"] == {
        "extract": "care",
        "month": "2025-01",
        "files": [],
    }
    reference = content["reference.json"]
    assert isinstance(reference, dict)
    assert reference["plans"][0]["name"] == "plans/all.csv"
    assert reference["holidays"] == []
    assert str(tmp_path) not in json.dumps(content)


def test_a_month_added_changes_no_older_entry(tmp_path: Path) -> None:
    operator(tmp_path / "extracts", 2)
    out = tmp_path / "inventory"
    write_inventory(tmp_path / "extracts", [FIRST], out)
    before = {p: p.read_bytes() for p in out.rglob("*.json")}
    write_inventory(tmp_path / "extracts", [FIRST, FIRST + 1], out)
    assert {p: p.read_bytes() for p in before} == before
    assert (out / "cdr" / "month=2025-02.json").is_file()
    write_inventory(tmp_path / "extracts", [FIRST + 1], out)
    assert not (out / "cdr" / "month=2025-01.json").exists()


def test_the_inventory_wants_subscribers_and_activity(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="is no folder"):
        take_inventory(tmp_path / "nowhere", [FIRST])
    operator(tmp_path, 2)
    with pytest.raises(DataRefused, match=r"no subscribers of 2025-03: .*2025-01 to 2025-02"):
        take_inventory(tmp_path, month_range(FIRST, 3))


def test_discover_takes_the_months_that_subscribers_and_cdrs_share(tmp_path: Path) -> None:
    operator(tmp_path, 4)
    lay(tmp_path, "cdr", "2025-05")
    lay(tmp_path, "care", "2025-02")
    lay(tmp_path, "campains", "2025-02")
    found = discover(tmp_path)
    assert found.months == month_range(FIRST, 4)
    assert set(found.extracts) == {"subscribers", "cdr", "billing", "care"}
    assert found.notices == (
        "campains is no extract: did you mean 'campaigns'?",
        "cdr: months left out: 2025-05",
        "care has no files for 2025-01, 2025-03 to 2025-04",
    )


def test_discover_takes_usage_instead_of_cdrs(tmp_path: Path) -> None:
    lay(tmp_path, "subscribers", "2025-01")
    lay(tmp_path, "usage", "2025-01")
    assert discover(tmp_path).months == (FIRST,)


@pytest.mark.parametrize("extract", ["subscribers", "cdr", "billing"])
def test_a_hole_in_the_months_is_an_error(tmp_path: Path, extract: str) -> None:
    operator(tmp_path, 4)
    gone = tmp_path / extract / "month=2025-03" / "part.csv"
    gone.unlink()
    with pytest.raises(DataRefused) as refused:
        discover(tmp_path)
    assert f"{extract} has a hole" in str(refused.value)
    assert str(gone.parent) in str(refused.value)
    assert "2025-01 to 2025-02, 2025-04" in str(refused.value)


def test_discover_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataRefused, match="is no folder"):
        discover(tmp_path / "nowhere")
    lay(tmp_path, "subscribers", "2025-01")
    (tmp_path / "calls").mkdir()
    with pytest.raises(DataRefused) as refused:
        discover(tmp_path)
    assert str(tmp_path / "cdr" / "month=YYYY-MM") in str(refused.value)
    assert "Extracts found: subscribers; folders found: calls, subscribers" in str(refused.value)
    (tmp_path / "cdr").mkdir()
    (tmp_path / "cdr" / "all.csv").touch()
    with pytest.raises(DataRefused, match="cdr has files outside any month=YYYY-MM folder"):
        discover(tmp_path)


def test_no_common_month_is_an_error(tmp_path: Path) -> None:
    lay(tmp_path, "subscribers", "2025-01")
    lay(tmp_path, "cdr", "2025-02")
    with pytest.raises(DataRefused, match="share no month"):
        discover(tmp_path)
