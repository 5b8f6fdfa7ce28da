"""The window: Qt, never torch. It asks the engine process and draws its records."""
