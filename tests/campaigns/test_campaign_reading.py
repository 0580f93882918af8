"""Reading the extracts as known at an as_of, and the command on a small simulated operator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from churnlight.campaigns import outcomes, read, read_standing
from churnlight.campaigns.reading import Load
from churnlight.engine import Engine, connect
from churnlight.params.data import EngineParams, TimeParams
from churnlight.timeline import Month, moment
from extract_tables import table_of

AT = moment("2025-06-01", TimeParams())
MONTHS = [Month(2025, number) for number in range(1, 9)]
OLD = date(2020, 1, 1)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    scratch = tmp_path_factory.mktemp("scratch")
    with connect(EngineParams(threads=1, memory_limit_gb=1), scratch) as opened:
        yield opened


def loader(engine: Engine, rows: dict[str, list[dict[str, Any]]]) -> Load:
    """Gives the rows of an extract, whichever months are asked: cutting them is reading's part."""

    def load(name: str, months: Sequence[Month]) -> Any:
        assert months
        if not rows.get(name):
            return None
        return table_of(engine, name, rows[name])

    return load


def world() -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {"campaigns": [], "subscribers": [], "billing": []}
    for who in ("a", "b"):
        rows["campaigns"].append(
            {
                "subscriber_id": who,
                "campaign_id": "c",
                "arm": "treated",
                "offered_at": datetime(2025, 3, 9),
                "responded_at": datetime(2025, 3, 20),
                "contacted": True,
                "accepted": who == "a",
                "cost": 3.0,
            }
        )
    for number in range(2, 6):
        for who in ("a", "b", "other"):
            key = {"subscriber_id": who, "month": f"2025-{number:02d}"}
            rows["subscribers"].append(key | {"status": "active", "activated_on": OLD})
            rows["billing"].append(key | {"total_charge": 10.0 * number})
    return rows


def found(engine: Engine, rows: dict[str, list[dict[str, Any]]], **asked: Any) -> pd.DataFrame:
    record = read(engine, loader(engine, rows), MONTHS, AT, **asked)
    table = outcomes(record.who.rows, record.snapshots, record.bills, 2, record.newest)
    return table.merge(record.who.rows, on=["campaign_id", "subscriber_id"])


def test_what_is_known_is_read(engine: Engine) -> None:
    table = found(engine, world())
    assert table["subscriber_id"].tolist() == ["a", "b"]
    assert table["outcome"].tolist() == ["known", "known"]
    assert table["churned"].tolist() == [False, False]
    assert table["bill_money"].tolist() == [45.0, 45.0]
    assert table["accepted"].tolist() == [True, False]
    assert table["account"].tolist() == ["a", "b"]


def test_nothing_known_later_is_read(engine: Engine) -> None:
    later = world()
    june = {"subscriber_id": "a", "month": "2025-06"}
    later["subscribers"].append(june | {"status": "cancelled", "activated_on": OLD})
    later["billing"].append(june | {"total_charge": 9e6})
    offer = later["campaigns"][0]
    later["campaigns"].append(
        offer | {"subscriber_id": "other", "offered_at": datetime(2025, 6, 1)}
    )
    pd.testing.assert_frame_equal(found(engine, later), found(engine, world()))
    # An answer given from as_of on is none yet; a bill known after the cutoff is missing.
    late = world()
    late["campaigns"][0]["responded_at"] = datetime(2025, 6, 1)
    late["billing"] = [
        row | {"billed_at": datetime(2025, 6, 6)} if row["month"] == "2025-05" else row
        for row in late["billing"]
    ]
    table = found(engine, late)
    assert table["accepted"].isna().tolist() == [True, False]
    assert table["bill_money"].isna().all()


def test_one_campaign_may_be_asked_for(engine: Engine) -> None:
    rows = world()
    rows["campaigns"].append(rows["campaigns"][0] | {"campaign_id": "d"})
    assert len(found(engine, rows)) == 3
    assert found(engine, rows, campaigns=["d"])["campaign_id"].tolist() == ["d"]


def test_without_campaigns_or_bills(engine: Engine) -> None:
    rows = world()
    assert found(engine, rows | {"billing": []})["bill_money"].isna().all()
    alone = found(engine, {"campaigns": rows["campaigns"]})
    assert alone["outcome"].tolist() == ["no_snapshot", "no_snapshot"]
    record = read(engine, loader(engine, {}), MONTHS, AT)
    assert (len(record.who.rows), record.bills) == (0, None)
    assert len(outcomes(record.who.rows, record.snapshots, None, 2, record.newest)) == 0


def test_scores_stand_under_their_cutoff(tmp_path: Path) -> None:
    scores = {"subscriber_id": ["a", "b"], "tier": ["red", "blue"], "probability": [0.5, 0.1]}
    pd.DataFrame(scores).to_parquet(tmp_path / "scores.parquet")
    reasons = [("a", 1, "down", "care"), ("a", 3, "up", "group"), ("a", 2, "up", "handset")]
    columns = ["subscriber_id", "rank", "direction", "reason"]
    pd.DataFrame(reasons, columns=columns).to_parquet(tmp_path / "reasons.parquet")
    (cutoff, table), *_ = read_standing({"2025-03-01": tmp_path}, TimeParams()).items()
    assert cutoff == "2025-03-06"
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    assert rows == [
        {"subscriber_id": "a", "tier": "red", "score": 0.5, "reason": "handset"},
        {"subscriber_id": "b", "tier": "blue", "score": 0.1, "reason": None},
    ]


@pytest.mark.slow
def test_the_command_on_a_simulated_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from churnlight.cli import campaign
    from churnlight.demo import generate
    from churnlight.params.output import DemoParams

    generate(DemoParams(subscribers=1500, months=7), tmp_path / "demo")
    (tmp_path / "dvc.yaml").touch()
    (tmp_path / "params.yaml").write_text(
        "schema_version: 1\nengine: {threads: 1, memory_limit_gb: 1.0}\n"
        "extracts:\n  path: demo/extracts\n  months: ["
        + ", ".join(f'"2025-{m:02d}"' for m in range(1, 8))
        + "]\n"
    )
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(tmp_path))
    runner = CliRunner()
    page = tmp_path / "campaigns.html"
    said = runner.invoke(
        campaign.app, ["campaign", "report", "--follow-months", "2", "--html", str(page)]
    )
    assert said.exit_code == 0, said.output
    assert "Simulated operator" in said.output
    assert "Left within 2 months" in said.output
    assert "营销活动效果" in page.read_text(encoding="utf-8")
    content = campaign._content([], "2025-06-01", 2)
    assert json.loads(json.dumps(content, default=str))["simulated"] is True
    assert content["as_of"] == "2025-06-01"
    # Offers of April to June have no outcome by June.
    assert any(note["code"] == "not_yet" for note in content["notes"])
