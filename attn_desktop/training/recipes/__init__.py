"""One file for each shipped checkpoint: how it is trained."""
