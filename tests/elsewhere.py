"""Code in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_elsewhere(code: str) -> subprocess.CompletedProcess[str]:
    """Run code that starts processes in a process of its own.

    The library's resource tracker lives as long as whoever started it, here that process.
    """
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
