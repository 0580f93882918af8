"""What `churnlight explain` looks up: a subscriber in a scored month, or why it is not there."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, cast

import numpy as np

from churnlight import files
from churnlight.engine import Engine, connect
from churnlight.errors import ChurnlightError, UsageError
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.whole import Params, load
from churnlight.paths import Project
from churnlight.plan.one import plan_lines, plan_of
from churnlight.plan.words import Words as PlanWords
from churnlight.report.inputs import Language
from churnlight.retention.absent import Ground, absence_said, why_absent
from churnlight.retention.entries import entries
from churnlight.retention.loading import Source, load_month, read_scores
from churnlight.retention.month import Entry
from churnlight.retention.terminal import card_lines, wrapped
from churnlight.retention.words import Words
from churnlight.timeline import moment, parse_as_of


@dataclass(frozen=True)
class Asked:
    """Who is asked about, when, and in which language.

    Attributes:
        project: the project.
        params: its parameters.
        subscriber: subscriber_id as text.
        as_of: a scored one.
        language: not held to what there is.
    """

    project: Project
    params: Params
    subscriber: str
    as_of: str
    language: str

    @classmethod
    def of(
        cls, project: Project, subscriber: str, as_of: str | None, language: str | None
    ) -> Asked:
        """Fill in what was not said: the newest scored as_of, the handout's first language.

        Raises:
            UsageError: when as_of is no as_of, or not scored; lists those that are.
            ChurnlightError: when nothing has been scored.
        """
        params = load(project.params_file)
        scored = project.scored
        if not scored:
            raise ChurnlightError(f"nothing scored in {project.root}: `churnlight run` does it")
        chosen = scored[-1] if as_of is None else f"{parse_as_of(as_of):%Y-%m-%d}"
        if chosen not in scored:
            raise UsageError(f"as_of {chosen} is not scored; scored are: {', '.join(scored)}")
        return cls(project, params, subscriber, chosen, language or params.handout.languages[0])

    @property
    def source(self) -> Source:
        """Where the scored month is."""
        extracts = self.params.extracts
        return Source(
            self.project,
            moment(self.as_of, self.params.time),
            self.project.extracts(str(extracts.path)),
            extracts.month_list,
            self.params.handout,
        )

    @property
    def words(self) -> Words:
        """The texts of the language."""
        return Words(cast("Language", self.language))


@dataclass(frozen=True)
class Found:
    """A scored subscriber.

    Attributes:
        entry: what the month says.
        lines: of the card, with what the plan says.
        plan: what the plan says, see `plan_of`; None without one.
    """

    entry: Entry
    lines: list[str]
    plan: dict[str, Any] | None


@dataclass(frozen=True)
class NotScored:
    """A subscriber who is not in the scored cohort: in words, and for programs."""

    text: str
    content: dict[str, Any]


def look_up(asked: Asked) -> Found | NotScored:
    """The subscriber's card, or why there is none."""
    source = asked.source
    scores = read_scores(source)
    here = np.flatnonzero(scores["subscriber_id"].astype(str).to_numpy() == asked.subscriber)
    with connect(asked.params.engine, asked.project.scratch) as engine:
        if not len(here):
            return _not_scored(asked, engine)
        only = scores["subscriber_id"].iloc[here]
        month = load_month(engine, source, scores=scores, only=only)
    month.hold()
    entry = next(entries(month, here, asked.words.language))
    place = np.flatnonzero(month.listed == here[0])
    placed = replace(entry, place=int(place[0]) + 1 if len(place) else 0)
    plan = plan_of(asked.project, asked.as_of, asked.subscriber)
    lines = card_lines(month, placed, month.history, asked.words)
    return Found(placed, [*lines, *_planned(plan, asked)], plan)


def _planned(plan: dict[str, Any] | None, asked: Asked) -> list[str]:
    """What the plan says, as lines of the terminal."""
    if plan is None:
        return []
    language = cast("Language", asked.language)
    said = [line for text in plan_lines(plan, language) for line in wrapped(text, 2)]
    return ["", PlanWords(language)("heading"), *said]


def _not_scored(asked: Asked, engine: Engine) -> NotScored:
    source, at = asked.source, asked.source.at
    months = (at.window[0] - 1, *at.window)
    spans = (("subscribers", months), ("billing", at.window), ("care", at.window))
    ground = Ground(
        {n: rows for n, span in spans if (rows := source.kept(engine, n, span)) is not None},
        MonthlyMarts(engine, asked.project.marts),
        at,
        asked.params.cohort,
        active_in_window="silence" in asked.params.label.kinds,
    )
    found = why_absent(engine, asked.subscriber, ground)
    text = absence_said(found, ground, asked.words)
    record = asked.project.labels(asked.as_of) / "attrition.json"
    if found.code == "rule" and record.is_file():
        rules = cast("list[dict[str, Any]]", files.read_json(record)["rules"])
        comma = "、" if asked.language == "zh" else ", "
        listed = comma.join(asked.words.rule(rule["rule"]) for rule in rules)
        text = f"{text}. {asked.words('absent_also', rules=listed)}"
    return NotScored(text, {"why": text, **asdict(found)})
