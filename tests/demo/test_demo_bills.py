"""Bills follow from use to the cent: worked out again from records, plans and snapshots."""

from decimal import Decimal

import pandas as pd
import pytest

# The discount that each contract gives on the fee, in percent; a group's members get 5 more.
PERCENT = {"none": 0, "discount_12m": 10, "discount_24m": 15, "handset_24m": 0}


def cents(value: float) -> int:
    exact = Decimal(repr(float(value))) * 100
    assert exact == exact.to_integral_value(), value
    return int(exact)


def days_on_the_books(line: pd.Series, month: pd.Period) -> int:
    first, last = 1, month.days_in_month
    if pd.Period(line["activated_on"], "M") == month:
        first = line["activated_on"].day
    if line["status"] not in ("active", "suspended"):
        last = line["status_since"].day
    return last - first + 1


def expected_bill(line: pd.Series, calls: pd.DataFrame, plan: pd.Series, fees: int) -> dict:
    """One bill in cents, with whole-number arithmetic, row by row."""
    month = pd.Period(line["month"], "M")
    fee = cents(plan["fee"]) * days_on_the_books(line, month) // month.days_in_month
    step = int(plan["billing_step_s"])
    seconds = messages = size = 0
    for call in calls.itertuples():
        if call.kind == "data":
            size += int(call.bytes)
        elif call.direction == "out" and call.kind == "voice":
            seconds += (int(call.duration_s) + step - 1) // step * step
        elif call.direction == "out":
            messages += 1
    beyond_s = max(0, seconds - int(plan["minutes"]) * 60)
    megabytes = (size + 2**20 - 1) // 2**20
    percent = 5 if pd.notna(line["group_id"]) else 0
    ends = line["contract_ends_on"]
    if ends is not None and pd.Period(ends, "M") >= month:
        percent += PERCENT[line["contract_kind"]]
    return {
        "plan_fee": fee,
        "voice_charge": beyond_s * cents(plan["voice_price_per_min"]) // 60,
        "sms_charge": max(0, messages - int(plan["sms"])) * cents(plan["sms_price"]),
        "data_charge": max(0, megabytes - int(plan["data_mb"])) * cents(plan["data_price_per_mb"]),
        "vas_charge": fees,
        "discount": fee * percent // 100,
    }


@pytest.mark.parametrize("month", ["2025-02", "2025-07"])
def test_bills_follow_from_use(operator, month):
    lines = operator.table("subscribers").query("month == @month").set_index("subscriber_id")
    bills = operator.table("billing").query("month == @month").set_index("subscriber_id")
    calls = dict(iter(operator.table("cdr").query("part == @month").groupby("subscriber_id")))
    fees = operator.table("services").query("month == @month").groupby("subscriber_id")["fee"].sum()
    plans = operator.table("plans").set_index("plan_id")
    # Every sixteenth line, and all that joined or left in the month: their fee goes by days.
    joined = lines.index[lines["activated_on"].map(lambda d: f"{d:%Y-%m}" == month)]
    left = lines.index[~lines["status"].isin(["active", "suspended"])]
    chosen = [*lines.index[::16], *joined, *left]
    seen = 0
    for subscriber in dict.fromkeys(s for s in chosen if s in bills.index):
        line, bill = lines.loc[subscriber], bills.loc[subscriber]
        own = calls.get(subscriber, pd.DataFrame())
        want = expected_bill(line, own, plans.loc[line["plan_id"]], cents(fees.get(subscriber, 0)))
        got = {name: cents(bill[name]) for name in want}
        assert got == want
        total = sum(want.values()) - 2 * want["discount"]
        assert cents(bill["total_charge"]) == total
        seen += 1
    assert seen > 100
    for charge in ("voice_charge", "sms_charge", "data_charge", "vas_charge", "discount"):
        assert (bills[charge] > 0).any()


def test_accounts_add_up_over_the_months(operator):
    bills = operator.table("billing").sort_values(["subscriber_id", "month"])
    same = bills["subscriber_id"] == bills["subscriber_id"].shift()
    begun = (bills["balance_end"].shift() + bills["paid"] - bills["total_charge"]).round(2)
    # A recycled number begins an account of its own.
    recycled = operator.table("subscribers").groupby("subscriber_id")["activated_on"].nunique()
    same &= bills["subscriber_id"].map(recycled).fillna(1) == 1
    assert same.sum() > 7_000
    assert (begun[same] - bills["balance_end"][same]).abs().max() < 0.005


def test_payments_are_those_on_the_bill(operator):
    topups = operator.table("topups").groupby(["subscriber_id", "part"])["amount"].sum().round(2)
    bills = operator.table("billing").set_index(["subscriber_id", "part"])["paid"]
    paid = bills[bills > 0]
    assert paid.sort_index().equals(topups.sort_index().rename("paid"))


def test_who_is_suspended_owes(operator):
    keys = ["subscriber_id", "month"]
    suspended = operator.table("subscribers").query("status == 'suspended'")[keys]
    bills = suspended.merge(operator.table("billing"), on=keys)
    assert len(bills) == len(suspended) > 5
    assert (bills["arrears_end"] > 0).mean() > 0.9
    assert (bills["suspended_days"] > 0).all()


def test_half_the_lines_are_mid_or_high_end(operator):
    bills = operator.table("billing").query("month in ['2025-05', '2025-06', '2025-07']")
    calls = operator.table("cdr").query("part in ['2025-05', '2025-06', '2025-07']")
    calls = calls.query("kind == 'voice' and direction == 'out'")
    minutes = calls.groupby("subscriber_id")["duration_s"].sum() / 60
    mean = bills.groupby("subscriber_id")["total_charge"].mean()
    both = (mean >= 80) & (minutes.reindex(mean.index) > 300)
    assert 0.38 < both.mean() < 0.58
