"""A district's call detail records of one month: put in order, measured, written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from churnlight.demo import writing
from churnlight.demo.calls import (
    CODES,
    DATA,
    DIRECTIONS,
    KINDS,
    MMS,
    NOTHING,
    OUT,
    SMS,
    VOICE,
    Records,
    alone,
    join,
    off_net,
    on_net,
)
from churnlight.demo.clock import first_day
from churnlight.demo.offer import plan_column
from churnlight.demo.people import People
from churnlight.demo.randomness import Array
from churnlight.demo.ties import Outside, Ties
from churnlight.demo.view import View
from churnlight.schema import NETWORKS, SERVICES

# One sorting key a record: row of the district, second, running number.
_SECOND_BITS, _NUMBER_BITS = 22, 26
_ROAMING = ("home", "domestic", "international")
_ROAMING_CELLS = 900_000


@dataclass(frozen=True)
class Use:
    """What a district's rows used in the month and pay for, one element a row (int64).

    Attributes:
        rows: the district's rows.
        records: CDRs written.
        voice_s: seconds of outgoing answered calls, each rounded up to the plan's step.
        talk_s: seconds of outgoing calls as they were.
        messages: outgoing SMS and MMS.
        bytes: of data sessions.
    """

    rows: slice
    records: int
    voice_s: Array
    talk_s: Array
    messages: Array
    bytes: Array


def write_district(
    root: Path, seed: int, city: tuple[People, tuple[Ties, ...], Outside], view: View, district: int
) -> Use:
    """Draw, order and write one district's CDRs of a month.

    Args:
        root: folder of the extract `cdr`.
        seed: the operator's seed.
        city: traits, all blocks of ties, and the district's outside contacts.
        view: the month.
        district: the district, which is the file's number too.
    """
    people, ties, outside = city
    blocks = [block for block in ties if district in (block.first, block.second)]
    parts = [on_net(seed, people, view, block, district) for block in blocks]
    parts.append(off_net(seed, people, view, outside, district))
    parts.append(alone(seed, people, view, district))
    records = _ordered(join(parts), people.rows(district), view.subscriber_id)
    rows = people.rows(district)
    columns = _columns(people, view, records, rows)
    written = writing.write_part(root, view.month, columns, district)
    return _measure(rows, view, records, written)


def _ordered(records: Records, rows: slice, ids: Array) -> Records:
    """Sort by subscriber_id and second; of two equal events of one second, the first stays."""
    rank = np.empty(rows.stop - rows.start, dtype=np.int64)
    rank[np.argsort(ids[rows], kind="stable")] = np.arange(len(rank))
    key = rank[records.row - rows.start] << np.int64(_SECOND_BITS + _NUMBER_BITS)
    key |= records.second.astype(np.int64) << np.int64(_NUMBER_BITS)
    key |= np.arange(len(key), dtype=np.int64)
    key.sort()
    order = key & np.int64((1 << _NUMBER_BITS) - 1)
    moment = key >> np.int64(_NUMBER_BITS)
    close = np.flatnonzero(moment[1:] == moment[:-1]) + 1
    here, before = order[close], order[close - 1]
    same = (records.detail[here] == records.detail[before]) & (
        records.code[here] == records.code[before]
    )
    order = np.delete(order, close[same])
    return Records(
        row=records.row[order],
        detail=records.detail[order],
        second=records.second[order],
        code=records.code[order],
        duration=records.duration[order],
        spot=records.spot[order],
    )


def _columns(people: People, view: View, records: Records, rows: slice) -> dict[str, Any]:
    row, second, code = records.row, records.second, records.code
    kind, direction, network, service = (CODES[:, i][code] for i in range(4))
    is_data = kind == DATA
    away = (second >= view.away_from[row]) & (second < view.away_to[row])
    roaming = np.where(away, 1 + view.abroad[row], 0)
    hour = second % 86_400 // 3_600
    column = records.spot + np.uint8(8) * ((hour >= 9) & (hour < 18))
    cell = people.cells(rows).ravel()[(row - rows.start) * np.int64(16) + column]
    cell = np.where(away, _ROAMING_CELLS + cell % 997, cell).astype(np.int32)
    return {
        "subscriber_id": writing.numbers(view.subscriber_id[row]),
        "counterpart_id": writing.numbers(records.detail, is_data),
        "kind": writing.category(kind, KINDS),
        "direction": writing.category(direction, DIRECTIONS, NOTHING),
        "started_at": writing.times(first_day(view.month), second),
        "duration_s": writing.numbers(records.duration, records.duration < 0),
        "bytes": writing.numbers(records.detail, ~is_data),
        "counterpart_network": writing.category(network, NETWORKS, NOTHING),
        "counterpart_service": writing.category(service, SERVICES, NOTHING),
        "roaming": writing.category(roaming, _ROAMING),
        "cell_id": writing.numbers(cell),
    }


def _measure(rows: slice, view: View, records: Records, written: int) -> Use:
    count = rows.stop - rows.start
    kind, direction = CODES[:, 0][records.code], CODES[:, 1][records.code]
    out = direction == OUT
    call = np.flatnonzero(out & (kind == VOICE))
    row = records.row[call]
    step = plan_column("step_s")[view.plan[row]]
    charged = -(-records.duration[call] // step) * step
    message = records.row[out & ((kind == SMS) | (kind == MMS))]
    data = np.flatnonzero(kind == DATA)
    # Sums of whole numbers below 2^53 are exact in float64.
    return Use(
        rows=rows,
        records=written,
        voice_s=np.bincount(row - rows.start, charged, count).astype(np.int64),
        talk_s=np.bincount(row - rows.start, records.duration[call], count).astype(np.int64),
        messages=np.bincount(message - rows.start, minlength=count).astype(np.int64),
        bytes=np.bincount(records.row[data] - rows.start, records.detail[data], count).astype(
            np.int64
        ),
    )
