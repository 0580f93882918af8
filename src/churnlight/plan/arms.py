"""The control group: drawn by a hash, whole accounts at a time, and kept until its horizon ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from churnlight.learners.dataset import BoolArray

TREATED, CONTROL = "treated", "control"
_WHOLE = 2**64


def account_key(subscriber: Any, account: Any) -> str:
    """The account's name in the draw; of who has none, the subscriber's."""
    name = as_text(account)
    return f"subscriber {as_text(subscriber)}" if name is None else f"account {name}"


def account_keys(rows: pd.DataFrame) -> pd.Series[Any]:
    """`account_key` of each row, from subscriber_id and account_id."""
    pairs = zip(rows["subscriber_id"].tolist(), rows["account_id"].tolist(), strict=True)
    return pd.Series([account_key(s, a) for s, a in pairs], index=rows.index, dtype=object)


def as_text(value: Any) -> str | None:
    """An identifier as text; None where there is none."""
    if value is None or pd.isna(value) or value == "":
        return None
    # Whole numbers become floats in a column that somebody else's null stands in.
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)


def drawn_control(keys: Iterable[str], cycle: str, share: float, salt: str) -> BoolArray:
    """Whether each account is held out in a cycle.

    The same account and cycle always give the same answer, whoever else is on the list, on any
    machine; SHA-256 of salt, cycle and account, its first 64 bits as a share of all.

    Args:
        keys: of `account_keys`.
        cycle: the as_of.
        share: of the accounts.
        salt: `plan.salt`.
    """
    limit = int(share * _WHOLE)
    return np.array([_number(f"{salt}\n{cycle}\n{key}") < limit for key in keys], dtype=bool)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def kept_control(rows: pd.DataFrame, earlier: pd.DataFrame, cutoff: date) -> pd.DataFrame:
    """Who is still control of an earlier plan when this one begins, and of which.

    All lines of the account are, and a line that has changed its account; not who has an id that
    was somebody else's then.

    Args:
        rows: subscriber_id, account_id and activated_on of the candidates.
        earlier: arm, cycle, control_until, subscriber_id and account_id of earlier plans.
        cutoff: the first day of this plan.

    Returns:
        cycle and control_until by the rows' index, null for everybody else; of several plans that
        which keeps longest.
    """
    open_ = pd.to_datetime(earlier["control_until"]) > pd.Timestamp(cutoff)
    held = earlier[earlier["arm"].eq(CONTROL).to_numpy(dtype=bool) & open_.to_numpy(dtype=bool)]
    held = held.sort_values(["control_until", "cycle"], kind="stable")
    spans = [*zip(held["cycle"], held["control_until"], strict=True)]
    by_account = dict(zip(account_keys(held), spans, strict=True))
    by_line = dict(zip(held["subscriber_id"], spans, strict=True))
    began = pd.to_datetime(rows["activated_on"])
    found = []
    names = zip(account_keys(rows), rows["subscriber_id"], began, strict=True)
    for key, line, since in names:
        mine = [s for s in (by_account.get(key), by_line.get(line)) if s is not None]
        span = max(mine, key=lambda s: (s[1], s[0]), default=(None, None))
        newer = span[0] is not None and since > pd.Timestamp(span[0])
        found.append((None, None) if newer else span)
    table = pd.DataFrame(found, columns=["cycle", "control_until"], index=rows.index, dtype=object)
    # One arm an account: a line that came from a control account brings its new account along.
    return _spread(table, account_keys(rows))


def _spread(table: pd.DataFrame, keys: pd.Series[Any]) -> pd.DataFrame:
    held = table.assign(key=keys).dropna(subset=["cycle"])
    held = held.sort_values(["control_until", "cycle"], kind="stable")
    ends = zip(held["cycle"], held["control_until"], strict=True)
    spans = dict(zip(held["key"], ends, strict=True))
    rows = [spans.get(key, (None, None)) for key in keys]
    return pd.DataFrame(rows, columns=["cycle", "control_until"], index=table.index, dtype=object)
