"""`dvc repro`, leaving with the exit code of the stage that stopped it.

DVC itself leaves with 255 whatever a stage said; cron and shells want to tell refused data (3) from
a lock (5). Run as `python -m churnlight.cli.repro`, so that DVC keeps the terminal.
"""

from __future__ import annotations

import logging
import re
import sys

from churnlight.errors import ChurnlightError, Locked

_STAGE_LEFT_WITH = re.compile(r"exited with (\d+)$")
# What the design gives a meaning to; anything else has simply failed.
_KNOWN = (2, 3, 4, 5, 130)


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


def main(*, quiet: bool) -> int:
    """Run what is out of date in the project of the current folder."""
    from dvc.cli import main as dvc

    reason = _Reason(logging.ERROR)
    logging.getLogger("dvc").addHandler(reason)
    if quiet:
        # Not DVC's own --quiet, which hides why it stopped.
        logging.getLogger("dvc.progress").setLevel(logging.CRITICAL)
    return 0 if dvc(["repro"]) == 0 else reason.code


if __name__ == "__main__":
    sys.exit(main(quiet="--quiet" in sys.argv[1:]))
