"""Training: the loss over the very step that is watched, the loop, one recipe a checkpoint."""
