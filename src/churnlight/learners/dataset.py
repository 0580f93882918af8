"""The rows that a learner sees: features, label, and who they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from churnlight.errors import DataRefused

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyArray = npt.NDArray[Any]


@dataclass(frozen=True)
class Dataset:
    """Features with labels, one row a subscriber and as_of.

    Attributes:
        frame: feature columns only.
        churned: the label, shape (rows,).
        subscriber: identifiers, shape (rows,).
        account: the group that folds and bootstraps keep together; the subscriber where none.
        as_of: "YYYY-MM-DD" of each row.
    """

    frame: pd.DataFrame
    churned: BoolArray
    subscriber: AnyArray
    account: AnyArray
    as_of: AnyArray

    def __post_init__(self) -> None:
        lengths = {
            "frame": len(self.frame),
            "churned": len(self.churned),
            "subscriber": len(self.subscriber),
            "account": len(self.account),
            "as_of": len(self.as_of),
        }
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of a Dataset differ in length: {lengths}")
        if self.churned.dtype != np.bool_:
            raise ValueError(f"churned must be boolean without nulls, got {self.churned.dtype}")

    @classmethod
    def of(
        cls,
        frame: pd.DataFrame,
        churned: Sequence[bool] | AnyArray | pd.Series,
        subscriber: Sequence[Any] | AnyArray | pd.Series,
        account: Sequence[Any] | AnyArray | pd.Series | None = None,
        as_of: str | Sequence[str] | AnyArray | pd.Series = "",
    ) -> Dataset:
        """Build from columns; an account that is missing becomes its subscriber.

        Raises:
            DataRefused: when the label holds a null.
        """
        labels = pd.Series(churned).reset_index(drop=True)
        if labels.isna().any():
            raise DataRefused(
                f"the label is missing in {int(labels.isna().sum())} of {len(labels)} rows: "
                "leave out rows without a known outcome before training or measuring"
            )
        ids = pd.Series(subscriber).reset_index(drop=True)
        groups = ids if account is None else pd.Series(account).reset_index(drop=True)
        dates = [as_of] * len(ids) if isinstance(as_of, str) else list(as_of)
        return cls(
            frame=frame.reset_index(drop=True),
            churned=labels.to_numpy(dtype=bool),
            subscriber=ids.to_numpy(dtype=object),
            account=groups.where(groups.notna(), ids).to_numpy(dtype=object),
            as_of=np.array(dates, dtype=object),
        )

    def __len__(self) -> int:
        return len(self.churned)

    @property
    def churners(self) -> int:
        """How many rows churned."""
        return int(self.churned.sum())

    def take(self, mask: BoolArray) -> Dataset:
        """The rows where `mask`, shape (rows,), is true."""
        return Dataset(
            frame=self.frame.loc[mask].reset_index(drop=True),
            churned=self.churned[mask],
            subscriber=self.subscriber[mask],
            account=self.account[mask],
            as_of=self.as_of[mask],
        )


def join(parts: Sequence[Dataset]) -> Dataset:
    """All rows of the parts, in their order.

    Raises:
        DataRefused: when the parts differ in their columns; names one.
    """
    first = parts[0]
    for part in parts[1:]:
        if list(part.frame.columns) != list(first.frame.columns):
            odd = sorted(set(part.frame.columns) ^ set(first.frame.columns), key=str)
            raise DataRefused(
                "the as_ofs to learn from differ in their features: "
                f"{', '.join(map(str, odd)) or 'their order'}; "
                "rebuild the features of all as_ofs with the same extracts and catalogue"
            )
    return Dataset(
        frame=pd.concat([p.frame for p in parts], ignore_index=True),
        churned=np.concatenate([p.churned for p in parts]),
        subscriber=np.concatenate([p.subscriber for p in parts]),
        account=np.concatenate([p.account for p in parts]),
        as_of=np.concatenate([p.as_of for p in parts]),
    )


def require_both(data: Dataset, least: int, what: str) -> None:
    """Refuse data that nothing can be learned from.

    Args:
        data: the rows.
        least: churners needed, train.min_churners.
        what: which rows they are, for the message, such as "fit".

    Raises:
        DataRefused: with the counts and what to change.
    """
    stayed = len(data) - data.churners
    if data.churners < max(least, 1) or stayed == 0:
        kind = "one class only" if data.churners == 0 or stayed == 0 else "too few churners"
        raise DataRefused(
            f"{what}: {kind}: {data.churners} churners and {stayed} who stayed in {len(data)} "
            f"rows, needed at least {max(least, 1)} churners and 1 who stayed: give more as_ofs, "
            "a longer horizon, a wider cohort or more label kinds, or lower train.min_churners"
        )
