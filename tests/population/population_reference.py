"""Cohort and labels once more, told subscriber by subscriber in plain Python.

Written from the design alone, with its own arithmetic of time and Decimal money, to be compared
with `churnlight.population`. It shares no code with it.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal

ON = {"active", "suspended"}


def first_of(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}-01")


def shift(start: datetime, by: int) -> datetime:
    """First instant of the month `by` months away."""
    for _ in range(abs(by)):
        start = (
            (start + timedelta(days=31)).replace(day=1)
            if by > 0
            else (start - timedelta(days=1)).replace(day=1)
        )
    return start


def name(start: datetime) -> str:
    return start.strftime("%Y-%m")


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


class Told:
    """The reference for one as_of."""

    def __init__(self, world, as_of, cohort, label, there, time):
        self.cohort, self.label, self.there = cohort, label, set(there)
        self.t0 = datetime.fromisoformat(as_of)
        self.cutoff = self.t0 + timedelta(days=time.close_days)
        self.window = [name(shift(self.t0, -i)) for i in range(time.window_months, 0, -1)]
        self.begin = shift(self.t0, time.gap_months)
        if time.horizon_days is None:
            self.end = shift(self.begin, time.horizon_months)
        else:
            self.end = self.begin + timedelta(days=time.horizon_days)
        self.gap = self.months(self.t0, self.begin)
        self.horizon = self.months(self.begin, self.end)
        self.spend = [name(shift(self.begin, i)) for i in range(label.spend_churn.months)]
        self.snap, self.bill = {}, {}
        self.usage, self.cdr = defaultdict(list), defaultdict(list)
        self.care, self.offers = defaultdict(list), defaultdict(list)
        for r in world.rows["subscribers"]:
            self.snap[r["subscriber_id"], r["month"]] = r
        for r in world.rows["billing"]:
            self.bill[r["subscriber_id"], r["month"]] = r
        for extract, into in (("cdr", self.cdr), ("care", self.care), ("campaigns", self.offers)):
            for r in world.rows[extract]:
                into[r["subscriber_id"]].append(r)
        for r in world.usage_rows:
            self.usage[r["subscriber_id"]].append(r)

    @staticmethod
    def months(start: datetime, end: datetime) -> list[str]:
        found = []
        while start < end:
            found.append(name(start))
            start = shift(start, 1)
        return found

    def known(self, months: list[str]) -> bool:
        return self.there.issuperset(self.gap) and self.there.issuperset(months)

    # What a later month's snapshot says of one identity: a status, "vanished", "replaced".
    def state(self, who, month: str, born: date) -> tuple[str, date | None]:
        row = self.snap.get((who, month))
        if row is None:
            return "vanished", None
        if row["activated_on"] != born:
            return "replaced", row["activated_on"]
        return row["status"], row["status_since"]

    def departure(self, who, born: date) -> str | None:
        """Kind of leaving in the horizon, or None for who is there when it ends."""
        states = [self.state(who, m, born) for m in self.horizon]
        *earlier, (_, since) = states
        inside_a_month = self.end != shift(first_of(self.horizon[-1]), 1)
        if inside_a_month and since is not None and midnight(since) >= self.end:
            # The last snapshot shows something that came after the end: as if nothing was seen.
            states = earlier
        if not states or states[-1][0] in ON:
            return None
        first = next(s for s, _ in states if s not in ON)
        return "vanished" if first == "replaced" else first

    def charge(self, who, month: str, born: date) -> Decimal | None:
        """A bill after as_of; None = not known."""
        state, _ = self.state(who, month, born)
        if state == "replaced":
            return Decimal(0)
        row = self.bill.get((who, month))
        if row is not None:
            return Decimal(str(row["total_charge"]))
        return None if state in ON else Decimal(0)

    def spend_churn(self, who, born: date) -> bool | None:
        if not self.known(self.spend):
            return None
        bills = [self.charge(who, m, born) for m in self.spend]
        if None in bills:
            return None
        return sum(bills) < Decimal(str(self.label.spend_churn.total_below))

    def had_forerunner(self, who, born: date) -> bool:
        """Whether a snapshot or usage of an earlier time shows that the id was in use."""
        for month in [name(shift(first_of(self.window[0]), -1)), *self.window]:
            row = self.snap.get((who, month))
            if row is not None and row["activated_on"] != born:
                return True
        for row in self.usage[who]:
            if row["month"] not in self.window:
                continue
            start, last = first_of(row["month"]), row["last_out_at"]
            counts = ("voice_out_s", "voice_out_count", "sms_out_count", "data_sessions_count")
            if shift(start, 1) <= midnight(born):
                if any((row.get(c) or 0) > 0 for c in counts):
                    return True
            elif start < midnight(born) and last is not None and last < midnight(born):
                return True
        return False

    def own(self, who, born: date) -> list[str]:
        """The window's months that are wholly this identity's."""
        if self.had_forerunner(who, born):
            return [m for m in self.window if first_of(m) >= midnight(born)]
        return [m for m in self.window if shift(first_of(m), 1) > midnight(born)]

    def value_loss(self, who, born: date) -> bool | None:
        if not self.known(self.horizon):
            return None
        before = []
        for month in self.window:
            row = self.bill.get((who, month))
            if row is not None and month in self.own(who, born):
                before.append(Decimal(str(row["total_charge"])))
            elif midnight(born) <= first_of(month):
                return None
        after = [self.charge(who, m, born) for m in self.horizon]
        if not before or None in after:
            return None
        median = statistics.median(before)
        limit = (1 - Decimal(str(self.label.value_loss.drop))) * median
        return median > 0 and max(after) <= limit

    def silence(self, who, born: date) -> bool | None:
        if not self.known(self.horizon):
            return None
        stop = min(self.end, self.handed_on_at(who, born))
        return not any(
            self.begin <= e["started_at"] < stop
            and (e["kind"] == "data" or e["direction"] == "out")
            for e in self.cdr[who]
        )

    def handed_on_at(self, who, born: date) -> datetime:
        """When the next identity on the id begins, as the first later snapshot shows it."""
        for month in sorted(self.there):
            state, since = self.state(who, month, born)
            if name(self.t0) <= month <= self.furthest() and state == "replaced":
                return midnight(since)
        return datetime.max

    def furthest(self) -> str:
        return max([*self.spend, *self.horizon])

    def one(self, who) -> dict[str, object]:
        snap = self.snap[who, self.window[-1]]
        born = snap["activated_on"]
        kinds: dict[str, bool | None] = dict.fromkeys(
            ("off_net", "spend_churn", "value_loss", "silence")
        )
        gone = None
        in_gap = (
            bool(self.gap)
            and self.gap[-1] in self.there
            and self.state(who, self.gap[-1], born)[0] not in ON
        )
        if not in_gap:
            if self.known(self.horizon):
                gone = self.departure(who, born)
                kinds["off_net"] = gone is not None
            kinds["spend_churn"] = self.spend_churn(who, born)
            kinds["value_loss"] = self.value_loss(who, born)
            kinds["silence"] = self.silence(who, born)
        churned, label_kind = self.decide(kinds, gone)
        here, since = self.state(who, name(self.t0), born)
        early = (
            name(self.t0) in self.there
            and here not in ON | {"vanished", "replaced"}
            and since is not None
            and self.t0 <= midnight(since) < self.cutoff
        )
        return {
            "subscriber_id": who,
            "account_id": str(who if snap.get("account_id") is None else snap["account_id"]),
            "activated_on": born,
            "churned": churned,
            "label_kind": label_kind,
            **kinds,
            "left_before_cutoff": early,
            "treated": any(
                o["arm"] == "treated"
                and o["contacted"] is not False
                and self.t0 <= o["offered_at"] < min(self.end, self.handed_on_at(who, born))
                for o in self.offers[who]
            ),
            **self.window_facts(who, born),
        }

    def decide(self, kinds, gone) -> tuple[bool | None, str]:
        needed = list(self.horizon)
        if "spend_churn" in self.label.kinds:
            needed += self.spend
        if not self.known(needed):
            return None, "unknown"
        if gone is not None and gone not in self.label.off_net_kinds:
            return None, gone
        asked = [k for k in kinds if k in self.label.kinds]
        for kind in asked:
            if kinds[kind]:
                return True, gone if kind == "off_net" else kind
        if any(kinds[kind] is None for kind in asked):
            return None, "unknown"
        return False, "none"

    def window_facts(self, who, born: date) -> dict[str, object]:
        own = self.own(who, born)
        bills = []
        for month in own:
            row = self.bill.get((who, month))
            billed = row and (row["billed_at"] or shift(first_of(month), 1))
            if row and billed < self.cutoff:
                bills.append(Decimal(str(row["total_charge"])))
        rows = [r for r in self.usage[who] if r["month"] in own]
        last = [
            r["last_out_at"]
            for r in self.usage[who]
            if r["month"] in self.window
            and r["last_out_at"] is not None
            and r["last_out_at"] >= midnight(born)
        ]
        return {
            "monthly_bill_money": float(sum(bills) / len(bills)) if bills else None,
            "voice_out_min": sum(r.get("voice_out_s") or 0 for r in rows) / 60,
            "days_since_out": (self.t0 - max(last)).days if last else None,
        }

    def rules(self, who, row) -> dict[str, bool]:
        born = row["activated_on"]
        window = [self.snap[who, m] for m in self.window if (who, m) in self.snap]
        last = window[-1]
        rows = [r for r in self.usage[who] if r["month"] in self.window]
        rows = [r for r in rows if r["month"] in self.own(who, born)]
        found = {}
        if self.cohort.whole_window:
            found["whole_window"] = midnight(born) <= first_of(self.window[0]) and all(
                s["activated_on"] == born and s["status"] in ON for s in window
            )
        found["not_suspended"] = last["status"] == "active"
        found["not_staff_or_test"] = not (last.get("is_staff") or last.get("is_test"))
        found["not_red_list"] = not last.get("on_red_list")
        found["no_port_out_application"] = not any(
            c["kind"] == "port_out_application" and midnight(born) <= c["happened_at"] < self.t0
            for c in self.care[who]
        )
        if self.cohort.min_monthly_bill is not None:
            bill = row["monthly_bill_money"]
            found["min_monthly_bill"] = bill is not None and bill >= self.cohort.min_monthly_bill
        if self.cohort.min_voice_out_minutes is not None:
            found["min_voice_out_minutes"] = (
                row["voice_out_min"] > self.cohort.min_voice_out_minutes
            )
        if "silence" in self.label.kinds:
            found["active_in_window"] = any(
                (r.get(c) or 0) > 0
                for r in rows
                for c in ("voice_out_count", "sms_out_count", "data_sessions_count")
            )
        return found

    def tell(self):
        """The cohort's rows in order, and the attrition table."""
        left = [
            self.one(who)
            for (who, month), snap in self.snap.items()
            if month == self.window[-1] and snap["status"] in ON
        ]
        attrition = [("active_at_as_of", len(left), sum(r["churned"] is True for r in left))]
        judged = {r["subscriber_id"]: self.rules(r["subscriber_id"], r) for r in left}
        for rule in next(iter(judged.values())):
            left = [r for r in left if judged[r["subscriber_id"]][rule]]
            attrition.append((rule, len(left), sum(r["churned"] is True for r in left)))
        return sorted(left, key=lambda r: r["subscriber_id"]), attrition
