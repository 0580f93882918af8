"""The catalogue: one tuple a family, one entry a feature.

Adding a feature is adding one entry. What rests on area, age band, sex or brand is `personal`: left
out unless the parameters allow it (a model that decides who gets an offer should not weigh it).
"""

from __future__ import annotations

from churnlight.features.catalogue import (
    activity,
    care,
    circle,
    contract,
    handset,
    network,
    personal,
    spend,
    tenure,
)
from churnlight.features.feature import Feature

CATALOGUE: tuple[Feature, ...] = (
    *circle.FEATURES,
    *activity.FEATURES,
    *tenure.FEATURES,
    *spend.FEATURES,
    *contract.FEATURES,
    *handset.FEATURES,
    *care.FEATURES,
    *network.FEATURES,
    *personal.FEATURES,
)

__all__ = ["CATALOGUE"]
