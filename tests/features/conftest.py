from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from features_tables import World, at_of
from features_world import MEMBERS, tiny_world

from churnlight.engine import Engine, connect
from churnlight.params.data import EngineParams
from churnlight.timeline import Moment


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    scratch = tmp_path_factory.mktemp("scratch")
    with connect(EngineParams(threads=2, memory_limit_gb=1), scratch) as opened:
        yield opened


@pytest.fixture
def at() -> Moment:
    return at_of()


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.fixture(scope="session")
def plain(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of the tiny world's features."""
    folder = tmp_path_factory.mktemp("plain")
    return tiny_world().written(engine, folder, MEMBERS, at_of())


@pytest.fixture(scope="session")
def features(plain: bytes) -> dict[str, dict[str, Any]]:
    """Features of the tiny world, by member."""
    rows = pq.read_table(pa.BufferReader(plain)).to_pylist()
    return {row["subscriber_id"]: row for row in rows}
