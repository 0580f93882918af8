"""The plain way to a scored month: pandas features, LightGBM's predict, `shap.TreeExplainer`.

It is what one writes in an afternoon: whole tables in memory, groupby and merge. It makes some of
our features, each the same number as ours (which is checked), and reads a city so small that it
fits; its seconds are then stretched linearly by who reads the result.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.base import AS_OF, WINDOW
from benchmarks.machine import answer, peak_memory_gb
from churnlight.learners import gbm
from churnlight.paths import Project

_ID = "subscriber_id"
_STRONG_DAYS = 4
_DAYS = np.array([m.days for m in WINDOW], dtype=float)
_LAST = len(WINDOW) - 1


def measure(spec: dict[str, Any]) -> dict[str, Any]:
    """Seconds of features, prediction and SHAP values of a small city's cohort.

    Args:
        spec: `project` (with our features of the cohort and the model), `shap_rows`, `threads`.

    Raises:
        ValueError: when a feature is not ours.
    """
    import shap

    project = Project(Path(spec["project"]))
    start = time.perf_counter()
    labels = pd.read_parquet(project.labels(AS_OF) / "labels.parquet", columns=[_ID])
    made = features(project, labels[_ID])
    seconds = {"features": time.perf_counter() - start}
    ours = pd.read_parquet(project.features(AS_OF) / "features.parquet")
    apart = _hold_equal(made, ours.set_index(_ID))
    model = gbm.load(project.model("gbm"))
    matrix = model.encoder.transform(ours.drop(columns=_ID))
    start = time.perf_counter()
    model.booster.predict(matrix, num_threads=spec["threads"])
    seconds["predict"] = time.perf_counter() - start
    few = matrix[: spec["shap_rows"]]
    explainer = shap.TreeExplainer(model.booster)
    start = time.perf_counter()
    explainer.shap_values(few)
    seconds["shap"] = time.perf_counter() - start
    rows = {"features": len(made), "predict": len(matrix), "shap": len(few)}
    return {
        "rows": len(made),
        "features": made.shape[1],
        "largest_difference": apart,
        "seconds": round(sum(seconds.values()), 3),
        "seconds_by_part": {name: round(s, 3) for name, s in seconds.items()},
        "us_a_row": {name: round(1e6 * s / rows[name], 2) for name, s in seconds.items()},
        "peak_memory_gb": peak_memory_gb(),
    }


def features(project: Project, members: pd.Series) -> pd.DataFrame:
    """Some features of the members, by name as in the catalogue; index: the members."""
    index = pd.Index(members)
    parts = [
        _use(_monthly(project, "usage", index)),
        _circle(_monthly(project, "circle", index)),
        _ties(project, index),
        _bills(_extract(project, "billing"), index),
        _events(project, index),
    ]
    return pd.concat(parts, axis=1)


def _monthly(project: Project, mart: str, index: pd.Index) -> list[pd.DataFrame]:
    return [
        pd.read_parquet(project.mart(month) / f"{mart}.parquet").set_index(_ID).reindex(index)
        for month in WINDOW
    ]


def _extract(project: Project, name: str) -> pd.DataFrame:
    folder = project.root / "extracts" / name
    months = [pd.read_parquet(folder / f"month={month}" / "part.parquet") for month in WINDOW]
    return pd.concat(months, keys=range(len(WINDOW)), names=["k"]).reset_index("k")


def _wide(months: list[pd.DataFrame], name: str, *, daily: bool) -> np.ndarray:
    values = np.column_stack([month[name].to_numpy(dtype=float) for month in months])
    return values / _DAYS if daily else values


def _slope(values: np.ndarray) -> np.ndarray:
    months = np.arange(values.shape[1])
    off = months - months.mean()
    return np.asarray((values * off).sum(axis=1) / (off**2).sum())


def _change(values: np.ndarray) -> np.ndarray:
    return np.asarray(values[:, -1] - values[:, :-1].mean(axis=1))


def _use(months: list[pd.DataFrame]) -> pd.DataFrame:
    daily = {
        name: _wide(months, name, daily=True)
        for name in (
            *("voice_out_s", "voice_in_s", "sms_out_count", "data_mb", "active_days"),
            *("voice_out_count", "voice_in_count"),
        )
    }
    mean = {name: values.mean(axis=1) for name, values in daily.items()}
    out = {
        "voice_out_min_per_day": mean["voice_out_s"] / 60,
        "voice_in_min_per_day": mean["voice_in_s"] / 60,
        "sms_out_count_per_day": mean["sms_out_count"],
        "data_mb_per_day": mean["data_mb"],
        "active_days_share": mean["active_days"],
        "voice_out_trend_share_per_month": _slope(daily["voice_out_s"]) / mean["voice_out_s"],
        "data_trend_share_per_month": _slope(daily["data_mb"]) / mean["data_mb"],
    }
    for name, short in (
        ("voice_out_s", "voice_out"), ("voice_in_s", "voice_in"), ("sms_out_count", "sms_out"),
        ("data_mb", "data"),
    ):  # fmt: skip
        out[f"{short}_last_over_mean_ratio"] = daily[name][:, -1] / mean[name]
    for name in ("voice_out", "voice_in"):
        values = daily[f"{name}_count"] + 0.1
        out[f"{name}_count_last_over_first_ratio"] = values[:, -1] / values[:, 0]
    spread = daily["voice_out_s"].std(axis=1)
    out["voice_out_volatility_ratio"] = spread / mean["voice_out_s"]
    return pd.DataFrame(out, index=months[0].index)


def _circle(months: list[pd.DataFrame]) -> pd.DataFrame:
    contacts = _wide(months, "contacts_count", daily=True)
    effective = _wide(months, "effective_contacts_count", daily=True)
    out = {
        "contacts_last_over_mean_ratio": contacts[:, -1] / contacts.mean(axis=1),
        "effective_contacts_trend_share_per_month": _slope(effective) / effective.mean(axis=1),
    }
    for name, mean, change in (
        ("reciprocated_contacts_share", "reciprocated_contacts_share", None),
        ("balance_mean", "balance_share", "balance_change_share"),
        ("rival_contacts_share", "rival_contacts_share", "rival_contacts_change_share"),
        ("contact_entropy_nats", "contact_entropy_nats", "contact_entropy_change_nats"),
    ):
        values = _wide(months, name, daily=False)
        out[mean] = values.mean(axis=1)
        if change is not None:
            out[change] = _change(values)
    return pd.DataFrame(out, index=months[0].index)


def _ties(project: Project, index: pd.Index) -> pd.DataFrame:
    columns = [_ID, "counterpart_id", "counterpart_network", "events_count", "active_days"]
    months = [
        pd.read_parquet(project.mart(month) / "edges.parquet", columns=columns).assign(k=k)
        for k, month in enumerate(WINDOW)
    ]
    rows = pd.concat(months, ignore_index=True)
    rows = rows[(rows["counterpart_network"] != "service") & rows[_ID].isin(index)]
    snapshots = _extract(project, "subscribers")
    last = snapshots[snapshots["k"] == _LAST]
    gone = last.loc[last["status"] != "active", _ID]
    rows = rows.assign(
        rival=rows["events_count"].where(rows["counterpart_network"] == "rival", 0),
        before=rows["active_days"].where(rows["k"] == _LAST - 1, 0),
        last=rows["active_days"].where(rows["k"] == _LAST, 0),
    )
    people = (
        rows.groupby([_ID, "counterpart_id"])
        .agg(
            events=("events_count", "sum"),
            rival=("rival", "sum"),
            before=("before", "max"),
            last=("last", "max"),
            most=("active_days", "max"),
        )
        .reset_index()
    )
    left = people["counterpart_id"].isin(gone)
    flags = people.assign(
        all=1,
        left=left,
        left_events=people["events"].where(left, 0),
        strong_left=left & (people["most"] >= _STRONG_DAYS),
        had=people["before"] > 0,
        has=people["last"] > 0,
        kept=(people["before"] > 0) & (people["last"] > 0),
        strong=people["last"] >= _STRONG_DAYS,
    ).drop(columns=["counterpart_id", "before", "last", "most"])
    total = flags.groupby(_ID).sum().reindex(index)
    return pd.DataFrame(
        {
            "rival_events_share": total["rival"] / total["events"],
            "contacts_kept_share": total["kept"] / total["had"],
            "contacts_lost_count": (total["had"] - total["kept"]).fillna(0),
            "contacts_gained_share": (total["has"] - total["kept"]) / total["has"],
            "strong_contacts_count": total["strong"].fillna(0),
            "contacts_left_count": total["left"].fillna(0),
            "contacts_left_share": (total["left"] / total["all"]).fillna(0),
            "contacts_left_weighted_share": (total["left_events"] / total["events"]).fillna(0),
            "strong_contacts_left_count": total["strong_left"].fillna(0),
        }
    )


def _bills(bills: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    wide = bills.pivot_table(index=_ID, columns="k", aggfunc="sum", values=[
        "total_charge", "vas_charge", "arrears_end", "suspended_days", "paid", "balance_end",
        "points_balance",
    ]).reindex(index)  # fmt: skip
    total = wide["total_charge"].to_numpy()
    mean = total.mean(axis=1)
    points = wide["points_balance"].to_numpy(dtype=float)
    out = {
        "bill_money": mean,
        "bill_last_over_mean_ratio": total[:, -1] / mean,
        "bill_trend_share_per_month": _slope(total) / mean,
        "bill_volatility_ratio": total.std(axis=1) / mean,
        "vas_share": wide["vas_charge"].to_numpy().sum(axis=1) / total.sum(axis=1),
        "arrears_money": wide["arrears_end"].to_numpy()[:, -1],
        "arrears_months": (wide["arrears_end"].to_numpy() > 0).sum(axis=1).astype(float),
        "suspended_days": wide["suspended_days"].to_numpy(dtype=float).sum(axis=1),
        "paid_share": wide["paid"].to_numpy().sum(axis=1) / total.sum(axis=1),
        "balance_over_bill_ratio": wide["balance_end"].to_numpy()[:, -1] / mean,
        "points_count": points[:, -1],
    }
    return pd.DataFrame(out, index=index)


def _events(project: Project, index: pd.Index) -> pd.DataFrame:
    topups, care = _extract(project, "topups"), _extract(project, "care")
    paid = topups.groupby(_ID)["amount"].agg(["count", "mean"]).reindex(index).fillna(0)
    kinds = care.pivot_table(index=_ID, columns="kind", values="k", aggfunc="count")
    kinds = kinds.reindex(index).fillna(0)
    taken = _extract(project, "services")
    services = pd.crosstab(taken[_ID], taken["k"]).reindex(index).fillna(0)
    return pd.DataFrame(
        {
            "topups_count": paid["count"].astype(float),
            "topup_mean_money": paid["mean"],
            "care_contacts_count": kinds.sum(axis=1),
            "complaints_count": kinds["complaint"],
            "port_queries_count": kinds["port_query"],
            "contract_queries_count": kinds["contract_query"],
            "extra_services_count": services[_LAST].astype(float),
            "extra_services_change_count": _change(services.to_numpy(dtype=float)),
        }
    )


def _hold_equal(made: pd.DataFrame, ours: pd.DataFrame) -> float:
    """Hold each feature to ours; the largest difference, as a share of the value (at least 1)."""
    worst = 0.0
    for name in made.columns:
        theirs, own = made[name].to_numpy(dtype=float), ours[name].to_numpy(dtype=float)
        same = np.isnan(theirs) == np.isnan(own)
        apart = np.abs(theirs - own) / np.maximum(np.abs(own), 1.0)
        found = float(np.nanmax(np.where(np.isnan(own), 0.0, apart)))
        if not same.all() or found > 1e-9:
            raise ValueError(
                f"plain {name} differs from ours: {(~same).sum()} nulls, by up to {found:.3g}"
            )
        worst = max(worst, found)
    return worst


if __name__ == "__main__":
    answer(measure)
