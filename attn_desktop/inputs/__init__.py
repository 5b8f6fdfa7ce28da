"""Raw input to model input."""
