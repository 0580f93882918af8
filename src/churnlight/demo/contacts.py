"""What passes between operator and subscriber: care, value-added services, offers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from churnlight.demo import writing
from churnlight.demo.causes import EPISODE_OF, RIVAL_CAUSES, Cause
from churnlight.demo.clock import DAY_S
from churnlight.demo.lives import Lives
from churnlight.demo.months import Changes
from churnlight.demo.offer import SERVICES
from churnlight.demo.people import RESPONSE_EFFECT, RESPONSES, People
from churnlight.demo.randomness import Array, Part, chance, stream

_KINDS = ("complaint", "inquiry", "contract_query", "port_query", "port_out_application")
_COMPLAINT, _INQUIRY, _CONTRACT, _PORT_QUERY, _APPLICATION = range(len(_KINDS))
_NEVER = 0

# Who is likely to leave is made an offer more often, up to so much more.
_OFFER_HAZARD, _OFFER_MORE = 0.25, 0.07
_TREATED_SHARE = 0.6
REACHED_SHARE = 0.8
EFFECT_MONTHS = 4
_ACTIONS = ("fee_discount", "data_gift", "handset_subsidy")
_COST_CENTS = np.array([2_000, 800, 15_000], dtype=np.int64)
_CHANNELS = ("call", "sms", "shop")


def write_care(root: Path, seed: int, lives: Lives, changes: Changes) -> int:
    """Write the extract `care` of a month: ordinary contacts, and traces of causes."""
    rng = stream(seed, Part.CARE, changes.index)
    rows, here = lives.count, changes.until > 0
    trouble = lives.ages[EPISODE_OF[Cause.COMPLAINT]]
    rival = changes.hazard[RIVAL_CAUSES].sum(axis=0)
    ending = changes.hazard[Cause.CONTRACT] > 0
    found = [
        (_COMPLAINT, chance(rng, 0.018, rows), 4 * DAY_S),
        (_COMPLAINT, trouble == 1, _NEVER),
        (_COMPLAINT, chance(rng, np.where(trouble > 1, 0.50, 0.0), rows), _NEVER),
        (_INQUIRY, chance(rng, np.where(trouble > 0, 0.25, 0.06), rows), DAY_S // 4),
        (_CONTRACT, chance(rng, np.where(ending | changes.renewed, 0.25, 0.01), rows), DAY_S),
        (_PORT_QUERY, chance(rng, 0.003 + 0.9 * rival, rows), DAY_S // 4),
        (_APPLICATION, changes.applied >= 0, DAY_S),
    ]
    parts = [_contact(rng, changes, here, *entry) for entry in found]
    row = np.concatenate([part[0] for part in parts])
    happened = np.concatenate([part[1] for part in parts])
    solved = np.concatenate([part[2] for part in parts])
    kind = np.repeat(np.array([entry[0] for entry in found]), [len(part[0]) for part in parts])
    ids = lives.subscriber_id[row]
    order = np.lexsort((kind, happened, ids))
    never = solved < happened
    return writing.write_part(
        root / "care",
        changes.month,
        {
            "subscriber_id": writing.numbers(ids[order]),
            "happened_at": writing.times(changes.first, happened[order]),
            "kind": writing.category(kind[order], _KINDS),
            "resolved_at": writing.times(changes.first, solved[order], never[order]),
        },
    )


def _contact(
    rng: np.random.Generator, changes: Changes, here: Array, kind: int, who: Array, takes: int
) -> tuple[Array, Array, Array]:
    """Row, second and second of its solution (before it: never) for each contact of one kind."""
    row = np.flatnonzero(who & here)
    day = rng.integers(0, changes.month.days, len(row))
    second = day * DAY_S + rng.integers(8 * 3_600, 21 * 3_600, len(row))
    if kind == _APPLICATION:
        second = changes.applied[row].astype(np.int64)
    kept = (second >= changes.since[row]) & (second < changes.until[row])
    row, second = row[kept], second[kept]
    after = 600 + (takes * rng.random(len(row))).astype(np.int64)
    return row, second, second + after if takes != _NEVER else second - 1


def write_services(root: Path, seed: int, people: People, lives: Lives, changes: Changes) -> int:
    """Write the extract `services` of a month."""
    rng = stream(seed, Part.SERVICES, changes.index)
    here = changes.until > 0
    rows, kinds, uses = [], [], []
    for index, service in enumerate(SERVICES):
        row = np.flatnonzero(here & (people.had_from[index] <= changes.index))
        rows.append(row)
        kinds.append(np.full(len(row), index))
        uses.append(rng.poisson(service.monthly_uses * lives.level[row]))
    row, kind = np.concatenate(rows), np.concatenate(kinds)
    order = np.lexsort((kind, lives.subscriber_id[row]))
    row, kind = row[order], kind[order]
    return writing.write_part(
        root / "services",
        changes.month,
        {
            "subscriber_id": writing.numbers(lives.subscriber_id[row]),
            "month": writing.constant(str(changes.month), len(row)),
            "service_id": writing.numbers(np.array([s.service_id for s in SERVICES])[kind]),
            "fee": writing.money(np.array([s.fee_cents for s in SERVICES])[kind]),
            "uses": writing.numbers(np.concatenate(uses)[order].astype(np.int64)),
        },
    )


@dataclass(frozen=True)
class Offers:
    """A month's offers.

    Attributes:
        written: rows of the extract.
        row: rows of the city, in its order.
        second: when each was made, seconds from the month's first instant.
        reached: rows of the city whom one reached.
    """

    written: int
    row: Array
    second: Array
    reached: Array


def write_offers(
    root: Path, truth: Path, seed: int, people: People, lives: Lives, changes: Changes
) -> Offers:
    """Make the month's offers, treated or withheld at random; effects begin next month.

    Writes the extract `campaigns`, and each offer's true effect beside the truth. Moves `lives`.
    """
    rng = stream(seed, Part.CAMPAIGNS, changes.index)
    hazard = changes.hazard.sum(axis=0)
    usual = people.profile.offers
    chosen = chance(
        rng, np.minimum(usual + _OFFER_HAZARD * hazard, usual + _OFFER_MORE), lives.count
    )
    second = rng.integers(0, changes.month.days, lives.count) * DAY_S
    second += rng.integers(9 * 3_600, 19 * 3_600, lives.count)
    chosen &= (second >= changes.since) & (second < changes.until) & (lives.effect_left == 0)
    chosen &= ~people.no_contact
    row = np.flatnonzero(chosen)
    row = row[np.argsort(lives.subscriber_id[row], kind="stable")]
    count = len(row)
    treated = chance(rng, _TREATED_SHARE, count)
    effect = RESPONSE_EFFECT[people.response[row]]
    action = rng.integers(0, len(_ACTIONS), count)
    reached = treated & chance(rng, REACHED_SHARE, count)
    accepted = reached & chance(rng, np.where(effect < 1, 0.75, 0.2), count)
    answered = second[row] + rng.integers(DAY_S // 2, 10 * DAY_S, count)
    lives.effect[row] = np.where(reached, effect, 1.0)
    lives.effect_left[row] = np.where(reached, EFFECT_MONTHS, 0)
    ids = writing.numbers(lives.subscriber_id[row])
    offered = writing.times(changes.first, second[row])
    number = (changes.month.year * 100 + changes.month.number) * 10 + action
    written = writing.write_part(
        root / "campaigns",
        changes.month,
        {
            "subscriber_id": ids,
            "offered_at": offered,
            "campaign_id": writing.numbers(number),
            "action": writing.category(action, _ACTIONS),
            "channel": writing.category(rng.integers(0, len(_CHANNELS), count), _CHANNELS),
            "arm": writing.category(treated, ("control", "treated")),
            "responded_at": writing.times(changes.first, answered, ~treated),
            "contacted": writing.numbers(reached, ~treated),
            "accepted": writing.numbers(accepted, ~treated),
            "succeeded": writing.numbers(accepted, ~treated),
            "cost": writing.money(np.where(accepted, _COST_CENTS[action], 0)),
        },
    )
    known = {"subscriber_id": ids, "offered_at": offered, "treated": writing.numbers(treated)}
    known["response"] = writing.category(people.response[row], RESPONSES)
    known["effect_if_reached"] = writing.numbers(effect)
    writing.write_part(truth / "offers", changes.month, known)
    return Offers(written, row, second[row], row[reached])
