"""Write a month's marts, and keep memory bounded however many rows there are."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.marts import circle as circles
from churnlight.marts import edges as edge_marts
from churnlight.marts import usage as usages
from churnlight.marts import volume as volumes
from churnlight.marts.events import prepare
from churnlight.marts.packing import fitted
from churnlight.params.data import CircleParams
from churnlight.timeline import Month

MARTS = ("edges", "usage", "circle", "volume")

# Rows whose edges are grouped at once. More are cut into ranges of subscribers: reading the rows
# again for each range costs less than spilling the groups.
SLICE_ROWS = 50_000_000


def build_month(
    engine: Engine, cdr: ir.Table, month: Month, circle: CircleParams, out: Path
) -> dict[str, int]:
    """Build the four marts of a month from its CDRs.

    Args:
        engine: where the work runs.
        cdr: the month's kept CDR rows, known before it closed; all columns of `schema.CDR`,
            those the extract lacks as null literals (which then cost nothing).
        month: the month.
        circle: parameters of the calling index.
        out: folder to write `<mart>.parquet` to; the caller makes it appear whole.

    Returns:
        Rows of each mart.

    Raises:
        DataRefused: when there is not one row.
    """
    events, weighted = prepare(cdr)
    paths = {name: out / f"{name}.parquet" for name in MARTS}
    engine.write(volumes.volume(events, weighted=weighted), paths["volume"], volumes.KEY)
    rows = _scalar(engine, engine.read([paths["volume"]])["rows_count"].sum())
    if not rows:
        raise DataRefused(
            f"cdr of {month} has no row that the check keeps: hand in the month's records, or "
            "leave the partition out (data/check has the reasons of refused rows)"
        )
    engine.write(usages.usage(events, month, weighted=weighted), paths["usage"], usages.KEY)
    # An engine that spreads its rows cuts them itself, and reads them once.
    slices = 1 if engine.spreads else -(-rows // SLICE_ROWS)
    cuts = _cuts(engine, paths["usage"], slices)
    with _parts(out) as parts:
        edges = _write_edges(engine, (events, weighted), cuts, (paths["edges"], parts))
        _write_sliced(
            engine,
            lambda part: circles.circle(part(edges), circle),
            cuts,
            (paths["circle"], circles.KEY, parts),
        )
    return {name: _scalar(engine, engine.read([paths[name]]).count()) for name in MARTS}


def keep_usage(engine: Engine, usage: ir.Table, out: Path) -> dict[str, int]:
    """Write the mart `usage` of an operator without CDRs: the extract, in the mart's columns.

    Args:
        engine: where the work runs.
        usage: a month's kept rows of the extract `usage`.
        out: folder to write usage.parquet to.

    Returns:
        Rows of the mart.
    """
    path = out / "usage.parquet"
    engine.write(usage.select(*usages.COLUMNS), path, usages.KEY)
    return {"usage": _scalar(engine, engine.read([path]).count())}


Part = Callable[[ir.Table], ir.Table]


def _write_edges(
    engine: Engine, prepared: tuple[ir.Table, bool], cuts: Sequence[Any], places: tuple[Path, Path]
) -> ir.Table:
    """Write the mart `edges` to a file, by way of a folder for parts, and read it."""
    events, weighted = prepared
    path, parts = places

    def write(*, packed: bool) -> ir.Table:
        _write_sliced(
            engine,
            lambda part: edge_marts.edges(part(events), weighted=weighted, packed=packed),
            cuts,
            (path, edge_marts.KEY, parts),
        )
        return engine.read([path])

    if not weighted:
        edges = write(packed=True)
        # Two million events of one pair in a month, or 68 years of talk: rare, but no reason to be
        # wrong.
        if _scalar(engine, fitted(edges).cast("int64")):
            return edges
    return write(packed=False)


def _cuts(engine: Engine, usage: Path, slices: int) -> list[Any]:
    """Subscribers at which `slices` ranges with equally many subscribers begin, but the first."""
    if slices < 2:
        return []
    ids = engine.read([usage]).select("subscriber_id")
    count = _scalar(engine, ids.count())
    places = sorted({count * i // slices for i in range(1, slices)} - {0})
    placed = ids.mutate(place=ibis.row_number().over(order_by="subscriber_id"))
    chosen = placed.filter(placed["place"].isin(places)).order_by("place")
    return list(engine.arrow(chosen)["subscriber_id"].to_pylist())


def _ranges(cuts: Sequence[Any]) -> Iterator[Part]:
    """Filters on the ranges between the cuts; together they keep every row once."""
    for low, high in zip([None, *cuts], [*cuts, None], strict=True):

        def part(table: ir.Table, low: Any = low, high: Any = high) -> ir.Table:
            subscriber = table["subscriber_id"]
            bounds = [subscriber >= low] if low is not None else []
            bounds += [subscriber < high] if high is not None else []
            return table.filter(bounds) if bounds else table

        yield part


def _write_sliced(
    engine: Engine,
    build: Callable[[Part], ir.Table],
    cuts: Sequence[Any],
    target: tuple[Path, tuple[str, ...], Path],
) -> None:
    """Write a mart, range by range when there are cuts; its rows are the same either way."""
    path, key, parts = target
    ranges = list(_ranges(cuts))
    if len(ranges) == 1:
        engine.write(build(ranges[0]), path, key)
        return
    written = [parts / f"{path.stem}-{i:04d}.parquet" for i in range(len(ranges))]
    for part, file in zip(ranges, written, strict=True):
        engine.write(build(part), file, key)
    engine.write(engine.read(written), path, key)


@contextmanager
def _parts(out: Path) -> Iterator[Path]:
    """A folder for parts beside the marts, gone afterwards."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".parts.", dir=out))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _scalar(engine: Engine, value: ir.Scalar) -> int:
    found = engine.arrow(value.name("value").as_table())["value"][0].as_py()
    return int(found or 0)
