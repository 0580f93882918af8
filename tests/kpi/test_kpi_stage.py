"""The stage and the command on a project with extracts of a handful of subscribers."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from kpi_world import KpiWorld

from churnlight.cli import main
from churnlight.files import write_json
from churnlight.stages.kpi import kpi

MONTHS = [f"2025-{i:02}" for i in range(1, 8)]


@pytest.fixture(scope="module")
def made(engine, tmp_path_factory) -> Path:
    """Extracts of seven months: of twelve subscribers two leave, one stops paying."""
    world = KpiWorld(engine, tmp_path_factory.mktemp("made"))
    for who in range(12):
        gone_in = {0: 5, 1: 6}.get(who, 99)
        low_from = {2: 3}.get(who, 99)
        for place, month in enumerate(MONTHS):
            status = "cancelled" if place >= gone_in else "active"
            area = "east" if who % 2 else "west"
            world.snapshot(month, who, status, region=area, contract_ends_on="2026-06-30")
            if place < gone_in:
                world.bill(month, who, 5.0 if place >= low_from else 90.0)
    for month in MONTHS:
        world.usage(month, 3, voice_out_s=60, voice_out_count=1)
    folder = tmp_path_factory.mktemp("project")
    for extract in ("subscribers", "billing"):
        for month in MONTHS:
            table = world.table(extract)
            out = folder / "e" / extract / f"month={month}"
            out.mkdir(parents=True)
            rows = table.filter(pc.equal(table["month"], month))
            pq.write_table(rows.drop_columns(["month"]), out / "part.parquet")
    shutil.copytree(world.marts().folder, folder / "data" / "marts")
    write_json(folder / "data" / "inventory" / "source.json", {"simulated": False})
    (folder / "dvc.yaml").write_text("stages: {}\n")
    parameters(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHURNLIGHT_PROJECT", str(folder))
        kpi()
    return folder


def parameters(folder: Path, **changed: object) -> None:
    content = {
        "engine": {"threads": 1, "memory_limit_gb": 1},
        "extracts": {"path": "e", "months": MONTHS},
        "cohort": {"min_monthly_bill": 80, "min_voice_out_minutes": None},
        "label": {"max_vanished_share": 1.0},
        "kpi": {"min_group": 1},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(content | changed))


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(made, folder)
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(folder))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    return folder


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(left.value.code or 0), out, err


def test_the_stage_writes_every_base_month_and_month(project):
    content = json.loads((project / "data/kpi/kpi.json").read_text())
    told = {
        (f["base"], f["month"]): (f["total"]["base"], f["total"]["off_net"], f["total"]["kept"])
        for f in content["figures"]
    }
    # Number 2 pays 5 from April on: in June below 50 together, and in no base after March, since
    # the mean of its window is (90 + 90 + 5) / 3. Number 0 goes in June, number 1 in July.
    assert told == {
        ("2025-03", "2025-06"): (12, 1, 10),
        ("2025-03", "2025-07"): (12, 2, 9),
        ("2025-04", "2025-07"): (11, 2, 9),
    }
    assert content["headline"] == {"base": "2025-03", "month": "2025-07"}
    assert content["left_out"] == []
    assert not content["simulated"]


def test_the_same_bytes_in_another_folder_with_more_threads(project, tmp_path, monkeypatch):
    first = (project / "data/kpi/kpi.json").read_bytes()
    other = tmp_path / "elsewhere"
    shutil.copytree(project, other)
    shutil.rmtree(other / "data/kpi")
    parameters(other, engine={"threads": 2, "memory_limit_gb": 1})
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(other))
    kpi()
    assert (other / "data/kpi/kpi.json").read_bytes() == first


def test_a_month_without_bills_costs_only_its_own_figures(project):
    shutil.rmtree(project / "e/billing/month=2025-07")
    kpi()
    content = json.loads((project / "data/kpi/kpi.json").read_text())
    assert [(f["base"], f["month"]) for f in content["figures"]] == [("2025-03", "2025-06")]
    assert [(one["base"], one["month"]) for one in content["left_out"]] == [
        ("2025-03", "2025-07"),
        ("2025-04", "2025-07"),
    ]
    assert all("needs the bills of 2025-07" in one["why"] for one in content["left_out"])


@pytest.mark.parametrize(("least", "kinds"), [(6, ["named", "named"]), (7, ["small"])])
def test_privacy_min_group_holds_where_it_is_larger(project, least, kinds):
    """Of the first base's twelve six live in each area; kpi.min_group is 1."""
    parameters(project, privacy={"min_group": least})
    kpi()
    content = json.loads((project / "data/kpi/kpi.json").read_text())
    assert [g["kind"] for g in content["figures"][0]["by"]["region"]] == kinds


def test_too_short_a_history_is_told_and_stops_nothing(project):
    parameters(project, extracts={"path": "e", "months": MONTHS[:5]})
    kpi()
    content = json.loads((project / "data/kpi/kpi.json").read_text())
    assert (content["figures"], content["headline"]) == ([], None)
    assert "6 in a row" in content["left_out"][0]["why"]


def test_the_command_prints_what_the_stage_writes(project, capsys):
    written = json.loads((project / "data/kpi/kpi.json").read_text())["figures"][1]
    code, out, _ = said(capsys, "kpi", "--base", "2025-03", "--month", "2025-07", "--json")
    told = json.loads(out)
    assert code == 0
    assert {key: told[key] for key in written} == written
    code, out, _ = said(capsys, "kpi", "--base", "2025-03", "--month", "2025-07")
    assert code == 0
    assert "72% is asked, 77% is the challenge: 75.0% was reached" in out
    # 9 of 12: 72 % asks for 8.64, 77 % for 9.24; 80 + 20 x 3/5.
    assert "score 92 of 100" in " ".join(out.split())
    assert "Simulated" not in out


@pytest.mark.parametrize(
    ("base", "month", "code", "says"),
    [
        ("2025-03", "2025-05", 2, "2025-06 is the first month that works"),
        ("2025-3", "2025-06", 2, "is no month"),
        ("2025-02", "2025-06", 3, "the first base month that works is 2025-03"),
        ("2025-03", "2025-08", 3, "found: 2025-01 to 2025-07"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_cannot_be_counted_is_refused(capsys, base, month, code, says):
    left, out, err = said(capsys, "kpi", "--base", base, "--month", month)
    assert (left, out) == (code, "")
    assert says in err


def test_a_missing_mart_says_how_to_make_it(project, capsys):
    shutil.rmtree(project / "data/marts/month=2025-02")
    code, _, err = said(capsys, "kpi", "--base", "2025-03", "--month", "2025-06")
    assert code == 1
    assert "dvc repro marts" in err
