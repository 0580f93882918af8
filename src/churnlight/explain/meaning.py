"""What the catalogue says of the features, as `churnlight.explain.reasons` takes it."""

from __future__ import annotations

from churnlight.explain.reasons import Meaning
from churnlight.features.catalogue import CATALOGUE
from churnlight.features.phrases import QUOTED


def catalogue_meaning() -> Meaning:
    """Reason, family and what sentences may quote, of every feature of the catalogue."""
    return Meaning(
        reason={f.name: f.reason for f in CATALOGUE},
        family={f.name: f.family for f in CATALOGUE},
        quoted=QUOTED,
    )
