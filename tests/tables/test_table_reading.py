import gzip
from pathlib import Path

import pandas as pd
import pytest

from churnlight.errors import DataRefused, UsageError
from churnlight.tables.reading import read_table, require_columns, require_unique, write_table


def test_the_same_table_in_three_formats(tmp_path: Path, table: pd.DataFrame) -> None:
    table.to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "b.data").write_bytes(gzip.compress((tmp_path / "a.csv").read_bytes()))
    table.to_parquet(tmp_path / "c.parquet", index=False)
    read = [read_table(tmp_path / n, ["customer"]) for n in ("a.csv", "b.data", "c.parquet")]
    for frame in read:
        assert list(frame) == list(table)
        assert frame["customer"].tolist() == table["customer"].tolist()  # leading zeros stay
        assert frame["Silent Days"].tolist() == table["Silent Days"].tolist()


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("\ufeffid,x\n1,2\n".encode())
    assert list(read_table(tmp_path / "a.csv")) == ["id", "x"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"id;x\n1;2\n", "separate the columns by commas"),
        (b"id,x,x\n1,2,3\n", "names columns twice: 'x'"),
        (b",x\n0,2\n", "column 1 has no name"),
        (b"id,x\n1,2\n1,2,3,4\n", "can't be read as a table"),
        (b"id,x\n1,\xff\xfe\n", "UTF-8"),
        (b"\x1f\x8bnot gzip", "can't be read"),
        (b"PAR1 not parquet", "can't be read as a table"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(DataRefused, match=says):
        read_table(tmp_path / "a.csv")


def test_no_file_is_a_wrong_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no file"):
        read_table(tmp_path / "none.csv")


def test_a_wrong_column_option_names_the_nearest(table: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match=r"--label 'chrun': .* did you mean 'churn'\?"):
        require_columns(table, [("--label", "chrun")])


def test_ids_must_be_unique_and_are_never_shown() -> None:
    with pytest.raises(DataRefused, match=r"'id' is not unique: 1 ids .* 2 rows \(1, 3\)") as told:
        require_unique(pd.Series(["secret", "b", "secret"], name="id"))
    assert "secret" not in str(told.value)
    with pytest.raises(DataRefused, match="'id' is empty in row 2"):
        require_unique(pd.Series(["a", None], name="id"))


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_written_is_read_again_with_the_same_bytes(tmp_path: Path, name: str) -> None:
    frame = pd.DataFrame({"id": ["01", "02"], "probability": [0.1, 1 / 3]})
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        write_table(frame, tmp_path / folder / name)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    back = read_table(tmp_path / "one" / name, ["id"])
    assert back["id"].tolist() == ["01", "02"]
    assert back["probability"].tolist() == [0.1, 1 / 3]
    with pytest.raises(UsageError, match="must end in"):
        write_table(frame, tmp_path / "a.xlsx")
