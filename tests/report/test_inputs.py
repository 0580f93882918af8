from __future__ import annotations

import pandas as pd
import pytest

from churnlight.report.inputs import scored_tiers


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
