"""The version of this program, as it was installed."""

from __future__ import annotations

from importlib import metadata

try:
    VERSION = metadata.version("attn-desktop")
except metadata.PackageNotFoundError:  # a checkout on the path that was never installed
    VERSION = "0+unknown"
