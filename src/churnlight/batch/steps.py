"""The steps of a run: told before they begin, and timed."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger("churnlight")


class Steps:
    """Names each step in the log before it begins, and keeps how long it took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Run a step."""
        log.info("score: %s", name)
        start = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - start, 3)
