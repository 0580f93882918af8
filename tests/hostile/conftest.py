from __future__ import annotations

from collections.abc import Iterator

import pytest

from churnlight.engine import Engine, connect
from churnlight.params.data import EngineParams


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with connect(EngineParams(threads=1), tmp_path_factory.mktemp("scratch")) as opened:
        yield opened
