"""The backtest's picture: drawn for what there is, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from churnlight.files import sha256_of
from churnlight.report.plots_backtest import write_backtest_plot

FIGURE = {"roc_auc": {"value": 0.7, "low": 0.6, "high": 0.8}}
UNKNOWN = {"roc_auc": {"value": None, "low": None, "high": None}}
BOTH = {"gbm": FIGURE, "tree": UNKNOWN}
MONTHS = {
    "simulated": True,
    "frozen": "2025-08-01",
    "months": [{"as_of": f"2025-{m:02d}-01", "models": BOTH} for m in range(6, 12)],
    "ageing": [
        {"made_for": "2025-08-01", "as_of": "2025-09-01", "age_months": 1, "minus_fresh": BOTH}
    ],
}
LEAD = {
    "simulated": False,
    "as_of": "2025-09-01",
    "gaps": [{"gap_months": g, "models": BOTH} for g in (0, 2)],
}


@pytest.mark.parametrize(
    "found",
    [
        {"months": MONTHS, "lead": LEAD},
        {"months": {**MONTHS, "ageing": [], "frozen": None}},
        {"lead": LEAD},
    ],
)
def test_it_is_drawn_and_the_same_each_time(tmp_path: Path, found: dict) -> None:
    for name in ("one.png", "two.png"):
        write_backtest_plot(found, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert sha256_of(tmp_path / "one.png") == sha256_of(tmp_path / "two.png")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.png", "two.png"]
