"""From a project's folders to a report: read as known at an as_of, followed, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from churnlight.campaigns.outcomes import outcomes, standing_at
from churnlight.campaigns.reading import Load, read, read_standing
from churnlight.campaigns.reporting import Terms, controlled_rows, judged_rows, report
from churnlight.engine import Engine
from churnlight.identity import ID
from churnlight.paths import Project
from churnlight.timeline import Moment, Month, TimeRules, months_apart


@dataclass(frozen=True)
class Where:
    """Where a report's material is.

    Attributes:
        load: gives the kept rows of an extract over some months, or None.
        months: of the extracts.
        time: the section `time`.
        scores: as_of -> folder with scores.parquet and reasons.parquet.
        segments: as_of -> folder with segments.parquet; may be empty.
    """

    load: Load
    months: Sequence[Month]
    time: TimeRules
    scores: Mapping[str, Path] = field(default_factory=dict)
    segments: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What was found.

    Attributes:
        content: the document of `reporting.report`.
        known: rows of `reporting.controlled_rows` that it rests on.
    """

    content: dict[str, Any]
    known: pd.DataFrame


def where_of(project: Project, load: Load, months: Sequence[Month], time: TimeRules) -> Where:
    """The material of a project: its scored months, and their segments."""
    scores = {key: project.scores(key) for key in project.scored}
    segments = folders_with(project.segments("").parent, "segments.parquet")
    return Where(load, months, time, scores, segments)


def folders_with(parent: Path, file: str) -> dict[str, Path]:
    """As_of -> folder below `parent`, of those that hold a file."""
    there = sorted(path.parent for path in parent.glob(f"as_of=*/{file}"))
    return {folder.name.removeprefix("as_of="): folder for folder in there}


def judge(
    engine: Engine, where: Where, at: Moment, terms: Terms, campaigns: Sequence[str] = ()
) -> Judged:
    """Judge what is on record, by what is known at an as_of.

    Args:
        engine: where it runs.
        where: see `Where`; scores and segments of this as_of and later are not read.
        at: what happened or was known later does not count.
        terms: see `Terms`.
        campaigns: ids, as text; empty: all.
    """
    record = read(engine, where.load, where.months, at, campaigns)
    found = outcomes(
        record.who.rows, record.snapshots, record.bills, terms.follow_months, record.newest
    )
    scores, segments = (
        {key: path for key, path in folders.items() if key < at.key}
        for folders in (where.scores, where.segments)
    )
    who = record.who.rows[ID].unique().tolist()
    said = read_standing(scores, where.time, segments, who) if who else {}
    standing = standing_at(record.who.rows, said, ("tier", "reason", "segment", "score"))
    content = report(record.who, found, standing, terms)
    return Judged(content, controlled_rows(judged_rows(record.who, found)))


def months_followed(at: Moment) -> int:
    """Whole months after an offer's own that end with the horizon of an as_of; at least one.

    An effect that is read then speaks of the same months as the chance of leaving does, and of
    those in which the control group was left alone.
    """
    return max(1, months_apart(at.month, at.horizon[-1]))
