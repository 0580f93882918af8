"""The operators' retention KPI: how much of a base is still there, and still spends."""

from churnlight.kpi.content import flat, kpi_content
from churnlight.kpi.counting import Base, KpiRules, Sources, base_of, count
from churnlight.kpi.figures import Counted, Group, figure
from churnlight.kpi.spans import Span, all_spans, span_of

__all__ = [
    "Base",
    "Counted",
    "Group",
    "KpiRules",
    "Sources",
    "Span",
    "all_spans",
    "base_of",
    "count",
    "figure",
    "flat",
    "kpi_content",
    "span_of",
]
