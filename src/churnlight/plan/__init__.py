"""The plan: who is proposed what, who stays control, and what it is expected to bring.

    scored month --playbook--> options --suppress, choose--> list --draw--> treated and control

`make_plan` does it; docs/plan.md has the rules.
"""

from churnlight.plan.building import COLUMNS, Plan, make_plan
from churnlight.plan.inputs import PlanInputs
from churnlight.plan.playbook import Playbook, read_playbook
from churnlight.plan.sheet import caller_rows, texts_of

__all__ = [
    "COLUMNS",
    "Plan",
    "PlanInputs",
    "Playbook",
    "caller_rows",
    "make_plan",
    "read_playbook",
    "texts_of",
]
