"""A month's marts where files may not grow and memory ends: whole and the same, or a clear end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlight.files import sha256_of
from faulty_machine import limited
from pipeline_calls import BIN, call

pytestmark = pytest.mark.slow
ROWS, PEOPLE = 150_000, 5_000
GIGABYTE = 1 << 20  # in kilobytes


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("poor") / "extracts"
    draw = np.random.default_rng(1)
    seconds = pd.to_timedelta(draw.integers(0, 31 * 86_400, ROWS), unit="s")
    people = np.arange(10**6, 10**6 + PEOPLE)
    tables = {
        "cdr": {
            "subscriber_id": draw.choice(people, ROWS),
            "counterpart_id": draw.integers(2 * 10**6, 2 * 10**6 + 20 * PEOPLE, ROWS),
            "kind": draw.choice(["voice", "sms"], ROWS),
            "direction": draw.choice(["out", "in"], ROWS),
            "started_at": (pd.Timestamp("2025-01-01") + seconds).astype("datetime64[us]"),
            "duration_s": draw.integers(0, 600, ROWS),
        },
        "subscribers": {
            "subscriber_id": people,
            "status": "active",
            "activated_on": pd.Timestamp("2020-01-01").date(),
        },
    }
    for name, columns in tables.items():
        month = folder / name / "month=2025-01"
        month.mkdir(parents=True)
        pd.DataFrame(columns).to_parquet(month / "part.parquet")
    return folder


def marts(extracts: Path, out: str, memory_gb: float, code: int = 0, limit: tuple = ()) -> str:
    folder = extracts.parent
    params = folder / f"{out}.yaml"
    params.write_text(f"engine: {{threads: 1, memory_limit_gb: {memory_gb}}}\n")
    line = [
        *(str(BIN / "churnlight"), "marts", "--extracts", str(extracts), "--month", "2025-01"),
        *("--out", out, "--params", str(params)),
    ]
    return call(folder, *(limited(*limit, *line) if limit else line), code=code)


def made(extracts: Path, out: str) -> dict[str, str]:
    month = extracts.parent / out / "month=2025-01"
    return {path.name: sha256_of(path) for path in sorted(month.glob("*.parquet"))}


@pytest.fixture(scope="module")
def calm(extracts: Path) -> dict[str, str]:
    marts(extracts, "calm", 2.0)
    found = made(extracts, "calm")
    assert set(found) == {"edges.parquet", "usage.parquet", "circle.parquet", "volume.parquet"}
    return found


def test_files_that_may_not_grow_and_then_may(extracts: Path, calm: dict[str, str]) -> None:
    said = marts(extracts, "grown", 2.0, 1, ("f", 100))
    assert "File too large" in said
    assert "make room" in said
    assert "Traceback" not in said
    assert made(extracts, "grown") == {}
    marts(extracts, "grown", 2.0)
    assert made(extracts, "grown") == calm
    assert [p.name for p in (extracts.parent / "grown").iterdir()] == ["month=2025-01"]


def test_the_engine_is_content_with_little_memory(extracts: Path, calm: dict[str, str]) -> None:
    marts(extracts, "little", 0.05)
    assert made(extracts, "little") == calm


def test_too_little_for_the_engine_is_told(extracts: Path, calm: dict[str, str]) -> None:
    said = marts(extracts, "lean", 0.02, 1)
    assert "memory ran out" in said
    assert "Raise engine.memory_limit_gb" in said
    assert made(extracts, "lean") == {}
    marts(extracts, "lean", 2.0)
    assert made(extracts, "lean") == calm


def test_two_gigabytes_of_memory_do(extracts: Path, calm: dict[str, str]) -> None:
    marts(extracts, "two", 1.0, 0, ("d", 2 * GIGABYTE))
    assert made(extracts, "two") == calm
