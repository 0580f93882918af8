"""A plan of any scored month: what is made before it, and what MLflow is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from churnlight import files
from churnlight.errors import ChurnlightError, UsageError
from churnlight.paths import Project
from churnlight.stages import offers
from churnlight.stages.offer_metrics import figures, month_run
from churnlight.stages.offers import log_plans, plan_scored, sync_plans
from churnlight.stages.stage import running

AS_OF = "2026-01-01"
PLAN: dict[str, Any] = {
    "playbook": "mine.yaml",
    "simulated": True,
    "subscribers": 50,
    "arms": {
        "treated": {"subscribers": 20, "accounts": 18, "expected_profit_money": 99.5},
        "control": {"subscribers": 3, "accounts": 2, "share": 0.1},
    },
    "control_kept": 4,
    "suppressed": {"red_list": {"first": 5, "applies": 6}, "left": {"first": 0, "applies": 0}},
    "limits": {"budget_money": None, "calls": 60, "outlay_treated_money": 80.0, "calls_treated": 7},
    "rates": {"assumed": 21, "measured": 2},
    "measured": {"churn": {"difference": -0.02}},
}
SEGMENTS: dict[str, Any] = {
    "segments": [{"code": "S1"}, {"code": "S2"}],
    "path": [{"segments": 1, "bic": 900.0}, {"segments": 2, "bic": 700.0}],
    "before": {"adjusted_rand": 0.9},
    "services": {"hit_rate": {"by_segment": 0.4, "by_popularity": 0.5}},
}
TARIFFS: dict[str, Any] = {
    "matching": {"overpays": {"members": 8, "change_money": -3.0}},
    "incentive": {"plausible": {"members": 2, "change_money": 5.0}},
    "reproduction": {"bills": 30, "within_cent": 29},
}
HANDSETS: dict[str, Any] = {
    "members": {"likely": 6},
    "accuracy": {
        "measures": {"brand": {"ways": {"tree": {"share": 0.3}, "same_again": {"share": 0.2}}}}
    },
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    (tmp_path / "params.yaml").write_text("schema_version: 1\n")
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(tmp_path))
    made = Project(tmp_path)
    touch(made.scores(AS_OF) / "scores.parquet")
    return made


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()


def planned(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path, Path]]:
    """What is made, from which project, into which; the plan comes last."""
    done: list[tuple[str, Path, Path]] = []
    for name in ("segments", "tariffs", "handsets"):
        monkeypatch.setattr(
            offers,
            f"write_{name}",
            lambda stage, _, home: done.append((stage.name, stage.project.root, home.root)),
        )
    monkeypatch.setattr(
        offers, "plan_month", lambda stage, as_of: done.append(("plan", stage.project.root, as_of))
    )
    with running("plan") as stage:
        plan_scored(stage, AS_OF)
    return done


def test_of_a_month_of_the_batch_everything_is_made(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = Project(project.batch)
    for made in (batch.labels(AS_OF) / "labels.parquet", batch.features(AS_OF) / "a.parquet"):
        touch(made)
    # Left by an earlier run of the same command.
    project.tariffs(AS_OF).mkdir(parents=True)
    names = ("segments", "tariffs", "handsets")
    expected = [
        *((name, batch.root, project.root) for name in names),
        ("plan", project.root, AS_OF),
    ]
    assert planned(monkeypatch) == expected


def test_of_a_month_of_the_pipeline_only_what_is_missing_is(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for made in (project.labels(AS_OF) / "labels.parquet", project.features(AS_OF) / "a.parquet"):
        touch(made)
    for folder in (project.segments(AS_OF), project.handsets(AS_OF)):
        folder.mkdir(parents=True)
    expected = [("tariffs", project.root, project.root), ("plan", project.root, AS_OF)]
    assert planned(monkeypatch) == expected


def test_a_broken_playbook_is_told_before_anything_is_made(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "params.yaml").write_text("schema_version: 1\nplan: {playbook: none.yaml}\n")
    touch(project.labels(AS_OF) / "labels.parquet")
    touch(project.features(AS_OF) / "a.parquet")
    with pytest.raises(UsageError, match=r"none\.yaml"):
        planned(monkeypatch)


def test_figures_by_hand() -> None:
    found = figures({"plan": PLAN, "segments": SEGMENTS, "tariffs": TARIFFS, "handsets": HANDSETS})
    assert found == {
        "plan_subscribers": 50,
        "plan_proposed": 20,
        "plan_control": 3,
        "plan_control_accounts": 2,
        "plan_control_kept": 4,
        "plan_suppressed_red_list": 5,
        "plan_suppressed_left": 0,
        "plan_expected_profit_money": 99.5,
        "plan_outlay_money": 80,
        "plan_calls": 7,
        "plan_rates_assumed": 21,
        "plan_rates_measured": 2,
        "plan_measured_churn_difference_share": -0.02,
        "segments_count": 2,
        "segments_bic": 700,
        "segments_adjusted_rand": 0.9,
        "segments_services_hit_rate": 0.4,
        "segments_services_hit_rate_most_popular": 0.5,
        "tariffs_matching_overpays": 8,
        "tariffs_incentive_plausible": 2,
        "tariffs_bills": 30,
        "tariffs_bills_within_cent": 29,
        "handsets_likely": 6,
        "handsets_brand_tree": 0.3,
        "handsets_brand_same_again": 0.2,
    }


def test_what_was_left_out_has_no_figures() -> None:
    first = SEGMENTS | {"before": None, "services": {"hit_rate": None, "left_out": "no_services"}}
    found = figures(
        {"segments": first, "tariffs": {"left_out": "no_plans"}, "handsets": {"left_out": "few"}}
    )
    assert set(found) == {"segments_count", "segments_bic"}


def test_a_run_holds_records_and_no_table(project: Project) -> None:
    files.write_json(project.plan(AS_OF) / "plan.json", PLAN)
    touch(project.segments(AS_OF) / "segments.parquet")
    files.write_json(project.segments(AS_OF) / "segments.json", SEGMENTS)
    run = month_run(project, AS_OF)
    assert [path.name for path in run.artefacts] == ["plan.json", "segments.json"]
    assert (run.kind, run.as_of) == ("plan", AS_OF)
    assert run.params["budget_money"] == "None"
    again = month_run(project, AS_OF)
    assert again.content_hash == run.content_hash
    files.write_json(project.segments(AS_OF) / "segments.json", SEGMENTS | {"path": []})
    assert month_run(project, AS_OF).content_hash != run.content_hash


def test_a_store_that_is_away_is_told_and_stops_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_: Project, experiment: str) -> None:
        raise ChurnlightError(f"{experiment}: nobody there")

    monkeypatch.setattr(offers, "sync_plans", away)
    log_plans(project)
    assert "churnlight: nobody there" in caplog.text


@pytest.mark.slow
def test_each_planned_month_is_a_run_of_its_own_and_found_again(project: Project) -> None:
    from churnlight.tracking import opened

    files.write_json(project.plan(AS_OF) / "plan.json", PLAN)
    (project.plan(AS_OF) / "plan.parquet").touch()
    first = sync_plans(project, "trial")
    assert first[AS_OF]["state"] == "logged"
    assert sync_plans(project, "trial") == {AS_OF: first[AS_OF] | {"state": "found"}}
    with opened(project.root) as client:
        run = client.get_run(first[AS_OF]["run_id"])
    assert run.info.run_name == "plan 2026-01-01"
    assert run.data.metrics["plan_proposed"] == 20
    assert run.data.tags["churnlight.as_of"] == AS_OF
