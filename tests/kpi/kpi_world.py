"""The hand-written operator of tests/population, with what the KPI reads besides."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "population"))
import population_world as told
from population_world import EVERYBODY, World, as_date

from churnlight.kpi.content import span_content
from churnlight.kpi.counting import KpiRules, Sources, base_of, count
from churnlight.kpi.spans import Span
from churnlight.params.data import TimeParams
from churnlight.params.kpi import KpiParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.timeline import Month

_MORE = {
    "region": pa.string(),
    "vip_tier": pa.string(),
    "group_class": pa.string(),
    "contract_ends_on": pa.date32(),
}


class KpiWorld(World):
    """Snapshots carry area, VIP tier, group class and the contract's end."""

    def snapshot(self, month: str, who: object, status: str = "active", **more: object) -> None:
        more["contract_ends_on"] = as_date(more.get("contract_ends_on"))
        super().snapshot(month, who, status, **more)

    def table(self, extract: str) -> pa.Table:
        if extract != "subscribers":
            return super().table(extract)
        columns = {"subscriber_id": self.id_type} | told._COLUMNS[extract] | _MORE
        schema = pa.schema([(n, self.id_type if t is None else t) for n, t in columns.items()])
        return pa.Table.from_pylist(self.rows[extract], schema=schema)

    def billed(self, who: object, first: str, totals: list[float | None], **more: object) -> None:
        """On the books from `first`, with these bills (None: no bill)."""
        months = told.months(first, str(Month.parse(first) + (len(totals) - 1)))
        for month, total in zip(months, totals, strict=True):
            self.snapshot(month, who, **more)
            if total is not None:
                self.bill(month, who, total)

    def sources(self) -> Sources:
        extracts = {
            name: self.engine.upload(self.table(name))
            for name in ("subscribers", "billing", "care")
            if name not in self.absent
        }
        months = sorted({Month.parse(str(r["month"])) for r in self.usage_rows})
        return Sources(extracts=extracts, usage=self.marts().table("usage", months))

    def kpi(
        self, base: str, month: str, rules: KpiRules | None = None, followed_to: str | None = None
    ) -> dict[str, object]:
        """The figures of one base month and month; the base may be followed further."""
        rules = rules or rules_with()
        span = Span(Month.parse(base), Month.parse(month))
        sources = self.sources()
        further = Span(span.base, Month.parse(followed_to or month))
        followed = base_of(self.engine, sources, further, rules)
        counted = count(self.engine, followed, sources, span.month, rules)
        return span_content(span, counted, rules)


def rules_with(
    cohort: CohortParams = EVERYBODY,
    label: LabelParams | None = None,
    kpi: KpiParams | None = None,
    **time: int,
) -> KpiRules:
    return KpiRules(
        time=TimeParams(**time),
        cohort=cohort,
        label=label or LabelParams(max_vanished_share=1.0),
        kpi=kpi or KpiParams(min_group=1),
    )
