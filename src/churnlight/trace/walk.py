"""The whole walk: from one subscriber's score of one month back to the rows of the extracts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from churnlight.commit import source_sha256
from churnlight.engine import SOURCE_ROW, connect
from churnlight.errors import ChurnlightError, UsageError
from churnlight.learners.contract import shown
from churnlight.paths import Project
from churnlight.trace.links import Chain
from churnlight.trace.model import model_of
from churnlight.trace.month import ScoredMonth, features_made_by, open_month, score_made_by
from churnlight.trace.reasons import reasons_of
from churnlight.trace.rows import extract_rows, mart_rows, own_rows, part_of

SCHEMA_VERSION = 1
_SCORE = ("tier", "probability", "tier_tree", "probability_tree", "leaf")


@dataclass(frozen=True)
class Walked:
    """What a walk found.

    Attributes:
        content: as JSON holds it.
        changed: what is not as it was when the score was made, a line each; empty: all of it is.
    """

    content: dict[str, Any]
    changed: tuple[str, ...]

    def hold(self) -> None:
        """Say what has changed since the score was made.

        Raises:
            ChurnlightError: names the files.
        """
        if self.changed:
            raise ChurnlightError(
                f"what this score came from has changed since: {shown(list(self.changed))}"
            )


def walk(project: Project, as_of: str, subscriber: str) -> Walked:
    """Walk back from a score.

    Args:
        project: the project.
        as_of: a scored one.
        subscriber: subscriber_id as text.

    Returns:
        What was found; hashes that differ are told, and stop nothing.

    Raises:
        UsageError: when as_of is not scored, or the subscriber has no score of it.
        ChurnlightError: when the partition has no manifest or no table.
    """
    month, chain = open_month(project, as_of), Chain()
    # One subscriber's rows are few: DuckDB finds them in what Spark wrote, too, and at once.
    reading = month.params.engine.model_copy(update={"name": "duckdb"})
    with connect(reading, project.scratch) as engine:
        score = {**_score(own_rows(engine, month.folder / "scores.parquet", subscriber), month)}
        score |= score_made_by(month, chain)
        content = {
            "schema_version": SCHEMA_VERSION,
            "as_of": month.as_of,
            "score": score,
            "model": model_of(month, chain),
            "reasons": reasons_of(engine, month, subscriber),
            "features": features_made_by(month, chain),
            "marts": mart_rows(engine, month, subscriber, chain),
            "extracts": extract_rows(engine, month, subscriber, chain),
        }
    content["source_sha256_now"] = source_sha256()
    content["files"] = {"held": len(chain.links), "changed": [vars(x) for x in chain.changed]}
    content["notes"] = chain.notes
    return Walked(content, tuple(_told(chain)))


def _score(rows: list[dict[str, Any]], month: ScoredMonth) -> dict[str, Any]:
    if not rows:
        raise UsageError(
            f"this subscriber has no score of {month.as_of}: `churnlight explain --as-of "
            f"{month.as_of} SUBSCRIBER` says which rule of the cohort left it out"
        )
    row = rows[0]
    return {
        **{name: row[name] for name in _SCORE},
        "file": month.named(part_of(month.folder / "scores.parquet", row)),
        "row": int(row[SOURCE_ROW]),
    }


def _told(chain: Chain) -> list[str]:
    gone = [f"{x.file} is gone" for x in chain.changed if x.now is None]
    other = [
        f"{x.file} was {x.written[:12]}, is {x.now[:12]}"
        for x in chain.changed
        if x.now is not None
    ]
    return [*other, *gone, *chain.notes]
