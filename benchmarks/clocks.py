"""Seconds of the parts of a run, by the functions that do them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any
from unittest.mock import patch


@contextmanager
def watched(parts: Mapping[str, tuple[str, str]], seconds: dict[str, float]) -> Iterator[None]:
    """Add up the seconds of each part while the block runs.

    Args:
        parts: what to call it, and the module (or a class of it, "module:Class") and function.
        seconds: by part, added to.
    """
    with ExitStack() as stack:
        for name, (place, function) in parts.items():
            module, _, owner_name = place.partition(":")
            owner = import_module(module)
            owner = getattr(owner, owner_name) if owner_name else owner
            clocked = _clocked(getattr(owner, function), name, seconds)
            stack.enter_context(patch.object(owner, function, clocked))
        yield


def _clocked(
    function: Callable[..., Any], name: str, seconds: dict[str, float]
) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start

    return run
