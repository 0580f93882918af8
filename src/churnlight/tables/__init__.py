"""Ready-made tables: fit and predict for teams with a mart of their own, without CDR stages."""
