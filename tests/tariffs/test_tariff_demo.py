"""The simulated operator's bills, worked out again to the cent, and its plans tried one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.check import Closing, load_kept
from churnlight.demo import generate
from churnlight.engine import Engine, connect
from churnlight.params.data import EngineParams, TimeParams
from churnlight.params.output import DemoParams
from churnlight.params.tariff import TariffParams
from churnlight.tariffs import Priced, Settings, price
from churnlight.timeline import moment

AT = moment("2025-04-01", TimeParams())
WINDOW = [str(month) for month in AT.window]
# Not a small misfit passes, and charges beyond the allowances are no matter.
SETTINGS = Settings(TariffParams(max_misfit=0.0, max_overage=1.0))


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tariff-demo")
    generate(DemoParams(subscribers=250, months=3), root)
    return root / "extracts"


def sources_of(engine: Engine, extracts: Path) -> dict[str, Any]:
    return {
        name: load_kept(
            engine, extracts, name, AT.window, closing=Closing(5) if name == "cdr" else None
        )
        for name in ("plans", "billing", "subscribers", "cdr")
    }


def frame(extracts: Path, name: str) -> pd.DataFrame:
    paths = sorted((extracts / name).rglob("*.parquet"))
    return pd.concat([pq.read_table(path, partitioning=None).to_pandas() for path in paths])


@pytest.fixture(scope="module")
def lines(extracts: Path) -> pd.DataFrame:
    """Every line that is on the books at the window's end, by subscriber_id."""
    shown = frame(extracts, "subscribers").query("month == @WINDOW[-1]")
    return shown[shown["status"].isin(["active", "suspended"])].set_index("subscriber_id")


def of(lines: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(lines.reset_index()[["subscriber_id", "activated_on"]])


@pytest.fixture(scope="module")
def priced(engine: Engine, extracts: Path, lines: pd.DataFrame) -> Priced:
    return price(engine, sources_of(engine, extracts), engine.upload(of(lines)), AT, SETTINGS)


def test_every_bill_is_reproduced_to_the_cent(priced: Priced, lines: pd.DataFrame) -> None:
    found = priced.summary["reproduction"]
    whole = sum((lines["activated_on"] <= month.start.date()).sum() for month in AT.window)
    assert found["bills"] == found["exact"] == whole > 600
    assert found["plan_unknown"] == priced.summary["status"]["misfit"] == 0
    assert priced.summary["status"]["priced"] > 230


def bill_cents(use: dict[str, Any], plan: Any) -> int:
    """A month's fee and charges, in whole cents as the simulator's prices are."""
    step = int(plan.billing_step_s)
    spoken = sum(-(-int(seconds) // step) * step for seconds in use["calls"])
    beyond = max(0, spoken - int(plan.minutes) * 60)
    messages = max(0, use["messages"] - int(plan.sms))
    megabytes = max(0, -(-use["bytes"] // 2**20) - int(plan.data_mb))
    return (
        round(plan.fee * 100)
        + beyond * round(plan.voice_price_per_min * 100) // 60
        + messages * round(plan.sms_price * 100)
        + megabytes * round(plan.data_price_per_mb * 100)
    )


def test_the_matching_fee_is_the_cheapest_of_all(
    engine: Engine, extracts: Path, priced: Priced, lines: pd.DataFrame
) -> None:
    """Row by row, in plain Python."""
    cdr, plans = frame(extracts, "cdr"), frame(extracts, "plans")
    cdr["month"] = cdr["started_at"].dt.strftime("%Y-%m")
    calls = dict(iter(cdr.groupby(["subscriber_id", "month"])))
    bills = frame(extracts, "billing").set_index(["subscriber_id", "month"])
    table = engine.arrow(priced.table).to_pandas().set_index("subscriber_id")
    checked = 0
    for who, row in table[table["status"] == "priced"].iterrows():
        months = [str(m) for m in AT.window if lines.loc[who, "activated_on"] <= m.start.date()]
        used = [use_of(calls.get((who, month))) for month in months]
        costs = {
            (sum(bill_cents(use, plan) for use in used), plan.fee, plan.plan_id)
            for plan in plans.itertuples()
        }
        cheapest, _, plan_id = min(costs)
        rest = sum(
            round(100 * (bills.loc[(who, m), "vas_charge"] - bills.loc[(who, m), "discount"]))
            for m in months
        )
        assert row["matching_plan_id"] == plan_id
        assert row["matching_bill_money"] == (cheapest + rest) / (100 * len(months))
        checked += 1
    assert checked > 230
    assert len(set(table["matching_plan_id"].dropna())) > 3


def use_of(rows: pd.DataFrame | None) -> dict[str, Any]:
    if rows is None:
        return {"calls": [], "messages": 0, "bytes": 0}
    out = rows[rows["direction"] == "out"]
    return {
        "calls": out[out["kind"] == "voice"]["duration_s"].tolist(),
        "messages": len(out[out["kind"] != "voice"]),
        "bytes": int(rows[rows["kind"] == "data"]["bytes"].sum()),
    }


def test_bytes_do_not_depend_on_threads(
    engine: Engine, extracts: Path, lines: pd.DataFrame, priced: Priced, tmp_path: Path
) -> None:
    engine.write(priced.table, tmp_path / "two.parquet", ["subscriber_id"])
    with connect(EngineParams(threads=1, memory_limit_gb=1), tmp_path / "scratch") as single:
        found = price(single, sources_of(single, extracts), single.upload(of(lines)), AT, SETTINGS)
        single.write(found.table, tmp_path / "one.parquet", ["subscriber_id"])
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


@pytest.mark.slow
def test_spark_agrees(engine: Engine, spark: Engine, extracts: Path, lines: pd.DataFrame) -> None:
    lines = lines.reset_index()
    lines["tier"] = ["red", "blue", None, "white"] * (len(lines) // 4) + ["blue"] * (len(lines) % 4)
    members = pa.Table.from_pandas(lines[["subscriber_id", "activated_on", "tier"]])
    settings = Settings(
        TariffParams(
            unrated_networks=("service",), unrated_roaming=("international",), max_misfit=0.2
        )
    )
    results = []
    for each in (engine, spark):
        found = price(each, sources_of(each, extracts), each.upload(members), AT, settings)
        rows = each.arrow(found.table).to_pylist()
        results.append((found.summary, sorted(rows, key=lambda row: row["subscriber_id"])))
    assert results[0] == results[1]
    guards = {row["matching_guard"] for row in results[0][1]}
    assert {"stays", "overpays", "in_need", None} <= guards
