"""models/scenes-captioner: captions for rendered scenes, with and without attention.

It needs no data: the scenes are rendered, from seeds that nothing else uses.
"""

from __future__ import annotations

from itertools import chain
from typing import ClassVar

import numpy as np
import torch

from attn_desktop.families.captioner import Captioner, CaptionerConfig
from attn_desktop.families.checkpoint import save_checkpoint
from attn_desktop.inputs.scene_sets import captions_of
from attn_desktop.inputs.scenes import WORDS
from attn_desktop.inputs.text import END_ID
from attn_desktop.inputs.words import WordCodec
from attn_desktop.training.loop import LoopSettings
from attn_desktop.training.loss import HardSettings
from attn_desktop.training.mode_draws import ModeDraws
from attn_desktop.training.recipe import Recipe, Request
from attn_desktop.training.replicas import Replicas
from attn_desktop.training.scenes import EYES, SCENES, Rows, train_on_scenes
from attn_desktop.training.side_by_side import side_by_side

SCENES_AT_ONCE, CAPTIONS_OF_EACH = 48, 2


class ScenesCaptioner(Recipe, name="scenes-captioner"):
    """Soft attention first, hard attention later, on one encoder and decoder."""

    needs_data = False
    example = "PICTURE"
    summary = (
        "Rendered scenes to English captions: soft, hard and no attention over 14 × 14 regions"
    )
    settings: ClassVar[LoopSettings] = LoopSettings(
        epochs=8,
        smoothing=0.02,
        coverage_weight=5e-5,
        weight_decay=0.02,
        # A position is drawn for the word of its step; the state is to forget what was there.
        hard=HardSettings(reward_decay=0.0),
    )
    modes: ClassVar[ModeDraws] = ModeDraws(
        {
            "additive/global/soft": 0.46,
            "dot/global/soft": 0.12,
            "general/global/soft": 0.12,
            "additive/local-p/soft": 0.12,
            "none": 0.18,
        },
        {"additive/global/hard": 0.3, "dot/global/hard": 0.1},
        hard_from=0.5,
        switch_share=0.1,
    )

    def run(self, request: Request, replicas: Replicas) -> bool:
        codec = WordCodec.of_words(WORDS)
        config = CaptionerConfig(
            family="captioner",
            language="English",
            target_vocabulary=len(codec),
            embedding_size=128,
            decoder_size=256,
            projection_size=64,
            scores=("additive", "dot", "general"),
            trained_modes=self.modes.names,
            vision=EYES,
            dropout=0.1,
            forgetting=0.85,
            word_query=True,
        )
        torch.manual_seed(request.seed)
        model = Captioner(config, codec).to(request.device)
        texts = [
            (number, [*codec.encode_known(caption), END_ID])
            for number, captions in enumerate(chain(*side_by_side(captions_of, SCENES)))
            for caption in captions
        ]
        owners = np.array([number for number, _ in texts])
        rows = Rows(
            owners,
            [ids for _, ids in texts],
            lambda looks, row: looks,
            SCENES_AT_ONCE,
            CAPTIONS_OF_EACH,
        )
        trainer = train_on_scenes(
            model,
            model.vision,
            rows,
            self.settings,
            self.modes,
            request,
            replicas,
        )
        finished = trainer.run()
        if replicas.leads:
            with trainer.averaged():
                save_checkpoint(model, config, request.out)
        return finished
