"""Logging to stderr: plain lines, or one JSON object a line. Progress shows on a terminal only."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

LogFormat = Literal["text", "json"]

_RESERVED = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        extra = {k: v for k, v in record.__dict__.items() if k not in _RESERVED}
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(record.created)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        return json.dumps(line | extra, ensure_ascii=False, default=str)


def configure(log_format: LogFormat = "text", *, quiet: bool = False) -> None:
    """Send the package's log to stderr; `quiet` keeps warnings and errors only."""
    handler = logging.StreamHandler(sys.stderr)
    if log_format == "json":
        handler.setFormatter(_JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("churnlight")
    logger.handlers = [handler]
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.propagate = False


@contextmanager
def progress(what: str, total: int, unit: str = "rows") -> Iterator[Callable[[int], None]]:
    """Show how far a long work is: count, rate and time left, on a terminal that is not quiet.

    Yields:
        A function to call with the number of units just done.
    """
    start = time.monotonic()
    done = 0
    log = logging.getLogger("churnlight")
    visible = sys.stderr.isatty() and log.isEnabledFor(logging.INFO)

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if visible:
            seconds = max(time.monotonic() - start, 1e-9)
            left = (total - done) * seconds / max(done, 1)
            sys.stderr.write(
                f"\r{what}: {done:,} of {total:,} {unit}, "
                f"{done / seconds:,.0f}/s, {left:.0f} s left "
            )
            sys.stderr.flush()

    try:
        yield advance
    finally:
        if visible:
            sys.stderr.write("\r\x1b[K")
        seconds = max(time.monotonic() - start, 1e-9)
        log.info("%s: %s %s in %.1f s", what, f"{done:,}", unit, seconds)
