"""The catalogue: one tuple a family, one entry a feature.

Adding a feature is adding one entry. Left out on purpose: region, sex and age band (a model that
decides who gets an offer should not weigh them).
"""

from __future__ import annotations

from churnlight.features.catalogue import (
    activity,
    care,
    circle,
    contract,
    handset,
    network,
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
)

__all__ = ["CATALOGUE"]
