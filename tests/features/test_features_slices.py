"""Ties are counted for some members at a time; how many at once changes no byte."""

from __future__ import annotations

from pathlib import Path

import pytest
from features_world import MEMBERS, tiny_world

from churnlight.engine import Engine
from churnlight.features.sources import ties
from churnlight.timeline import Moment


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_members_at_once_change_no_byte(
    engine: Engine,
    plain: bytes,
    at: Moment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> None:
    ran: list[object] = []
    counted = ties._counted

    def noted(*arguments: object) -> object:
        ran.append(arguments)
        return counted(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(ties, "_counted", noted)
    monkeypatch.setattr(ties, "MEMBERS_AT_ONCE", at_once)
    assert tiny_world().written(engine, tmp_path, MEMBERS, at) == plain
    assert len(ran) == -(-len(set(MEMBERS)) // at_once)
