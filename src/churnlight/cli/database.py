"""Options of commands that reach into the published database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Schema = Annotated[
    str | None, typer.Option(help="PostgreSQL's schema: churnlight.", show_default=False)
]
Prefix = Annotated[
    str | None,
    typer.Option(help="Of the names of tables and views: churnlight_.", show_default=False),
]
PassFile = Annotated[
    Path | None,
    typer.Option(
        help="File with the password, as PostgreSQL's .pgpass; by default PGPASSFILE or "
        "~/.pgpass. PGPASSWORD and PGSERVICE work too.",
        show_default=False,
    ),
]
