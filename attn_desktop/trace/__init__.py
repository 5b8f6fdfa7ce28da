"""The waist: frozen, plain numpy records of what a model did. No torch, no Qt."""
