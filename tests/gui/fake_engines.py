"""Engine commands for tests: programs that print, say nothing, talk nonsense or die."""

from __future__ import annotations

import sys
from pathlib import Path

from attn_desktop.gui.engine_client import own_engine

#: An engine behind a shell that prints before it and writes on stderr.
BANNER = """
import subprocess, sys
print("Welcome to gpubox", flush=True)
print("Last login: yesterday", flush=True)
print("a warning", file=sys.stderr, flush=True)
sys.exit(subprocess.call(sys.argv[1:]))
"""
SILENT_END = "import sys; print('no such model server', file=sys.stderr); sys.exit(3)"
ENDLESS_CHATTER = """
import sys
while True:
    sys.stdout.write("chatter " * 100)
    sys.stdout.flush()
"""
#: Greets like an engine and then sends what is no message.
NONSENSE = """
import sys
sys.path.insert(0, sys.argv[1])
from attn_desktop.trace.frames import PREAMBLE
sys.stdout.buffer.write(PREAMBLE + b"\\x00\\x00\\x00\\x05hello")
sys.stdout.buffer.flush()
sys.stdin.read()
"""
#: Speaks the protocol, in a version of its own.
OTHER_VERSION = """
import sys
sys.path.insert(0, sys.argv[1])
from attn_desktop.trace.frames import PREAMBLE, encode_frame
from attn_desktop.trace.protocol import Failed
reply = Failed(request=1, message="the engine speaks protocol 99, the window 1", cause="version")
sys.stdout.buffer.write(PREAMBLE + encode_frame(reply))
sys.stdout.buffer.flush()
sys.stdin.read()
"""

ROOT = str(Path(__file__).resolve().parents[2])


def python(code: str, *arguments: str) -> list[str]:
    """The command that runs code in a process of its own."""
    return [sys.executable, "-c", code, *arguments]


def behind_a_banner() -> list[str]:
    return python(BANNER, *own_engine())
