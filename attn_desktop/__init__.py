"""An offline desktop debugger for attention.

`open_model` and `decode` are handed on from `attn_desktop.api` when they are first asked for: the
package itself is imported by the window, which must not wait for torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from attn_desktop.common.version import VERSION

if TYPE_CHECKING:
    from attn_desktop.api import decode, open_model

__all__ = ["__version__", "decode", "open_model"]

__version__ = VERSION


def __getattr__(name: str) -> object:
    if name in ("decode", "open_model"):
        return getattr(importlib.import_module("attn_desktop.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
