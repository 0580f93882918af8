"""A CDR known after its month closed is counted, and changes nothing until a restatement."""

from __future__ import annotations

from datetime import datetime

import pytest
from marts_operator import Operator

from churnlight.errors import DataRefused, UsageError

CALL = "s,c,voice,out,2025-01-{day:02d} 10:00:00,60,,own,,,,,{id},{known}"


def call(day: int, known: str = "", event: str = "") -> str:
    return CALL.format(day=day, known=known, id=event)


# January closes at 2025-02-06 00:00.
IN_TIME = [call(2), call(3, "2025-02-05 23:59:59")]
LATE = [call(4, "2025-02-06 00:00:00"), call(5, "2025-07-01 00:00:00")]


@pytest.fixture
def operator(tmp_path, monkeypatch):
    made = Operator(tmp_path / "project", monkeypatch)
    made.write("2025-01", *IN_TIME)
    return made


def counts(operator) -> tuple[object, ...]:
    (row,) = operator.rows("usage")
    return row["voice_out_count"], row["voice_out_s"], row["active_days"], row["last_at"]


def test_late_rows_are_counted_and_change_no_byte(operator):
    closed = operator.command()
    operator.write("2025-01", *IN_TIME, *LATE)
    assert operator.by_stages() == closed
    assert operator.command() == closed
    verdict = operator.verdict()
    assert (verdict["rows"], verdict["kept"], verdict["late"]) == (4, 2, 2)
    assert operator.quarantine() == []
    assert operator.manifest()["restated"] is False


def test_a_restatement_takes_them_in_by_stage_and_by_command(operator):
    operator.write("2025-01", *IN_TIME, *LATE)
    closed = operator.command()
    restated = operator.command("--restate")
    assert restated != closed
    operator.params["extracts"]["restated_months"] = ["2025-01"]
    operator.write_params()
    assert operator.by_stages() == restated
    assert counts(operator) == (4, 240, 4, datetime(2025, 1, 5, 10))
    assert operator.manifest()["restated"] is True
    # The command takes the parameter too; they are counted as late all the same.
    assert operator.command() == restated
    assert operator.verdict()["late"] == 2
    # ... and it is undone by taking the month off the list.
    operator.params["extracts"]["restated_months"] = []
    operator.write_params()
    assert operator.by_stages() == closed


def test_late_rows_are_no_duplicates_before_and_judged_as_such_after(operator):
    late = [call(9, "2025-03-01 00:00:00", "e1")]
    operator.write("2025-01", call(2, "", "e1"), *late)
    operator.by_stages()
    assert operator.verdict()["duplicates"] == {}
    assert counts(operator)[0] == 1
    operator.params["extracts"]["restated_months"] = ["2025-01"]
    operator.write_params()
    operator.by_stages()
    # The earliest known of an event stays, restated or not.
    assert counts(operator) == (1, 60, 1, datetime(2025, 1, 2, 10))


def test_a_restatement_moves_that_months_file_alone(tmp_path, monkeypatch):
    """Marts depend on data/check/activity alone: what changes there is what runs again."""
    operator = Operator(tmp_path / "project", monkeypatch, months=("2025-01", "2025-02"))
    for month in ("2025-01", "2025-02"):
        operator.write(month, f"s,c,voice,out,{month}-02 10:00:00,60,,own,,,,,,")
    operator.check()
    folder = operator.project.check / "activity"
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    operator.params["extracts"]["restated_months"] = ["2025-02"]
    operator.write_params()
    operator.check()
    after = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert [n for n in sorted(before) if before[n] != after[n]] == ["month=2025-02.json"]


def test_a_month_that_is_not_there_cannot_be_restated(operator):
    operator.params["extracts"]["restated_months"] = ["2025-03"]
    operator.write_params()
    with pytest.raises(UsageError, match=r"restated_months names 2025-03, not in extracts.months"):
        operator.check()


def test_the_command_takes_its_parameters_from_the_folder_or_a_file(operator, tmp_path):
    # Two contacts, of 6 and 4 calls: the weights and the coverage decide how many are the circle.
    rows = [call(day) for day in range(1, 7)]
    rows += [call(day).replace("s,c,", "s,d,") for day in range(11, 15)]
    operator.write("2025-01", *rows, *LATE)
    operator.params["circle"] = {"coverage": 0.5}
    operator.write_params()
    marts = operator.by_stages()
    assert operator.rows("circle")[0]["effective_contacts_count"] == 1
    assert operator.command() == marts
    other = tmp_path / "other.yaml"
    other.write_text("time: {close_days: 27}\n")
    later = operator.command("--params", str(other))
    assert later["circle"] != marts["circle"]
    # The fourth of January was known before 28 February, the fifth was not.
    assert later["volume"] != marts["volume"]
    other.write_text("circle: {coverag: 0.5}\n")
    with pytest.raises(UsageError, match=r"other.yaml.*circle.coverag.*did you mean 'coverage'"):
        operator.command("--params", str(other))


def test_without_parameters_the_defaults_hold(operator, tmp_path, monkeypatch):
    # The folder's parameters say otherwise than the defaults; out of it they say nothing.
    operator.write("2025-01", *IN_TIME, *LATE)
    closed = operator.command()
    operator.params["time"] = {"close_days": 27}
    operator.write_params()
    assert operator.command() != closed
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert operator.command() == closed


def test_the_command_refuses_real_telephone_numbers(operator):
    operator.write("2025-01", call(2).replace("s,c,", "13800138000,13912345678,"))
    with pytest.raises(DataRefused, match="look like telephone numbers") as refused:
        operator.command()
    assert "138" not in str(refused.value)
    assert not (operator.out / "month=2025-01").exists()
    operator.params["extracts"]["allow_phone_like_ids"] = True
    operator.write_params()
    assert set(operator.command()) == {"edges", "usage", "circle", "volume"}
