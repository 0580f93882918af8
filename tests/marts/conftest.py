import pytest

from churnlight.engine import connect
from churnlight.params.data import EngineParams


@pytest.fixture(scope="session")
def duckdb_engine(tmp_path_factory):
    with connect(
        EngineParams(threads=2, memory_limit_gb=1), tmp_path_factory.mktemp("s")
    ) as engine:
        yield engine


@pytest.fixture(scope="session")
def spark_engine(spark):
    return spark
