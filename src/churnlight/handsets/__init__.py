"""Handset preference: who is likely to change handset, and to which brand, price band and system.

    snapshots of two months in a row  --changes-->   who changed, from what to what
    ages of handsets                  --lifetable--> chance of a change by age
    changes, spend, data, price list  --kinds-->     a tree of the next handset
    later changes                     --judging-->   its accuracy beside "same again"
    members at as_of                  --foreseeing-> chance, and three suggestions each

`prefer` does all of it; docs/handsets.md has the rules.
"""

from churnlight.handsets.foreseeing import COLUMNS
from churnlight.handsets.preferring import Preferred, Settings, prefer

__all__ = ["COLUMNS", "Preferred", "Settings", "prefer"]
