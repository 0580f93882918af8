"""A table, a view and a column as they are published, and the columns that many tables share."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

# The type of subscriber_id is the operator's own: see `Table.columns_with`.
_ID = "(id)"
_ARROW = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "text": pa.string(),
    "date": pa.date32(),
    "double precision": pa.float64(),
    "boolean": pa.bool_(),
}


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        name: ends in its unit.
        type: PostgreSQL's.
        says: what it means, "English · Chinese".
        required: whether it is never null.
        default: SQL expression of the database's own for a row that does not say.
    """

    name: str
    type: str
    says: str
    required: bool = True
    default: str = ""


@dataclass(frozen=True)
class Table:
    """One table.

    Attributes:
        name: without the prefix.
        says: what it holds, "English · Chinese".
        columns: in their order.
        key: names of the primary key's columns.
    """

    name: str
    says: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def columns_with(self, id_type: str) -> tuple[Column, ...]:
        """The columns, with the type of subscriber_id filled in."""
        return tuple(
            Column(c.name, id_type if c.type == _ID else c.type, c.says, c.required, c.default)
            for c in self.columns
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(c.name for c in self.columns)

    def schema(self, id_type: str) -> pa.Schema:
        """As Arrow has it, each field with what it means as metadata `comment`."""
        return pa.schema(
            [
                pa.field(c.name, _ARROW[c.type], not c.required, {"comment": c.says})
                for c in self.columns_with(id_type)
            ],
            {"comment": self.says},
        )


@dataclass(frozen=True)
class View:
    """One view; its statement stands in `installing`.

    Attributes:
        name: without the prefix.
        says: what it shows, "English · Chinese".
        more: columns that no table has under that name, or that mean something else there.
    """

    name: str
    says: str
    more: tuple[Column, ...] = ()


AS_OF = Column(
    "as_of",
    "date",
    "First instant of the month that was scored: later events played no part. · "
    "评分基准日：此后发生的事件未使用。",
)
VERSION = Column(
    "model_version",
    "text",
    "Version of the model in the registry and the first 12 digits of its hash; the hash alone "
    "where it is not from the registry. · 模型在注册表中的版本与指纹前 12 位；未注册时仅为指纹。",
)
SUBSCRIBER = Column(
    "subscriber_id",
    _ID,
    "The pseudonymous subscriber_id of the extracts; only the operator can tell whose it is. · "
    "源数据中的匿名用户标识，仅运营商可还原。",
)
KEY = ("as_of", "model_version", "subscriber_id")
