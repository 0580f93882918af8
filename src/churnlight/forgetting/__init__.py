"""Take one subscriber out of everything that was made of the extracts, and keep it that way."""

from __future__ import annotations

from churnlight.forgetting.forget import Forgetting, forget

__all__ = ["Forgetting", "forget"]
