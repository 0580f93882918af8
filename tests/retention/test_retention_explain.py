"""`churnlight explain` in a project made by hand, and the month as it is read from its files."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from retention_world import AS_OF, AT, ORDER, TIERS, month, scores

from churnlight.cli import main
from churnlight.engine import connect
from churnlight.learners.calibration import Calibration
from churnlight.learners.champion import Scale, save_scales
from churnlight.learners.encoding import Column, Encoder
from churnlight.learners.nodes import Nodes
from churnlight.learners.tiers import Tiers
from churnlight.learners.tree import Tree
from churnlight.params.data import EngineParams
from churnlight.params.output import HandoutParams
from churnlight.paths import Project
from churnlight.retention.handout import write_handout
from churnlight.retention.loading import Source, load_month
from churnlight.timeline import month_range

ROOT = Path(__file__).resolve().parents[2]
MONTHS = month_range(AT.month - 4, 4)


def tree() -> Tree:
    """One question: no outgoing event for more than 7.5 days?"""
    return Tree(
        encoder=Encoder((Column("silent_out_days", "numeric"),)),
        ranks={},
        nodes=Nodes(
            left=np.array([1, -1, -1]),
            right=np.array([2, -1, -1]),
            feature=np.array([0, -1, -1]),
            threshold=np.array([7.5, 0, 0]),
            missing_left=np.array([True, False, False]),
            rows=np.array([100, 60, 40]),
            churners=np.array([20, 4, 16]),
        ),
        had_missing=np.array([False]),
        training={},
    )


def partition(root: Path, extract: str, name: str, rows: list[dict[str, object]]) -> None:
    folder = root / extract / f"month={name}"
    folder.mkdir(parents=True)
    pd.DataFrame(rows).to_parquet(folder / "a.parquet", index=False)


def write_extracts(root: Path, ids: list[str]) -> None:
    for m in MONTHS:
        bills = [{"subscriber_id": s, "month": str(m), "total_charge": 100.0} for s in ids]
        partition(root, "billing", str(m), bills)
        person = {
            "month": str(m), "status": "active", "activated_on": date(2020, 2, 3),
            "account_id": "A1", "region": "north",
        }  # fmt: skip
        partition(
            root,
            "subscribers",
            str(m),
            [{"subscriber_id": s, **person} for s in ids]
            + [{"subscriber_id": "POOR", **person}, {"subscriber_id": "OFF", **person}],
        )
    path = root / "subscribers" / f"month={MONTHS[-1]}" / "a.parquet"
    last = pd.read_parquet(path)
    last.loc[last["subscriber_id"] == "OFF", "status"] = "ported_out"
    last.to_parquet(path, index=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A project with one scored month; its params.yaml is the repository's."""
    root = tmp_path_factory.mktemp("project")
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(ROOT / name, root / name)
    inputs = month()
    ids = inputs.scores["subscriber_id"].tolist()
    project = Project(root)
    folder = project.scores(AS_OF)
    folder.mkdir(parents=True)
    leaf = inputs.scores.assign(leaf=2)
    leaf.to_parquet(folder / "scores.parquet", index=False)
    inputs.reasons.to_parquet(folder / "reasons.parquet", index=False)
    (folder / "medians.json").write_text(json.dumps(inputs.medians))
    project.labels(AS_OF).mkdir(parents=True)
    inputs.people.to_parquet(project.labels(AS_OF) / "labels.parquet", index=False)
    rules = [{"rule": "active_at_as_of"}, {"rule": "min_monthly_bill"}]
    (project.labels(AS_OF) / "attrition.json").write_text(json.dumps({"rules": rules}))
    project.inventory.mkdir()
    (project.inventory / "source.json").write_text('{"simulated": true}')
    for name in ("tree", "gbm", "tiers"):
        (root / "models" / name).mkdir(parents=True)
    tree().save(project.model("tree"))
    (project.model("gbm") / "model.txt").write_text("a model")
    scale = Scale(
        Calibration("none", 1e-4), Tiers(TIERS, (0.1, 0.2, 0.4, 0.8)), {"white": (90, 36)}
    )
    save_scales(project.tiers, {"gbm": scale, "tree": scale}, "gbm")
    write_extracts(root / "data" / "demo" / "extracts", ids)
    for m in MONTHS:
        mart = project.mart(m)
        mart.mkdir(parents=True)
        usage = pd.DataFrame(
            {
                "subscriber_id": ids,
                "voice_out_s": 6000,
                "voice_out_count": 5,
                "last_out_at": pd.Timestamp(m.start),
            }
        )
        usage.to_parquet(mart / "usage.parquet", index=False)
    return root


@pytest.fixture
def call(home, monkeypatch, capsys):
    monkeypatch.chdir(home)
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments: str):
        with pytest.raises(SystemExit) as left:
            main(["explain", *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return int(left.value.code or 0), out, err

    return run


def test_it_prints_the_card(call) -> None:
    code, out, _ = call("S2", "--as-of", AS_OF)
    assert code == 0
    assert "No. 1 on the list" in out
    assert "Simulated" in out
    assert "100.00 in 2025-09, 100.00 in 2025-12" in out
    assert "100 in 2025-09, 100 in 2025-12" in out, "6000 s are 100 minutes"
    assert "Of 40 such subscribers in training 40.0% left" in out
    assert "they are not causes" in out


def test_the_newest_month_and_the_first_language_go_without_saying(call) -> None:
    assert call("S2")[1] == call("S2", "--as-of", AS_OF, "--language", "en")[1]
    assert "名单第 1 位" in call("S2", "--language", "zh")[1]


def test_who_is_on_no_list_is_explained_all_the_same(call) -> None:
    assert "not on the call list" in call("S6")[1]
    out = call("S5")[1]
    assert "Left between as_of and cutoff: on no call list" in out


def test_programs_get_json(call) -> None:
    code, out, _ = call("S1", "--json")
    content = json.loads(out)
    assert code == 0
    assert (content["place"], content["tier"], content["at_risk_money"]) == (2, "white", 90.0)
    assert [r["code"] for r in content["up"]] == ["bill_falling", "falling_silent"]
    assert content["since"] == "2020-02-03"
    code, out, _ = call("POOR", "--json")
    content = json.loads(out)
    assert code == 1
    assert content["scored"] is False
    assert (content["code"], content["rule"]) == ("rule", "min_monthly_bill")


def test_the_plan_is_told_where_there_is_one(call, home) -> None:
    without = call("S1")[1]
    assert "control group" not in without
    names = ("status", "suppressed_by", "arm", "control_until", "action", "channel", "rate_source")
    rows = [
        ("S1", "listed", None, "control", date(2026, 3, 1), "care_call", "call", "assumed", 5.0),
        ("S2", "suppressed", "port_out", None, None, None, None, None, None),
    ]
    folder = Project(home).plan(AS_OF)
    folder.mkdir(parents=True)
    frame = pd.DataFrame(rows, columns=["subscriber_id", *names, "expected_profit_money"])
    frame.to_parquet(folder / "plan.parquet", index=False)
    try:
        out = call("S1")[1]
        assert out.startswith(without.rstrip("\n"))
        assert out.endswith("Plan\n  control group: don't contact, until 2026-03-01\n")
        assert "不得联系" not in out
        told = json.loads(call("S1", "--json")[1])["plan"]
        assert (told["arm"], told["action"], told["offer_en"]) == ("control", None, None)
        assert "请勿联系：已申请携号转出" in call("S2", "--language", "zh")[1]
        assert call("S6")[1].count("Plan\n") == 0, "who is in no tier of the plan"
        assert json.loads(call("S6", "--json")[1])["plan"] is None
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("POOR",), 1, "the cohort's rule “mean monthly bill high enough” left this subscriber"),
        (("POOR",), 1, "The rules, in order: active at as_of, mean monthly bill high enough"),
        (("OFF",), 1, "the snapshot of 2025-12 shows the status ported_out"),
        (("NOBODY",), 1, "no snapshot of subscribers shows this subscriber_id"),
        (("POOR", "--language", "zh"), 1, "月均账单达标"),
        (("S1", "--language", "fr"), 2, "--language 'fr': expected one of en, zh"),
        (("S1", "--as-of", "2025-12-01"), 2, "is not scored; scored are: 2026-01-01"),
        (("S1", "--as-of", "2025-12-02"), 2, "did you mean 2025-12-01"),
    ],
)
def test_it_says_why_not(call, arguments, code, says) -> None:
    left, out, err = call(*arguments)
    assert left == code
    assert says in err
    assert out == ""
    assert arguments[0] not in err.split(), "no identifier in a message"


def test_an_empty_project_says_what_to_run(call, tmp_path, monkeypatch) -> None:
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    code, _, err = call("S1")
    assert code == 1
    assert "nothing scored" in err
    assert "churnlight run" in err


def test_the_month_is_read_as_it_was_written(home, tmp_path) -> None:
    source = Source(Project(home), AT, home / "data/demo/extracts", MONTHS, HandoutParams(cards=2))
    before = Project(home).scores("2025-12-01")
    later = Project(home).scores("2026-02-01")
    for folder, tier in ((before, "blue"), (later, "red")):
        folder.mkdir()
        month().scores.assign(tier=tier).to_parquet(folder / "scores.parquet", index=False)
    try:
        with connect(EngineParams(threads=1), tmp_path / "engine") as engine:
            read = load_month(engine, source)
    finally:
        shutil.rmtree(before)
        shutil.rmtree(later)
    assert set(read.reasons["subscriber_id"]) == set(ORDER), "of the list alone"
    assert set(read.history["subscriber_id"]) == set(ORDER[:2]), "of those with a card"
    assert read.tiers == TIERS
    assert read.rates == {"white": (90, 36)}
    assert read.simulated
    assert read.previous_as_of == "2025-12-01", "the month before, never one after"
    assert set(read.previous["tier"]) == {"blue"}
    write_handout(tmp_path, read)
    page = (tmp_path / "call_list.html").read_text(encoding="utf-8")
    assert "Movements since 2025-12-01" in page
    assert page.count('<article class="sheet') == 4


def test_who_is_gone_is_looked_up_as_it_was_known_at_the_cutoff(home, tmp_path) -> None:
    """A later snapshot, by which POOR has left and OFF is back, must not be seen."""
    project, extracts = Project(home), home / "data/demo/extracts"
    before, later = project.scores("2025-12-01"), extracts / "subscribers" / f"month={AT.month}"
    source = Source(project, AT, extracts, [*MONTHS, AT.month], HandoutParams(cards=0))
    gone = scores((("POOR", "red", "red", 0.5, 9.0, False), ("OFF", "red", "red", 0.5, 9.0, False)))
    last = pd.read_parquet(extracts / "subscribers" / f"month={MONTHS[-1]}" / "a.parquet")
    try:
        before.mkdir()
        pd.concat([month().scores, gone]).to_parquet(before / "scores.parquet", index=False)
        later.mkdir()
        turned = last["subscriber_id"].map({"POOR": "cancelled"}).fillna("active")
        last.assign(status=turned, month=str(AT.month)).to_parquet(later / "a.parquet", index=False)
        with connect(EngineParams(threads=1), tmp_path / "engine") as engine:
            read = load_month(engine, source)
    finally:
        shutil.rmtree(before)
        shutil.rmtree(later, ignore_errors=True)
    found = read.moved.content["gone"]
    assert {key: total["subscribers"] for key, total in found.items()} == {
        "left_books": 1, "below_rules": 1, "unknown": 0,
    }  # fmt: skip
    assert "POOR" in set(read.on_books["subscriber_id"]), "still on the books at as_of"
    assert "OFF" not in set(read.on_books["subscriber_id"])
