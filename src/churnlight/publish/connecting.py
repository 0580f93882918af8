"""A connection to PostgreSQL, and its errors in one line each.

Credentials come from libpq's own places: PGPASSWORD, PGPASSFILE or ~/.pgpass, PGSERVICE. No message
repeats an address or a row: libpq quotes addresses, and the server's details quote keys.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from churnlight.errors import ChurnlightError, Locked, UsageError
from churnlight.publish.target import Target, hold_no_password

if TYPE_CHECKING:
    import psycopg

_TIMEOUT_S = "15"
_WHOLE = "Nothing was published and the local scores are whole; run `churnlight publish` again then"
_HINTS = {
    "25006": "the database or this session is read-only (a standby, say): publish to the primary",
    "42501": "the role lacks a right: docs/publish.md shows which it needs",
    "3D000": "there is no such database",
    "22P05": "the database's encoding can't hold Chinese text: publish to one with UTF8",
    "57014": "the server cancelled it: raise statement_timeout for this role",
    "53100": "the server's disk is full",
}


def hold_driver() -> None:
    """Say what to install where the driver is missing.

    Raises:
        ChurnlightError: when it is.
    """
    if find_spec("psycopg") is None:
        raise ChurnlightError(
            "publishing to PostgreSQL needs the package psycopg[binary]: "
            "pip install 'churnlight[postgres]'"
        )


@contextmanager
def connected(target: Target) -> Iterator[psycopg.Connection[Any]]:
    """Connect for one transaction: committed when the block ends well, else rolled back.

    Raises:
        UsageError: when the address can't be read.
        ChurnlightError: when the server can't be reached or refuses, in one line.
        Locked: when another session holds what this one needs.
    """
    import psycopg

    options = _options(target)
    try:
        connection = psycopg.connect(**options)
    except (psycopg.Error, ValueError) as error:
        raise ChurnlightError(_refused(error, options)) from None
    try:
        with connection:
            yield connection
    except psycopg.Error as error:
        if error.sqlstate is None and not isinstance(error, psycopg.OperationalError):
            raise
        raise _told(error) from None


def _options(target: Target) -> dict[str, Any]:
    """What libpq gets."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    hold_no_password(target.address)
    try:
        options = conninfo_to_dict(target.address)
    except psycopg.Error:
        # The reason would repeat the address.
        raise UsageError(
            "--to is no address that PostgreSQL's client can read: expected "
            "postgresql://USER@HOST:PORT/DATABASE, odd characters written as %40"
        ) from None
    if "password" in options or "sslpassword" in options:
        raise UsageError("--to holds a password, which is not accepted: see --passfile")
    options = {"application_name": "churnlight publish", **options}
    if target.passfile is not None:
        options["passfile"] = str(target.passfile)
    if "PGCONNECT_TIMEOUT" not in os.environ:
        options.setdefault("connect_timeout", _TIMEOUT_S)
    return options


def place_of(connection: psycopg.Connection[Any]) -> str:
    """Where a connection leads, without user and password."""
    info = connection.info
    return f"{info.host or 'local'}:{info.port}/{info.dbname}"


def _refused(error: Exception, options: dict[str, Any]) -> str:
    """Why there is no connection."""
    asked = {
        name: options[name] for name in ("service", "host", "port", "dbname") if name in options
    }
    where = ", ".join(f"{name} {value}" for name, value in asked.items()) or "as PGHOST says"
    # Of several addresses that were tried, the first line names one.
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0] if lines else type(error).__name__
    reason = reason.removeprefix("connection failed: ").removeprefix("connection is bad: ")
    if "no password supplied" in reason:
        reason += " (set PGPASSWORD, or a passfile that nobody else can read: --passfile)"
    return f"no connection to PostgreSQL ({where}): {reason}. {_WHOLE}"


def _told(error: psycopg.Error) -> ChurnlightError:
    """What the server said, without its details."""
    state, diagnosis = error.sqlstate, error.diag
    if state is None:
        return ChurnlightError(f"the connection to PostgreSQL was lost. {_WHOLE}")
    if state[:2] in {"22", "23"} and state not in _HINTS:
        # The message may quote a value.
        column = ".".join(n for n in (diagnosis.table_name, diagnosis.column_name) if n)
        where = f" of {column}" if column else ""
        return ChurnlightError(
            f"PostgreSQL refused a value{where} ({type(error).__name__}, {state}). {_WHOLE}"
        )
    said = (diagnosis.message_primary or type(error).__name__).splitlines()[0]
    if state == "55P03":
        return Locked(f"another session holds a table of churnlight's ({said}): try again later")
    if state.startswith(("08", "57P")):
        return ChurnlightError(f"the connection to PostgreSQL was lost ({said}). {_WHOLE}")
    hint = f": {_HINTS[state]}" if state in _HINTS else f" (SQLSTATE {state})"
    return ChurnlightError(f"PostgreSQL says: {said}{hint}. {_WHOLE}")
