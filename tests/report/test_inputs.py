from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from churnlight.params.data import TimeParams
from churnlight.params.learning import TiersParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.paths import Project
from churnlight.report.inputs import scored_tiers
from churnlight.stages.report import parameters_shown
from churnlight.stages.stage import Stage


def _scores() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "as_of": ["2026-01-01"] * 4,
            "tier": ["blue", "red", "red", "blue"],
            "monthly_bill_money": [100.0, 80.5, None, 0.1],
            "value_at_risk_money": [1.0, 40.25, None, 0.2],
            "left_before_cutoff": [False, True, False, False],
        }
    )


def test_tiers_are_added_up_and_empty_ones_kept():
    found = scored_tiers(_scores(), ("blue", "yellow", "red"))
    assert (found["as_of"], found["subscribers"], found["left_before_cutoff"]) == (
        "2026-01-01",
        4,
        1,
    )
    blue, yellow, red = found["tiers"]
    assert blue == {
        "tier": "blue",
        "subscribers": 2,
        "to_call": 2,
        "monthly_bills_money": 100.1,
        "bills_at_risk_money": 1.2,
    }
    assert (yellow["subscribers"], yellow["bills_at_risk_money"]) == (0, None)
    assert (red["subscribers"], red["to_call"], red["monthly_bills_money"]) == (2, 1, 80.5)


def test_totals_do_not_depend_on_the_order_of_rows():
    # Added one after the other, 1e16 + 1 + 1 - 1e16 gives 0 or 2 depending on the order.
    money = [1e16, 1.0, 1.0, -1e16]
    scores = _scores().assign(tier="blue", monthly_bill_money=money)
    for order in ([0, 1, 2, 3], [1, 2, 0, 3], [3, 1, 0, 2]):
        tiers = scored_tiers(scores.iloc[order], ("blue",))["tiers"]
        assert tiers[0]["monthly_bills_money"] == pytest.approx(2.0, abs=0)


def test_the_report_shows_the_parameters_behind_its_numbers(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(
        "time: {window_months: 4}\ncohort: {min_monthly_bill: 60.0}\n"
        "label: {kinds: [off_net], spend_churn: {months: 4, total_below: 40.0}}\n"
    )
    shown = parameters_shown(Stage("report", Project(tmp_path)))
    assert shown["time.window_months"] == 4
    assert shown["cohort.min_monthly_bill"] == 60.0
    assert shown["label.kinds"] == ("off_net",)
    assert (shown["label.spend_churn.months"], shown["label.spend_churn.total_below"]) == (4, 40.0)
    sections = {"time": TimeParams, "cohort": CohortParams, "label": LabelParams}
    for name, model in (sections | {"tiers": TiersParams}).items():
        for field in model.model_fields:
            assert any(key.startswith(f"{name}.{field}") for key in shown), (name, field)
