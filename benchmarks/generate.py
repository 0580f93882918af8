"""Generate a month of CDRs, as an operator would hand it in: extracts/cdr/month=YYYY-MM/*.parquet.

76 % calls and messages, 24 % data sessions, some 40 contacts a subscriber, rows in no order. Only
for measuring: nothing in them says who will leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.machine import answer
from churnlight.timeline import Month

ROWS_A_FILE = 20_000_000
ROWS_A_BATCH = 1_000_000
# The share that the operator's month of the design has: 20 million rows of 65,000 subscribers.
ROWS_A_SUBSCRIBER = 20_000_000 / 65_000
DUPLICATES = 0.005

KINDS = np.array(["voice", "sms", "mms", "data"])
DIRECTIONS = np.array(["out", "in", "forward"])
NETWORKS = np.array(["own", "rival", "fixed", "service", "international"])
_HEX = np.frombuffer(b"0123456789abcdef", dtype="uint8")


@dataclass(frozen=True)
class Data:
    """A month of CDRs.

    Attributes:
        rows: rows, duplicates included.
        month: "YYYY-MM".
        text: 16-character string ids in place of integers.
        events: with a column `events` of 1 to 3.
        known: with a column `known_at`, hours after the event; nothing comes too late.
        duplicates: half a percent of the rows are exact copies of earlier ones.
        by_subscriber: rows sorted by subscriber.
    """

    rows: int
    month: str = "2025-03"
    text: bool = False
    events: bool = False
    known: bool = False
    duplicates: bool = False
    by_subscriber: bool = False

    @property
    def subscribers(self) -> int:
        """Subscribers, in proportion to the rows."""
        return max(1, round(self.rows / ROWS_A_SUBSCRIBER))

    def describe(self) -> dict[str, Any]:
        """What a result file says of it."""
        return asdict(self) | {"subscribers": self.subscribers}


def write_cdr(data: Data, extracts: Path, seed: int = 1) -> None:
    """Write the month below `extracts`, in files of ROWS_A_FILE rows."""
    folder = extracts / "cdr" / f"month={data.month}"
    folder.mkdir(parents=True, exist_ok=True)
    writer, written = None, 0
    for table in _batches(data, np.random.default_rng(seed)):
        if written % ROWS_A_FILE == 0:
            if writer is not None:
                writer.close()
            path = folder / f"part-{written // ROWS_A_FILE:03d}.parquet"
            writer = pq.ParquetWriter(path, table.schema)
        assert writer is not None  # noqa: S101 - the first batch opens it
        writer.write_table(table)
        written += table.num_rows
    if writer is not None:
        writer.close()


def _batches(data: Data, random: np.random.Generator) -> Iterator[pa.Table]:
    before: pa.Table | None = None
    for start in range(0, data.rows, ROWS_A_BATCH):
        size = min(ROWS_A_BATCH, data.rows - start)
        low, high = 0, data.subscribers
        if data.by_subscriber:
            low, high = (data.subscribers * n // data.rows for n in (start, start + size))
        who = random.integers(low, max(high, low + 1), size)
        table = _table(data, np.sort(who) if data.by_subscriber else who, random)
        if data.duplicates:
            # Copies of the batch before, so that a row and its double lie far apart.
            source = table if before is None else before
            copies = source.take(random.integers(0, source.num_rows, round(size * DUPLICATES)))
            before = table
            table = pa.concat_tables([table.slice(copies.num_rows), copies])
            table = table.take(random.permutation(table.num_rows))
        yield table


def _table(data: Data, who: np.ndarray, random: np.random.Generator) -> pa.Table:
    size = len(who)
    rank = np.minimum((random.pareto(1.0, size) * 3).astype("int64"), 120)
    whom = (who * 2_654_435_761 + rank * 40_503 + 12_345) % (data.subscribers * 8)
    kind = random.choice(4, size, p=[0.5, 0.25, 0.01, 0.24])
    is_data = kind == 3
    month = Month.parse(data.month)
    day_second = (random.beta(4, 2.4, size) * 86_399).astype("int64")
    second = random.integers(0, month.days, size) * 86_400 + day_second
    seconds = np.where(random.random(size) < 0.15, 0, random.exponential(110, size).astype(int) + 1)
    network = NETWORKS[np.searchsorted([0.6, 0.9, 0.96, 0.985], whom * 48_271 % 65_537 / 65_537)]
    nobody = is_data | (random.random(size) < 0.01)
    started = np.datetime64(month.start, "us") + second.astype("timedelta64[s]")
    ids = _texts if data.text else pa.array
    columns: dict[str, Any] = {
        "subscriber_id": ids(who + 1000),
        "counterpart_id": ids(whom, mask=nobody),
        "kind": KINDS[kind],
        "direction": pa.array(
            DIRECTIONS[random.choice(3, size, p=[0.5, 0.49, 0.01])], mask=is_data
        ),
        "started_at": started,
        "duration_s": pa.array(seconds, mask=kind != 0),
        "bytes": pa.array(random.exponential(3e6, size).astype("int64"), mask=~is_data),
        "counterpart_network": pa.array(network, mask=nobody),
        "counterpart_service": pa.array(
            np.full(size, "rival_hotline"), mask=(random.random(size) > 0.001) | nobody
        ),
        "roaming": np.where(random.random(size) < 0.97, "home", "domestic"),
        "cell_id": (who * 7_919 + random.integers(0, 12, size)) % 20_000,
    }
    if data.events:
        columns["events"] = random.integers(1, 4, size)
    if data.known:
        columns["known_at"] = started + random.integers(60, 90_000, size).astype("timedelta64[s]")
    return pa.table(columns)


def _texts(values: np.ndarray, mask: np.ndarray | None = None) -> pa.Array:
    """16 hexadecimal characters a value."""
    shifts = np.arange(60, -4, -4, dtype="uint64")
    nibbles = (values.astype("uint64")[:, None] >> shifts) & np.uint64(15)
    offsets = np.arange(0, 16 * len(values) + 1, 16, dtype="int32")
    texts = pa.StringArray.from_buffers(
        len(values), pa.py_buffer(offsets), pa.py_buffer(_HEX[nibbles].tobytes())
    )
    if mask is None:
        return texts
    return pc.if_else(pa.array(mask), pa.scalar(None, pa.string()), texts)


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Write `data` (fields of `Data`) below `extracts`."""
    write_cdr(Data(**spec["data"]), Path(spec["extracts"]))
    return {"rows": spec["data"]["rows"]}


if __name__ == "__main__":
    answer(measure)
