from __future__ import annotations

import gzip
import hashlib
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.check import load_kept
from churnlight.engine import Engine, connect
from churnlight.errors import DataRefused, UsageError
from churnlight.keyed import KEY_VARIABLE, read_key
from churnlight.params.data import EngineParams
from churnlight.pseudonymise import pseudonymise
from churnlight.timeline import Month

KEY = b"0123456789abcdef"
JANUARY = "cdr/month=2025-01"


def by_hand(identifier: str, key: bytes = KEY) -> str:
    """HMAC-SHA-256 written out from RFC 2104, without the hmac module."""
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + identifier.encode()).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).hexdigest()[:16]


@pytest.fixture
def extracts(tmp_path: Path) -> Path:
    root = tmp_path / "raw"
    (root / JANUARY).mkdir(parents=True)
    table = pa.table(
        {
            "subscriber_id": [13800138000, 13800138001, 13800138000],
            "counterpart_id": pa.array(["13800138001", None, " 10086 "]),
            "kind": ["voice", "data", "sms"],
            "direction": ["out", None, "in"],
            "started_at": [datetime(2025, 1, 2), datetime(2025, 1, 3), datetime(2025, 1, 4)],
            "duration_s": pa.array([5, None, None], pa.int16()),
            "msisdn": ["13800138000"] * 3,
        }
    )
    pq.write_table(table, root / JANUARY / "a.parquet")
    text = (
        "subscriber_id,kind,direction,started_at,duration_s\n13800138000,voice,out,2025-01-09,x\n"
    )
    with gzip.open(root / JANUARY / "b.csv.gz", "wt") as stream:
        stream.write(text + "13800138001,voice,in,2025-01-09,7\n,voice,in,2025-01-09,7\n")
    (root / "plans").mkdir()
    (root / "plans" / "all.csv").write_text("plan_id,fee\np,12.5\n")
    return root


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with connect(EngineParams(threads=1), tmp_path_factory.mktemp("scratch")) as opened:
        yield opened


def test_ids_become_keyed_hashes_in_the_same_layout(extracts: Path, tmp_path: Path) -> None:
    rows = pseudonymise(extracts, tmp_path / "out", KEY)
    assert rows == {f"{JANUARY}/a.parquet": 3, f"{JANUARY}/b.parquet": 3, "plans/all.parquet": 1}
    table = pq.read_table(tmp_path / "out" / JANUARY / "a.parquet", partitioning=None)
    first, second = by_hand("13800138000"), by_hand("13800138001")
    assert table["subscriber_id"].to_pylist() == [first, second, first]
    # One key, one pseudonym: integers and text, subscriber and counterpart, with spaces or not.
    assert table["counterpart_id"].to_pylist() == [second, None, by_hand("10086")]
    assert table["duration_s"].type == pa.int16()
    csv = pq.read_table(tmp_path / "out" / JANUARY / "b.parquet", partitioning=None)
    assert csv["subscriber_id"].to_pylist() == [first, second, None]


def test_no_number_is_left_anywhere(
    extracts: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pseudonymise(extracts, tmp_path / "out", KEY)
    for path in (tmp_path / "out").rglob("*.parquet"):
        cells = {
            str(v) for c in pq.read_table(path, partitioning=None).columns for v in c.to_pylist()
        }
        assert not any("1380013800" in cell for cell in cells)
    assert "left out, not declared: msisdn" in caplog.text
    assert "1380013800" not in caplog.text
    assert KEY.decode() not in caplog.text


def test_check_reads_what_was_written(extracts: Path, tmp_path: Path, engine: Engine) -> None:
    pseudonymise(extracts, tmp_path / "out", KEY)
    # Cells of the CSV file are typed by the check, and an unreadable one refuses its row.
    rows = load_kept(engine, tmp_path / "out", "cdr", [Month(2025, 1)])
    kept = engine.arrow(rows.order_by("started_at", "direction"))  # type: ignore[union-attr]
    assert kept["duration_s"].to_pylist() == [5, None, None, 7]
    assert kept["started_at"].to_pylist()[-1] == datetime(2025, 1, 9)
    plans = engine.arrow(load_kept(engine, tmp_path / "out", "plans", []))  # type: ignore[arg-type]
    assert plans.to_pylist()[0]["fee"] == 12.5


def test_another_key_gives_other_pseudonyms(extracts: Path, tmp_path: Path) -> None:
    pseudonymise(extracts, tmp_path / "out", KEY[::-1])
    table = pq.read_table(tmp_path / "out" / JANUARY / "a.parquet", partitioning=None)
    assert table["subscriber_id"][0].as_py() == by_hand("13800138000", KEY[::-1])


def test_the_same_bytes_come_out_again(extracts: Path, tmp_path: Path) -> None:
    for out in ("one", "two"):
        pseudonymise(extracts, tmp_path / out, KEY)
    name = f"{JANUARY}/a.parquet"
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_one_file_and_columns_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("msisdn,region\n13800138000,north\n")
    rows = pseudonymise(tmp_path / "list.csv", tmp_path / "out", KEY, ["msisdn"])
    assert rows == {"list.parquet": 1}
    table = pq.read_table(tmp_path / "out" / "list.parquet")
    assert table.to_pylist() == [{"msisdn": by_hand("13800138000"), "region": "north"}]
    with pytest.raises(UsageError, match="no file has a column 'msisd': did you mean 'msisdn'"):
        pseudonymise(tmp_path / "list.csv", tmp_path / "out", KEY, ["msisd"])
    with pytest.raises(UsageError, match="name the id columns with --columns"):
        pseudonymise(tmp_path / "list.csv", tmp_path / "out", KEY)


def test_what_cannot_be_done_is_said(extracts: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lies inside"):
        pseudonymise(extracts, extracts / "out", KEY)
    with pytest.raises(UsageError, match="no Parquet or CSV files in"):
        pseudonymise(tmp_path / "nowhere", tmp_path / "out", KEY)
    (extracts / JANUARY / "a.csv").write_text("subscriber_id\n1\n")
    with pytest.raises(DataRefused, match=r"would both become cdr/month=2025-01/a.parquet"):
        pseudonymise(extracts, tmp_path / "out", KEY)


def test_a_ragged_file_leaves_nothing_and_quotes_nothing(tmp_path: Path) -> None:
    (tmp_path / "cdr").mkdir()
    (tmp_path / "cdr" / "a.csv").write_text("subscriber_id,kind\n13800138000,voice,1\n")
    with pytest.raises(DataRefused) as refused:
        pseudonymise(tmp_path / "cdr", tmp_path / "out", KEY)
    assert "13800138000" not in str(refused.value)
    assert not list((tmp_path / "out").rglob("*"))


def test_the_key_comes_from_the_environment_or_a_private_file(tmp_path: Path) -> None:
    assert read_key(None, {KEY_VARIABLE: KEY.decode()}) == KEY
    path = tmp_path / "key"
    path.write_bytes(KEY + b"\n")
    path.chmod(0o600)
    assert read_key(path, {KEY_VARIABLE: "of no account, it is not asked"}) == KEY


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    path.write_bytes(KEY)
    path.chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        read_key(path, {})


def test_short_and_missing_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no key: set CHURNLIGHT_PSEUDONYM_KEY"):
        read_key(None, {})
    with pytest.raises(UsageError, match="has 15 bytes, at least 16") as refused:
        read_key(None, {KEY_VARIABLE: KEY.decode()[:15]})
    assert KEY.decode()[:15] not in str(refused.value)
    with pytest.raises(UsageError, match="can't be read"):
        read_key(tmp_path / "nowhere", {})


def test_pseudonyms_are_those_of_the_first_day(tmp_path: Path) -> None:
    """Written down once: were they to change, no month would fit those before."""
    (tmp_path / "ids.csv").write_text(
        "number_id\n13800138000\n 13800138000\nabc \n\u3000x\n\u3000\n"
    )
    pseudonymise(tmp_path / "ids.csv", tmp_path / "out", KEY)
    table = pq.read_table(tmp_path / "out" / "ids.parquet")
    assert table["number_id"].to_pylist() == [
        "523ecb4056848964",
        "523ecb4056848964",
        by_hand("abc"),
        by_hand("x"),
        None,
    ]


def test_a_later_month_extends_the_map(extracts: Path, tmp_path: Path) -> None:
    kept = tmp_path / "safe" / "map.parquet"
    pseudonymise(extracts, tmp_path / "out", KEY, number_map=kept)
    assert kept.stat().st_mode & 0o777 == 0o600
    first = dict(zip(*pq.read_table(kept).to_pydict().values(), strict=True))
    assert first == {n: by_hand(n) for n in ("10086", "13800138000", "13800138001")}
    (tmp_path / "list.csv").write_text("number_id\n13800138000\n13900139000\n")
    pseudonymise(tmp_path / "list.csv", tmp_path / "later", KEY, number_map=kept)
    table = pq.read_table(kept)
    assert table["number"].to_pylist() == [*sorted(first), "13900139000"]
    assert kept.stat().st_mode & 0o777 == 0o600
    before = kept.read_bytes()
    with pytest.raises(UsageError, match="made with another key"):
        pseudonymise(tmp_path / "list.csv", tmp_path / "other", KEY[::-1], number_map=kept)
    assert kept.read_bytes() == before


def test_a_map_where_others_get_at_it_is_refused(extracts: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("params.yaml", "dvc.yaml"):
        (project / name).write_text("")
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="lies inside the project"):
        pseudonymise(extracts, out, KEY, number_map=project / "data" / "map.parquet")
    (tmp_path / "link").symlink_to(project)
    with pytest.raises(UsageError, match="lies inside the project"):
        pseudonymise(extracts, out, KEY, number_map=tmp_path / "link" / "map.parquet")
    for folder in (extracts, out):
        with pytest.raises(UsageError, match="lies inside"):
            pseudonymise(extracts, out, KEY, number_map=folder / "map.parquet")
    kept = tmp_path / "map.parquet"
    pq.write_table(pa.table({"number": ["1"], "pseudonym": ["2"]}), kept)
    kept.chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        pseudonymise(extracts, out, KEY, number_map=kept)
    kept.write_text("number,pseudonym\n")
    kept.chmod(0o600)
    with pytest.raises(UsageError, match="no Parquet"):
        pseudonymise(extracts, out, KEY, number_map=kept)
    assert not out.exists()
