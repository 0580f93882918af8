"""Where to publish to: an address of PostgreSQL, a CSV file, or a folder of Parquet.

An address never holds a password: it would stand in the shell's history, in the list of processes
and in every log. What looks like one is refused without being repeated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from churnlight.errors import UsageError

Kind = Literal["postgres", "csv", "parquet"]

_EXPECTED = "expected postgresql://USER@HOST:PORT/DATABASE, FILE.csv, FILE.csv.gz or a folder"
_SCHEMES = ("postgresql://", "postgres://")
# Also what is no address at all may hold one: "host=... password=...".
_SECRET = re.compile(r"pass(word|wd)\s*[=:]", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d]\w*")
_LONGEST = 63 - len("current_reasons")


@dataclass(frozen=True)
class Target:
    """Where to publish to.

    Attributes:
        kind: what is there.
        address: of PostgreSQL, as libpq reads it; never to be shown.
        path: file or folder; relative to here.
        schema: of PostgreSQL.
        prefix: of the names of tables and views.
        passfile: with passwords, as libpq reads it; None: PGPASSFILE or ~/.pgpass.
    """

    kind: Kind
    address: str = ""
    path: Path = Path()
    schema: str = "churnlight"
    prefix: str = "churnlight_"
    passfile: Path | None = None

    def __repr__(self) -> str:
        """Without the address."""
        return f"Target({self.kind})"


def parse_target(
    to: str, schema: str | None = None, prefix: str | None = None, passfile: Path | None = None
) -> Target:
    """Tell what a target is.

    Args:
        to: as typed.
        schema: of PostgreSQL; None: churnlight.
        prefix: of tables' and views' names; None: churnlight_.
        passfile: see `Target`.

    Raises:
        UsageError: when it holds a password (which is not repeated), is none of the three, or an
            option does not go with it.
    """
    hold_no_password(to)
    if to.startswith(_SCHEMES):
        return Target(
            "postgres",
            address=to,
            schema=_held("--schema", "churnlight" if schema is None else schema),
            prefix=_held("--prefix", "churnlight_" if prefix is None else prefix),
            passfile=_passfile(passfile),
        )
    # An address of something else may hold a secret of a kind that nobody here knows.
    if not to.strip() or "://" in to or "host=" in to or "dbname=" in to:
        raise UsageError(f"--to is none of the places that churnlight publishes to: {_EXPECTED}")
    for option, given in (("--schema", schema), ("--prefix", prefix), ("--passfile", passfile)):
        if given is not None:
            raise UsageError(f"{option} goes with --to postgresql://... only: leave it out")
    path = Path(to).expanduser()
    name = path.name.lower()
    if name.endswith((".csv", ".csv.gz")):
        return Target("csv", path=path)
    if name.endswith((".parquet", ".xlsx", ".gz", ".zip")) or path.is_file():
        raise UsageError(f"--to {to}: {_EXPECTED} (Parquet goes into a folder)")
    return Target("parquet", path=path)


def hold_no_password(to: str, option: str = "--to") -> None:
    """Refuse an address with a password in it, whatever option it was typed for.

    Raises:
        UsageError: does not repeat the address.
    """
    _, scheme, rest = to.partition("://")
    before, at, _ = rest.rpartition("@")
    if (scheme and at and ":" in before) or _SECRET.search(unquote(unquote(to))):
        raise UsageError(
            f"{option} holds a password, which is not accepted (and not shown here): leave it out, "
            "postgresql://USER@HOST:PORT/DATABASE, and give it in a passfile (--passfile, "
            "PGPASSFILE, ~/.pgpass) or PGPASSWORD. It now stands in your shell's history: change it"
        )


def _held(option: str, name: str) -> str:
    if (option == "--prefix" and not name) or (_NAME.fullmatch(name) and len(name) <= _LONGEST):
        return name
    raise UsageError(
        f"{option} {name!r}: expected letters, digits and _, beginning with a letter or _, at most "
        f"{_LONGEST} of them"
    )


def _passfile(path: Path | None) -> Path | None:
    if path is None:
        return None
    if not path.is_file():
        raise UsageError(f"--passfile {path} is missing: write HOST:PORT:DATABASE:USER:PASSWORD")
    # libpq would leave it unread with a warning of its own, and ask for a password.
    if path.stat().st_mode & 0o077:
        raise UsageError(f"--passfile {path} can be read by others: chmod 600 {path}")
    return path.resolve()
