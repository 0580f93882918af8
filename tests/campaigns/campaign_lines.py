"""Lines of a campaign with a planted effect, as `effects.controlled` takes them."""

from __future__ import annotations

import numpy as np
import pandas as pd


def lines(
    count: int,
    *,
    control: float = 0.3,
    treated: float = 0.2,
    share: float = 0.5,
    seed: int = 0,
    campaign: str = "c",
    account_lines: int = 1,
) -> pd.DataFrame:
    """Lines whose accounts share an arm, and whose churn comes from the account in part."""
    draws = np.random.default_rng(seed)
    accounts = np.arange(count) // account_lines
    number = int(accounts.max()) + 1
    arm = draws.random(number) < share
    # Half of the accounts' lines go together.
    together, own = draws.random(number), draws.random(count)
    luck = np.where(draws.random(number)[accounts] < 0.5, together[accounts], own)
    rate = np.where(arm[accounts], treated, control)
    churned = luck < rate
    return pd.DataFrame(
        {
            "campaign_id": campaign,
            "subscriber_id": [f"{campaign}{i}" for i in range(count)],
            "account": [f"{campaign}k{a}" for a in accounts],
            "treated": arm[accounts],
            "churned": churned,
            "bill_money": np.where(churned, 0.0, 50.0) + draws.normal(0, 5, count),
            "tier": np.where(np.arange(count) % 2 == 0, "red", "white"),
            "score": draws.random(count),
        }
    )
