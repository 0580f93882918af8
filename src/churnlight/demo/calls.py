"""Who called whom, and when: events before they become records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churnlight.demo.clock import Rhythm
from churnlight.demo.habits import messages_of, rhythm_of
from churnlight.demo.people import People
from churnlight.demo.randomness import Array, Part, outsider_ids, stream
from churnlight.demo.ties import ON_NET_SHARE, Outside, Ties
from churnlight.demo.view import View
from churnlight.schema import NETWORKS, SERVICES

DIRECTIONS = ("out", "in", "forward")
KINDS = ("voice", "sms", "mms", "data")
VOICE, SMS, MMS, DATA = range(len(KINDS))
OUT, IN, FORWARD = range(len(DIRECTIONS))
NOTHING = 255
OWN, RIVAL, _FIXED, _INTERNATIONAL, SERVICE = range(len(NETWORKS))
NO_DURATION = -1

# Of 256 events between people, how many are multimedia messages, and how many of 256 calls nobody
# answers, by rhythm.
_MULTIMEDIA_OF_256 = 1
_MISSED_OF_256 = np.array([38, 50, 0], dtype=np.uint8)
_LOG_SECONDS = np.array([4.76, 4.36, 0.0], dtype=np.float32)
# Of the logs of call lengths and of session sizes.
CALL_SPREAD, SESSION_SPREAD = 0.9, 0.6
_LONGEST_S = 3 * 3_600
# Of 256 calls of a line with network trouble, so many break off after this long at most.
_BROKEN_OF_256, _BROKEN_S = 64, 12
# A month's incoming off-net calls against outgoing ones.
_RETURNED = 0.95
_SERVICE_IDS = np.arange(90_000_001, 90_000_001 + len(SERVICES), dtype=np.int64)
_FORWARD_POOL = 5_000_000


@dataclass(frozen=True)
class Records:
    """Events as seen by subscribers of one district, in no order.

    Attributes:
        row: the subscriber (int32).
        detail: counterpart's id, or the bytes of a data session (int64).
        second: since the month's first instant (int32).
        code: kind, direction, network and service in one (uint8): index in CODES.
        duration: seconds; NO_DURATION where there is none (int32).
        spot: which of the subscriber's eight cells (uint8).
    """

    row: Array
    detail: Array
    second: Array
    code: Array
    duration: Array
    spot: Array


def _codes() -> list[tuple[int, int, int, int]]:
    people = [
        (kind, direction, network, NOTHING)
        for kind in (VOICE, SMS, MMS)
        for direction in (OUT, IN)
        for network in range(4)
    ]
    services = [(VOICE, OUT, SERVICE, service) for service in range(len(SERVICES))]
    others = [
        (VOICE, FORWARD, RIVAL, NOTHING),
        (DATA, NOTHING, NOTHING, NOTHING),
        (SMS, IN, SERVICE, SERVICES.index("bank")),
    ]
    return people + services + others


CODES = np.array(_codes(), dtype=np.uint8)
_FIRST_SERVICE = 3 * 2 * 4
CODE_FORWARD = _FIRST_SERVICE + len(SERVICES)
CODE_DATA = CODE_FORWARD + 1
_CODE_BANK_MESSAGE = CODE_DATA + 1


def _person_code(kind: Array, direction: int, network: Array | int) -> Array:
    return np.asarray(kind * 8 + direction * 4 + network, dtype=np.uint8)


def on_net(seed: int, people: People, view: View, ties: Ties, district: int) -> Records:
    """Calls and messages on a block of ties, as the district's subscribers see them.

    Both ends get a record; a block across two districts is drawn again for the other one, with the
    same stream and so with the same events.
    """
    rng = stream(seed, Part.CALLS, view.index, ties.first, ties.second)
    volume = view.clock.volume[Rhythm.PRIVATE] * ON_NET_SHARE
    there = rng.poisson(view.outgoing[ties.a] * ties.share_a * view.incoming[ties.b] * volume)
    back = rng.poisson(view.outgoing[ties.b] * ties.share_b * view.incoming[ties.a] * volume)
    caller = np.concatenate([np.repeat(ties.a, there), np.repeat(ties.b, back)])
    called = np.concatenate([np.repeat(ties.b, there), np.repeat(ties.a, back)])
    rhythm = np.concatenate([np.repeat(ties.rhythm, there), np.repeat(ties.rhythm, back)])
    second, kind, duration, spots = _events(rng, view, rhythm, (caller, people))
    sees_out, out_network, sees_in, in_network = _seen(view, caller, called, second)
    if ties.first != ties.second:
        rows = people.rows(district)
        sees_out = sees_out & (caller >= rows.start) & (caller < rows.stop)
        sees_in = sees_in & (called >= rows.start) & (called < rows.stop)
    ids = view.subscriber_id
    return join(
        [
            Records(
                row=row[seen],
                detail=ids[other[seen]],
                second=second[seen],
                code=_person_code(kind, direction, network)[seen],
                duration=duration[seen],
                spot=spot[seen],
            )
            for seen, row, other, direction, network, spot in (
                (sees_out, caller, called, OUT, out_network, spots & 7),
                (sees_in, called, caller, IN, in_network, spots >> 3 & 7),
            )
        ]
    )


def off_net(seed: int, people: People, view: View, outside: Outside, district: int) -> Records:
    """Calls and messages between a district's subscribers and other networks, both directions."""
    rng = stream(seed, Part.OUTSIDE_CALLS, view.index, district)
    volume = view.clock.volume[Rhythm.PRIVATE] * (1.0 - ON_NET_SHARE)
    rate = view.outgoing[outside.row] * outside.share * np.float32(volume)
    rate[view.until[outside.row] == 0] = 0.0
    parts = []
    for direction, mean in (
        (OUT, rate),
        (IN, rate * np.float32(_RETURNED) * np.sqrt(view.incoming[outside.row])),
    ):
        tie = np.repeat(np.arange(len(outside.row), dtype=np.int32), rng.poisson(mean))
        row = outside.row[tie]
        rhythm = outside.rhythm[tie]
        second, kind, duration, spots = _events(rng, view, rhythm, (row, people))
        parts.append(
            Records(
                row=row,
                detail=outside.contact_id[tie],
                second=second,
                code=_person_code(kind, direction, outside.network[tie]),
                duration=duration,
                spot=spots & 7,
            )
        )
    return join([_allowed(view, part, barred=index == 0) for index, part in enumerate(parts)])


def alone(seed: int, people: People, view: View, district: int) -> Records:
    """Data sessions, service numbers, bank messages and forwarded calls of a district."""
    rng = stream(seed, Part.SESSIONS, view.index, district)
    rows = people.rows(district)
    present = view.until[rows] > 0
    usual = (0.0, 0.12, 0.004, 0.10, 0.35)
    parts = [_sessions(rng, people, view, rows)]
    for service, monthly in enumerate(usual):
        mean = view.hotline[rows] if service == 0 else np.float32(monthly) * present
        code = _FIRST_SERVICE + service
        parts.append(_single(rng, view, rows, mean, code, _SERVICE_IDS[service]))
    bank = _SERVICE_IDS[SERVICES.index("bank")]
    parts = [_allowed(view, part, barred=True) for part in parts]
    messages = _single(rng, view, rows, np.float32(2.5) * present, _CODE_BANK_MESSAGE, bank)
    messages.duration[:] = NO_DURATION
    forwards = _single(rng, view, rows, view.forwards[rows], CODE_FORWARD, 0)
    # The second line of one's own: always the same number on a rival's network.
    forwards.detail[:] = outsider_ids(seed, forwards.row % 1_000_000 + _FORWARD_POOL)
    return join([*parts, *(_allowed(view, part, barred=False) for part in (messages, forwards))])


def join(parts: list[Records]) -> Records:
    """Put records together."""
    return Records(
        row=np.concatenate([p.row for p in parts]),
        detail=np.concatenate([p.detail for p in parts]),
        second=np.concatenate([p.second for p in parts]),
        code=np.concatenate([p.code for p in parts]),
        duration=np.concatenate([p.duration for p in parts]),
        spot=np.concatenate([p.spot for p in parts]),
    )


def _events(
    rng: np.random.Generator, view: View, rhythm: Array, whose: tuple[Array, People]
) -> tuple[Array, Array, Array, Array]:
    """Second, kind, duration and six bits for the cells of both ends, one element an event.

    `whose` are the rows whose network and habit count, and the traits.
    """
    row, people = whose
    count = len(rhythm)
    when = rhythm_of(people, row, rhythm)
    second = view.clock.draw(rng.integers(0, 1 << 32, count, dtype=np.uint32), when)
    bits = rng.integers(0, 256, (3, count), dtype=np.uint8)
    kind = (bits[0] < messages_of(people, row)).astype(np.uint8) + (bits[0] < _MULTIMEDIA_OF_256)
    length = rng.standard_normal(count, dtype=np.float32)
    length *= np.float32(CALL_SPREAD)
    length += _LOG_SECONDS[rhythm]
    length += people.talk[row]
    np.exp(length, out=length)
    duration = np.clip(length, 1, _LONGEST_S).astype(np.int32)
    broken = view.poor[row] & (bits[2] >= 256 - _BROKEN_OF_256)
    duration[broken] = np.minimum(duration[broken], 1 + bits[0][broken] % _BROKEN_S)
    duration[bits[1] < _MISSED_OF_256[rhythm]] = 0
    duration[kind > VOICE] = NO_DURATION
    return second, kind, duration, bits[2] & 63


def _seen(
    view: View, caller: Array, called: Array, second: Array
) -> tuple[Array, Array, Array, Array]:
    """Which end has a record of each event, and the network it sees the other end on."""
    whole = view.whole
    count = len(caller)
    sees_out, sees_in = np.ones(count, dtype=bool), np.ones(count, dtype=bool)
    out_network = np.zeros(count, dtype=np.uint8)
    in_network = np.zeros(count, dtype=np.uint8)
    odd = np.flatnonzero(~(whole[caller] & whole[called]))
    from_row, to_row, at = caller[odd], called[odd], second[odd]
    calls, from_elsewhere = view.may_call(from_row, at), view.elsewhere(from_row, at)
    there, to_elsewhere = view.inside(to_row, at), view.elsewhere(to_row, at)
    sees_out[odd] = calls & (there | to_elsewhere)
    sees_in[odd] = there & (calls | from_elsewhere)
    out_network[odd] = np.where(there, OWN, RIVAL)
    in_network[odd] = np.where(from_elsewhere, RIVAL, OWN)
    return sees_out, out_network, sees_in, in_network


def _sessions(rng: np.random.Generator, people: People, view: View, rows: slice) -> Records:
    index = np.arange(rows.start, rows.stop, dtype=np.int32)
    volume = view.clock.volume[Rhythm.DATA]
    row = np.repeat(index, rng.poisson(view.sessions[rows] * volume))
    count = len(row)
    second = view.clock.draw(rng.integers(0, 1 << 32, count, dtype=np.uint32), Rhythm.DATA)
    # A session's mean size spreads the month's MB over its sessions.
    usual = people.data_mb[rows] / np.maximum(people.data_rate[rows], 1)
    usual *= np.float32(2**20 / np.exp(SESSION_SPREAD**2 / 2))
    size = rng.standard_normal(count, dtype=np.float32)
    size *= np.float32(SESSION_SPREAD)
    np.exp(size, out=size)
    size *= usual[row - rows.start]
    length = rng.standard_exponential(count, dtype=np.float32) * np.float32(600)
    return Records(
        row=row,
        detail=np.minimum(size, 4e9).astype(np.int64) + 1,
        second=second,
        code=np.full(count, CODE_DATA, dtype=np.uint8),
        duration=length.astype(np.int32) + 1,
        spot=rng.integers(0, 8, count, dtype=np.uint8),
    )


def _single(
    rng: np.random.Generator, view: View, rows: slice, mean: Array, code: int, detail: int
) -> Records:
    """Events of one code with one counterpart."""
    index = np.arange(rows.start, rows.stop, dtype=np.int32)
    row = np.repeat(index, rng.poisson(mean))
    count = len(row)
    words = rng.integers(0, 1 << 32, count, dtype=np.uint32)
    return Records(
        row=row,
        detail=np.full(count, detail, dtype=np.int64),
        second=view.clock.draw(words, Rhythm.PRIVATE),
        code=np.full(count, code, dtype=np.uint8),
        duration=rng.integers(20, 400, count, dtype=np.int32),
        spot=rng.integers(0, 8, count, dtype=np.uint8),
    )


def _allowed(view: View, records: Records, *, barred: bool) -> Records:
    """Records of who is on the books; `barred`: and may call."""
    odd = np.flatnonzero(~view.whole[records.row])
    test = view.may_call if barred else view.inside
    kept = np.ones(len(records.row), dtype=bool)
    kept[odd] = test(records.row[odd], records.second[odd])
    return Records(
        row=records.row[kept],
        detail=records.detail[kept],
        second=records.second[kept],
        code=records.code[kept],
        duration=records.duration[kept],
        spot=records.spot[kept],
    )
