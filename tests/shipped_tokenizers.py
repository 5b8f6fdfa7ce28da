"""The tokenizer files of the shipped models, by the kind of text that they cut."""

from __future__ import annotations

import json
from pathlib import Path

from attn_desktop.common.paths import shipped_models

#: The families that cut text into pieces; all others have closed lists of words.
PIECES = ("seq2seq",)


def shipped_tokenizers(in_pieces: bool) -> list[Path]:
    """Those of the models that read and write pieces, or of those that have lists of words."""
    return [
        file
        for model in shipped_models()
        if (json.loads((model / "config.json").read_bytes())["family"] in PIECES) == in_pieces
        for file in sorted(model.glob("*.tokenizer.json"))
    ]
