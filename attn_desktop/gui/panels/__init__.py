"""The panels, one file each. Defining one registers it; none imports another."""
