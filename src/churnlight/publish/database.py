"""Publish a partition into PostgreSQL, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from psycopg import sql

from churnlight.errors import ChurnlightError, Locked
from churnlight.logs import progress
from churnlight.publish.connecting import connected, place_of
from churnlight.publish.installing import Names, install, refresh_words
from churnlight.publish.layout import PUBLICATIONS, REASONS_TABLE, SCORES
from churnlight.publish.layout_beside import BESIDE, PLAN
from churnlight.publish.partition import Partition
from churnlight.publish.publication import publication_of
from churnlight.publish.table import Table
from churnlight.publish.target import Target

if TYPE_CHECKING:
    import psycopg

# A reader who keeps a table to itself must not hold the nightly batch for hours.
_LOCK_TIMEOUT = "60s"
_PLAIN = pa_csv.WriteOptions(include_header=False)


def to_postgres(partition: Partition, target: Target) -> tuple[str, str]:
    """Publish.

    Returns:
        What was done ("new", "replaced", "made current", "unchanged"), and where.

    Raises:
        UsageError, ChurnlightError, Locked: see `connected` and `install`; the database is as
            before.
    """
    names = Names(target.schema, target.prefix)
    with connected(target) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(_LOCK_TIMEOUT)))
        _lock(cursor, names)
        install(cursor, names, partition.id_type)
        done = _publish(cursor, names, partition)
        refresh_words(cursor, names)
        where = f"{place_of(connection)}, schema {target.schema}"
    return done, where


def _lock(cursor: psycopg.Cursor[Any], names: Names) -> None:
    """Keep other publishes out until the transaction ends, however it ends.

    Raises:
        Locked: when another one is running.
    """
    text = f"churnlight publish {names.schema}.{names.prefix}"
    key = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], signed=True)
    cursor.execute("select pg_try_advisory_xact_lock(%s)", [key])
    row = cursor.fetchone()
    if row is None or not row[0]:
        raise Locked(
            f"another `churnlight publish` is writing schema {names.schema} of this database: wait "
            "for it, or end it"
        )


def _publish(cursor: psycopg.Cursor[Any], names: Names, partition: Partition) -> str:
    key = [partition.as_of, partition.model.version]
    cursor.execute(
        sql.SQL(
            "select content_sha256, is_current from {} where as_of = %s and model_version = %s"
        ).format(names.of(PUBLICATIONS.name)),
        key,
    )
    before = cursor.fetchone()
    same = before is not None and before[0] == partition.content_sha256
    if same and _counts(cursor, names, key) == _expected(partition):
        if before is not None and before[1]:
            return "unchanged"
        _make_current(cursor, names, partition)
        return "made current"
    for content in partition.contents:
        # Of a plan that is not there any more no row may stay either.
        with progress(f"{content.table.name} published", content.count) as advance:
            _replace(cursor, names, content.table, key, _counted(content.batches(), advance))
    _hold_counts(cursor, names, partition)
    _make_current(cursor, names, partition)
    for content in partition.contents:
        cursor.execute(sql.SQL("analyze {}").format(names.of(content.table.name)))
    return "new" if before is None else "replaced"


def _counted(batches: Iterable[pa.Table], advance: Any) -> Iterable[pa.Table]:
    for batch in batches:
        yield batch
        advance(len(batch))


def _replace(
    cursor: psycopg.Cursor[Any],
    names: Names,
    table: Table,
    key: list[str],
    batches: Iterable[pa.Table],
) -> None:
    """Put rows in the place of those of this as_of and model."""
    cursor.execute(
        sql.SQL("delete from {} where as_of = %s and model_version = %s").format(
            names.of(table.name)
        ),
        key,
    )
    # As CSV, in which text is quoted and null is not.
    statement = sql.SQL("copy {} ({}) from stdin (format csv, encoding 'UTF8')").format(
        names.of(table.name), sql.SQL(", ").join(map(sql.Identifier, table.names))
    )
    with cursor.copy(statement) as copy:
        for batch in batches:
            buffer = BytesIO()
            pa_csv.write_csv(batch, buffer, _PLAIN)
            copy.write(buffer.getbuffer())


def _expected(partition: Partition) -> dict[str, int]:
    """Rows of each table, and places on the call list and the callers' sheet."""
    return {
        **{content.table.name: content.count for content in partition.contents},
        "places to call": partition.call_list_count,
        "places in the plan": partition.beside.calls_count,
    }


def _counts(cursor: psycopg.Cursor[Any], names: Names, key: list[str]) -> dict[str, int]:
    """As `_expected`, of the database."""
    wanted = {
        **{table.name: (table, "*") for table in (SCORES, REASONS_TABLE, *BESIDE)},
        "places to call": (SCORES, "call_place"),
        "places in the plan": (PLAN, "plan_place"),
    }
    found = {}
    for what, (table, column) in wanted.items():
        counted = sql.SQL("*") if column == "*" else sql.Identifier(column)
        cursor.execute(
            sql.SQL("select count({}) from {} where as_of = %s and model_version = %s").format(
                counted, names.of(table.name)
            ),
            key,
        )
        row = cursor.fetchone()
        found[what] = 0 if row is None else int(row[0])
    return found


def _hold_counts(cursor: psycopg.Cursor[Any], names: Names, partition: Partition) -> None:
    found = _counts(cursor, names, [partition.as_of, partition.model.version])
    if found != _expected(partition):
        raise ChurnlightError(
            f"the database has {_said(found)}; the partition has {_said(_expected(partition))}: "
            "a trigger or rule on the tables changes rows? Nothing was published"
        )


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _make_current(cursor: psycopg.Cursor[Any], names: Names, partition: Partition) -> None:
    """Write the publication, and make its model the one that the CRM reads of this as_of."""
    table = names.of(PUBLICATIONS.name)
    model = partition.model
    cursor.execute(
        sql.SQL(
            "update {} set is_current = false "
            "where as_of = %s and is_current and model_version <> %s"
        ).format(table),
        [partition.as_of, model.version],
    )
    values = publication_of(partition) | {
        "is_current": True,
        "content_sha256": partition.content_sha256,
    }
    columns = list(map(sql.Identifier, values))
    changed = sql.SQL(", ").join(
        [
            *(sql.SQL("{0} = excluded.{0}").format(c) for c in columns[2:]),
            sql.SQL("published_at = excluded.published_at, published_by = excluded.published_by"),
        ]
    )
    cursor.execute(
        sql.SQL(
            "insert into {} ({}) values ({}) on conflict (as_of, model_version) do update set {}"
        ).format(
            table,
            sql.SQL(", ").join(columns),
            sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
            changed,
        ),
        list(values.values()),
    )
