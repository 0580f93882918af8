"""churnlight: churn warnings for telecom operators, from CDRs and bills to risk tiers."""

__version__ = "0.1.0"
