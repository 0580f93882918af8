"""Check: every row of an extract is kept, late, a duplicate, or refused with a reason.

What later stages need stands here; `month` and `run` hold the check itself.
"""

from churnlight.check.audit import Closing
from churnlight.check.reading import read_typed
from churnlight.check.rows import kept_rows, load_kept
from churnlight.check.rules import refusal
from churnlight.check.verdict import Verdict

__all__ = ["Closing", "Verdict", "kept_rows", "load_kept", "read_typed", "refusal"]
