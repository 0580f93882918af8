"""bandicoot's indicators of some subscribers, on one core. Runs in benchmarks/.venv.

bandicoot 0.6.0 (2020) does not import on Python 3.11: it asks `inspect` for two functions that
have left the standard library. They are put back here, at run time.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import answer


def _getargspec(function: Callable[..., Any]) -> tuple[Any, ...]:
    return tuple(inspect.getfullargspec(function))[:4]


def _formatargspec(
    args: Sequence[str],
    varargs: str | None = None,
    varkw: str | None = None,
    defaults: Sequence[Any] | None = None,
    formatvalue: Callable[[Any], str] = lambda value: f"={value!r}",
) -> str:
    first = len(args) - len(defaults or ())
    parts = list(args[:first])
    parts += [f"{a}{formatvalue(v)}" for a, v in zip(args[first:], defaults or (), strict=True)]
    parts += [f"*{varargs}"] if varargs else []
    parts += [f"**{varkw}"] if varkw else []
    return f"({', '.join(parts)})"


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds to read and to describe each subscriber's calls and messages.

    Over the whole month at once (`groupby=None`), as our marts do, which is also the quicker way.

    Args:
        spec: `folder` with a CSV a subscriber.
    """
    inspect.getargspec = _getargspec  # type: ignore[attr-defined]
    inspect.formatargspec = _formatargspec  # type: ignore[attr-defined]
    import bandicoot

    users = sorted(p.stem for p in Path(spec["folder"]).glob("*.csv"))
    records = indicators = 0
    reading = 0.0
    start, used = time.perf_counter(), time.process_time()
    for user in users:
        before = time.perf_counter()
        known = bandicoot.read_csv(user, spec["folder"], describe=False, warnings=False)
        reading += time.perf_counter() - before
        records += len(known.records)
        indicators = len(bandicoot.utils.all(known, groupby=None, flatten=True))
    seconds = time.perf_counter() - start
    return {
        "subscribers": len(users),
        "rows": records,
        "indicators": indicators,
        "seconds": round(seconds, 2),
        "seconds_reading": round(reading, 2),
        "cpu_seconds": round(time.process_time() - used, 2),
        "rows_per_second": round(records / seconds),
    }


if __name__ == "__main__":
    answer(measure)
