"""Fuzzing of what reads extracts: a verdict whose rows add up, or one line that says why not.

How many rows a CSV file has is counted by Python's own reader, too: a row that nobody counts is the
fault that no balance shows.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import shutil
from pathlib import Path

import pytest
from hostile_cases import CDR, Case, Fates, call, check, file, lines, parquet_bytes
from hostile_folders import calls
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from churnlight.check import Verdict
from churnlight.engine import Engine, delimited
from churnlight.errors import DataRefused

FEW, MANY = 20, 60


def fuzzing(examples: int) -> settings:
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


HEADERS = (CDR, CDR + ",known_at,event_id", '"subscriber_id","kind",direction,started_at,x', "a,b")
CELLS = st.sampled_from(
    [
        *("s1", "s2", "voice", "sms", "out", "in", "2025-01-03 10:00:00", "60", "", " ", "0", "-0"),
        *('"a""b"', '"a,b"', '"a\nb"', '""', 'x"y', "NaN", "1e999", "账单", "\0", "\t", "'", "\\"),
        *("2025-02-03", "9999-12-31", "9" * 30, "\u2028", "\x0b", "\x1c", "%s", "{}", "=1+1"),
    ]
)
ROWS = st.lists(CELLS, min_size=1, max_size=7).map(",".join) | st.just(call(3)) | st.just("")


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """CSV files, most of them well made, some with bytes changed."""
    end = draw(st.sampled_from(["\n", "\n", "\r\n"]))
    rows = draw(st.lists(ROWS, max_size=8))
    content = lines(draw(st.sampled_from(HEADERS)), *rows, end=end).encode()
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(content)))
        junk = draw(st.sampled_from([b'"', b"\r", b"\n", b"\xff", b"\0", b",", b""]))
        content = content[:place] + junk + content[place + draw(st.integers(0, 3)) :]
    return content


def judged(engine: Engine, content: bytes, name: str, folder: Path) -> Verdict | None:
    """The verdict on a folder of one file; None when it is refused, which it is in one line."""
    shutil.rmtree(folder, ignore_errors=True)
    case = Case("fuzzed", "cdr", file(content, name), Fates(0, 0))
    place = folder / "extracts" / "cdr" / f"month={case.month}"
    place.mkdir(parents=True)
    case.build(folder / "extracts", place)
    verdict, said = None, ""
    try:
        verdict = check(engine, folder / "extracts", case, folder / "quarantine")
    except DataRefused as refused:
        said = str(refused)
    assert verdict is not None or re.fullmatch(r"[^\n]{20,800}", said)
    return verdict


def records(content: bytes) -> int:
    """Rows of a CSV file, by Python's reader; a line without a sign is none."""
    text = io.StringIO(content.decode("utf-8-sig"), newline="")
    return sum(1 for record in csv.reader(text) if record) - 1


def hold_to_the_count(engine: Engine, content: bytes, folder: Path) -> None:
    verdict = judged(engine, content, "part.csv", folder)
    packed = judged(engine, gzip.compress(content), "part.csv.gz", folder)
    assert packed == verdict
    if verdict is not None:
        assert verdict.rows == records(content)
        assert verdict.rows == verdict.kept + sum(
            [verdict.late, *verdict.refused.values(), *verdict.duplicates.values()]
        )


@fuzzing(FEW)
@given(content=tables())
@example(content=lines(CDR, call(1), '"s1,voice').encode())
@example(content=lines(CDR, call(1), '"s1,voice', call(2), '5",x').encode())
@example(content=lines(CDR, call(1), 'a 5" b,voice', ' "s1').encode())
def test_random_tables(content: bytes, engine: Engine, tmp_path: Path) -> None:
    hold_to_the_count(engine, content, tmp_path / "x")


@pytest.mark.slow
@fuzzing(MANY)
@given(content=tables())
def test_many_random_tables(content: bytes, engine: Engine, tmp_path: Path) -> None:
    hold_to_the_count(engine, content, tmp_path / "x")


def told(path: Path) -> str:
    try:
        delimited.require_text(path)
    except DataRefused as refused:
        return str(refused)
    return ""


@fuzzing(MANY)
@given(content=tables(), size=st.integers(1, 40))
@example(content=b"a,b\r\n1,2\r\n", size=4)
@example(content=b'a,b\n1,"2""3\n"\n', size=7)
@example(content="a\n合\n".encode()[:-2], size=3)
def test_a_file_is_the_same_in_any_pieces(content: bytes, size: int, tmp_path: Path) -> None:
    path = tmp_path / "part.csv"
    path.write_bytes(content)
    whole = told(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "_CHUNK", size)
        assert told(path) == whole


@fuzzing(MANY)
@given(content=st.binary(max_size=300))
def test_random_bytes(content: bytes, engine: Engine, tmp_path: Path) -> None:
    for name in ("part.csv", "part.csv.gz", "part.parquet"):
        assert judged(engine, content, name, tmp_path / "x") is None


GOOD = parquet_bytes(calls(50), compression="snappy")
FLIPS = st.lists(
    st.tuples(st.integers(0, len(GOOD) - 1), st.integers(1, 255)), min_size=1, max_size=4
)


def hold_parquet(engine: Engine, flips: list[tuple[int, int]], folder: Path) -> None:
    content = bytearray(GOOD)
    for place, change in flips:
        content[place] ^= change
    verdict = judged(engine, bytes(content), "part.parquet", folder)
    # The footer's count of rows may be what was changed: then there are as many as it says.
    assert verdict is None or verdict.rows >= 0


@fuzzing(FEW)
@given(flips=FLIPS)
def test_flipped_bytes_of_parquet(
    flips: list[tuple[int, int]], engine: Engine, tmp_path: Path
) -> None:
    hold_parquet(engine, flips, tmp_path / "x")


@pytest.mark.slow
@fuzzing(MANY)
@given(flips=FLIPS)
def test_many_flipped_bytes_of_parquet(
    flips: list[tuple[int, int]], engine: Engine, tmp_path: Path
) -> None:
    hold_parquet(engine, flips, tmp_path / "x")
