"""Read from a project: what was known at the cutoff and nothing later, the same bytes each time."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from plan_world import AS_OF, BOOK, reasons, scores

from churnlight.cli import main
from churnlight.errors import ChurnlightError
from churnlight.paths import Project
from churnlight.plan import COLUMNS
from churnlight.stages.plan import plan_month
from churnlight.stages.stage import running

PEOPLE = {n: (("yellow", "red", "white")[n % 3], 0.3 + n / 100, 150.0 + n) for n in range(1, 31)}
PARAMS = """\
schema_version: 1
engine: {{threads: {threads}}}
extracts:
  path: extracts
  months: ["2025-10", "2025-11", "2025-12", "2026-01"]
plan: {{playbook: mine.yaml, control_share: 0.3, budget_money: 400}}
"""


def put(root: Path, name: str, month: str, rows: pd.DataFrame) -> None:
    folder = root / "extracts" / name / f"month={month}"
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(folder / "part.parquet")


def snapshot(month: str, **changes: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "subscriber_id": list(PEOPLE),
            "month": month,
            "status": "active",
            "activated_on": date(2020, 1, 1),
            "on_red_list": False,
            "no_contact": False,
        }
    )
    return frame.assign(**changes)


def care(*rows: tuple[int, datetime, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["subscriber_id", "happened_at", "kind"]).astype(
        {"happened_at": "datetime64[us]"}
    )


def offers(*rows: tuple[int, datetime, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["subscriber_id", "offered_at", "arm"])
    frame["offered_at"] = frame["offered_at"].astype("datetime64[us]")
    return frame.assign(campaign_id=1)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS.format(threads=1))
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    (tmp_path / "mine.yaml").write_text(BOOK)
    made.scores(AS_OF).mkdir(parents=True)
    scores(PEOPLE).to_parquet(made.scores(AS_OF) / "scores.parquet")
    told = reasons(dict.fromkeys(PEOPLE, "bill_level"))
    told.to_parquet(made.scores(AS_OF) / "reasons.parquet")
    made.labels(AS_OF).mkdir(parents=True)
    pd.DataFrame(
        {
            "subscriber_id": list(PEOPLE),
            "account_id": [n // 2 for n in PEOPLE],
            "region": "city",
            "activated_on": date(2020, 1, 1),
        }
    ).to_parquet(made.labels(AS_OF) / "labels.parquet")
    for month in ("2025-10", "2025-11", "2025-12"):
        put(tmp_path, "subscribers", month, snapshot(month))
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(tmp_path))
    return made


def run() -> pd.DataFrame:
    with running("plan") as stage:
        plan_month(stage, AS_OF)
        return pd.read_parquet(stage.project.plan(AS_OF) / "plan.parquet")


def silenced(table: pd.DataFrame) -> dict[int, str]:
    out = table[table["suppressed_by"].notna()]
    return dict(zip(out["subscriber_id"], out["suppressed_by"], strict=True))


def test_what_the_extracts_say_at_the_cutoff_counts(project: Project) -> None:
    root = project.root
    flags = snapshot("2025-12")
    flags.loc[flags["subscriber_id"] == 1, "on_red_list"] = True
    flags.loc[flags["subscriber_id"] == 2, "no_contact"] = True
    put(root, "subscribers", "2025-12", flags)
    put(root, "care", "2025-12", care((3, datetime(2025, 12, 9), "port_out_application"),
                                      (4, datetime(2025, 12, 9), "complaint")))  # fmt: skip
    put(root, "care", "2026-01", care((5, datetime(2026, 1, 3), "port_out_application")))
    put(root, "campaigns", "2025-12", offers((6, datetime(2025, 12, 9), "treated"),
                                             (7, datetime(2025, 12, 9), "control")))  # fmt: skip
    put(root, "campaigns", "2026-01", offers((8, datetime(2026, 1, 5), "treated")))
    assert silenced(run()) == {
        1: "red_list", 2: "no_contact", 3: "port_out", 5: "port_out", 6: "contacted",
        8: "contacted",
    }  # fmt: skip


def test_a_month_that_the_batch_scored_is_planned_like_any(project: Project) -> None:
    run()
    whole = (project.plan(AS_OF) / "plan.parquet").read_bytes()
    batch = Project(project.batch)
    batch.labels(AS_OF).parent.mkdir(parents=True)
    project.labels(AS_OF).rename(batch.labels(AS_OF))
    text = PARAMS.format(threads=1)
    batch.params_file.write_text(text.replace("path: extracts", f"path: {project.root}/extracts"))
    (project.root / "params.yaml").write_text(text.replace("path: extracts", "path: elsewhere"))
    run()
    assert (project.plan(AS_OF) / "plan.parquet").read_bytes() == whole


def test_what_came_from_the_cutoff_on_changes_no_byte(project: Project) -> None:
    put(project.root, "care", "2025-12", care((3, datetime(2025, 12, 9), "complaint")))
    put(project.root, "campaigns", "2025-12", offers((7, datetime(2025, 12, 9), "control")))
    run()
    files = {p: p.read_bytes() for p in sorted(project.plan(AS_OF).iterdir())}
    at = datetime(2026, 1, 6)
    put(project.root, "care", "2026-01", care((3, at, "port_out_application")))
    put(project.root, "campaigns", "2026-01", offers((4, at, "treated")))
    later = snapshot("2026-01", on_red_list=True, no_contact=True)
    put(project.root, "subscribers", "2026-01", later)
    run()
    assert {p: p.read_bytes() for p in sorted(project.plan(AS_OF).iterdir())} == files


def test_the_same_bytes_again_with_two_threads(project: Project) -> None:
    run()
    files = {p.name: p.read_bytes() for p in project.plan(AS_OF).iterdir()}
    workbooks = {"plan.en.xlsx", "plan.zh.xlsx"}
    assert set(files) == {"plan.parquet", "plan.json", "calls.parquet", "manifest.json", *workbooks}
    (project.root / "params.yaml").write_text(PARAMS.format(threads=2))
    run()
    assert {p.name: p.read_bytes() for p in project.plan(AS_OF).iterdir()} == files


def test_the_next_cycle_keeps_the_control_group(project: Project) -> None:
    first = run()
    held = set(first.loc[first["arm"] == "control", "subscriber_id"])
    assert held
    nexts = "2026-02-01"
    for folder in (project.scores, project.labels):
        folder(AS_OF).rename(folder(nexts))
    put(project.root, "subscribers", "2026-01", snapshot("2026-01"))
    with running("plan") as stage:
        second = plan_month(stage, nexts).table
    kept = second[second["status"] == "control_kept"]
    # Whole accounts, those too that the first list left out.
    assert held <= set(kept["subscriber_id"])
    assert set(kept["cycle"]) == {AS_OF}
    assert not set(second.loc[second["arm"] == "treated", "subscriber_id"]) & held
    # Who was to be called rests, though no campaign was handed in.
    called = set(first.loc[first["arm"] == "treated", "subscriber_id"])
    assert {n for n, why in silenced(second).items() if why == "contacted"} == called


def test_segments_and_services_are_read_where_they_are(project: Project) -> None:
    folder = project.data / "segments" / f"as_of={AS_OF}"
    folder.mkdir(parents=True)
    ids = list(PEOPLE)
    pd.DataFrame({"subscriber_id": ids, "segment": "S1"}).to_parquet(folder / "segments.parquet")
    pd.DataFrame({"subscriber_id": ids, "rank": 1, "service_id": 701, "level": 3}).to_parquet(
        folder / "services.parquet"
    )
    assert set(run()["segment"]) == {"S1"}
    assert not codes(project) & {"no_segments", "no_services"}
    assert {"no_tariffs", "no_effects"} <= codes(project)


def codes(project: Project) -> set[str]:
    told = json.loads((project.plan(AS_OF) / "plan.json").read_text())
    return {n["code"] for n in told["notices"]}


def campaign(
    root: Path, month: str, snapshots: tuple[str, str], left: tuple[int, int], arms: str = "ct"
) -> None:
    """200 others are offered something, 100 an arm; so many of control and treated leave."""
    before, after = snapshots
    others = list(range(1001, 1201))
    arm = ["control" if (n % 2 == 0) and "c" in arms else "treated" for n in others]
    day = datetime.fromisoformat(f"{month}-09")
    put(root, "campaigns", month, offers(*zip(others, [day] * 200, arm, strict=True)))
    gone = {n for n in others if (n - 1001) // 2 < left[n % 2]}
    for shown, ids in ((before, others), (after, [n for n in others if n not in gone])):
        more = snapshot(shown).iloc[[0] * len(ids)].assign(subscriber_id=ids)
        put(root, "subscribers", shown, pd.concat([snapshot(shown), more]))


def measured(project: Project) -> dict[tuple[str | None, str, str | None], float]:
    rows = pd.read_parquet(project.plan(AS_OF) / "effects.parquet").astype(object)
    rows = rows.where(rows.notna(), None)
    return {(r.action, r.by, r.level): r.effect_share for r in rows.itertuples()}


def test_a_campaign_that_drove_people_away_leaves_nobody_listed(project: Project) -> None:
    assert (run()["status"] == "listed").any()
    assert not (project.plan(AS_OF) / "effects.parquet").exists()
    # Ten of a hundred left without the offer, sixty with it, by the end of the month after.
    campaign(project.root, "2025-11", ("2025-10", "2025-12"), (10, 60))
    table = run()
    assert measured(project) == {(None, "all", None): pytest.approx(-0.5)}
    free = table[table["suppressed_by"].isna()]
    assert set(free["rate_source"]) == {"measured"}
    assert set(free["status"]) == {"not_worth"}
    assert table["arm"].isna().all()
    # Who would have left anyway is not driven away: at most 1 - p are.
    assert (free["saved_share"] == -np.minimum(0.5, 1 - free["probability"])).all()
    assert "effect_provokes" in codes(project)
    told = json.loads((project.plan(AS_OF) / "plan.json").read_text())["measured"]
    assert (told["follow_months"], told["treated"], told["control"]) == (1, 100, 100)
    assert (told["churn"]["difference"], told["churn"]["verdict"]) == (0.5, "provokes")


def test_a_campaign_that_kept_people_takes_the_place_of_the_assumption(project: Project) -> None:
    campaign(project.root, "2025-11", ("2025-10", "2025-12"), (60, 10))
    listed = run().query("status == 'listed'")
    assert set(listed["rate_source"]) == {"measured"}
    # At most p are kept who would have left.
    assert (listed["saved_share"] == np.minimum(0.5, listed["probability"])).all()
    assert not codes(project) & {"no_effects", "effect_unclear", "effect_provokes"}


def test_an_outcome_that_is_complete_only_later_is_not_counted(project: Project) -> None:
    campaign(project.root, "2025-11", ("2025-10", "2025-12"), (10, 60))
    run()
    before = measured(project)
    others = list(range(2001, 2201))
    arms = ["control", "treated"] * 100
    # December's offers are judged by January's snapshot, which is there already.
    december = [(n, datetime(2025, 12, 9), arm) for n, arm in zip(others, arms, strict=True)]
    put(project.root, "campaigns", "2025-12", offers(*december))
    for month in ("2025-11", "2025-12"):
        shown = pd.read_parquet(project.root / f"extracts/subscribers/month={month}/part.parquet")
        more = snapshot(month).iloc[[0] * 200].assign(subscriber_id=others)
        put(project.root, "subscribers", month, pd.concat([shown, more]))
    stayed = snapshot("2026-01").iloc[[0] * 100].assign(subscriber_id=others[::2])
    put(project.root, "subscribers", "2026-01", pd.concat([snapshot("2026-01"), stayed]))
    run()
    assert measured(project) == before


def test_no_later_campaign_changes_a_byte_of_what_was_measured(project: Project) -> None:
    campaign(project.root, "2025-11", ("2025-10", "2025-12"), (10, 60))
    run()
    files = {p: p.read_bytes() for p in sorted(project.plan(AS_OF).iterdir())}
    assert project.plan(AS_OF) / "effects.parquet" in files
    others = [(n, datetime(2026, 1, 9), "treated") for n in range(1001, 1201)]
    put(project.root, "campaigns", "2026-01", offers(*others))
    put(project.root, "subscribers", "2026-01", snapshot("2026-01"))
    run()
    assert {p: p.read_bytes() for p in sorted(project.plan(AS_OF).iterdir())} == files


def test_without_a_control_group_nothing_is_measured_and_it_says_why(project: Project) -> None:
    campaign(project.root, "2025-11", ("2025-10", "2025-12"), (0, 60), arms="t")
    assert set(run()["rate_source"].dropna()) == {"assumed"}
    assert not (project.plan(AS_OF) / "effects.parquet").exists()
    told = json.loads((project.plan(AS_OF) / "plan.json").read_text())
    said = {n["code"]: n for n in told["notices"]}
    assert "no_effects" in said
    assert "No control group" in said["campaigns_left_out"]["en"]
    assert "对照组" in said["campaigns_left_out"]["zh"]
    assert told["measured"]["why_not"]["code"] == "no_control"


def test_types_do_not_depend_on_who_is_in_it(project: Project) -> None:
    run()
    some = pq.read_schema(project.plan(AS_OF) / "plan.parquet")
    text = PARAMS.replace("budget_money: 400", "budget_money: 0").format(threads=1)
    (project.root / "params.yaml").write_text(text)
    assert run()["arm"].isna().all()
    none = pq.read_schema(project.plan(AS_OF) / "plan.parquet")
    assert list(some.names) == list(COLUMNS)
    assert some.equals(none)


def test_the_command_tells_json_and_nothing_else(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # MLflow takes seconds; tests/stages/test_offers.py looks at what it is told.
    monkeypatch.setattr("churnlight.stages.offers.log_plans", lambda _: None)
    with pytest.raises(SystemExit) as left:
        main(["plan", "--as-of", AS_OF, "--json"])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((project.plan(AS_OF) / "plan.json").read_text())
    with pytest.raises(SystemExit):
        main(["plan"])
    said = capsys.readouterr().out
    assert "all save rates are assumed" in said
    assert "control: " in said


def test_a_broken_playbook_is_a_usage_error_with_its_line(
    project: Project, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (project.root / "mine.yaml").write_text(BOOK.replace("tier: any", "tier: violet"))
    with pytest.raises(SystemExit) as left:
        main(["plan", "--as-of", AS_OF])
    assert left.value.code == 2
    assert "line 6: rule 1 names an unknown tier 'violet'" in caplog.text + capsys.readouterr().err
    assert not project.plan(AS_OF).exists()


@pytest.mark.usefixtures("project")
def test_an_as_of_that_is_not_scored_is_named() -> None:
    with running("plan") as stage, pytest.raises(ChurnlightError, match="2025-12-01 is not scored"):
        plan_month(stage, "2025-12-01")
