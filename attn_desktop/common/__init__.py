"""What both processes share: errors, registries, modes, paths. No torch, no Qt."""
