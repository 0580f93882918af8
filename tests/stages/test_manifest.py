"""A partition stands only as it was written, from the same things."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.errors import ChurnlightError
from churnlight.stages.manifest import read_manifest, stands, write_manifest

MADE_FROM = {"as_of": "2025-10-01", "model": {"sha256": "ab"}, "data": {"2025-09": "cd"}}


def made(folder: Path) -> Path:
    (folder / "plots").mkdir()
    pq.write_table(pa.table({"subscriber_id": [1, 2, 3]}), folder / "scores.parquet")
    pq.write_table(pa.table({"subscriber_id": [1, 1, 2, 3]}), folder / "reasons.parquet")
    (folder / "plots" / "a.png").write_bytes(b"plot")
    write_manifest(folder, MADE_FROM)
    return folder


def test_the_manifest_names_every_file_but_itself(tmp_path: Path) -> None:
    content = read_manifest(made(tmp_path))
    assert content is not None
    assert set(content["files"]) == {"scores.parquet", "reasons.parquet", "plots/a.png"}
    assert content["rows"] == {"scores": 3, "reasons": 4}
    assert content["model"] == {"sha256": "ab"}


def test_it_stands_as_written_and_run_json_does_not_matter(tmp_path: Path) -> None:
    folder = made(tmp_path)
    assert stands(folder, MADE_FROM)
    (folder / "run.json").write_text("{}")
    assert stands(folder, MADE_FROM)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: (f / "scores.parquet").write_bytes(b"scores."),
        lambda f: (f / "plots" / "a.png").unlink(),
        lambda f: (f / "more.parquet").write_bytes(b"x"),
        lambda f: (f / "manifest.json").unlink(),
    ],
    ids=["changed", "removed", "added", "no manifest"],
)
def test_it_does_not_stand_when_touched(tmp_path: Path, spoil) -> None:
    folder = made(tmp_path)
    spoil(folder)
    assert not stands(folder, MADE_FROM)


@pytest.mark.parametrize("change", [{"as_of": "2025-11-01"}, {"model": {"sha256": "ac"}}])
def test_it_does_not_stand_for_something_else(tmp_path: Path, change: dict[str, object]) -> None:
    assert not stands(made(tmp_path), MADE_FROM | change)


def test_another_version_is_named(tmp_path: Path) -> None:
    folder = made(tmp_path)
    content = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(content | {"schema_version": 9}))
    with pytest.raises(ChurnlightError, match="schema_version is 9, this churnlight reads 1"):
        read_manifest(folder)
