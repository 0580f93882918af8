"""Publishing into a real PostgreSQL."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from publish_world import (
    AS_OF,
    PASSWORD,
    PEOPLE,
    PLACES,
    ROOT,
    Base,
    Model,
    reasons,
    scores,
    send,
    write,
)

from churnlight.errors import ChurnlightError
from churnlight.paths import Project
from churnlight.publish.connecting import connected
from churnlight.publish.layout import TABLES, VIEWS

pytestmark = pytest.mark.slow
OTHER = Model(version="4", sha256="cd" * 32)
CURRENT = "select as_of::text, model_version from churnlight.churnlight_current group by 1, 2"


def test_scores_and_reasons_are_there_for_the_crm(project: Project, base: Base) -> None:
    write(project)
    done = send(project, base.target())
    assert (done.done, done.scores_count, done.reasons_count) == ("new", 5, 15)
    assert PASSWORD not in str(done)
    assert base.user not in str(done)
    found = base.rows(
        "select subscriber_id, tier, probability, monthly_bill_money, left_before_cutoff, "
        "call_place, as_of::text, model_version, value_at_risk_money, leaf, simulated "
        "from churnlight.churnlight_current order by 1"
    )
    assert [row[:5] for row in found] == list(PEOPLE)
    assert {row[0]: row[5] for row in found} == PLACES
    assert {row[6:8] for row in found} == {(AS_OF, Model().key)}
    assert found[1][8:] == (150.0, 7, False)
    # Who has left is flagged there, and on no list.
    listed = base.rows(
        "select subscriber_id, reasons_en, reasons_zh from churnlight.churnlight_call_list"
    )
    assert [row[0] for row in listed] == [102, 101, 103]
    assert listed[0][1].count("\n") == 1
    assert "9 days" in listed[0][1].splitlines()[1]
    assert "连续9天" in listed[0][2].splitlines()[1]
    # Sentences from yellow up; titles for all.
    words = base.rows(
        "select subscriber_id, bool_and(text_en is not null and text_zh is not null), "
        "bool_or(text_en is not null), bool_and(title_zh <> '' and meaning_zh <> '') "
        "from churnlight.churnlight_current_reasons group by 1 order by 1"
    )
    assert words == [(p[0], p[0] != 105, p[0] != 105, True) for p in PEOPLE]
    published = base.rows(
        "select cutoff, model_name, registry_version, learner, model_sha256, scores_count, "
        "reasons_count, call_list_count, published_by from churnlight.churnlight_publications"
    )
    assert published == [
        ("2026-01-04 00:00:00", "churnlight", "3", "gbm", "ab" * 32, 5, 15, 3, base.user)
    ]


def test_every_table_view_and_column_carries_a_comment(project: Project, base: Base) -> None:
    write(project)
    send(project, base.target())
    found = base.rows(
        "select c.relname, a.attname, col_description(c.oid, a.attnum), obj_description(c.oid) "
        "from pg_class c join pg_attribute a on a.attrelid = c.oid "
        "where c.relnamespace = 'churnlight'::regnamespace and c.relkind in ('r', 'v') "
        "and a.attnum > 0"
    )
    assert {row[0] for row in found} == {f"churnlight_{p.name}" for p in (*TABLES, *VIEWS)}
    assert [row[:2] for row in found if not row[2] or not row[3]] == []
    assert any("离网" in row[2] for row in found if row[1] == "probability")


def test_published_twice_nothing_changes(project: Project, base: Base) -> None:
    write(project)
    send(project, base.target())
    before = base.state()
    assert send(project, base.target()).done == "unchanged"
    assert base.state() == before


def test_rows_that_are_gone_from_a_month_scored_again_disappear(
    project: Project, base: Base
) -> None:
    write(project)
    send(project, base.target())
    people = (PEOPLE[0], (102, "yellow", 0.3, 300.0, False), (106, "red", 0.6, 10.0, False))
    write(project, scores(people))
    assert send(project, base.target()).done == "replaced"
    assert base.rows(
        "select subscriber_id, probability from churnlight.churnlight_scores order by 1"
    ) == [(101, 0.9), (102, 0.3), (106, 0.6)]
    assert base.rows(
        "select distinct subscriber_id from churnlight.churnlight_reasons order by 1"
    ) == [(101,), (102,), (106,)]


def test_another_model_stands_beside_and_the_last_published_is_read(
    project: Project, base: Base
) -> None:
    write(project)
    send(project, base.target())
    write(project, model=OTHER)
    assert send(project, base.target()).done == "new"
    assert base.rows(
        "select model_version, count(*) from churnlight.churnlight_scores group by 1 order by 1"
    ) == [(Model().key, 5), (OTHER.key, 5)]
    assert base.rows(CURRENT) == [(AS_OF, OTHER.key)]
    # An older month does not become the newest; a newer one does.
    write(project, as_of="2025-12-01")
    send(project, base.target(), "2025-12-01")
    assert base.rows(CURRENT) == [(AS_OF, OTHER.key)]
    write(project)
    assert send(project, base.target()).done == "made current"
    assert base.rows(CURRENT) == [(AS_OF, Model().key)]
    write(project, as_of="2026-02-01")
    send(project, base.target(), "2026-02-01")
    assert base.rows(CURRENT) == [("2026-02-01", Model().key)]
    assert base.rows("select count(*) from churnlight.churnlight_call_list") == [(3,)]


def test_rows_lost_in_the_database_are_put_back(project: Project, base: Base) -> None:
    write(project)
    send(project, base.target())
    base.run("delete from churnlight.churnlight_reasons where subscriber_id = 101")
    assert send(project, base.target()).done == "replaced"
    assert base.rows("select count(*) from churnlight.churnlight_reasons") == [(15,)]


def test_any_text_comes_through_as_it_is(project: Project, base: Base) -> None:
    ids = ['a"b', "c,d\n e", r"\.", "", "=1'; drop table x; --", "\\N", "号码😀", "NULL", "\t x "]
    people = tuple((i, *PEOPLE[n % 3][1:]) for n, i in enumerate(ids))
    said = reasons(ids)
    said["feature"] = "brand_category"
    said["value"] = [ids[i % len(ids)] for i in range(len(said))]
    write(project, scores(people), said=said)
    send(project, base.target())
    found = base.rows("select subscriber_id from churnlight.churnlight_scores")
    assert sorted(row[0] for row in found) == sorted(ids)
    stored = base.rows(
        "select subscriber_id, direction, rank, value from churnlight.churnlight_reasons"
    )
    expected = zip(
        said["subscriber_id"], said["direction"], said["rank"], said["value"], strict=True
    )
    assert sorted(stored) == sorted(expected)
    kinds = base.rows(
        "select distinct data_type from information_schema.columns "
        "where table_schema = 'churnlight' and column_name = 'subscriber_id'"
    )
    assert kinds == [("text",)]


def test_schema_and_names_are_the_operators(project: Project, base: Base) -> None:
    write(project)
    base.run(f"create schema crm authorization {base.user}")
    send(project, base.target(schema="crm", prefix=""))
    send(project, base.target(schema="Public2", prefix="risk_"))
    assert base.rows("select count(*) from crm.call_list") == [(3,)]
    assert base.rows('select count(*) from "Public2".risk_current') == [(5,)]


def test_a_password_from_a_passfile(
    project: Project, base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project)
    monkeypatch.delenv("PGPASSWORD")
    passfile = tmp_path / "crm.pgpass"
    passfile.write_text(f"127.0.0.1:*:*:{base.user}:{PASSWORD}\n")
    passfile.chmod(0o600)
    assert send(project, base.target(passfile=passfile)).done == "new"
    (tmp_path / ".pgpass").write_text(passfile.read_text())
    (tmp_path / ".pgpass").chmod(0o600)
    service = tmp_path / ".pg_service.conf"
    service.write_text(
        f"[crm]\nhost=127.0.0.1\nport={base.server.port}\ndbname={base.name}\nuser={base.user}\n"
    )
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / ".pgpass"))
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    from churnlight.publish import parse_target

    assert send(project, parse_target("postgresql:///?service=crm")).done == "unchanged"


def refused(project: Project, base: Base, **changes: Any) -> str:
    with pytest.raises(ChurnlightError) as failed:
        send(project, base.target(**changes))
    said = str(failed.value)
    assert "\n" not in said
    assert PASSWORD not in said
    return said


def test_no_connection_is_one_line(
    project: Project, base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project)
    monkeypatch.setenv("PGPASSWORD", f"{PASSWORD}-wrong")
    said = refused(project, base)
    assert "password authentication failed" in said
    assert "local scores are whole" in said
    monkeypatch.delenv("PGPASSWORD")
    assert "set PGPASSWORD, or a passfile" in refused(project, base)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    lost = Base(base.server, "nowhere", base.user)
    assert 'database "nowhere" does not exist' in refused(project, lost)


def test_a_read_only_session_is_one_line(project: Project, base: Base) -> None:
    write(project)
    send(project, base.target())
    write(project, model=OTHER)
    base.run(f"alter role {base.user} set default_transaction_read_only = on")
    assert "read-only" in refused(project, base)
    assert base.rows(CURRENT) == [(AS_OF, Model().key)]
    base.run(f"alter role {base.user} reset default_transaction_read_only")
    assert send(project, base.target()).done == "new"


def test_missing_rights_are_one_line(project: Project, base: Base) -> None:
    write(project)
    base.run(f"alter database {base.name} owner to admin")
    assert f"permission denied for database {base.name}" in refused(project, base)
    base.run("create schema churnlight")
    assert "permission denied for schema churnlight" in refused(project, base)
    base.run(f"grant usage, create on schema churnlight to {base.user}")
    assert send(project, base.target()).done == "new"
    base.run(f"revoke insert on churnlight.churnlight_scores from {base.user}")
    write(project, model=OTHER)
    assert "permission denied for table churnlight_scores" in refused(project, base)
    assert base.rows(CURRENT) == [(AS_OF, Model().key)]


def test_tables_of_something_else_are_left_alone(project: Project, base: Base) -> None:
    write(project)
    base.run("create schema churnlight", "create table churnlight.churnlight_scores (a int)")
    base.run(f"grant all on schema churnlight to {base.user}")
    assert "churnlight_scores, which churnlight did not make" in refused(project, base)
    assert send(project, base.target(prefix="risk_")).done == "new"
    base.run("update churnlight.risk_meta set layout_version = 3")
    assert "layout_version 3, this churnlight writes 2" in refused(project, base, prefix="risk_")


def test_tables_with_other_columns_are_named(project: Project, base: Base) -> None:
    write(project)
    send(project, base.target())
    people = tuple((f"S{p[0]}", *p[1:]) for p in PEOPLE)
    write(project, scores(people))
    said = refused(project, base)
    assert "subscriber_id is bigint, expected text" in said
    write(project)
    base.run("alter table churnlight.churnlight_scores drop column leaf cascade")
    assert "leaf is missing, expected bigint" in refused(project, base)


def test_a_database_that_cannot_hold_chinese_is_one_line(project: Project, base: Base) -> None:
    write(project)
    with closing(base.server.admin()) as admin:
        admin.execute(
            f"create database latin_{base.name} encoding 'LATIN1' template template0 "
            f"owner {base.user}"
        )
        try:
            other = Base(base.server, f"latin_{base.name}", base.user)
            assert "can't hold Chinese text" in refused(project, other)
        finally:
            admin.execute(f"drop database latin_{base.name} with (force)")


def test_a_refused_value_is_not_shown(project: Project, base: Base) -> None:
    said = reasons([p[0] for p in PEOPLE])
    said["feature"] = "brand_category"
    said.loc[4, "value"] = "nul\x00in 102"
    write(project, said=said)
    message = refused(project, base)
    assert "refused a value" in message
    assert "102" not in message
    assert base.rows("select count(*) from pg_namespace where nspname = 'churnlight'") == [(0,)]


def test_rows_that_the_database_drops_are_missed(project: Project, base: Base) -> None:
    write(project)
    send(project, base.target())
    base.run(
        "create function drop_row() returns trigger language plpgsql as "
        "'begin if new.subscriber_id = 105 then return null; end if; return new; end'",
        "create trigger t before insert on churnlight.churnlight_scores "
        "for each row execute function drop_row()",
    )
    before = base.state()
    write(project, model=OTHER)
    assert "the database has 4 scores" in refused(project, base)
    assert base.state() == before


def test_a_lost_connection_is_one_line(project: Project, base: Base) -> None:
    write(project)
    with pytest.raises(ChurnlightError, match="was lost"):
        lose(base)


def lose(base: Base) -> None:
    """What a server that is shut down in the middle does."""
    with connected(base.target()) as connection:
        base.run(f"select pg_terminate_backend({connection.info.backend_pid})")
        connection.execute("select 1")


def test_words_are_brought_up_to_date(project: Project, base: Base) -> None:
    """A newer churnlight says things better: comments and dictionary follow."""
    write(project)
    send(project, base.target())
    base.run(
        "comment on column churnlight.churnlight_scores.tier is 'old'",
        "update churnlight.churnlight_reason_words set title_zh = 'old'",
        "update churnlight.churnlight_meta set words_sha256 = 'old'",
    )
    assert send(project, base.target()).done == "unchanged"
    query = "select col_description('churnlight.churnlight_scores'::regclass, 4)"
    assert "风险档位" in base.rows(query)[0][0]
    query = "select count(*) from churnlight.churnlight_reason_words where title_zh = 'old'"
    assert base.rows(query) == [(0,)]


def sql_of(title: str) -> str:
    """The SQL under a heading of docs/publish.md."""
    page = (ROOT / "docs" / "publish.md").read_text(encoding="utf-8")
    section = page.split(f"## {title}\n")[1].split("\n## ")[0]
    return section.split("```sql\n")[1].split("```")[0]


def test_the_page_s_roles_and_join_work(project: Project, base: Base) -> None:
    """Roles, then a publish, then the grants, then the join: as docs/publish.md says."""
    write(project)
    owner = Base(base.server, base.name, "churnlight_writer")
    try:
        base.run(*split(sql_of("Roles")))
        base.run(f"alter role churnlight_writer password '{PASSWORD}'")
        base.run(f"alter role crm_reader login password '{PASSWORD}'")
        assert send(project, owner.target()).done == "new"
        base.run(*split(sql_of("What the CRM may read")))
        base.run(*split(sql_of("Back to the numbers")))
        reader = Base(base.server, base.name, "crm_reader")
        with connected(reader.target()) as connection:
            listed = connection.execute("select * from crm.calls").fetchall()
            assert [row[:3] for row in listed] == [(1, "13800000102", "red")]
            denied(connection, "select * from churnlight.churnlight_scores")
            denied(connection, "select * from crm.subscriber_map")
        with connected(owner.target()) as connection:
            denied(connection, "select * from crm.subscriber_map")
        base.run(*split(sql_of("Old months")))
        assert base.rows(CURRENT) == [(AS_OF, Model().key)]
        base.run(*split(sql_of("Take a month back")))
        assert base.rows(CURRENT) == []
        assert send(project, owner.target()).done == "new"
    finally:
        base.run("drop owned by churnlight_writer, crm_reader, crm_owner cascade")
        base.run("drop role churnlight_writer, crm_reader, crm_owner")


def denied(connection: Any, query: str) -> None:
    with pytest.raises(Exception, match="permission denied"), connection.transaction():
        connection.execute(query)


def split(script: str) -> list[str]:
    lines = [line for line in script.splitlines() if not line.lstrip().startswith("--")]
    return [s.strip() for s in "\n".join(lines).split(";") if s.strip()]
