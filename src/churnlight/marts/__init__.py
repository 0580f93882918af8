"""Monthly marts: a month's CDRs in, edges, usage, circle and volume out."""

from churnlight.marts.building import MARTS, build_month, keep_usage
from churnlight.marts.reading import MonthlyMarts

__all__ = ["MARTS", "MonthlyMarts", "build_month", "keep_usage"]
