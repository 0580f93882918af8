"""Pictures of the simulated operator, one style, each beside what is known of real ones."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd

mpl.use("Agg")
import matplotlib.pyplot as plt

from churnlight.demo import figures
from churnlight.demo.causes import EPISODE_OF, EPISODES, Cause
from churnlight.timeline import Month

BLUE, ORANGE, GREEN, GREY, RED = "#2f6f9f", "#d98032", "#4f9a5b", "#8a8a8a", "#b5403c"
STYLE = {
    "figure.figsize": (7.6, 4.2),
    "figure.dpi": 110,
    "font.size": 11,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
}


def draw_all(default: Path, city: Path, out: Path) -> None:
    """Draw all pictures into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    with plt.rc_context(STYLE):
        for name, figure in (
            ("degree", degree(default)),
            ("hours", hours(default)),
            ("bills", bills(city)),
            ("survival", survival(default)),
            ("last_months", last_months(default)),
        ):
            figure.tight_layout()
            figure.savefig(out / f"{name}.png", metadata={"Software": None})
            plt.close(figure)


def degree(root: Path) -> plt.Figure:
    """Contacts with calls both ways, against a Poisson distribution of the same mean."""
    found = figures.degrees(root, figures.months_of(root)[2])
    most = int(found.max())
    at_least = np.array([(found >= k).mean() for k in range(1, most + 1)])
    mean = found.mean()
    k = np.arange(0, most + 1)
    log_p = k * np.log(mean) - mean - np.cumsum(np.log(np.maximum(k, 1)))
    poisson = 1 - np.cumsum(np.exp(log_p))
    figure, axes = plt.subplots()
    axes.loglog(np.arange(1, most + 1), at_least, "o", ms=4, color=BLUE, label="simulated, a month")
    axes.loglog(k[:-1] + 1, poisson[:-1], "--", color=GREY, label="Poisson of the same mean")
    axes.set_ylim(0.3 / len(found), 1.3)
    axes.set_xlabel("contacts with calls both ways, at least")
    axes.set_ylabel("share of subscribers")
    axes.set_title("Published call graphs: skewed, with a tail far beyond chance", fontsize=11)
    axes.legend(loc="lower left")
    return figure


def hours(root: Path) -> plt.Figure:
    """Calls by hour on working days and days off, and by weekday."""
    month = figures.months_of(root)[2]
    calls = figures.read(root, "cdr", month, ["started_at", "kind", "direction"])
    when = calls[(calls["kind"] == "voice") & (calls["direction"] == "out")]["started_at"]
    day_off = when.dt.weekday >= 5
    figure, (left, right) = plt.subplots(1, 2, width_ratios=(2, 1), figsize=(9.0, 4.2))
    for chosen, name, colour in (
        (~day_off, "Monday to Friday", BLUE),
        (day_off, "weekend", ORANGE),
    ):
        share = when[chosen].dt.hour.value_counts(normalize=True).sort_index()
        left.plot(share.index, share * 100, "-o", ms=4, color=colour, label=name)
    left.set_xlabel("hour of the day")
    left.set_ylabel("% of outgoing calls")
    left.set_xticks(range(0, 24, 3))
    left.legend(loc="upper left")
    left.set_title("Expected: two peaks, late morning and evening", fontsize=11)
    days = pd.Series(when.dt.date.unique()).map(lambda d: d.weekday()).value_counts()
    per_day = when.dt.weekday.value_counts().sort_index() / days.sort_index()
    right.bar(range(7), per_day / per_day.mean() * 100, color=[BLUE] * 5 + [ORANGE] * 2)
    right.set_xticks(range(7), ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"])
    right.set_ylabel("calls a day, mean = 100")
    right.set_title("Expected: fewer at weekends", fontsize=11)
    return figure


def bills(root: Path) -> plt.Figure:
    """Mean bills of VIPs and of the others, with the published means."""
    lines = figures.base(root, figures.months_of(root)[0])
    figure, axes = plt.subplots()
    edges = np.arange(0, 320, 5)
    for chosen, name, colour in ((~lines["vip"], "others", GREY), (lines["vip"], "VIPs", BLUE)):
        axes.hist(lines.loc[chosen, "bill_money"].clip(upper=319), edges, color=colour, label=name)
    axes.set_yscale("log")
    top = axes.get_ylim()[1]
    for height, value, text, reached in (
        (1.2, 32.5, "all: 32.5", lines["bill_money"].mean()),
        (0.1, 140.0, "VIPs: 140", lines.loc[lines["vip"], "bill_money"].mean()),
    ):
        axes.axvline(value, color=RED, ls="--", lw=1.4)
        axes.axvline(reached, color="black", lw=1.4)
        axes.text(value + 5, height * top, f"published mean, {text}\nsimulated {reached:.1f}")
    axes.set_ylim(top=top * 6)
    axes.set_xlabel("mean monthly bill over three months, yuan")
    axes.set_ylabel("subscribers")
    axes.set_title("Bills of the city profile", fontsize=11)
    axes.legend(loc="center right")
    return figure


def survival(root: Path) -> plt.Figure:
    """Share of the first month's mid/high-end lines that have left, by cause."""
    months = figures.months_of(root)
    lines = figures.base(root, months[0])
    cohort = lines[lines["vip"]]
    left = pd.read_parquet(root / "truth" / "departures")
    left = left[(left["kind"] != "value_loss") & (left["month"] > str(months[2]))]
    left = left[left["subscriber_id"].isin(cohort.index)].drop_duplicates("subscriber_id")
    table = pd.crosstab(left["month"], left["cause"]).cumsum() / len(cohort)
    table = table[table.iloc[-1].sort_values(ascending=False).index] * 100
    start = pd.DataFrame(0.0, index=[str(months[2])], columns=table.columns)
    table = pd.concat([start, table])
    figure, axes = plt.subplots(figsize=(8.2, 4.8))
    x = np.arange(len(table))
    colours = plt.get_cmap("tab20")(np.arange(len(table.columns)))
    axes.stackplot(
        x, table.T.to_numpy(), labels=[c.replace("_", " ") for c in table], colors=colours
    )
    published = (1 - (1 - 0.0065) ** x) * 100
    axes.plot(x, published, "--", color="black", lw=1.6, label="0.65 % a month (published)")
    axes.set_xticks(x, table.index, rotation=45, ha="right", fontsize=9)
    axes.set_ylabel("% of mid/high-end lines that have left")
    axes.set_title("Default profile: faster than published on purpose, to learn from", fontsize=11)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9
    )
    return figure


def last_months(root: Path) -> plt.Figure:
    """One subscriber whose second SIM takes over: calls month by month until the last."""
    months = figures.months_of(root)
    left = pd.read_parquet(root / "truth" / "departures")
    left = left[(left["cause"] == "second_sim") & left["kind"].isin(["ported_out", "cancelled"])]
    left = left[left["month"] >= str(months[-3])]
    frames = {}
    for month in months:
        calls = figures.read(root, "cdr", month, ["subscriber_id", "direction", "kind"])
        calls = calls[
            calls["subscriber_id"].isin(left["subscriber_id"]) & (calls["kind"] == "voice")
        ]
        frames[str(month)] = pd.crosstab(calls["subscriber_id"], calls["direction"])
    whole = pd.concat(frames, names=["month"]).fillna(0.0)
    whole = whole.reindex(columns=["out", "in", "forward"], fill_value=0.0)
    episode = EPISODES[EPISODE_OF[Cause.SECOND_SIM]]
    chosen, last = _clearest(whole, left)
    mine = whole.xs(chosen, level="subscriber_id").reindex(map(str, months)).loc[: str(last - 1)]
    figure, axes = plt.subplots()
    x = np.arange(len(mine))
    for name, colour, text in (
        ("out", BLUE, "outgoing calls"),
        ("in", GREEN, "incoming calls"),
        ("forward", ORANGE, "forwarded to another network"),
    ):
        axes.plot(x, mine[name], "-o", ms=5, color=colour, label=text)
    silent = np.flatnonzero(mine["forward"].to_numpy() == 0)
    begun = int(silent[-1]) + 1
    usual = mine["out"].iloc[: max(begun, 1)].mean()
    expected = [usual * f for f in episode.outgoing][: len(mine) - begun]
    axes.plot(
        begun + np.arange(len(expected)), expected, "--", color=GREY, label="outgoing, by rule"
    )
    axes.set_xticks(x, mine.index, rotation=45, ha="right", fontsize=9)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("calls in the month")
    axes.set_title(f"A second SIM takes over; the line leaves in {last}", fontsize=11)
    axes.legend(loc="upper right", fontsize=10)
    return figure


def _clearest(whole: pd.DataFrame, left: pd.DataFrame) -> tuple[int, Month]:
    """Of those who left, the one with most calls at first whose forwards rose for three months."""
    best: tuple[float, int, str] = (-1.0, 0, "")
    for row in left.sort_values("subscriber_id").itertuples():
        mine = whole.xs(row.subscriber_id, level="subscriber_id")
        mine = mine[mine.index < row.month]
        forwards = mine["forward"].to_numpy()
        if len(mine) >= 6 and (forwards[-3:] > 2).all() and forwards[:2].max() < 1:
            best = max(best, (float(mine["out"].iloc[0]), row.subscriber_id, row.month))
    return best[1], Month.parse(best[2])
