"""`dvc repro`, leaving with the exit code of the stage that stopped it.

DVC itself leaves with 255 whatever a stage said; cron and shells want to tell refused data (3) from
a lock (5). Run as `python -m churnlight.cli.repro`, so that DVC keeps the terminal.

DVC writes dvc.lock and its rwlock in place: killed meanwhile, it leaves a part that it then refuses
to read. Such a file is put aside here; DVC's run cache knows all the same what was run.
"""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path

from churnlight.errors import ChurnlightError, Locked

_STAGE_LEFT_WITH = re.compile(r"exited with (\d+)$")
# What the design gives a meaning to; anything else has simply failed.
_KNOWN = (2, 3, 4, 5, 130)
_LOCKS = ("dvc.lock", "demo/dvc.lock")
_HELD = ".dvc/tmp/rwlock"  # which files which process of DVC's works on
log = logging.getLogger("churnlight")


class _Reason(logging.Handler):
    """Keeps the exit code behind the last error that DVC logged."""

    code = ChurnlightError.exit_code

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        while error is not None:
            self.code = code_of(error) or self.code
            error = error.__cause__


def code_of(error: BaseException) -> int | None:
    """The exit code that an error of DVC's stands for; None when it stands for none."""
    if type(error).__name__ == "LockError":
        return Locked.exit_code
    left = _STAGE_LEFT_WITH.search(str(error))
    return int(left[1]) if left and int(left[1]) in _KNOWN else None


def put_aside_torn(folder: Path) -> list[str]:
    """Rename each file of DVC's that it was killed in the midst of writing to NAME.torn.

    Args:
        folder: the project's.

    Returns:
        Their names; none while another DVC is at work here, whose files they may be.
    """
    from dvc.lock import LockError, make_lock

    scratch = folder / ".dvc" / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    try:
        with make_lock(str(scratch / "lock"), tmp_dir=str(scratch)):
            torn = [name for name in (*_LOCKS, _HELD) if _is_torn(folder / name)]
            for name in torn:
                (folder / name).replace(folder / f"{name}.torn")
    except LockError:
        return []
    return torn


def _is_torn(path: Path) -> bool:
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from dvc.utils.serialize import ParseError, load_json, load_yaml
    from voluptuous import Invalid

    try:
        if path.suffix == ".lock" and path.is_file():
            COMPILED_LOCKFILE_SCHEMA(load_yaml(path))
        elif path.is_file():
            load_json(path)
    except (ParseError, Invalid):
        return True
    return False


def main(*, quiet: bool) -> int:
    """Run what is out of date in the project of the current folder."""
    from dvc.cli import main as dvc

    for name in put_aside_torn(Path.cwd()):
        log.warning(
            "%s was no whole file (DVC was killed while it wrote): put aside as %s.torn. What had "
            "been run is taken from DVC's cache", name, name
        )  # fmt: skip

    reason = _Reason(logging.ERROR)
    logging.getLogger("dvc").addHandler(reason)
    if quiet:
        # Not DVC's own --quiet, which hides why it stopped.
        logging.getLogger("dvc.progress").setLevel(logging.CRITICAL)
    return 0 if dvc(["repro"]) == 0 else reason.code


if __name__ == "__main__":
    sys.exit(main(quiet="--quiet" in sys.argv[1:]))
