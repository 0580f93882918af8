"""Section privacy: whom reports show, and who is to be forgotten."""

from __future__ import annotations

from pydantic import Field

from churnlight.params.base import Section


class PrivacyParams(Section):
    """What protects single subscribers, see docs/privacy.md.

    Attributes:
        min_group: groups of fewer subscribers are not shown in reports.
        suppression: file with the keyed hashes of subscribers who are to be forgotten; a relative
            path starts at the project's folder.
    """

    min_group: int = Field(default=20, ge=1)
    suppression: str = Field(default="data/suppressed.json", min_length=1)
