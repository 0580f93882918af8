from __future__ import annotations

from collections.abc import Iterator

import pytest
from kpi_world import KpiWorld

from churnlight.engine import Engine, connect
from churnlight.params.data import EngineParams


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    scratch = tmp_path_factory.mktemp("scratch")
    with connect(EngineParams(threads=1, memory_limit_gb=1), scratch) as opened:
        yield opened


@pytest.fixture
def world(engine: Engine, tmp_path) -> KpiWorld:
    return KpiWorld(engine, tmp_path)
