"""From marts and extracts to columns of the joined row: each source is asked once."""
