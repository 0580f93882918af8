"""Lines of a campaign with a planted effect, as `effects.controlled` takes them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnlight.campaigns.effects import controlled
from churnlight.learners.dataset import FloatArray


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


def planted(
    count: int, effects: tuple[float, float], seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame, FloatArray]:
    """Lines, features and each line's true effect; `effects` in log-odds, of two kinds of lines."""
    draws = np.random.default_rng(seed)
    risky, kind = draws.random(count) < 0.4, draws.random(count) < 0.5
    base = np.where(risky, -0.6, -2.2)
    shift = np.where(kind, effects[0], effects[1])
    without, treated = 1 / (1 + np.exp(-base)), draws.random(count) < 0.6
    with_it = 1 / (1 + np.exp(-base - shift))
    lines = pd.DataFrame(
        {
            "campaign_id": np.where(draws.random(count) < 0.5, "a", "b"),
            "subscriber_id": [f"s{i}" for i in range(count)],
            "account": [f"k{i // 2}" for i in range(count)],
            "treated": treated,
            "churned": draws.random(count) < np.where(treated, with_it, without),
        }
    )
    frame = pd.DataFrame({"risky_share": risky * 1.0, "kind_category": np.where(kind, "x", "y")})
    frame["noise_count"] = draws.normal(size=count)
    return controlled(lines), frame, with_it - without
