"""The last guard before the user: one line and an exit code, never a traceback."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from churnlight.errors import ChurnlightError
from churnlight.paths import find_project

log = logging.getLogger("churnlight")
# Set to 1, details hold the messages of errors too.
_FULL = "CHURNLIGHT_FULL_ERRORS"
# The place to write to can't be written to: the user's to put right, no bug of ours.
_PLACE = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
    *(errno.ENOTDIR, errno.EEXIST),
}
# Libraries below us tell of the machine in errors and words of their own.
_MEMORY_ERRORS = ("MemoryError", "OutOfMemoryException", "ArrowMemoryError")
_MEMORY_WORDS = (
    *("bad_alloc", "bad allocation", "failed to allocate", "cannot allocate memory"),
    "failed to map segment",
)
_PLACE_WORDS = (
    *("no space left on device", "file too large", "read-only file system"),
    *("database or disk is full", "disk quota exceeded"),
)


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
        if said := of_the_machine(error):
            log.error("%s", said)  # noqa: TRY400
            return 1
        path = _keep_traceback(error)
        log.error(  # noqa: TRY400
            "unexpected %s: the details are in %s; please report them", type(error).__name__, path
        )
        return 1
    return 0


def of_the_machine(error: BaseException) -> str | None:
    """What to tell where a disk, a right or memory ran out; None where it is something else.

    Args:
        error: as it came, from Python or from a library that has words of its own for it.
    """
    for each in _chain(error):
        line = _first_line(each)
        low = line.lower()
        if type(each).__name__ in _MEMORY_ERRORS or any(word in low for word in _MEMORY_WORDS):
            what = (
                "Raise engine.memory_limit_gb, if the machine has more"
                if " used)" in low  # DuckDB's own limit, which is that parameter
                else "This machine has no more: lower engine.memory_limit_gb, so that the engine "
                "spills to disk, or give the machine more"
            )
            return (
                f"memory ran out ({line or type(each).__name__}). {what}; then run again: what was "
                "finished is kept"
            )
        if isinstance(each, OSError) and each.errno in _PLACE:
            line = f"{each.filename or 'a file'} can't be written or read: {each.strerror}"
        elif not any(word in low for word in _PLACE_WORDS):
            continue
        return (
            f"{line}. Name another place, or make room or give yourself the right there, and run "
            "again: what was finished is kept"
        )
    return None


def _first_line(error: BaseException) -> str:
    given = error.args[0] if error.args else ""
    # shutil hands on all that failed of a tree, each as (from, to, why).
    told = given[0][-1] if isinstance(error, shutil.Error) and given else error
    return next(iter(str(told).strip().splitlines()), "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _keep_traceback(error: BaseException) -> Path:
    name = f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    # The project's folder may be what can't be written to.
    for folder in (scratch_folder() / "errors", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(_details(error), encoding="utf-8")
        except OSError:
            continue
        return folder / name
    return Path(os.devnull)


def _details(error: BaseException) -> str:
    """Which errors came and where in the code, without their messages.

    Libraries quote the cell that they stumble over, which may be a subscriber's id; and this file
    is there to be sent to others.
    """
    if os.environ.get(_FULL) == "1":
        return "".join(traceback.format_exception(error))
    parts = [
        f"{''.join(traceback.format_tb(each.__traceback__))}{type(each).__qualname__}\n"
        for each in reversed(list(_chain(error)))
    ]
    hint = f"Messages are left out: they may quote a subscriber's id. {_FULL}=1 keeps them.\n"
    return "\nthen came\n\n".join(parts) + hint


def scratch_folder() -> Path:
    """The project's scratch folder, or .work below this folder outside a project."""
    try:
        return find_project().scratch
    except ChurnlightError:
        return Path.cwd() / ".work"
