"""The last guard before the user: one line and an exit code, never a traceback."""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from churnlight.errors import ChurnlightError
from churnlight.paths import find_project

log = logging.getLogger("churnlight")


def guarded(work: Callable[[], None], passing: tuple[type[BaseException], ...] = ()) -> int:
    """Run `work`; return the exit code. Users see one line, never a traceback.

    Args:
        work: what to run.
        passing: errors that are the caller's to handle.
    """
    try:
        work()
    except passing:
        raise
    except ChurnlightError as error:
        log.error("%s", error)  # noqa: TRY400 - the message is the point, not the traceback
        return error.exit_code
    except KeyboardInterrupt:
        log.error("interrupted: nothing half-written is kept; run again to go on")  # noqa: TRY400
        return 130
    except Exception as error:  # noqa: BLE001 - the last guard before the user
        path = _keep_traceback()
        log.error(  # noqa: TRY400
            "unexpected %s: the details are in %s; please report them", type(error).__name__, path
        )
        return 1
    return 0


def _keep_traceback() -> Path:
    folder = scratch_folder() / "errors"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    path.write_text(traceback.format_exc(), encoding="utf-8")
    return path


def scratch_folder() -> Path:
    """The project's scratch folder, or .work below this folder outside a project."""
    try:
        return find_project().scratch
    except ChurnlightError:
        return Path.cwd() / ".work"
