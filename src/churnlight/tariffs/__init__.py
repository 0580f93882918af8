"""Tariff pricing: what each subscriber would have paid on every plan, and what may be proposed.

    plans (at as_of), bills and snapshots of the window, CDRs of the window
      --use-->      billed seconds a billing step, messages, KB a subscriber and month
      --rating-->   what a plan charges for them, in whole cents
      --pricing-->  one row a subscriber: present, matching and incentive fee, revenue, guard

`price` does all of it; docs/tariffs.md has the rules.
"""

from churnlight.tariffs.plans import Book, Plan, read_book
from churnlight.tariffs.pricing import ALLOWED, COLUMNS, Priced, Settings, price

__all__ = ["ALLOWED", "COLUMNS", "Book", "Plan", "Priced", "Settings", "price", "read_book"]
