"""All of params.yaml, held to its models and to time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from churnlight.errors import UsageError
from churnlight.params.base import Section, read_yaml, validate
from churnlight.params.data import (
    CheckParams,
    CircleParams,
    EngineParams,
    ExtractsParams,
    TimeParams,
)
from churnlight.params.features import FeaturesParams
from churnlight.params.guard import GuardParams
from churnlight.params.handset import HandsetParams
from churnlight.params.judging import EvaluateParams, GateParams
from churnlight.params.kpi import KpiParams
from churnlight.params.learning import (
    CalibrateParams,
    ExplainParams,
    TiersParams,
    TrainParams,
)
from churnlight.params.monitor import MonitorParams
from churnlight.params.output import DemoParams, HandoutParams, ReportParams, TrackingParams
from churnlight.params.plan import ContactParams, PlanParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.params.privacy import PrivacyParams
from churnlight.params.score import ScoreParams
from churnlight.params.segments import SegmentsParams
from churnlight.params.tariff import TariffParams
from churnlight.timeline import Role, check_roles, parse_as_of


class Params(Section):
    """All of params.yaml."""

    schema_version: Literal[1] = 1
    engine: EngineParams = EngineParams()
    extracts: ExtractsParams = ExtractsParams()
    time: TimeParams = TimeParams()
    as_ofs: dict[str, Role] = Field(default_factory=dict)
    cohort: CohortParams = CohortParams()
    label: LabelParams = LabelParams()
    circle: CircleParams = CircleParams()
    features: FeaturesParams = FeaturesParams()
    check: CheckParams = CheckParams()
    train: TrainParams = TrainParams()
    calibrate: CalibrateParams = CalibrateParams()
    tiers: TiersParams = TiersParams()
    evaluate: EvaluateParams = EvaluateParams()
    gate: GateParams = GateParams()
    score: ScoreParams = ScoreParams()
    explain: ExplainParams = ExplainParams()
    guard: GuardParams = GuardParams()
    monitor: MonitorParams = MonitorParams()
    kpi: KpiParams = KpiParams()
    tariff: TariffParams = TariffParams()
    handset: HandsetParams = HandsetParams()
    plan: PlanParams = PlanParams()
    contact: ContactParams = ContactParams()
    segments: SegmentsParams = SegmentsParams()
    report: ReportParams = ReportParams()
    handout: HandoutParams = HandoutParams()
    privacy: PrivacyParams = PrivacyParams()
    tracking: TrackingParams = TrackingParams()
    demo: DemoParams = DemoParams()

    def as_of_with(self, role: Role) -> tuple[str, ...]:
        """The as_ofs of a role, in order of time."""
        return tuple(sorted(k for k, r in self.as_ofs.items() if r == role))


def load(path: Path) -> Params:
    """Read and hold to its models a params.yaml.

    Raises:
        UsageError: names the file, the parameter, what came and what was expected; an unknown
            parameter comes with the nearest valid name.
    """
    return parse(read_yaml(path), source=path.name)


def parse(content: dict[str, Any], source: str) -> Params:
    """Hold a mapping, as read from YAML, to the models and to time; see `load`."""
    if isinstance(content.get("as_ofs"), dict):
        # YAML reads an as_of without quotes as a date.
        content = content | {"as_ofs": {str(k): role for k, role in content["as_ofs"].items()}}
    params = validate(content, Params, source=source)
    for as_of in params.as_ofs:
        parse_as_of(as_of)
    months = params.extracts.month_list
    if twice := sorted({str(m) for m in months if months.count(m) > 1}):
        raise UsageError(f"{source}: extracts.months names {', '.join(twice)} twice: keep one")
    for name, tiers in (
        ("handout.tiers", params.handout.tiers),
        ("tariff.need_tiers", params.tariff.need_tiers),
        ("plan.tiers", params.plan.tiers),
    ):
        if lost := [t for t in tiers if t not in params.tiers.names]:
            raise UsageError(
                f"{source}: {name} names {', '.join(lost)}, which is no tier: expected some of "
                f"tiers.names ({', '.join(params.tiers.names)})"
            )
    if params.as_ofs:
        check_roles(params.as_ofs, params.time, params.label.spend_churn_months)
    return params
