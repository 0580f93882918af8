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
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from churnlight.demo import bills, contacts, snapshots
from churnlight.demo.cdr import Use, write_district
from churnlight.demo.dirt import make_dirty
from churnlight.demo.habits import plant
from churnlight.demo.lives import Lives, start_lives
from churnlight.demo.months import Changes, advance
from churnlight.demo.people import People, make_people
from churnlight.demo.profile import PROFILES
from churnlight.demo.responses import respond
from churnlight.demo.ties import Ties, make_outside, make_ties
from churnlight.demo.truth import Rules, TruthBook
from churnlight.demo.truth.book import Standing
from churnlight.demo.truth.offers import write_offer_outlook
from churnlight.demo.view import View, make_view
from churnlight.errors import DataRefused, UsageError
from churnlight.files import atomic_folder, write_json
from churnlight.inventory import SIMULATED_FILE
from churnlight.logs import progress
from churnlight.params.output import DemoParams
from churnlight.timeline import Month, TimeRules, default_roles, month_range

_THREADS = 2
# Months whose calls may be in the making while the city's life runs ahead.
_AHEAD = 2


@dataclass(frozen=True)
class _Pending:
    """A month whose calls are in the making."""

    changes: Changes
    view: View
    terms: bills.Terms
    uses: list[Future[Use]]
    standing: Standing | None


@dataclass(frozen=True)
class Turn:
    """Another future: from month `index` on, chance goes by `seed`."""

    index: int
    seed: int


def require_size(params: DemoParams, time: TimeRules, min_churners: int) -> None:
    """Hold the demo's size to what fitting and testing need.

    Raises:
        UsageError: says the least number of months or subscribers that would do.
    """
    try:
        default_roles(month_range(Month.parse(params.start), params.months), time)
    except DataRefused as error:
        raise UsageError(f"demo.months is {params.months}: {error}") from None
    share = PROFILES[params.profile].churners
    least = int(np.ceil(min_churners / share))
    if params.subscribers < least:
        raise UsageError(
            f"demo.subscribers is {params.subscribers}: about {share:.2%} of "
            f"them leave the cohort of one as_of, and {min_churners} churners are needed "
            f"(train.min_churners): give at least {least}"
        )


def generate(
    params: DemoParams, out: Path, rules: Rules | None = None, turn: Turn | None = None
) -> dict[str, int]:
    """Write `out`/extracts (the contract's extracts) and `out`/truth (who left, and why).

    Both folders appear by rename, whole. The same parameters give the same bytes, for any number
    of threads. Memory goes with subscribers and ties (some 0.7 kB a subscriber) and with the
    districts in the making, not with the number of CDRs.

    Args:
        params: the section `demo` of the parameters.
        out: folder to write into; its subfolders `extracts` and `truth` are replaced.
        rules: what label the truth is asked about; None: the defaults.
        turn: another future, for those who want to compare several; None: none.

    Returns:
        Rows of each extract, before any dirt.

    Raises:
        UsageError: when `params.start` is no month, or dirt is asked for in months there are not.
    """
    months = month_range(Month.parse(params.start), params.months)
    with atomic_folder(out / "truth") as known, atomic_folder(out / "extracts") as extracts:
        city = _City(params, extracts, known, rules or Rules(), turn)
        # Whatever is made from these extracts says "simulated", by this mark.
        write_json(extracts / SIMULATED_FILE, {"by": "churnlight demo", "seed": params.seed})
        rows = snapshots.write_reference(extracts, months[0], len(months))
        with progress("simulating", len(months), "months") as done:
            for counts in city.live(months):
                for name, count in counts.items():
                    rows[name] = rows.get(name, 0) + count
                done(1)
        if params.dirt.any:
            days = (rules or Rules()).time.close_days
            make_dirty(extracts, known, params.seed, params.dirt, days)
    logging.getLogger("churnlight").info(
        "simulated %s subscribers over %d months: %s CDRs",
        f"{params.subscribers:,}",
        params.months,
        f"{rows['cdr']:,}",
    )
    return rows


class _City:
    """Everything that lasts longer than a month."""

    def __init__(
        self, params: DemoParams, extracts: Path, known: Path, rules: Rules, turn: Turn | None
    ) -> None:
        self.seed = params.seed
        self.turn = turn
        self.foretell = params.offers.foretell_months
        self.extracts = extracts
        self.known = known
        start = Month.parse(params.start)
        profile = replace(
            PROFILES[params.profile], habits=params.habits, offers=params.offers.share
        )
        people = make_people(self.seed, params.subscribers, params.months, profile)
        self.people: People = respond(self.seed, plant(self.seed, people), params.offers.response)
        self.ties: tuple[Ties, ...] = make_ties(self.seed, self.people)
        self.lives: Lives = start_lives(self.seed, self.people, start)
        self.account = bills.open_account(self.people, self.lives)
        self.truth = TruthBook(known, self.people, self.ties, rules)

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
        self.truth.close([str(month) for month in months])

    def _seed(self, index: int) -> int:
        """What chance goes by in a month."""
        turned = self.turn is not None and index >= self.turn.index
        return self.turn.seed if self.turn is not None and turned else self.seed

    def _month(
        self, pool: ThreadPoolExecutor, index: int, month: Month
    ) -> tuple[dict[str, int], _Pending]:
        seed, people, lives = self._seed(index), self.people, self.lives
        at_risk = lives.on_the_books
        changes = advance(seed, people, lives, self.ties, index, month)
        view = make_view(seed, people, lives, changes)
        uses = [
            pool.submit(self._calls, view, district)
            for district in range(len(people.districts) - 1)
        ]
        terms = bills.make_terms(lives, changes)
        root = self.extracts
        offers = contacts.write_offers(root, self.known, seed, people, lives, changes)
        counts = {
            "subscribers": snapshots.write_snapshot(root, people, lives, changes),
            "care": contacts.write_care(root, seed, lives, changes),
            "services": contacts.write_services(root, seed, people, lives, changes),
            "campaigns": offers.written,
        }
        self.truth.live(at_risk, lives, changes, offers.reached)
        if self.foretell:
            city = (people, self.ties)
            write_offer_outlook(self.known, city, lives, changes, offers, self.foretell)
        # Only the calls are still to come: a whole city's rates would fill the memory.
        changes.hazard = changes.lost_hazard = np.zeros((0, 0), dtype="f4")
        standing = self.truth.stand(lives, index + 1, month + 1)
        return counts, _Pending(changes, view, terms, uses, standing)

    def _calls(self, view: View, district: int) -> Use:
        # Drawn again each month: a city's outside contacts together would fill the memory.
        outside = make_outside(self.seed, self.people, district)
        city = (self.people, self.ties, outside)
        return write_district(self.extracts / "cdr", self._seed(view.index), city, view, district)

    def _settle(self, month: _Pending, counts: dict[str, int]) -> dict[str, int]:
        """Wait for a month's calls and write the bills that follow from them."""
        uses = [future.result() for future in month.uses]
        use = (
            np.concatenate([u.voice_s for u in uses]),
            np.concatenate([u.messages for u in uses]),
            np.concatenate([u.bytes for u in uses]),
        )
        changes = month.changes
        fees = bills.service_fees(self.people, changes.index)
        bill = bills.charge(month.terms, changes.month.days, fees, use)
        written = bills.write_bills(
            self.extracts,
            self._seed(changes.index),
            self.people,
            month.terms,
            (changes, month.view.subscriber_id, bill, self.account),
        )
        self.truth.settle((bill, uses, month.view), self.lives, month.standing)
        return counts | written | {"cdr": sum(u.records for u in uses)}
