"""The mathematics of attention only: scores, scopes, weightings. Knows no model."""
