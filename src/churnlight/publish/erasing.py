"""Delete one subscriber's rows from every published month, in one transaction."""

from __future__ import annotations

from churnlight.errors import UsageError
from churnlight.publish.target import Target


def erase(target: Target, subscriber: str) -> dict[str, int]:
    """Delete a subscriber from all tables of all months and models.

    Who publishes a month again after that replaces it, if the person was in it.

    Args:
        target: of PostgreSQL, as `churnlight publish --to` has it.
        subscriber: the id; as text, whatever the type in the database.

    Returns:
        Rows deleted by table.

    Raises:
        UsageError: when the target is no PostgreSQL.
        ChurnlightError, Locked: see `connecting.connected`; the database is as before.
    """
    if target.kind != "postgres":
        raise UsageError(
            "--published takes postgresql://...: files that were published stand in nobody's "
            "register, so delete them and publish again"
        )
    from psycopg import sql

    from churnlight.publish.connecting import connected
    from churnlight.publish.installing import Names, relations
    from churnlight.publish.layout import TABLES

    names = Names(target.schema, target.prefix)
    gone: dict[str, int] = {}
    with connected(target) as connection, connection.cursor() as cursor:
        there = relations(cursor, names)
        for table in TABLES:
            column = "subscriber_id"
            if column not in table.names or names.prefix + table.name not in there:
                continue
            cursor.execute(
                sql.SQL("delete from {} where lower({}::text) = %s").format(
                    names.of(table.name), sql.Identifier(column)
                ),
                [subscriber],
            )
            gone[table.name] = cursor.rowcount
    return gone
