"""What a run of the batch says at its end: one line, or JSON."""

from __future__ import annotations

from typing import Any

import pandas as pd

from churnlight.batch.run import Scored
from churnlight.learners.champion import FILE
from churnlight.learners.stored import read_stored


def told(done: Scored) -> dict[str, Any]:
    """For programs: as_of, folder, model, rows, subscribers by tier, whether it stood already."""
    return {
        "as_of": done.manifest["as_of"],
        "folder": str(done.folder),
        "model": done.manifest["model"],
        "rows": done.manifest["rows"],
        "tiers": by_tier(done),
        "accepted": done.manifest["accepted"],
        "up_to_date": done.up_to_date,
    }


def last_line(done: Scored) -> str:
    """For people and for cron's mail."""
    tiers = ", ".join(f"{name} {count:,}" for name, count in reversed(by_tier(done).items()))
    verb = "is up to date" if done.up_to_date else "scored"
    return (
        f"as_of {done.manifest['as_of']} {verb}: {done.manifest['rows']['scores']:,} subscribers "
        f"by {done.model} ({tiers}); {done.folder}"
    )


def by_tier(done: Scored) -> dict[str, int]:
    """Subscribers of each tier, in rising risk."""
    stored = read_stored(done.model.folder / "tiers" / FILE)
    names = stored["models"][done.model.learner]["tiers"]["names"]
    counts = pd.read_parquet(done.folder / "scores.parquet", columns=["tier"])["tier"]
    found = counts.value_counts()
    return {name: int(found.get(name, 0)) for name in names}
