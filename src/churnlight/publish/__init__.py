"""Hand a scored month on: into PostgreSQL for the CRM, or as CSV or Parquet."""

from __future__ import annotations

from churnlight.publish.publishing import Published, publish
from churnlight.publish.target import Target, parse_target

__all__ = ["Published", "Target", "parse_target", "publish"]
