"""Did it work? Campaigns judged by assigned arm, on outcomes that are complete and known.

    extract campaigns     --assigned-->  one row a subscriber and campaign, by arm
    snapshots, bills      --outcomes-->  who left, what was paid, once that is known
    arms and outcomes     --effects-->   treated less control, errors by account
    tier, reason, ...     --shrinking--> the same by group, drawn toward the common effect
    scores before offers  --qini-->      whom the contact keeps
    features before them  --uplift-->    each line's effect, for another order than that of risk
    all of it             --reporting--> one document; no control group, no effect

docs/campaigns.md has the rules.
"""

from churnlight.campaigns.assigned import Assigned, assigned
from churnlight.campaigns.outcomes import outcomes, standing_at
from churnlight.campaigns.reading import Record, read, read_standing
from churnlight.campaigns.reporting import Terms, report

__all__ = [
    "Assigned",
    "Record",
    "Terms",
    "assigned",
    "outcomes",
    "read",
    "read_standing",
    "report",
    "standing_at",
]
