"""The simulated operator: from a seed to extracts, month by month, and the truth beside them.

The life of the city (who leaves, and why) does not depend on single calls, so it runs ahead and
cheaply; the calls of each month and district are drawn from it in threads, each from a random
stream of its own, and the bills follow from the calls.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from churnlight.demo import bills, contacts, snapshots, truth
from churnlight.demo.cdr import Use, write_district
from churnlight.demo.lives import Lives, start_lives
from churnlight.demo.months import Changes, advance
from churnlight.demo.people import People, make_people
from churnlight.demo.randomness import Array
from churnlight.demo.ties import Ties, make_outside, make_ties
from churnlight.demo.view import View, make_view
from churnlight.errors import DataRefused
from churnlight.files import atomic_folder, write_json
from churnlight.inventory import SIMULATED_FILE
from churnlight.logs import progress
from churnlight.params.output import DemoParams
from churnlight.timeline import Month, TimeRules, default_roles, month_range

_THREADS = 2
# Months whose calls may be in the making while the city's life runs ahead.
_AHEAD = 2
# What one subscriber adds to the churners of one as_of, roughly; for `require_size`.
_CHURNERS_A_SUBSCRIBER = 0.02


@dataclass(frozen=True)
class _Pending:
    """A month whose calls are in the making."""

    changes: Changes
    view: View
    terms: bills.Terms
    uses: list[Future[Use]]


def require_size(params: DemoParams, time: TimeRules, min_churners: int) -> None:
    """Hold the demo's size to what fitting and testing need.

    Raises:
        DataRefused: says the least number of months or subscribers that would do.
    """
    default_roles(month_range(Month.parse(params.start), params.months), time)
    least = int(np.ceil(min_churners / _CHURNERS_A_SUBSCRIBER))
    if params.subscribers < least:
        raise DataRefused(
            f"demo.subscribers is {params.subscribers}: about {_CHURNERS_A_SUBSCRIBER:.0%} of "
            f"them leave the cohort of one as_of, and {min_churners} churners are needed "
            f"(train.min_churners): give at least {least}"
        )


def generate(params: DemoParams, out: Path) -> dict[str, int]:
    """Write `out`/extracts (the contract's extracts) and `out`/truth (who left, and why).

    Both folders appear by rename, whole. The same parameters give the same bytes, for any number
    of threads. Memory goes with subscribers and ties (some 0.7 kB a subscriber) and with the
    districts in the making, not with the number of CDRs.

    Args:
        params: the section `demo` of the parameters.
        out: folder to write into; its subfolders `extracts` and `truth` are replaced.

    Returns:
        Rows of each extract.

    Raises:
        UsageError: when `params.start` is no month.
    """
    months = month_range(Month.parse(params.start), params.months)
    with atomic_folder(out / "truth") as known, atomic_folder(out / "extracts") as extracts:
        city = _City(params, extracts, known)
        # Whatever is made from these extracts says "simulated", by this mark.
        write_json(extracts / SIMULATED_FILE, {"by": "churnlight demo", "seed": params.seed})
        rows = snapshots.write_reference(extracts, months[0], len(months))
        with progress("simulating", len(months), "months") as done:
            for counts in city.live(months):
                for name, count in counts.items():
                    rows[name] = rows.get(name, 0) + count
                done(1)
    logging.getLogger("churnlight").info(
        "simulated %s subscribers over %d months: %s CDRs",
        f"{params.subscribers:,}",
        params.months,
        f"{rows['cdr']:,}",
    )
    return rows


class _City:
    """Everything that lasts longer than a month."""

    def __init__(self, params: DemoParams, extracts: Path, known: Path) -> None:
        self.seed = params.seed
        self.extracts = extracts
        self.known = known
        start = Month.parse(params.start)
        self.people: People = make_people(self.seed, params.subscribers, params.months)
        self.ties: tuple[Ties, ...] = make_ties(self.seed, self.people)
        self.lives: Lives = start_lives(self.seed, self.people, start)
        self.fees: Array = bills.service_fees(self.people)
        self.account = bills.open_account(self.people, self.lives)
        self.departures = truth.Departures()

    def live(self, months: tuple[Month, ...]) -> Iterator[dict[str, int]]:
        """Simulate and write month after month; yields each month's rows by extract."""
        pending: deque[tuple[_Pending, dict[str, int]]] = deque()
        with ThreadPoolExecutor(_THREADS) as pool:
            for index, month in enumerate(months):
                counts, waiting = self._month(pool, index, month)
                pending.append((waiting, counts))
                if len(pending) >= _AHEAD:
                    yield self._settle(*pending.popleft())
            while pending:
                yield self._settle(*pending.popleft())
        self.departures.write(self.known, [str(month) for month in months])

    def _month(
        self, pool: ThreadPoolExecutor, index: int, month: Month
    ) -> tuple[dict[str, int], _Pending]:
        at_risk = self.lives.on_the_books
        changes = advance(self.seed, self.people, self.lives, self.ties, index, month)
        view = make_view(self.seed, self.people, self.lives, changes)
        uses = [
            pool.submit(self._calls, view, district)
            for district in range(len(self.people.districts) - 1)
        ]
        terms = bills.make_terms(self.lives, changes)
        self.departures.add(self.lives, changes)
        truth.write_hazards(self.known, at_risk, self.lives, changes)
        root, lives = self.extracts, self.lives
        counts = {
            "subscribers": snapshots.write_snapshot(root, self.people, lives, changes),
            "care": contacts.write_care(root, self.seed, lives, changes),
            "services": contacts.write_services(root, self.seed, self.people, lives, changes),
            "campaigns": contacts.write_offers(root, self.known, self.seed, lives, changes),
        }
        return counts, _Pending(changes, view, terms, uses)

    def _calls(self, view: View, district: int) -> Use:
        # Drawn again each month: a city's outside contacts together would fill the memory.
        outside = make_outside(self.seed, self.people, district)
        city = (self.people, self.ties, outside)
        return write_district(self.extracts / "cdr", self.seed, city, view, district)

    def _settle(self, month: _Pending, counts: dict[str, int]) -> dict[str, int]:
        """Wait for a month's calls and write the bills that follow from them."""
        uses = [future.result() for future in month.uses]
        use = (
            np.concatenate([u.voice_s for u in uses]),
            np.concatenate([u.messages for u in uses]),
            np.concatenate([u.bytes for u in uses]),
        )
        changes = month.changes
        bill = bills.charge(month.terms, changes.month.days, self.fees, use)
        written = bills.write_bills(
            self.extracts,
            self.seed,
            self.people,
            month.terms,
            (changes, month.view.subscriber_id, bill, self.account),
        )
        return counts | written | {"cdr": sum(u.records for u in uses)}
