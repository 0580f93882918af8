"""Plan, segments and services beside the scores: in PostgreSQL, CSV and Parquet."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from publish_world import AS_OF, PEOPLE, Base, Model, scores, send, write

from churnlight import files
from churnlight.errors import ChurnlightError
from churnlight.paths import Project
from churnlight.plan.building import COLUMNS
from churnlight.plan.sheet import COLUMNS as CALLS_COLUMNS
from churnlight.plan.storing import CALLS, FILE, write_calls, write_plan
from churnlight.publish import parse_target
from churnlight.publish.layout import CORE, VIEWS
from churnlight.publish.layout_beside import BESIDE

# 101 is to be called, 102 is control, 103 must not be contacted, 104 and 105 are not in the plan.
ROWS = (
    (101, "white", 0.90, 100.0, "listed", None, "treated", 7.5),
    (102, "red", 0.50, 300.0, "listed", None, "control", 99.0),
    (103, "yellow", 0.20, None, "suppressed", "port_out", None, None),
)
SERVED = ((101, 1, 701), (101, 2, 702), (105, 1, 702))


def write_world(project: Project, rows: tuple[Any, ...] = ROWS) -> None:
    """A plan and its callers' sheet, segments and services, as the stages leave them."""
    names = ("subscriber_id", "tier", "probability", "monthly_bill_money", "status")
    frame = pd.DataFrame(
        rows, columns=[*names, "suppressed_by", "arm", "expected_profit_money"]
    ).astype({"monthly_bill_money": float, "expected_profit_money": float})
    there = frame["arm"].notna()
    frame = frame.assign(
        as_of=AS_OF,
        account_id=[1, 2, 3][: len(frame)],
        region="=cmd",
        reason="bill_falling",
        segment="S1",
        cycle=pd.Series(AS_OF, index=frame.index, dtype=object).where(there, None),
        rule=1,
        action="care_call",
        channel="call",
        rate_source="assumed",
        offers_from=date(2026, 1, 6),
        calls=1,
    ).reindex(columns=list(COLUMNS))
    folder = project.plan(AS_OF)
    folder.mkdir(parents=True, exist_ok=True)
    write_plan(frame.astype(object).where(frame.notna(), None), folder / FILE)
    called = frame[(frame["arm"] == "treated") & frame["suppressed_by"].isna()]
    texts = {c: f"{c} of it" for c in CALLS_COLUMNS if c.endswith(("_en", "_zh"))}
    called = called.assign(place=range(1, len(called) + 1), **texts)
    write_calls(called[list(CALLS_COLUMNS)], folder / CALLS)
    folder = project.segments(AS_OF)
    folder.mkdir(parents=True, exist_ok=True)
    ids = [p[0] for p in PEOPLE]
    pd.DataFrame({"subscriber_id": ids, "segment": "S1"}).to_parquet(folder / "segments.parquet")
    pd.DataFrame(SERVED, columns=["subscriber_id", "rank", "service_id"]).assign(
        level=3
    ).to_parquet(folder / "services.parquet")
    said = {"code": "S1", "name_en": "No texts", "name_zh": "短信较少"}
    files.write_json(folder / "segments.json", {"segments": [said]})


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_csv_has_the_plan_beside(project: Project, tmp_path: Path) -> None:
    write(project)
    write_world(project)
    target = parse_target(str(tmp_path / "x.csv"))
    done = send(project, target)
    assert (done.plan_count, done.plan_calls_count) == (3, 1)
    assert (done.segments_count, done.services_count) == (5, 3)
    assert "1 offers planned" in str(done)
    first, control, out, *others = rows_of(tmp_path / "x.csv")
    assert (first["plan_status"], first["plan_arm"], first["plan_place"]) == (
        *("listed", "treated", "1"),
    )
    assert first["plan_offer_zh"] == "offer_zh of it"
    assert first["plan_expected_profit_money"] == "7.5"
    assert (first["segment_name_zh"], first["service_1"], first["service_2"]) == (
        *("短信较少", "701", "702"),
    )
    assert control["plan_arm"] == "control"
    # What nobody is to be offered stands in no row.
    for row in (control, out, *others):
        assert row["plan_place"] == row["plan_channel"] == row["plan_offer_en"] == ""
        assert row["plan_expected_profit_money"] == ""
    assert out["plan_suppressed_by"] == "port_out"
    assert {row["plan_status"] for row in others} == {""}
    before = (tmp_path / "x.csv").read_bytes()
    assert send(project, target).done == "unchanged"
    assert (tmp_path / "x.csv").read_bytes() == before
    # Without a plan there is nothing of it.
    shutil.rmtree(project.plan(AS_OF))
    shutil.rmtree(project.segments(AS_OF))
    assert send(project, target).done == "replaced"
    assert not [c for c in rows_of(tmp_path / "x.csv")[0] if c.startswith(("plan_", "segment"))]


def test_parquet_has_the_tables_beside(project: Project, tmp_path: Path) -> None:
    write(project)
    write_world(project)
    target = parse_target(str(tmp_path / "out"))
    assert send(project, target).done == "new"
    assert send(project, target).done == "unchanged"
    place = tmp_path / "out" / f"as_of={AS_OF}" / f"model_version={Model().key}"
    for table in BESIDE:
        stored = pq.read_table(place / f"{table.name}.parquet", partitioning=None)
        assert stored.schema.names == list(table.names)
        assert all(f.metadata[b"comment"] for f in stored.schema)
    plan = pq.read_table(place / "plan.parquet", partitioning=None).to_pylist()
    assert [r["plan_place"] for r in plan] == [1, None, None]
    assert plan[0]["cycle"] == date(2026, 1, 1)
    # A month without them has the files of before.
    shutil.rmtree(project.plan(AS_OF))
    shutil.rmtree(project.segments(AS_OF))
    assert send(project, target).done == "replaced"
    assert {p.name for p in place.iterdir()} == {
        *("scores.parquet", "reasons.parquet", "words.json", "publication.json"),
    }


def refused(project: Project, tmp_path: Path) -> str:
    with pytest.raises(ChurnlightError) as failed:
        send(project, parse_target(str(tmp_path / "x.csv")))
    assert not (tmp_path / "x.csv").exists()
    said = str(failed.value)
    assert not any(str(p[0]) in said for p in PEOPLE), "no subscriber_id in an error"
    return said


def test_a_plan_that_does_not_fit_is_refused(project: Project, tmp_path: Path) -> None:
    write(project)
    write_world(project)
    people = tuple((*p[:2], p[2] / 2, *p[3:]) for p in PEOPLE)
    write(project, scores(people))
    said = refused(project, tmp_path)
    assert "it was made from other scores" in said
    assert f"`churnlight plan --as-of {AS_OF}`" in said
    write(project)
    (project.plan(AS_OF) / CALLS).unlink()
    assert f"there is no {CALLS}" in refused(project, tmp_path)
    # A sheet with the control group on it.
    write_world(project, (ROWS[0], (*ROWS[1][:6], "treated", 99.0), ROWS[2]))
    sheet = (project.plan(AS_OF) / CALLS).read_bytes()
    write_world(project)
    (project.plan(AS_OF) / CALLS).write_bytes(sheet)
    assert "others than those to call" in refused(project, tmp_path)
    write_world(project, (ROWS[0], ROWS[0]))
    assert "names somebody twice" in refused(project, tmp_path)
    (project.plan(AS_OF) / FILE).write_bytes(b"PAR1")
    assert "makes it anew" in refused(project, tmp_path)


def beside(base: Base) -> list[Any]:
    query = "select xmin::text, t.* from churnlight.churnlight_{} t order by 2, 3, 4, 5"
    return [base.rows(query.format(table.name)) for table in BESIDE]


@pytest.mark.slow
def test_postgres_has_them_and_nobody_calls_the_control_group(project: Project, base: Base) -> None:
    write(project)
    # As an older churnlight left it: layout 1, with a view of the operator's own on ours.
    send(project, base.target())
    base.run(
        "drop view churnlight.churnlight_plan_calls",
        "create or replace view churnlight.churnlight_call_list as "
        + base.rows("select pg_get_viewdef('churnlight.churnlight_call_list'::regclass)")[0][0]
        .split("AND (NOT (EXISTS")[0]
        .rstrip()
        + ") order by s.call_place",
        *(f"drop table churnlight.churnlight_{table.name}" for table in BESIDE),
        "update churnlight.churnlight_meta set layout_version = 1",
        "create view mine as select subscriber_id from churnlight.churnlight_call_list",
    )
    assert base.rows("select * from mine") == [(102,), (101,), (103,)]
    write_world(project)
    assert send(project, base.target()).done == "replaced"
    assert base.rows("select layout_version from churnlight.churnlight_meta") == [(2,)]
    # The full table has all, the callers' view who is to be called, neither list the others.
    assert base.rows(
        "select subscriber_id, arm, suppressed_by, plan_place, cycle::text, offer_en "
        "from churnlight.churnlight_plan order by 1"
    ) == [
        (101, "treated", None, 1, AS_OF, "offer_en of it"),
        (102, "control", None, None, AS_OF, None),
        (103, None, "port_out", None, None, None),
    ]
    assert base.rows(
        "select subscriber_id, plan_place, offer_zh, channel, expected_profit_money, rate_source, "
        "region, title_zh <> '', offers_from::text from churnlight.churnlight_plan_calls"
    ) == [(101, 1, "offer_zh of it", "call", 7.5, "assumed", "=cmd", True, "2026-01-06")]
    assert base.rows("select * from mine") == [(101,)]
    assert base.rows(
        "select subscriber_id, segment, name_zh from churnlight.churnlight_segments order by 1"
    ) == [(p[0], "S1", "短信较少") for p in PEOPLE]
    assert base.rows(
        "select subscriber_id, rank, service_id, level from churnlight.churnlight_services "
        "order by 1, 2"
    ) == [(i, rank, str(service), 3) for i, rank, service in SERVED]
    _comments(base)
    # Twice is once; what is lost is put back; a plan that is gone leaves no row.
    before = beside(base), base.state()
    assert send(project, base.target()).done == "unchanged"
    assert (beside(base), base.state()) == before
    base.run("delete from churnlight.churnlight_plan where subscriber_id = 102")
    assert send(project, base.target()).done == "replaced"
    assert base.rows("select count(*) from churnlight.churnlight_plan") == [(3,)]
    # The database itself gives nobody of the control group a place.
    with pytest.raises(Exception, match="check constraint"):
        base.run("update churnlight.churnlight_plan set plan_place = 2 where arm = 'control'")
    with pytest.raises(Exception, match="check constraint"):
        base.run("update churnlight.churnlight_plan set plan_place = 2 where arm is null")
    shutil.rmtree(project.plan(AS_OF))
    assert send(project, base.target()).done == "replaced"
    assert base.rows("select count(*) from churnlight.churnlight_plan") == [(0,)]
    assert base.rows("select * from mine") == [(102,), (101,), (103,)]


def _comments(base: Base) -> None:
    found = base.rows(
        "select c.relname, a.attname, col_description(c.oid, a.attnum) "
        "from pg_class c join pg_attribute a on a.attrelid = c.oid "
        "where c.relnamespace = 'churnlight'::regnamespace and c.relkind in ('r', 'v') "
        "and a.attnum > 0"
    )
    names = {p.name for p in (*CORE, *BESIDE, *VIEWS)}
    assert {row[0].removeprefix("churnlight_") for row in found} == names
    assert [row[:2] for row in found if not row[2]] == []
    said = {(row[0], row[1]): row[2] for row in found}
    # A column of one name means what its own table says.
    assert "Strongest reason" in said["churnlight_plan_calls", "reason"]
    assert "Calibrated" in said["churnlight_current", "probability"]
