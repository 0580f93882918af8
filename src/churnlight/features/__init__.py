"""Features at an as_of: a catalogue of entries, and one function that works them out."""

from churnlight.features.building import build_features
from churnlight.features.catalogue import CATALOGUE
from churnlight.features.feature import FAMILIES, Feature, Nothing
from churnlight.features.reasons import REASONS, Reason

__all__ = [
    "CATALOGUE",
    "FAMILIES",
    "REASONS",
    "Feature",
    "Nothing",
    "Reason",
    "build_features",
]
