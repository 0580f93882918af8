"""Read what a plan is made from: a scored month, and what was known of its people at the cutoff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from churnlight import files
from churnlight.campaigns.judging import where_of
from churnlight.check import load_kept
from churnlight.engine import Engine
from churnlight.features.reasons import REASONS
from churnlight.identity import ID
from churnlight.known import as_known
from churnlight.marts.reading import MonthlyMarts
from churnlight.params.data import TimeParams
from churnlight.params.plan import ContactParams, PlanParams
from churnlight.params.tariff import TariffParams
from churnlight.paths import Project
from churnlight.plan.inputs import CAMPAIGNS, PlanInputs, no_campaigns
from churnlight.plan.measuring import Measured, measure
from churnlight.plan.playbook import Playbook, read_playbook
from churnlight.plan.storing import read_earlier
from churnlight.retention.loading import is_simulated, reasons_of
from churnlight.schema import SUBSCRIBERS
from churnlight.tariffs import Settings, price
from churnlight.timeline import Moment, Month, months_between

_FLAGS = ("on_red_list", "no_contact")


@dataclass(frozen=True)
class Source:
    """Where a plan's inputs are.

    Attributes:
        project: with the scores of the as_of; the plan goes there, and earlier plans are there.
        built: with its labels, the marts, and what the check found: the same project, or that of
            the monthly batch inside it.
        at: the as_of.
        extracts: the operator's folder.
        months: the months of the extracts that count.
        tiers: all, in rising risk.
        time, params, contact, tariff: sections.
    """

    project: Project
    built: Project
    at: Moment
    extracts: Path
    months: Sequence[Month]
    tiers: Sequence[str]
    time: TimeParams
    params: PlanParams
    contact: ContactParams
    tariff: TariffParams

    def kept(self, engine: Engine, name: str, months: Sequence[Month]) -> ir.Table | None:
        """Kept rows of an extract over those of the months that count; None without any."""
        counted = [m for m in months if m in set(self.months)]
        return load_kept(engine, self.extracts, name, counted, verdicts=self.built.check)


def load_inputs(engine: Engine, source: Source) -> PlanInputs:
    """Read everything; tables that are not there are left out.

    Raises:
        UsageError: when the playbook is not well-formed.
        ChurnlightError: when a file is missing that must be there.
    """
    project, at = source.project, source.at
    folder = project.scores(at.key)
    scores = pd.read_parquet(files.require_file(folder / "scores.parquet", "score"))
    scores = scores[scores["tier"].isin(list(source.params.tiers))].reset_index(drop=True)
    people = pd.read_parquet(
        files.require_file(source.built.labels(at.key) / "labels.parquet", "labels"),
        columns=["subscriber_id", "account_id", "region", "activated_on"],
    )
    members = people[people["subscriber_id"].isin(scores["subscriber_id"])]
    wanted = engine.upload(pa.table({"wanted_id": pa.array(scores["subscriber_id"])}))
    facts, lacking = _facts(engine, source, wanted)
    campaigns = _campaigns(engine, source, wanted)
    found = _measured(engine, source)
    tariffs, why = _tariffs(engine, source, members, scores)
    return PlanInputs(
        at=at,
        scores=scores,
        reasons=reasons_of(files.require_file(folder / "reasons.parquet", "score"), scores[ID]),
        people=members,
        facts=facts,
        playbook=playbook_of(project, source.params),
        params=source.params,
        contact=source.contact,
        tiers=source.tiers,
        reason_codes=tuple(REASONS),
        campaigns=no_campaigns() if campaigns is None else campaigns,
        earlier=read_earlier(project, at.key),
        tariffs=tariffs,
        tariffs_left_out=why,
        segments=_optional(project.segments(at.key) / "segments.parquet"),
        services=_optional(project.segments(at.key) / "services.parquet"),
        effects=found.effects,
        measured=found.content,
        lacking=(*lacking, *(() if campaigns is not None else ("campaigns",))),
        simulated=is_simulated(source.built),
    )


def playbook_of(project: Project, params: PlanParams) -> Playbook:
    """The operator's own playbook, or the one that comes with churnlight.

    Raises:
        UsageError: when it is not well-formed; names every line.
    """
    own = params.playbook
    return read_playbook(None if own is None else project.root / Path(own).expanduser())


def _measured(engine: Engine, source: Source) -> Measured:
    """What campaigns did, as far as that was known at the cutoff."""
    where = where_of(
        source.project,
        lambda name, months: source.kept(engine, name, months),
        source.months,
        source.time,
    )
    return measure(engine, where, source.at, source.params)


def _optional(path: Path) -> pd.DataFrame | None:
    return pd.read_parquet(path) if path.exists() else None


def _of(rows: ir.Table, wanted: ir.Table) -> ir.Table:
    return rows.semi_join(wanted, rows[ID] == wanted["wanted_id"])


def _facts(engine: Engine, source: Source, wanted: ir.Table) -> tuple[pd.DataFrame, list[str]]:
    """Flags and agreements by the last snapshot, applications to port out; and what is not said."""
    at = source.at
    people = engine.arrow(wanted.select(subscriber_id="wanted_id")).to_pandas()
    lacking: list[str] = []
    rows = source.kept(engine, "subscribers", [at.window[-1]])
    flags = pd.DataFrame({ID: people[ID].iloc[:0]})
    if rows is not None:
        known = as_known(rows, SUBSCRIBERS, as_of=at.as_of, cutoff=at.cutoff)
        shown = _of(known, wanted).select(ID, *_FLAGS, "contract_ends_on")
        flags = engine.arrow(shown).to_pandas()
    lacking += [c for c in _FLAGS if c not in flags or bool(flags[c].isna().all())]
    care = source.kept(engine, "care", [*at.window, *months_between(at.as_of, at.cutoff)])
    filed = pd.DataFrame({ID: people[ID].iloc[:0], "filed_at": pd.Series(dtype="datetime64[us]")})
    if care is None:
        lacking.append("care")
    else:
        filed = engine.arrow(_applications(_of(care, wanted), at)).to_pandas()
    facts = people.merge(flags, on=ID, how="left").merge(filed, on=ID, how="left")
    return facts.sort_values(ID, ignore_index=True), lacking


def _applications(care: ir.Table, at: Moment) -> ir.Table:
    """When each last applied to port out, as known before the cutoff."""
    known = care["happened_at"] < ibis.literal(at.cutoff, type="timestamp")
    filed = care.filter(known, care["kind"] == "port_out_application")
    return filed.group_by(ID).agg(filed_at=filed["happened_at"].max())


def _campaigns(engine: Engine, source: Source, wanted: ir.Table) -> pd.DataFrame | None:
    """Offers that may have been answered within the days of rest."""
    at = source.at
    first = Month.of(at.cutoff - timedelta(days=source.contact.rest_days)) - 1
    rows = source.kept(engine, "campaigns", months_between(first.start, at.cutoff))
    if rows is None:
        return None
    # `suppress.contacted` looks at the times; what comes from the cutoff on is not even read.
    made = rows.filter(rows["offered_at"] < ibis.literal(at.cutoff, type="timestamp"))
    return engine.arrow(_of(made, wanted).select(*CAMPAIGNS)).to_pandas()


def _tariffs(
    engine: Engine, source: Source, members: pd.DataFrame, scores: pd.DataFrame
) -> tuple[pd.DataFrame | None, str | None]:
    """The tariff table of the candidates, stored or worked out here; or why there is none."""
    at = source.at
    stored = source.project.tariffs(at.key) / "tariffs.parquet"
    if stored.exists():
        return pd.read_parquet(stored), None
    sources: dict[str, Any] = {
        name: source.kept(engine, name, at.window)
        for name in ("subscribers", "plans", "billing", "cdr")
    }
    if sources["cdr"] is None:
        sources["usage"] = MonthlyMarts(engine, source.built.marts).table("usage", at.window)
    there = {name: rows for name, rows in sources.items() if rows is not None}
    if "subscribers" not in there:
        return None, "no_subscribers"
    people = members[[ID, "activated_on"]].merge(scores[[ID, "tier"]], on=ID)
    uploaded = engine.upload(pa.Table.from_pandas(people, preserve_index=False))
    settings = Settings(source.tariff, source.time.reporting_delay_hours)
    found = price(engine, there, uploaded, at, settings)
    if found.table is None:
        return None, str(found.summary["left_out"])
    return engine.arrow(found.table).to_pandas().sort_values(ID, ignore_index=True), None
