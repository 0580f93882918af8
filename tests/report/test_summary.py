from __future__ import annotations

import json
import re
from copy import deepcopy
from io import StringIO

from rich.console import Console

from churnlight.report.summary import Places, as_json, summary

PLACES = Places(
    report="reports/churnlight.html",
    scores="data/scores/as_of=2026-01-01/scores.parquet",
    call_list="data/scores/as_of=2026-01-01/call_list.html",
    runs="mlflow.db",
    open_runs="mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1",
)


def _lines(details, places=PLACES, width=80, **more) -> list[str]:
    stream = StringIO()
    Console(file=stream, width=width, color_system=None).print(summary(details, places, **more))
    return [" ".join(line.split()) for line in stream.getvalue().splitlines()]


def test_every_line_fits_eighty_columns_and_nothing_is_cut(details):
    stream = StringIO()
    Console(file=stream, width=80, color_system=None).print(summary(details, PLACES))
    text = stream.getvalue()
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    # Rich marks what it cuts by an ellipsis on the last letter; intervals have one between blanks.
    assert not re.search(r"\S…", text)
    assert PLACES.open_runs in text


def test_tiers_models_and_places_are_there(details):
    lines = _lines(details)
    gbm, tree = details["models"]["gbm"], details["models"]["tree"]
    for tier in gbm["tiers"]:
        low, high = f"{tier['rate_low'] * 100:.1f}", f"{tier['rate_high']:.1%}"
        money = f"{tier['bills_at_risk_money']:,.0f}"
        row = f"{tier['tier']} {tier['subscribers']:,} {tier['rate']:.1%} {low}–{high} {money}"
        assert row in lines
    for name, key, form in (
        ("ROC AUC", "roc_auc", "{:.3f}"),
        ("PR AUC", "pr_auc", "{:.3f}"),
        ("Lift at 5%", "lift_at_5", "{:.1f}×"),
        ("Lift at 10%", "lift_at_10", "{:.1f}×"),
    ):
        row = next(line for line in lines if line.startswith(name))
        for model in (gbm, tree):
            assert form.format(model["metrics"][key]["value"]) in row.split()
    assert f"Scores {PLACES.scores}" in lines
    assert f"Open runs {PLACES.open_runs}" in lines


def test_differences_are_read_by_their_interval(details):
    changed = deepcopy(details)
    changed["paired"]["gbm_minus_tree"]["roc_auc"] = {"value": 0.02, "low": -0.01, "high": 0.05}
    lines = _lines(changed)
    assert not any("Is the difference real?" in line for line in _lines(details | {"paired": {}}))
    assert "LightGBM − Decision tree +0.020 −0.010 … +0.050 may be chance" in lines
    assert "LightGBM − Baseline +0.192 +0.168 … +0.216 LightGBM is better" in lines


def test_the_baseline_stands_beside_the_differences(details):
    said = "Baseline: days since last outgoing, ROC AUC 0.612 (0.585–0.639)"
    assert said in _lines(details)
    assert not any("ROC AUC 0.612" in line for line in _lines(details | {"baseline": None}))
    told = as_json(details, PLACES)
    assert told["baseline"]["name"] == "days_since_out"
    assert told["baseline"]["roc_auc"] == details["baseline"]["metrics"]["roc_auc"]
    assert told["paired"] == details["paired"]
    assert as_json(details | {"baseline": None}, PLACES)["baseline"] is None


def test_simulated_and_small_are_said_only_when_they_hold(details):
    assert any("Simulated operator" in line for line in _lines(details))
    assert not any("Small data" in line for line in _lines(details))
    real = deepcopy(details) | {"simulated": False, "churners": 21}
    lines = _lines(real)
    assert not any("imulated" in line for line in lines)
    assert any(line.startswith("Small data: Only 21 of") for line in lines)


def test_a_champion_tree_shows_its_own_tiers(details):
    lines = _lines(details, champion="tree")
    assert any(line.startswith("Tiers by Decision tree") for line in lines)
    white = details["models"]["tree"]["tiers"][4]
    assert any(
        line.startswith(f"white {white['subscribers']} {white['rate']:.1%}") for line in lines
    )


def test_a_long_path_is_folded_not_cut(details):
    stream = StringIO()
    path = "a-very-long-folder/" * 8 + "churnlight.html"
    places = Places(path, None, None, "r", "o")
    Console(file=stream, width=80, color_system=None).print(summary(details, places))
    assert path in "".join(stream.getvalue().split())
    assert "no month scored yet" in stream.getvalue()


def test_markup_in_a_tier_name_or_path_is_plain_text(details):
    named = deepcopy(details)
    named["models"]["gbm"]["tiers"][0]["tier"] = "[red]x[/red]"
    lines = _lines(named, Places("out/[bold]r[/bold].html", None, None, "r", "o"))
    assert any(line.startswith("[red]x[/red] ") for line in lines)
    assert "Report out/[bold]r[/bold].html" in lines


def test_json_says_the_same(details):
    content = json.loads(json.dumps(as_json(details, PLACES), allow_nan=False))
    assert content["simulated"] is True
    assert [t["tier"] for t in content["tiers"]] == ["blue", "green", "yellow", "red", "white"]
    measured = details["models"]["tree"]["metrics"]["lift_at_5"]
    assert content["models"]["tree"]["lift_at_5"] == measured
    assert content["places"]["open_runs"] == PLACES.open_runs
