"""What would have been known when: models made month by month from the past alone, and measured."""
