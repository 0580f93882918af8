from __future__ import annotations

import stat
from pathlib import Path

import pytest
from publish_world import PASSWORD

from churnlight.errors import ChurnlightError, UsageError
from churnlight.publish import parse_target
from churnlight.publish.connecting import connected
from churnlight.publish.target import hold_no_password


@pytest.mark.parametrize(
    ("to", "kind"),
    [
        ("postgresql://writer@db.invalid:5432/crm", "postgres"),
        ("postgres:///crm?host=/run/postgresql", "postgres"),
        ("postgresql://writer@[::1]:5432/crm", "postgres"),
        ("postgresql://h1:5432,h2:5432/crm?target_session_attrs=read-write", "postgres"),
        ("out/january.csv", "csv"),
        ("january.CSV.gz", "csv"),
        ("out", "parquet"),
    ],
)
def test_target_is_told_by_its_form(to: str, kind: str) -> None:
    assert parse_target(to).kind == kind


@pytest.mark.parametrize(
    "to",
    [
        f"postgresql://writer:{PASSWORD}@db.invalid/crm",
        f"postgresql://writer:{PASSWORD}/x@db.invalid/crm",  # a slash in it
        f"postgresql://writer:{PASSWORD}@x@db.invalid/crm",  # an @ in it
        f"postgresql://:{PASSWORD}@db.invalid/crm",
        f"POSTGRESQL://writer:{PASSWORD}@db.invalid/crm",
        f"postgresql+psycopg://writer:{PASSWORD}@db.invalid/crm",
        f"mysql://writer:{PASSWORD}@db.invalid/crm",
        f"postgresql://writer@db.invalid/crm?password={PASSWORD}",
        f"postgresql://writer@db.invalid/crm?sslpassword={PASSWORD}",
        f"postgresql://writer@db.invalid/crm?%70assword={PASSWORD}",
        f"postgresql://writer@db.invalid/crm?PASSWORD={PASSWORD}",
        f"host=db.invalid password={PASSWORD}",
        f"host=db.invalid password = {PASSWORD}",
    ],
)
def test_a_password_is_refused_and_not_repeated(to: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_target(to)
    assert PASSWORD not in str(refused.value)
    assert "holds a password" in str(refused.value)


@pytest.mark.parametrize(
    "to",
    ["", "  ", "s3://bucket/x", f"ftp://{PASSWORD}@x", "host=db dbname=crm", "x.parquet", "x.xlsx"],
)
def test_what_is_no_target_is_refused(to: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_target(to)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u%zz@h/crm",  # libpq would quote it
        "postgresql://[::1/crm",
        "postgresql://h/crm?nonsense=1",
    ],
)
def test_what_the_driver_cannot_read_is_not_quoted(address: str) -> None:
    with pytest.raises(UsageError) as refused, connected(parse_target(address)):
        pass
    assert "PostgreSQL's client can read" in str(refused.value)
    assert address not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_address_is_held_again_before_it_is_used() -> None:
    with pytest.raises(UsageError):
        hold_no_password("postgresql://a:b@c/d")


def test_a_target_is_never_shown_with_its_address() -> None:
    assert "db.invalid" not in repr(parse_target("postgresql://writer@db.invalid/crm"))


@pytest.mark.parametrize("name", ["", "1st", "a-b", 'x"; drop', "a" * 60, "a b"])
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="--schema"):
        parse_target("postgresql://h/crm", schema=name)


def test_options_of_postgres_need_postgres(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--schema goes with"):
        parse_target(str(tmp_path / "x.csv"), schema="other")


def test_a_passfile_that_others_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pass"
    with pytest.raises(UsageError, match="missing"):
        parse_target("postgresql://h/crm", passfile=path)
    path.write_text(f"*:*:*:*:{PASSWORD}\n")
    path.chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600") as refused:
        parse_target("postgresql://h/crm", passfile=path)
    assert PASSWORD not in str(refused.value)
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    assert parse_target("postgresql://h/crm", passfile=path).passfile == path


def test_nobody_there_is_one_line() -> None:
    with (
        pytest.raises(ChurnlightError) as failed,
        connected(parse_target("postgresql://writer@127.0.0.1:1/crm")),
    ):
        pass
    said = str(failed.value)
    assert "port 1" in said
    assert "refused" in said
    assert "\n" not in said
