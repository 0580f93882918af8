"""What a reason's sentence can say: one entry a fact, in English and Chinese.

Adding a sentence is adding one entry. A sentence is made of the first facts, in the order written
here, that are known of a subscriber; a fact about the feature that weighed most goes before.
"""

from __future__ import annotations

from collections.abc import Mapping

from churnlight.features.phrases import money, ties, use
from churnlight.features.phrases.phrase import Phrase
from churnlight.features.reasons import REASONS

PHRASES: tuple[Phrase, ...] = (*ties.PHRASES, *use.PHRASES, *money.PHRASES)

# The features that a reason's sentences may quote: what is kept beside each reason.
QUOTED: Mapping[str, tuple[str, ...]] = {
    code: tuple(sorted({name for p in PHRASES if p.reason == code for name in p.quoted}))
    for code in REASONS
}

__all__ = ["PHRASES", "QUOTED", "Phrase"]
