"""Figures of a simulated operator, measured on its extracts as an analyst would.

The page docs/demo.md and the tests that hold the simulator to its targets use the same ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from churnlight.demo.randomness import Array
from churnlight.timeline import Month, month_range

VIP_BILL, VIP_MINUTES, WINDOW = 80.0, 300.0, 3
SPEND_CHURN_MONTHS, SPEND_CHURN_BELOW = 3, 50.0
ON_THE_BOOKS = ("active", "suspended")
KEY = ["subscriber_id", "activated_on"]


def months_of(root: Path) -> list[Month]:
    """The months of a demo."""
    folders = sorted((root / "extracts" / "subscribers").iterdir())
    return [Month.parse(folder.name.removeprefix("month=")) for folder in folders]


def read(root: Path, extract: str, month: Month, columns: Sequence[str]) -> pd.DataFrame:
    """A month of an extract."""
    parts = sorted((root / "extracts" / extract / f"month={month}").glob("*.parquet"))
    frames = [pq.read_table(p, columns=list(columns), partitioning=None).to_pandas() for p in parts]
    return pd.concat(frames, ignore_index=True)


def bills(root: Path, months: Sequence[Month]) -> pd.DataFrame:
    """Bills (money), one row a subscriber, one column a month."""
    frames = [
        read(root, "billing", month, ["subscriber_id", "total_charge"]).assign(month=str(month))
        for month in months
    ]
    return pd.concat(frames).pivot_table(
        index="subscriber_id", columns="month", values="total_charge", aggfunc="sum"
    )


def minutes_out(root: Path, months: Sequence[Month]) -> pd.Series:
    """Outgoing voice minutes over the months, by subscriber."""
    total = pd.Series(dtype=float)
    for month in months:
        calls = read(root, "cdr", month, ["subscriber_id", "kind", "direction", "duration_s"])
        out = calls[(calls["kind"] == "voice") & (calls["direction"] == "out")]
        seconds = out.groupby("subscriber_id")["duration_s"].sum()
        total = total.add(seconds / 60, fill_value=0.0)
    return total


def base(root: Path, first: Month) -> pd.DataFrame:
    """Who is on the books at the window's end, with mean bill, minutes, and whether a VIP.

    Columns of the snapshot, and bill_money (mean of the window), minutes (its total), vip.
    """
    window = month_range(first, WINDOW)
    columns = ["status", "region", "group_id", "contract_kind", "contract_ends_on", "plan_id"]
    lines = read(root, "subscribers", window[-1], [*KEY, *columns])
    lines = lines[lines["status"].isin(ON_THE_BOOKS)].set_index("subscriber_id")
    lines["bill_money"] = bills(root, window).mean(axis=1).reindex(lines.index)
    lines["minutes"] = minutes_out(root, window).reindex(lines.index).fillna(0.0)
    lines["vip"] = (lines["bill_money"] >= VIP_BILL) & (lines["minutes"] > VIP_MINUTES)
    return lines


def city_figures(root: Path, first: Month) -> dict[str, float]:
    """The published city's figures, as reached by a demo."""
    lines = base(root, first)
    vips = lines[lines["vip"]]
    last_day = pd.Timestamp((first + WINDOW).start) - pd.Timedelta(days=1)
    ends = pd.to_datetime(vips["contract_ends_on"])
    under = (vips["contract_kind"] != "none") & (ends >= last_day)
    town = vips["region"].str.startswith("city")
    grouped = vips["group_id"].notna()
    rural = vips["region"] == "city-rural"
    figures = {
        "vip_share": float(lines["vip"].mean()),
        "vip_revenue_share": float(vips["bill_money"].sum() / lines["bill_money"].sum()),
        "mean_bill_money": float(lines["bill_money"].mean()),
        "vip_mean_bill_money": float(vips["bill_money"].mean()),
        "vip_city_share": float(town.mean()),
        "vip_east_share": float((vips["region"] == "east").mean()),
        "vip_north_share": float((vips["region"] == "north").mean()),
        "vip_west_share": float((vips["region"] == "west").mean()),
        "city_enterprise_share": float(grouped[town].mean()),
        "city_urban_share": float((~grouped & ~rural)[town].mean()),
        "city_rural_share": float((~grouped & rural)[town].mean()),
        "vip_contract_share": float(under.mean()),
    }
    return figures | retention(root, vips, first + WINDOW)


def retention(root: Path, vips: pd.DataFrame, start: Month) -> dict[str, float]:
    """What became of the VIPs in the year from `start` on; nothing where it is not over.

    vip_retention: 1 - (off_net + spend_churn) / base after twelve months; vip_leaving_monthly: the
    constant monthly rate that makes the year's departures.
    """
    year = month_range(start, 12)
    if year[-1] not in months_of(root):
        return {}
    later = read(root, "subscribers", year[-1], [*KEY, "status"])
    later = later[later["status"].isin(ON_THE_BOOKS)].set_index("subscriber_id")
    stays = later["activated_on"].reindex(vips.index) == vips["activated_on"]
    spent = bills(root, year[-SPEND_CHURN_MONTHS:]).sum(axis=1).reindex(vips.index).fillna(0.0)
    kept = stays & (spent >= SPEND_CHURN_BELOW)
    return {
        "vip_retention": float(kept.mean()),
        "vip_leaving_monthly": float(1.0 - stays.mean() ** (1 / 12)),
    }


def degrees(root: Path, month: Month) -> Array:
    """Each subscriber's contacts with calls both ways in a month (0 left out)."""
    columns = ["subscriber_id", "counterpart_id", "direction", "kind"]
    calls = read(root, "cdr", month, columns)
    calls = calls[calls["kind"] == "voice"].dropna(subset=["counterpart_id"])
    ways = calls.groupby(["subscriber_id", "counterpart_id"])["direction"].nunique()
    mutual = ways[ways > 1].reset_index()
    return np.asarray(mutual.groupby("subscriber_id").size())


def cohort_rates(root: Path) -> pd.DataFrame:
    """Per as_of: subscribers of the cohort with a label, churners, and their rate."""
    rows = []
    for path in sorted((root / "truth" / "outcomes").iterdir()):
        known = pd.read_parquet(path)
        known = known[known["in_cohort"] & known["churned"].notna()]
        churned = known["churned"].astype(bool)
        rows.append(
            {
                "as_of": path.name.removeprefix("as_of="),
                "subscribers": len(known),
                "churners": int(churned.sum()),
                "rate": float(churned.mean()),
            }
        )
    return pd.DataFrame(rows)
