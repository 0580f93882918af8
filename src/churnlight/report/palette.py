"""Colours of the tiers and the models: one place for the report, the plots and the notebook."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tint:
    """A fill, the ink that reads on it (contrast at least 4.5), and the edge around it."""

    fill: str
    ink: str
    edge: str


# White stands on white paper: only its edge shows where it begins and ends.
_TINTS = {
    "blue": Tint("#2563a8", "#ffffff", "#2563a8"),
    "green": Tint("#2f7d4f", "#ffffff", "#2f7d4f"),
    "yellow": Tint("#f4cd4e", "#2b2300", "#b8921a"),
    "red": Tint("#b3261e", "#ffffff", "#b3261e"),
    "white": Tint("#ffffff", "#1c2430", "#5b6675"),
}
_OTHER = Tint("#e3e7ed", "#1c2430", "#8a94a3")

MODEL_COLOURS = {"gbm": "#1f5fa6", "tree": "#b4530a"}


def tint(tier: str) -> Tint:
    """The colours of a tier; a tier that the operator named itself is grey."""
    return _TINTS.get(tier, _OTHER)
