"""SHAP values of the boosted model, and the reasons they add up to."""
