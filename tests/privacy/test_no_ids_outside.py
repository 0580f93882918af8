"""No log, error or file of details holds a subscriber's id, whatever is wrong with the rows."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from privacy_world import ANN, MONTH, make_operator, naming, take_out, write

from churnlight.errors import ChurnlightError
from churnlight.paths import Project
from churnlight.pseudonymise import pseudonymise
from churnlight.stages.check import check
from churnlight.stages.guard import guarded
from churnlight.stages.inventory import inventory
from churnlight.stages.marts import marts
from churnlight.stages.track import nobodys_rows
from churnlight.suppression import key_file, list_file

BOOKS = "subscriber_id,month,status,activated_on"
CALLS = "subscriber_id,counterpart_id,kind,direction,started_at,duration_s"


def nothing(root: Path) -> None:
    """The world as it is, with its bad rows."""


def same_bill_twice(root: Path) -> None:
    rows = [f"{ANN},{MONTH},1", f"{ANN},{MONTH},2"]
    write(root, "billing", MONTH, "subscriber_id,month,total_charge", rows)


def ids_where_times_belong(root: Path) -> None:
    write(root, "cdr", MONTH, CALLS, [f"{ANN},bob,voice,out,{ANN},{ANN}"])


def ragged(root: Path) -> None:
    write(root, "cdr", MONTH, CALLS, [f"{ANN},bob,voice,out,{MONTH}-03,1,{ANN},{ANN}"])


def an_open_quote(root: Path) -> None:
    write(root, "cdr", MONTH, CALLS, [f'"{ANN},bob,voice,out,{MONTH}-03,1'])


def an_unknown_status(root: Path) -> None:
    write(root, "subscribers", MONTH, BOOKS, [f"{ANN},{MONTH},{ANN},2020-01-01"])


def other_bytes(root: Path) -> None:
    path = root / "extracts" / "billing" / f"month={MONTH}" / "a.csv"
    path.write_bytes(f"subscriber_id,month,total_charge\n{ANN},{MONTH},\xff\n".encode("latin-1"))


@pytest.mark.parametrize(
    "spoil",
    [
        *(nothing, same_bill_twice, ids_where_times_belong, ragged, an_open_quote),
        *(an_unknown_status, other_bytes),
    ],
)
def test_the_check_tells_of_rows_by_place(
    spoil: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    project = make_operator(tmp_path)
    spoil(tmp_path)
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(tmp_path))
    monkeypatch.setattr(logging.getLogger("churnlight"), "propagate", True)
    caplog.set_level(logging.DEBUG)

    def run() -> None:
        inventory()
        check()
        marts(MONTH)

    guarded(run)
    said = capfd.readouterr()
    assert caplog.records
    for text in (said.out, said.err, caplog.text, *(str(r.args) for r in caplog.records)):
        assert "secretid" not in text.lower()
    for folder in (project.check, project.inventory, project.scratch):
        assert naming(folder, "SECRETID123") == []


def test_details_of_an_unexpected_error_quote_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    project = make_operator(tmp_path)
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(tmp_path))

    def lost() -> None:
        try:
            pd.Series([1.0], ["bob"]).loc[ANN]
        except KeyError as error:
            raise ValueError(f"could not convert {ANN}") from error

    assert guarded(lost) == 1
    (details,) = (project.scratch / "errors").iterdir()
    text = details.read_text()
    assert ANN not in text + caplog.text
    # Enough to find the place: both errors, and the line of each.
    assert text.index("KeyError") < text.index("ValueError")
    assert 'pd.Series([1.0], ["bob"])' in text
    monkeypatch.setenv("CHURNLIGHT_FULL_ERRORS", "1")
    details.unlink()
    assert guarded(lost) == 1
    (details,) = (project.scratch / "errors").iterdir()
    assert ANN in details.read_text()


def test_neither_list_nor_key_nor_errors_of_forgetting_name_her(tmp_path: Path) -> None:
    project = Project(make_operator(tmp_path).root)
    take_out(project, ANN)
    key_file(project).unlink()
    with pytest.raises(ChurnlightError) as refused:
        take_out(project, ANN)
    assert ANN not in str(refused.value) + list_file(project).read_text()


def test_pseudonymise_quotes_no_cell(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "cdr").mkdir()
    (tmp_path / "cdr" / "a.csv").write_text(f"subscriber_id,kind\n{ANN},voice,{ANN}\n")
    with pytest.raises(ChurnlightError) as refused:
        pseudonymise(tmp_path / "cdr", tmp_path / "out", b"k" * 32, number_map=tmp_path / "m")
    assert ANN not in str(refused.value) + caplog.text


def test_an_example_for_mlflow_is_nobodys_row() -> None:
    frame = pd.DataFrame({"a": [5.0, 1.0, 4.0, 2.0, 3.0], "b": [1, 5, 2, 4, 3], "c": list("vwxyz")})
    rows = nobodys_rows(frame, 5)
    assert rows.to_dict("list") == {
        "a": [1.0, 2.0, 3.0, 4.0, 5.0],
        "b": [1, 2, 3, 4, 5],
        "c": list("vwxyz"),
    }
    assert list(rows.dtypes) == list(frame.dtypes)
    whose = frame.apply(tuple, axis=1)
    # One row in the middle is the middle one's by the making of these numbers.
    assert sum(tuple(row) in set(whose) for row in rows.itertuples(index=False)) <= 1
