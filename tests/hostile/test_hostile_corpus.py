"""The hostile corpus: each folder with its exact outcome, through what inventory and check run."""

from __future__ import annotations

import logging
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hostile_cases import Case, Fates, Refusal, check, quarantined
from hostile_folders import FOLDER_CASES
from hostile_text import TEXT_CASES
from hostile_values import VALUE_CASES

from churnlight.check import Verdict
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.inventory import entry

ROOT = Path(__file__).resolve().parents[2]
CASES = (*TEXT_CASES, *VALUE_CASES, *FOLDER_CASES)


def make(case: Case, root: Path) -> Path:
    folder = root / case.extract / f"month={case.month}"
    folder.mkdir(parents=True)
    case.build(root, folder)
    return folder


def fates(verdict: Verdict) -> Fates:
    return Fates(
        verdict.rows,
        verdict.kept,
        verdict.refused,
        verdict.duplicates,
        verdict.unknown,
        verdict.late,
    )


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_folder(
    case: Case, engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    root, quarantine = tmp_path / "extracts", tmp_path / "quarantine"
    make(case, root)
    if isinstance(case.outcome, Refusal):
        with pytest.raises(DataRefused) as refused:
            check(engine, root, case, quarantine)
        message = str(refused.value)
        for part in case.outcome.says:
            assert part in message
        for part in case.outcome.unsaid:
            assert part not in message.replace(str(tmp_path), "")
        assert "\n" not in message
        return
    verdict = check(engine, root, case, quarantine)
    found = fates(verdict)
    assert found == case.outcome
    removed = quarantined(quarantine, case)
    assert len(removed) == found.rows - found.kept - found.late
    assert all((root / row["source_file"]).exists() for row in removed)


def test_links_may_lead_out_where_params_say_so(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.name == "a link out of the folder")
    make(case, tmp_path / "extracts")
    with pytest.raises(DataRefused, match=r"extracts\.follow_links"):
        entry(tmp_path / "extracts", "cdr", case.month)
    found = entry(tmp_path / "extracts", "cdr", case.month, follow_links=True)
    assert [f["name"] for f in found["files"]] == ["cdr/month=2025-01/part.csv"]  # type: ignore[attr-defined]


@pytest.mark.slow
def test_one_subscriber_with_ten_million_events(engine: Engine, tmp_path: Path) -> None:
    # Each a microsecond after the one before, but for the last, which is the first again.
    count = 10_000_000
    folder = tmp_path / "extracts" / "cdr" / "month=2025-01"
    folder.mkdir(parents=True)
    started = pa.array(range(count - 1), pa.int64())
    january = 1_735_689_600_000_000
    table = pa.table(
        {
            "subscriber_id": pa.DictionaryArray.from_arrays(
                pa.array([0] * count, pa.int8()), ["s1"]
            ),
            "kind": pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int8()), ["sms"]),
            "direction": pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int8()), ["in"]),
            "started_at": pa.concat_arrays(
                [pc.add(started, january), pa.array([january], pa.int64())]
            ).cast(pa.timestamp("us")),
        }
    )
    pq.write_table(table, folder / "part.parquet")
    case = Case("ten million", "cdr", lambda *_: None, Fates(count, count - 1))
    verdict = check(engine, tmp_path / "extracts", case, tmp_path / "quarantine")
    assert (verdict.rows, verdict.kept) == (count, count - 1)
    assert verdict.duplicates == {"duplicate": 1}


# Of the corpus, what Spark reads by code of its own.
ON_SPARK = (
    *("many faults in one file", "GB18030 in the cells", "line ends of two kinds"),
    *("a quote that is not closed", "not a number alone in Parquet"),
)


@pytest.mark.slow
def test_spark_gives_the_same(spark: Engine, tmp_path: Path) -> None:
    picked = [case for case in CASES if case.name in ON_SPARK]
    assert len(picked) == len(ON_SPARK)
    found, expected = {}, {}
    for place, case in enumerate(picked):
        home = tmp_path / str(place)
        make(case, home / "extracts")
        expected[case.name] = None if isinstance(case.outcome, Refusal) else case.outcome
        try:
            verdict = check(spark, home / "extracts", case, home / "quarantine")
        except DataRefused:
            found[case.name] = None
        else:
            found[case.name] = fates(verdict)
    assert found == expected
