"""Write docs/demo.md and docs/pictures: what the simulated operator aims at and what it reaches.

`python scripts/demo_page.py` simulates a default operator and a city in a scratch folder, measures
them on their extracts, and writes the page. Same code, same bytes; no figure is typed by hand.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from churnlight.demo import figures, generate
from churnlight.demo.causes import (
    CONTAGION_FADES,
    CONTAGION_FROM,
    EPISODES,
    MISFIT_FROM,
    PORT_SHARE,
    Cause,
)
from churnlight.params.output import DemoParams
from churnlight.timeline import Month

sys.path.insert(0, str(Path(__file__).resolve().parent))

from demo_pictures import draw_all

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = DemoParams(subscribers=8_000, months=12, start="2025-01", seed=7)
CITY = DemoParams(subscribers=30_000, months=15, start="2024-01", seed=7, profile="city")

# name: (what it is, figure aimed at, how it is written)
AIMS = {
    "vip_share": ("Subscribers who meet the VIP rule", 0.0725, "{:.2%}"),
    "vip_revenue_share": ("Their share of revenue", 0.31, "{:.1%}"),
    "mean_bill_money": ("Mean bill of all, yuan", 32.5, "{:.1f}"),
    "vip_mean_bill_money": ("Mean bill of VIPs, yuan", 140.0, "{:.1f}"),
    "vip_city_share": ("VIPs in the city itself", 106_119 / 178_338, "{:.1%}"),
    "vip_east_share": ("VIPs in the first county", 27_846 / 178_338, "{:.1%}"),
    "vip_north_share": ("VIPs in the second county", 27_160 / 178_338, "{:.1%}"),
    "vip_west_share": ("VIPs in the third county", 17_213 / 178_338, "{:.1%}"),
    "city_enterprise_share": ("City VIPs in enterprise groups", 36_142 / 106_119, "{:.1%}"),
    "city_urban_share": ("City VIPs, other urban", 47_307 / 106_119, "{:.1%}"),
    "city_rural_share": ("City VIPs, rural", 22_670 / 106_119, "{:.1%}"),
    "vip_contract_share": ("VIPs under a contract", 0.623, "{:.1%}"),
    "vip_retention": ("VIPs kept over a year, spend churn counted", (0.70, 0.80), "{:.1%}"),
    "vip_leaving_monthly": ("VIPs leaving the network in a month", 0.0065, "{:.2%}"),
}
TRACES = {
    Cause.CONTRACT: "`contract_ends_on` in the last months; contract queries",
    Cause.MISFIT: "charges far beyond the fee, or far less use than the plan includes",
    Cause.CONTAGION: "contacts who left, or whose network is now a rival's",
    Cause.SECOND_SIM: "outgoing calls fall, forwarded calls to a rival's number rise",
    Cause.COMPLAINT: "complaints that nobody resolves; with half of them, calls that break off",
    Cause.DEBT: "arrears, then suspension; ends in the status `debt`",
    Cause.DRIFT: "calls in both directions and data fade away",
    Cause.GROUP: "`group_id` is gone, often with the colleagues'",
    Cause.HANDSET: "a new handset without a contract",
    Cause.MOVING: "roaming for most of the month",
    Cause.UNEXPLAINED: "none: constant, and not in the extracts at all",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def city_table(reached: dict[str, float]) -> str:
    """Aimed at and reached."""
    rows = []
    for name, (what, aim, form) in AIMS.items():
        wanted = " to ".join(map(form.format, aim)) if isinstance(aim, tuple) else form.format(aim)
        rows.append((what, wanted, form.format(reached[name])))
    return table(("Figure", "Published", "Simulated"), rows)


def cause_table(truth: Path) -> str:
    """Causes with their traces and their part in the departures."""
    left = pd.read_parquet(truth / "departures")
    share = left["cause"].value_counts(normalize=True)
    highest = {episode.cause: max(episode.hazard) for episode in EPISODES}
    rows = []
    for cause in Cause:
        name = cause.name.lower()
        most = f"{highest[cause]:.2f}" if cause in highest else ""
        port = f"{PORT_SHARE[cause]:.0%}" if cause is not Cause.DEBT else ""
        rows.append((f"`{name}`", TRACES[cause], most, port, f"{share.get(name, 0.0):.1%}"))
    return table(
        ("Cause", "Traces before", "Highest monthly rate", "Goes to a rival", "Of all events"), rows
    )


def oracle_table(root: Path) -> str:
    """What ranking by p_true would reach, as_of by as_of."""
    from churnlight.assess.measures import Ranking

    rows = []
    for path in sorted((root / "truth" / "outcomes").iterdir()):
        outlook = pd.read_parquet(root / "truth" / "outlook" / path.name)
        known = pd.read_parquet(path).merge(outlook[["subscriber_id", "p_true"]])
        known = known[known["in_cohort"] & known["churned"].notna() & ~known["treated"]]
        churned = known["churned"].astype(bool).to_numpy()
        score = known["p_true"].to_numpy().astype(float)
        found = Ranking.by(score, churned, (0.05,)).measure(np.ones((1, len(known))))
        rows.append(
            (
                path.name.removeprefix("as_of="),
                f"{len(known):,}",
                f"{churned.sum():,}",
                f"{churned.mean():.1%}",
                f"{score.mean():.1%}",
                *(f"{found[name][0]:.3f}" for name in ("roc_auc", "pr_auc", "lift_at_5")),
            )
        )
    head = (
        "as_of",
        "Cohort",
        "Churners",
        "Rate",
        "Mean p_true",
        "ROC AUC",
        "PR AUC",
        "Lift at 5 %",
    )
    return table(head, rows)


def write_page(default: Path, city: Path, out: Path) -> None:
    """Measure, draw and write."""
    reached = figures.city_figures(city, Month.parse(CITY.start))
    draw_all(default, city, out / "pictures")
    template = (Path(__file__).parent / "demo_page.md").read_text(encoding="utf-8")
    fades = ", ".join(f"{f:g}" for f in CONTAGION_FADES)
    page = template.format(
        city_subscribers=f"{CITY.subscribers:,}",
        city_months=CITY.months,
        city_table=city_table(reached),
        cause_table=cause_table(default / "truth"),
        oracle_table=oracle_table(default),
        default_subscribers=f"{DEFAULT.subscribers:,}",
        fades=fades,
        misfit=f"{MISFIT_FROM:.0%}",
        contagion=f"{CONTAGION_FROM:.0%}",
    )
    (out / "demo.md").write_text(page, encoding="utf-8")


def main() -> None:
    """Simulate and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the page")
    parser.add_argument("--demos", type=Path, help="folder to keep the demos in, and to reuse")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = given.demos or Path(scratch)
        for name, params in (("default", DEFAULT), ("city", CITY)):
            if not (place / name / "extracts").is_dir():
                generate(params, place / name)
        write_page(place / "default", place / "city", given.out)


if __name__ == "__main__":
    main()
