"""`churnlight backtest` and `churnlight champion`: what they refuse, and the table they print."""

from __future__ import annotations

from pathlib import Path

import pytest

from churnlight.cli.replaying import PARTS, lines, run_backtest
from churnlight.errors import DataRefused, UsageError
from churnlight.files import write_json
from churnlight.timeline import Month, month_range

FIGURE = {"roc_auc": {"value": 0.7, "low": 0.65, "high": 0.75}}
LOSS = {"roc_auc": {"value": -0.02, "low": None, "high": None}}
BOTH = {"gbm": FIGURE, "tree": LOSS}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    months = [str(m) for m in month_range(Month(2025, 1), 4)]
    (tmp_path / "params.yaml").write_text(f"extracts: {{path: e, months: {months}}}\n")
    (tmp_path / "dvc.yaml").write_text("stages: {features: {do: {deps: []}}}\n")
    write_json(tmp_path / "data" / "inventory" / "source.json", {"simulated": True})
    monkeypatch.setenv("CHURNLIGHT_PROJECT", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("parts", "gaps", "says"),
    [
        (["month"], ["0"], "month is none of months, lead, ablation"),
        ([], ["0"], "--parts is empty"),
        (["lead"], ["x"], "x is no number of months"),
        (["lead"], ["13"], "13 is no number of months"),
        (["lead"], [], "--gaps is empty"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    project: Path, parts: list[str], gaps: list[str], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        run_backtest(parts, gaps)
    assert not (project / "data" / "backtest").exists()


@pytest.mark.parametrize("part", ["months", "lead"])
def test_too_few_months_are_counted(project: Path, part: str) -> None:
    with pytest.raises(DataRefused, match="4 months are too few"):
        run_backtest([part], ["0", "1"])
    assert not (project / "data" / "backtest").exists()


def test_the_table_says_simulated_and_shows_every_part() -> None:
    month = {"as_of": "2025-08-01", "models": BOTH}
    found = {
        "months": {
            "simulated": True,
            "months": [month],
            "ageing": [
                {"made_for": "2025-06-01", "as_of": "2025-08-01", "age_months": 2,
                 "minus_fresh": BOTH},
                {"made_for": "2025-07-01", "as_of": "2025-08-01", "age_months": 1,
                 "minus_fresh": BOTH},
            ],
            "frozen": "2025-06-01",
            "skipped": [{"as_of": "2025-05-01", "why": "too few churners"}],
        },
        "lead": {"simulated": True, "as_of": "2025-08-01", "gaps": [{"gap_months": 1, **month}]},
        "ablation": {
            "simulated": True,
            "as_of": "2025-11-01",
            "families": [
                {"family": "circle", "features": 25, "learner": "gbm", "adds": FIGURE},
            ],
        },
    }  # fmt: skip
    assert set(found) == set(PARTS)
    text = "\n".join(lines(found))
    assert text.startswith("Simulated operator")
    assert "  2025-08-01  0.700 (0.650 to 0.750) | -0.020 (- to -)" in text
    assert "2 months old  +0.700 (+0.650 to +0.750)" in text
    assert "1 months old" not in text
    assert "  2025-05-01  no model: too few churners" in text
    assert "circle (25 features), gbm: +0.700 (+0.650 to +0.750)" in text
    assert "Simulated" not in "\n".join(lines({"lead": found["lead"] | {"simulated": False}}))
