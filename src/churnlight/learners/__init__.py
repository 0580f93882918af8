"""The two learners, calibration, tiers, and the bundle that scores."""
