"""Folders that are not as they should be: damaged Parquet, odd names, links, wrong months."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hostile_cases import (
    CDR,
    Case,
    Fates,
    call,
    file,
    files,
    lines,
    parquet,
    parquet_bytes,
    refuses,
)

NOON = datetime(2025, 1, 5, 12)


def calls(count: int) -> dict[str, object]:
    return {
        "subscriber_id": [f"s{i}" for i in range(count)],
        "kind": ["voice"] * count,
        "direction": ["out"] * count,
        "started_at": pa.array([NOON] * count, pa.timestamp("us")),
        "duration_s": list(range(count)),
    }


GOOD = parquet_bytes(calls(5000), compression="snappy", use_dictionary=False)
PLAIN = parquet_bytes(calls(50), compression="none")
NAME = "part.parquet"
MIDDLE = len(GOOD) // 4


def _two_columns_of_one_name(root: Path, folder: Path) -> None:
    del root
    columns = calls(2)
    table = pa.table([pa.array(v) for v in (*columns.values(), ["sms", "sms"])], [*columns, "kind"])
    pq.write_table(table, folder / NAME)


PARQUET = (
    Case("Parquet", "cdr", file(GOOD, NAME), Fates(5000, 5000)),
    Case(
        "Parquet cut short",
        "cdr",
        file(GOOD[:-500], NAME),
        refuses(NAME, "can't be read as Parquet"),
    ),
    Case(
        "Parquet of which the start is lost",
        "cdr",
        file(GOOD[4:], NAME),
        refuses(NAME, "can't be read"),
    ),
    Case(
        "Parquet with a wrong magic at the end",
        "cdr",
        file(GOOD[:-4] + b"PAR9", NAME),
        refuses(NAME, "Parquet"),
    ),
    # Readers look at the end; every row is whole.
    Case(
        "Parquet with a wrong magic at the start",
        "cdr",
        file(b"RAP1" + GOOD[4:], NAME),
        Fates(5000, 5000),
    ),
    Case(
        "Parquet with changed bytes in a page",
        "cdr",
        file(GOOD[:MIDDLE] + b"\xff" * 64 + GOOD[MIDDLE + 64 :], NAME),
        refuses("month=2025-01", "can't be read"),
    ),
    Case(
        "ids in Parquet that are no UTF-8",
        "cdr",
        file(PLAIN.replace(b"s17", b"\xff17"), NAME),
        refuses(NAME, "an id is no UTF-8"),
    ),
    Case(
        "text in Parquet that is no UTF-8",
        "cdr",
        file(PLAIN.replace(b"voice", b"\xffoice"), NAME),
        refuses("month=2025-01", "can't be read"),
    ),
    Case(
        "Parquet with a footer that lies",
        "cdr",
        file(GOOD[:-8] + b"\xff\xff\xff\x7fPAR1", NAME),
        refuses(NAME, "Parquet"),
    ),
    Case(
        "an empty file under the name of Parquet", "cdr", file(b"", NAME), refuses(NAME, "Parquet")
    ),
    Case(
        "CSV under the name of Parquet",
        "cdr",
        file(lines(CDR, call(1)), NAME),
        refuses(NAME, "Parquet"),
    ),
    Case("Parquet under the name of CSV", "cdr", file(GOOD), refuses("part.csv", "no UTF-8")),
    Case(
        "Parquet without a row",
        "cdr",
        parquet({k: pa.array(v)[:0] for k, v in calls(1).items()}),
        refuses("cdr/month=2025-01 holds files but no row"),
    ),
    Case(
        "a column twice in Parquet",
        "cdr",
        _two_columns_of_one_name,
        refuses(NAME, "kind stands twice"),
    ),
    Case(
        "a column of lists",
        "cdr",
        parquet({**calls(2), "duration_s": [[1], [2]]}),
        refuses("'duration_s' holds list", "whole numbers"),
    ),
    Case(
        "ids that became decimals",
        "cdr",
        parquet({**calls(2), "subscriber_id": [1.0, None]}),
        refuses("'subscriber_id' holds double", "nullable integer"),
    ),
    Case(
        "ids as numbers in one file and as text in another",
        "cdr",
        files(
            {
                "a.parquet": parquet_bytes(calls(1)),
                "b.parquet": parquet_bytes({**calls(1), "subscriber_id": [1]}),
            }
        ),
        refuses("'subscriber_id' holds integer ids", "a.parquet holds text ids"),
    ),
    Case(
        "Parquet beside CSV",
        "cdr",
        files({NAME: parquet_bytes(calls(2)), "part.csv": lines(CDR, call(1))}),
        Fates(3, 3),
    ),
    Case(
        "a column of Parquet under a name that the check gives",
        "cdr",
        parquet({**calls(1), "source_row": [7]}),
        refuses("'source_row' has a name that the check gives itself"),
    ),
    Case(
        "column names with quotes and semicolons in Parquet",
        "cdr",
        parquet({**calls(2), 'a"; drop table cdr; --': [1, 2], "b'`$": [1, 2]}),
        Fates(2, 2),
    ),
)

ONE = lines(CDR, call(1), "s2,fax,out,2025-01-02,1")
ODD = (
    "账单 一月.csv",
    "a b $(touch x) ;&|'`\".csv",
    "-rf.csv",
    "part[1]*?.csv",
    "{a,b}.csv",
    "%s\\n.csv",
)
NAMES = tuple(
    Case(f"a file named {name}", "cdr", file(ONE, name), Fates(2, 1, {"kind_unknown": 1}))
    for name in ODD
)


def _odd_parquet(root: Path, folder: Path) -> None:
    del root
    (folder / "a [b]* 账单.parquet").write_bytes(parquet_bytes(calls(2)))
    (folder / "a b 账单.parquet").write_bytes(parquet_bytes(calls(1)))


def _link_out(root: Path, folder: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "part.csv").write_text(ONE)
    (folder / "part.csv").symlink_to(outside / "part.csv")


def _folder_link_out(root: Path, folder: Path) -> None:
    folder.rmdir()
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "part.csv").write_text(ONE)
    folder.symlink_to("../../outside")


def _link_inside(root: Path, folder: Path) -> None:
    (root / "archive.csv").write_text(ONE)
    (folder / "part.csv").symlink_to("../../archive.csv")


def _link_to_nothing(root: Path, folder: Path) -> None:
    del root
    (folder / "a.csv").write_text(ONE)
    (folder / "b.csv").symlink_to("gone.csv")


def _links_in_a_circle(root: Path, folder: Path) -> None:
    del root
    (folder / "a.csv").symlink_to("b.csv")
    (folder / "b.csv").symlink_to("a.csv")


def _no_month(root: Path, folder: Path) -> None:
    del folder
    (root / "cdr" / "month=2025-13").mkdir()


def _half_written(root: Path, folder: Path) -> None:
    del root
    (folder / "part.csv").write_text(ONE)
    for name in (".part.csv.swp", "_tmp.csv", "part.csv.part", "notes.txt"):
        (folder / name).write_bytes(b"\0")
    (folder / "folder.csv").mkdir()


FOLDERS = (
    Case("Parquet under odd names", "cdr", _odd_parquet, Fates(3, 2, duplicates={"duplicate": 1})),
    Case(
        "a link out of the folder",
        "cdr",
        _link_out,
        refuses("part.csv leads by a link out", "extracts.follow_links"),
    ),
    Case(
        "a month that is a link out of the folder",
        "cdr",
        _folder_link_out,
        refuses("leads by a link out"),
    ),
    Case("a link within the folder", "cdr", _link_inside, Fates(2, 1, {"kind_unknown": 1})),
    Case("a link to nothing", "cdr", _link_to_nothing, refuses("b.csv is a link to nothing")),
    Case("links in a circle", "cdr", _links_in_a_circle, refuses("a.csv is a link to nothing")),
    Case(
        "a folder that is no month",
        "cdr",
        _no_month,
        refuses("month=2025-13 is no month", "month=YYYY-MM"),
    ),
    Case(
        "half-written files beside whole ones",
        "cdr",
        _half_written,
        Fates(2, 1, {"kind_unknown": 1}),
    ),
    Case(
        "a folder without a file",
        "cdr",
        files({}),
        refuses("no cdr of 2025-01", "looked for Parquet or CSV"),
    ),
)

FOLDER_CASES = (*PARQUET, *NAMES, *FOLDERS)
