"""The truth of every as_of: who is at risk, how likely they are to leave and why, and what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from churnlight.demo import writing
from churnlight.demo.bills import Bill, service_fees
from churnlight.demo.causes import Cause
from churnlight.demo.cdr import Use
from churnlight.demo.clock import first_day
from churnlight.demo.habits import NAMES
from churnlight.demo.lives import ACTIVE, KINDS, Lives
from churnlight.demo.months import FALLEN_CALLS, Changes
from churnlight.demo.people import RESPONSE_EFFECT, RESPONSES, People
from churnlight.demo.randomness import Array
from churnlight.demo.ties import Ties
from churnlight.demo.truth.chances import Asked, chances
from churnlight.demo.truth.departures import Departures, write_hazards
from churnlight.demo.truth.spending import History, Spenders, bill_odds, spenders
from churnlight.demo.view import View
from churnlight.files import write_json
from churnlight.params.data import TimeParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.timeline import Month

RULES_FILE = "rules.json"


@dataclass(frozen=True)
class Rules:
    """What the truth is asked about: the parameters' sections time, cohort and label.

    p_true knows the kinds off_net and value_loss over whole months; where the label asks for
    something else there is none.
    """

    time: TimeParams = field(default_factory=TimeParams)
    cohort: CohortParams = field(default_factory=CohortParams)
    label: LabelParams = field(default_factory=LabelParams)

    @property
    def asked(self) -> Asked | None:
        """The label as `chances` takes it; None where it knows no answer."""
        if self.time.horizon_days is not None or not set(self.label.kinds) <= {
            "off_net",
            "value_loss",
        }:
            return None
        return Asked(
            gap=self.time.gap_months,
            horizon=self.time.horizon_months,
            off_net_kinds=self.label.off_net_kinds if "off_net" in self.label.kinds else (),
            value_loss="value_loss" in self.label.kinds,
            drop=self.label.value_loss.drop,
        )

    def content(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "time": self.time.model_dump(mode="json"),
            "cohort": self.cohort.model_dump(mode="json"),
            "label": self.label.model_dump(mode="json"),
        }


@dataclass(frozen=True)
class Standing:
    """The state at an as_of, one element a row on the books.

    Attributes:
        index: index of the month that begins with as_of.
        month: that month.
        who: what bills depend on.
        subscriber_id: int64.
        eligible: keeps the cohort's rules, apart from bills and minutes (bool).
        leave, lost: see `Chances`.
        debt: chance of leaving with debts.
    """

    index: int
    month: Month
    who: Spenders
    subscriber_id: Array
    eligible: Array
    leave: Array
    lost: Array
    debt: Array


@dataclass(frozen=True)
class _Open:
    """An as_of whose outcome is not yet known."""

    standing: Standing
    limit: Array
    in_cohort: Array


class TruthBook:
    """Writes the truth's tables while the months go by.

    departures: who left and why. hazards: each month's chances as drawn. offers (by `contacts`):
    what each offer does. outlook: p_true of each as_of, from nothing later. outcomes: what came.
    """

    def __init__(self, root: Path, people: People, ties: tuple[Ties, ...], rules: Rules) -> None:
        self.root, self.people, self.ties, self.rules = root, people, ties, rules
        self.asked = rules.asked
        self._departures = Departures()
        self._history = History(rules.time.window_months, rules.time.horizon_months)
        self._applied = np.full(people.count, -999, dtype=np.int16)
        self._treated: dict[int, Array] = {}
        self._open: list[_Open] = []
        write_json(root / RULES_FILE, rules.content())

    def live(self, at_risk: Array, lives: Lives, changes: Changes, treated: Array) -> None:
        """Note a month, after `months.advance` and its offers."""
        self._departures.add(lives, changes)
        write_hazards(self.root, at_risk, lives, changes)
        applied = (changes.applied >= changes.since) & (changes.applied < changes.until)
        self._applied[applied] = changes.index
        self._treated[changes.index] = treated

    def stand(self, lives: Lives, index: int, month: Month) -> Standing | None:
        """The state before month `index`; None where its window is not there."""
        window = self.rules.time.window_months
        if self.asked is None or index < window:
            return None
        row = np.flatnonzero(lives.on_the_books).astype(np.int32)
        row = row[np.argsort(lives.subscriber_id[row], kind="stable")]
        found = chances(self.people, lives, self.ties, index, self.asked)
        people = self.people
        eligible = (lives.status == ACTIVE) & (self._applied < index - window)
        eligible &= ~(people.staff | people.test | people.red_list)
        if self.rules.cohort.whole_window:
            eligible &= lives.activated <= first_day(month - window)
        return Standing(
            index=index,
            month=month,
            who=spenders(lives, row, index, self.asked.months, service_fees(people, index - 1)),
            subscriber_id=lives.subscriber_id[row],
            eligible=eligible[row],
            leave=found.leave[:, row],
            lost=found.lost[:, row],
            debt=found.debt[row],
        )

    def settle(
        self, month: tuple[Bill, list[Use], View], lives: Lives, standing: Standing | None
    ) -> None:
        """Take a settled month in, write the outlook at its end, and what came of earlier ones."""
        bill, uses, view = month
        self._history.add(bill, uses, view)
        if self.asked is None:
            return
        if standing is not None:
            self._open.append(self._foretell(standing, self.asked))
        done = [o for o in self._open if o.standing.index + self.asked.months - 1 <= view.index]
        for known in done:
            self._open.remove(known)
            self._come(known, lives, self.asked)

    def close(self, names: list[str]) -> None:
        """Write what is only known in the end; `names` are the months."""
        self._departures.write(self.root, names)

    def _foretell(self, standing: Standing, asked: Asked) -> _Open:
        who, cohort = standing.who, self.rules.cohort
        bills = self._history.bills(who.row, self.rules.time.window_months)
        limit = np.median(bills, axis=0) * (1.0 - asked.drop)
        in_cohort = standing.eligible.copy()
        if cohort.min_monthly_bill is not None:
            in_cohort &= bills.mean(axis=0) >= cohort.min_monthly_bill * 100 - 1e-6
        if cohort.min_voice_out_minutes is not None:
            in_cohort &= self._history.talked_s(who.row) > cohort.min_voice_out_minutes * 60
        parts = _by_cause(standing, limit * asked.value_loss, asked, (self.people, self._history))
        _write_outlook(self.root, standing, in_cohort, parts, self.people)
        return _Open(standing, limit, in_cohort)

    def _come(self, known: _Open, lives: Lives, asked: Asked) -> None:
        """Write what came: churned (null: no label), kind, and whether an offer was made."""
        standing, row = known.standing, known.standing.who.row
        first, end = standing.index + asked.gap, standing.index + asked.months
        left = (lives.left_month[row] >= standing.index) & (lives.left_month[row] < end)
        kind = lives.left_kind[row]
        counts = np.isin(kind, [KINDS.index(k) for k in asked.off_net_kinds])
        bills = self._history.bills(row, asked.horizon)
        small = (bills <= known.limit).all(axis=0) & (known.limit > 0) & asked.value_loss
        nothing = left & (~counts | (lives.left_month[row] < first))
        treated = np.zeros(self.people.count, dtype=bool)
        for index in range(standing.index, end):
            treated[self._treated[index]] = True
        columns = {
            "subscriber_id": writing.numbers(standing.subscriber_id),
            "in_cohort": writing.numbers(known.in_cohort),
            "churned": writing.numbers((left & counts) | small, nothing),
            "kind": writing.category(
                np.where(left, kind, np.where(small, len(KINDS) - 1, len(KINDS))),
                (*KINDS, "none"),
            ),
            "treated": writing.numbers(treated[row]),
        }
        writing.write_part(folder_of(self.root, "outcomes", standing.month), None, columns)


def folder_of(root: Path, name: str, month: Month) -> Path:
    """Where a table of an as_of stands."""
    return root / name / f"as_of={month.start:%Y-%m-%d}"


def _by_cause(
    standing: Standing, limit: Array, asked: Asked, known: tuple[People, History]
) -> Mapping[str, Array]:
    """L of each cause (see `Chances`), `bills` among them, and of leaving alone."""
    fallen, whole = known[0].profile.kept_use
    levels = [fallen, whole] if asked.value_loss else []
    odds = bill_odds(
        known[0], standing.who, known[1], limit, range(asked.gap, asked.months), levels
    )
    parts: dict[str, Array] = {}
    for cause in Cause:
        if cause is Cause.DEBT:
            continue
        total = standing.leave[cause]
        if asked.value_loss:
            kept = fallen if cause in FALLEN_CALLS else whole
            total = total + odds.lost[kept] * standing.lost[cause]
        parts[cause.name.lower()] = total
    parts["bills"] = -np.log1p(-np.minimum(odds.stays, np.float32(1.0 - 1e-3)))
    return parts


def _write_outlook(
    root: Path, standing: Standing, in_cohort: Array, parts: Mapping[str, Array], people: People
) -> None:
    """Write an as_of's outlook.

    Columns: p_true (of the label, given that there will be one and that nobody makes an offer),
    p_leave, p_debt, share_<cause> (of the label's hazard; `bills`: bills that fall by themselves,
    above all after the spending went), response and p_if_treated (with an offer made at as_of), and
    habit, the planted group, where there are any.
    """
    response = people.response[standing.who.row]
    total = np.asarray(sum(parts.values()))
    leave = standing.leave.sum(axis=0)
    treated = total + leave * (RESPONSE_EFFECT[response] - 1.0)
    columns = {
        "subscriber_id": writing.numbers(standing.subscriber_id),
        "in_cohort": writing.numbers(in_cohort),
        "p_true": _chance(total),
        "p_leave": _chance(leave),
        "p_debt": writing.numbers(standing.debt),
        "response": writing.category(response, RESPONSES),
        "p_if_treated": _chance(treated),
    }
    for name, part in parts.items():
        share = part / np.maximum(total, 1e-12)
        columns[f"share_{name}"] = writing.numbers(share.astype(np.float32))
    if people.profile.habits:
        columns["habit"] = writing.category(people.habit[standing.who.row], NAMES)
    writing.write_part(folder_of(root, "outlook", standing.month), None, columns)


def _chance(total: Array) -> Any:
    return writing.numbers((-np.expm1(-np.maximum(total, 0.0))).astype(np.float32))
