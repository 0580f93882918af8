"""What engines do to batches of rows, and their medians: exact, in order, and nothing left over."""

from __future__ import annotations

import statistics
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.engine import Engine, connect
from churnlight.engine import spark as spark_engine
from churnlight.errors import UsageError
from churnlight.explain.values import hold_language
from churnlight.params.base import validate
from churnlight.params.data import EngineParams


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "spark":
        yield request.getfixturevalue("spark")
        return
    with connect(EngineParams(threads=1, memory_limit_gb=1), tmp_path / "scratch") as opened:
        yield opened


def stored(engine: Engine, folder: Path, **columns: Any) -> Any:
    pq.write_table(pa.table(columns), folder / "rows.parquet", row_group_size=200)
    return engine.read([folder / "rows.parquet"])


def test_tables_follow_the_order_of_their_rows(engine: Engine, tmp_path: Path) -> None:
    ids = np.random.default_rng(1).permutation(1_000)
    rows = stored(engine, tmp_path, id=ids, text=[str(i) for i in ids])
    out = tmp_path / "out"
    out.mkdir()
    for _ in range(2):  # the second time it takes the place of the first
        # Every batch as it is, as a table named "same".
        engine.map_batches(rows, partial(dict.fromkeys, ["same"]), out, ["id"])
    found = pq.read_table(out / "same.parquet")
    assert found["id"].to_pylist() == list(range(1_000))
    assert found["text"].to_pylist() == [str(i) for i in range(1_000)]
    assert [p.name for p in out.iterdir()] == ["same.parquet"]


def test_without_rows_empty_tables_are_written(engine: Engine, tmp_path: Path) -> None:
    rows = stored(engine, tmp_path, id=pa.array([1], pa.int64()), x=[0.5])
    engine.map_batches(
        rows.filter(rows["id"] > 1), partial(dict.fromkeys, ["same"]), tmp_path, ["id"]
    )
    found = pq.read_table(tmp_path / "same.parquet")
    assert (found.num_rows, found.column_names) == (0, ["id", "x"])


def test_an_error_comes_as_it_was_raised(engine: Engine, tmp_path: Path) -> None:
    rows = stored(engine, tmp_path, id=[1, 2])
    # Any work of ours that refuses what it gets; an executor can't import a test's.
    with pytest.raises(UsageError, match="no words in"):
        engine.map_batches(rows, hold_language, tmp_path, ["id"])  # type: ignore[arg-type]
    assert not list(tmp_path.glob(".parts*"))


@pytest.mark.parametrize("rows", [1, 2, 999, 1_000])
@pytest.mark.parametrize("fence", [0.001, 0.0])
def test_medians_are_exact(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, fence: float
) -> None:
    monkeypatch.setattr(spark_engine, "_FENCE", fence)
    draws = np.random.default_rng(rows)
    columns = {
        "smooth": draws.normal(size=rows) * 1e-7,
        "ties": draws.integers(-3, 3, rows).astype(float),
        "holes": np.where(draws.random(rows) < 0.3, None, draws.gamma(1, 50, rows)),
        "never": [None] * rows,
        "nan": np.where(np.arange(rows) % 2, draws.random(rows), np.nan),
    }
    table = {n: pa.array(list(v), pa.float64()) for n, v in columns.items()}
    found = engine.medians(stored(engine, tmp_path, **table), list(columns))
    for name, values in columns.items():
        known = [float(v) for v in values if v is not None and v == v]  # noqa: PLR0124 - NaN
        expected = statistics.median(known) if known else None
        assert found[name] == expected, name


@pytest.mark.parametrize(
    ("spark", "message"),
    [
        ({"settings": {"executor.memory": "1g"}}, "begin with spark"),
        ({"settings": {"spark.master": "yarn"}}, "engine.spark.master"),
        ({"settings": {"spark.sql.session.timeZone": "UTC"}}, "is fixed"),
        ({"setting": {}}, "did you mean 'settings'"),
        ({"master": ""}, "engine.spark.master"),
    ],
)
def test_settings_that_are_none_are_refused(spark: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        validate({"spark": spark}, EngineParams, source="params.yaml", prefix=("engine",))


def test_settings_stand_over_ours_and_below_what_is_fixed(tmp_path: Path) -> None:
    given = {"spark.sql.shuffle.partitions": 5, "spark.sql.adaptive.enabled": False}
    params = EngineParams(name="spark", spark={"settings": given})  # type: ignore[arg-type]
    here = spark_engine._settings(params, tmp_path, here=True)
    assert here["spark.sql.shuffle.partitions"] == "5"
    assert here["spark.sql.adaptive.enabled"] == "false"
    assert here["spark.driver.host"] == "127.0.0.1"
    afar = spark_engine._settings(params, tmp_path, here=False)
    assert not [name for name in afar if "127.0.0.1" in afar[name] or name == "spark.local.dir"]
