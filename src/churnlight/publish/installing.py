"""Tables and views in PostgreSQL: made where they are missing, held to where they are there.

Names go through the driver's composition of SQL; nothing of the data ever becomes SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

from churnlight.errors import ChurnlightError
from churnlight.publish.layout import (
    CORE,
    FEATURE_WORDS,
    LAYOUT_VERSION,
    META,
    PUBLICATIONS,
    REASON_WORDS,
    REASONS_TABLE,
    SCORES,
    TABLES,
    VIEWS,
    feature_rows,
    reason_rows,
    words_sha256,
)
from churnlight.publish.layout_beside import BESIDE, PLAN, PLAN_CALLS
from churnlight.publish.table import Column, Table, View

if TYPE_CHECKING:
    import psycopg

# Which rows are the newest month's, by the model that was published last for it.
_NEWEST = """
    join {publications} p on p.as_of = {of}.as_of and p.model_version = {of}.model_version
    where p.is_current and p.as_of = (select max(as_of) from {publications})
"""
_STATEMENTS = {
    "current": "select {scores_columns}, p.simulated from {scores} s {newest_scores}",
    "current_reasons": """
        select {reasons_columns}, w.title_en, w.title_zh, f.unit, f.meaning_en, f.meaning_zh,
            p.simulated
        from {reasons} r
        left join {reason_words} w on w.reason = r.reason and w.direction = r.direction
        left join {feature_words} f on f.feature = r.feature
        {newest_reasons}
    """,
    # The reasons that raise the score, one a line. Who is control stays away from every list.
    "call_list": """
        select s.call_place, s.subscriber_id, s.tier, s.probability, s.monthly_bill_money,
            s.value_at_risk_money, s.rose_from, s.models_apart, said.reasons_en, said.reasons_zh,
            s.as_of, s.model_version, p.simulated
        from {scores} s
        left join lateral (
            select string_agg(r.text_en, chr(10) order by r.rank) as reasons_en,
                string_agg(r.text_zh, chr(10) order by r.rank) as reasons_zh
            from {reasons} r
            where r.as_of = s.as_of and r.model_version = s.model_version
                and r.subscriber_id = s.subscriber_id and r.direction = 'up'
        ) said on true
        {newest_scores} and s.call_place is not null and not s.left_before_cutoff
            and not exists (
                select from {plan} q
                where q.as_of = s.as_of and q.model_version = s.model_version
                    and q.subscriber_id = s.subscriber_id
                    and (q.arm = 'control' or q.suppressed_by is not null)
            )
        order by s.call_place
    """,
    "plan_calls": """
        select q.plan_place, q.subscriber_id, q.region, q.tier, q.reason, w.title_en, w.title_zh,
            q.offer_en, q.offer_zh, q.never_en, q.never_zh, q.wording_en, q.wording_zh, q.channel,
            q.action, q.expected_profit_money, q.rate_source, q.offers_from, q.as_of,
            q.model_version, p.simulated
        from {plan} q
        left join {reason_words} w on w.reason = q.reason and w.direction = 'up'
        {newest_plan} and q.plan_place is not null and q.status = 'listed' and q.arm = 'treated'
            and q.suppressed_by is null
        order by q.plan_place
    """,
}
# The layout before had neither plan nor segments; its other tables are the same.
_BEFORE = 1


@dataclass(frozen=True)
class Names:
    """Names in the database.

    Attributes:
        schema: of all.
        prefix: of tables and views.
    """

    schema: str
    prefix: str

    def of(self, name: str) -> sql.Identifier:
        """A table or view."""
        return sql.Identifier(self.schema, self.prefix + name)

    def all(self) -> dict[str, sql.Identifier]:
        """Every table, by its name without the prefix."""
        return {table.name: self.of(table.name) for table in TABLES}


def install(cursor: psycopg.Cursor[Any], names: Names, id_type: str) -> None:
    """Make schema, tables and views, or hold to those that are there.

    Args:
        cursor: inside the transaction.
        names: in the database.
        id_type: PostgreSQL's type of subscriber_id.

    Raises:
        ChurnlightError: when tables of these names have other columns or another layout.
    """
    there = relations(cursor, names)
    if names.prefix + META.name not in there:
        if there:
            raise ChurnlightError(
                f"schema {names.schema} has {', '.join(sorted(there))}, which churnlight did not "
                "make: publish into another --schema, or with another --prefix"
            )
        _make(cursor, names, id_type)
        return
    cursor.execute(sql.SQL("select layout_version from {}").format(names.of(META.name)))
    row = cursor.fetchone()
    version = row[0] if row else None
    if version == _BEFORE:
        _hold(cursor, names, id_type, CORE)
        _upgrade(cursor, names, id_type, there)
        version = LAYOUT_VERSION
    if version != LAYOUT_VERSION:
        raise ChurnlightError(
            f"the tables in schema {names.schema} have layout_version {version}, this churnlight "
            f"writes {LAYOUT_VERSION}: use the churnlight that made them, or another --schema"
        )
    _hold(cursor, names, id_type)


def refresh_words(cursor: psycopg.Cursor[Any], names: Names) -> bool:
    """Bring comments, dictionary and titles up to date; tell whether they were not."""
    meta = names.of(META.name)
    cursor.execute(sql.SQL("select words_sha256 from {}").format(meta))
    row = cursor.fetchone()
    if row is not None and row[0] == words_sha256():
        return False
    _comment(cursor, names)
    for table, rows in ((FEATURE_WORDS, feature_rows()), (REASON_WORDS, reason_rows())):
        cursor.execute(sql.SQL("delete from {}").format(names.of(table.name)))
        cursor.executemany(_insert(names, table), rows)
    cursor.execute(sql.SQL("update {} set words_sha256 = %s").format(meta), [words_sha256()])
    return True


def _insert(names: Names, table: Table) -> sql.Composed:
    return sql.SQL("insert into {} ({}) values ({})").format(
        names.of(table.name),
        sql.SQL(", ").join(map(sql.Identifier, table.names)),
        sql.SQL(", ").join([sql.Placeholder()] * len(table.names)),
    )


def relations(cursor: psycopg.Cursor[Any], names: Names) -> set[str]:
    """Those of our names that are taken, whoever took them."""
    ours = [names.prefix + part.name for part in (*TABLES, *VIEWS)]
    cursor.execute(
        "select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = %s and c.relname = any(%s)",
        [names.schema, ours],
    )
    return {row[0] for row in cursor.fetchall()}


def _make(cursor: psycopg.Cursor[Any], names: Names, id_type: str) -> None:
    cursor.execute("select 1 from pg_namespace where nspname = %s", [names.schema])
    # `if not exists` would ask for the right to make schemas where there is one already.
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("create schema {}").format(sql.Identifier(names.schema)))
    _make_tables(cursor, names, id_type, TABLES)
    _make_rules(cursor, names)
    _make_rules_beside(cursor, names)
    _make_views(cursor, names, VIEWS)
    cursor.execute(
        sql.SQL("insert into {} (layout_version, words_sha256) values (%s, '')").format(
            names.of(META.name)
        ),
        [LAYOUT_VERSION],
    )


def _upgrade(cursor: psycopg.Cursor[Any], names: Names, id_type: str, there: set[str]) -> None:
    """Bring the layout before to this one: it keeps its rows, and what others have been granted.

    Raises:
        ChurnlightError: when a new name is taken.
    """
    new = [names.prefix + part.name for part in (*BESIDE, PLAN_CALLS)]
    if taken := sorted(there & set(new)):
        raise ChurnlightError(
            f"schema {names.schema} has {', '.join(taken)}, which churnlight did not make, and "
            "needs these names now: rename yours, or publish into another --schema"
        )
    _make_tables(cursor, names, id_type, BESIDE)
    _make_rules_beside(cursor, names)
    _make_views(cursor, names, [v for v in VIEWS if v.name in {"call_list", PLAN_CALLS.name}])
    meta = names.of(META.name)
    cursor.execute(
        sql.SQL("update {} set layout_version = %s, words_sha256 = ''").format(meta),
        [LAYOUT_VERSION],
    )


def _make_tables(
    cursor: psycopg.Cursor[Any], names: Names, id_type: str, tables: Iterable[Table]
) -> None:
    for table in tables:
        parts = [_column(c) for c in table.columns_with(id_type)]
        key = sql.SQL(", ").join(map(sql.Identifier, table.key))
        parts.append(sql.SQL("primary key ({})").format(key))
        cursor.execute(
            sql.SQL("create table {} ({})").format(names.of(table.name), sql.SQL(", ").join(parts))
        )


def _make_views(cursor: psycopg.Cursor[Any], names: Names, views: Iterable[View]) -> None:
    for view in views:
        statement = sql.SQL(_STATEMENTS[view.name]).format(
            scores_columns=_listed("s", SCORES),
            reasons_columns=_listed("r", REASONS_TABLE),
            newest_scores=_newest("s", names),
            newest_reasons=_newest("r", names),
            newest_plan=_newest("q", names),
            **names.all(),
        )
        cursor.execute(
            sql.SQL("create or replace view {} as {}").format(names.of(view.name), statement)
        )


def _newest(of: str, names: Names) -> sql.Composed:
    publications = names.of(PUBLICATIONS.name)
    return sql.SQL(_NEWEST).format(of=sql.Identifier(of), publications=publications)


def _make_rules(cursor: psycopg.Cursor[Any], names: Names) -> None:
    """What the tables themselves hold to."""
    scores, publications = names.of(SCORES.name), names.of(PUBLICATIONS.name)
    for statement in (
        # One model of an as_of is current.
        sql.SQL("create unique index on {} (as_of) where is_current").format(publications),
        sql.SQL("alter table {} add check (call_place is null or not left_before_cutoff)").format(
            scores
        ),
        sql.SQL(
            "create index on {} (as_of, model_version, call_place) where call_place is not null"
        ).format(scores),
        sql.SQL("alter table {} add check (only_row)").format(names.of(META.name)),
    ):
        cursor.execute(statement)


def _make_rules_beside(cursor: psycopg.Cursor[Any], names: Names) -> None:
    """Nobody of the control group, and nobody who must not be contacted, gets a place to call."""
    cursor.execute(
        sql.SQL(
            "alter table {} add check (plan_place is null or (status = 'listed' "
            "and arm is not distinct from 'treated' and suppressed_by is null))"
        ).format(names.of(PLAN.name))
    )


def _column(column: Column) -> sql.Composed:
    # Types and defaults are constants of layout.py.
    parts: list[sql.Composable] = [sql.Identifier(column.name), sql.SQL(column.type)]
    if column.required:
        parts.append(sql.SQL("not null"))
    if column.default:
        parts.append(sql.SQL("default " + column.default))
    return sql.SQL(" ").join(parts)


def _listed(alias: str, table: Table) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) for name in table.names)


def _comment(cursor: psycopg.Cursor[Any], names: Names) -> None:
    for table in TABLES:
        _say(cursor, sql.SQL("table {}").format(names.of(table.name)), table.says)
        _say_columns(cursor, names, table.name, table.columns)
    said = {c.name: c for table in (*BESIDE, *CORE) for c in table.columns}
    for view in VIEWS:
        _say(cursor, sql.SQL("view {}").format(names.of(view.name)), view.says)
        known = said | {c.name: c for c in view.more}
        shown = [known[c] for c in _columns_of(cursor, names, view.name)]
        _say_columns(cursor, names, view.name, shown)


def _say_columns(
    cursor: psycopg.Cursor[Any], names: Names, relation: str, columns: Iterable[Column]
) -> None:
    for column in columns:
        place = sql.Identifier(names.schema, names.prefix + relation, column.name)
        _say(cursor, sql.SQL("column {}").format(place), column.says)


def _say(cursor: psycopg.Cursor[Any], what: sql.Composed, text: str) -> None:
    cursor.execute(sql.SQL("comment on {} is {}").format(what, sql.Literal(text)))


def _columns_of(cursor: psycopg.Cursor[Any], names: Names, relation: str) -> dict[str, str]:
    """Columns of a table or view with their types, as PostgreSQL writes them."""
    cursor.execute(
        "select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a "
        "join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped "
        "order by a.attnum",
        [names.schema, names.prefix + relation],
    )
    return dict(cursor.fetchall())


def _hold(
    cursor: psycopg.Cursor[Any], names: Names, id_type: str, tables: Iterable[Table] = TABLES
) -> None:
    for table in tables:
        there = _columns_of(cursor, names, table.name)
        if wrong := _differences(there, table.columns_with(id_type)):
            raise ChurnlightError(
                f"table {names.schema}.{names.prefix}{table.name} is not as churnlight writes it: "
                f"{'; '.join(wrong)}. Publish into another --schema, or drop the tables"
            )


def _differences(there: dict[str, str], wanted: Sequence[Column]) -> list[str]:
    return [
        f"{c.name} is {there.get(c.name, 'missing')}, expected {c.type}"
        for c in wanted
        if there.get(c.name) != c.type
    ]
