"""What every offer changes: the chance of leaving with it and without, before anything is drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from churnlight.demo import writing
from churnlight.demo.contacts import EFFECT_MONTHS, REACHED_SHARE, Offers
from churnlight.demo.lives import Lives
from churnlight.demo.months import Changes
from churnlight.demo.people import RESPONSE_EFFECT, People
from churnlight.demo.randomness import Array
from churnlight.demo.ties import Ties
from churnlight.demo.truth.chances import Asked, chances

FOLDER = "offer_outlook"


def write_offer_outlook(
    root: Path,
    city: tuple[People, tuple[Ties, ...]],
    lives: Lives,
    changes: Changes,
    made: Offers,
    months: int,
) -> int:
    """Write a month's offers with the chances of being off the books after so many more months.

    Columns: subscriber_id, offered_at (as in the extract), p_left_if_control, p_left_if_treated
    (assigned to the offer, reached or not). Who left in the offer's own month has left in both.
    That contacts were made an offer too counts as it does in fact.

    Args:
        root: of the truth.
        city: people and ties.
        lives: the state after the month and its offers.
        changes: the month.
        made: its offers.
        months: whole months after the offer's own.

    Returns:
        Rows written.
    """
    people, ties = city
    row, asked = made.row, Asked(gap=0, horizon=months, value_loss=False)

    def left(effect: Array, lasting: int) -> Array:
        factors, lasts = lives.effect.copy(), lives.effect_left.copy()
        factors[row], lasts[row] = effect, lasting
        state = replace(lives, effect=factors, effect_left=lasts)
        found = chances(people, state, ties, changes.index + 1, asked)
        stays = np.exp(-found.leave[:, row].sum(axis=0)) * (1.0 - found.debt[row])
        return np.where(lives.on_the_books[row], 1.0 - stays, 1.0)

    without = left(np.ones(len(row), dtype=np.float32), 0)
    reached = left(RESPONSE_EFFECT[people.response[row]], EFFECT_MONTHS)
    assigned = REACHED_SHARE * reached + (1.0 - REACHED_SHARE) * without
    columns = {
        "subscriber_id": writing.numbers(lives.subscriber_id[row]),
        "offered_at": writing.times(changes.first, made.second),
        "p_left_if_control": writing.numbers(without.astype(np.float64)),
        "p_left_if_treated": writing.numbers(assigned.astype(np.float64)),
    }
    return writing.write_part(root / FOLDER, changes.month, columns)
