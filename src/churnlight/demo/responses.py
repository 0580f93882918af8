"""What an offer does to whom: by chance, or by traits that show in the extracts.

By chance nobody can tell who would be saved: the expected effect is a share of the risk, the same
for all, and no model can rank better than the risk does. By traits there is something to be found.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from churnlight.demo.people import People
from churnlight.demo.randomness import Part, stream

# Days on the books at the start from which a line is an old one.
OLD_DAYS = 1_000
# Shares of saved, indifferent, provoked: old lines on a monthly bill are mostly saved, new ones
# that pay beforehand mostly reminded that they could leave, the others as by chance.
_OTHERS, _OLD, _NEW = range(3)
SHARES = np.array([(0.25, 0.65, 0.10), (0.85, 0.15, 0.00), (0.00, 0.30, 0.70)])


def respond(seed: int, people: People, by: Literal["chance", "traits"]) -> People:
    """The people, with their `response` drawn anew where it goes by traits."""
    if by == "chance":
        return people
    old = ~people.joins & (people.tenure_days >= OLD_DAYS)
    kind = np.where(people.postpaid & old, _OLD, np.where(~people.postpaid & ~old, _NEW, _OTHERS))
    edges = np.cumsum(SHARES, axis=1)[kind, :-1]
    draw = stream(seed, Part.RESPONSES).random(people.count)
    return replace(people, response=(draw[:, None] >= edges).sum(axis=1).astype(np.uint8))
