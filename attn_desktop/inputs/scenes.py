"""Rendered scenes with captions, questions and gold boxes, from a seed.

The picture, the texts and the boxes of a seed are the same on every machine.
"""

from attn_desktop.inputs.scene_captions import Caption as Caption
from attn_desktop.inputs.scene_captions import Mention as Mention
from attn_desktop.inputs.scene_captions import NamedAttribute as NamedAttribute
from attn_desktop.inputs.scene_captions import make_captions as make_captions
from attn_desktop.inputs.scene_captions import reference_captions as reference_captions
from attn_desktop.inputs.scene_check import CaptionCheck as CaptionCheck
from attn_desktop.inputs.scene_check import check_caption as check_caption
from attn_desktop.inputs.scene_drawing import render as render
from attn_desktop.inputs.scene_layout import make_scene as make_scene
from attn_desktop.inputs.scene_objects import Box as Box
from attn_desktop.inputs.scene_objects import Scene as Scene
from attn_desktop.inputs.scene_objects import SceneObject as SceneObject
from attn_desktop.inputs.scene_questions import KINDS as KINDS
from attn_desktop.inputs.scene_questions import Question as Question
from attn_desktop.inputs.scene_questions import make_questions as make_questions
from attn_desktop.inputs.scene_words import ANSWERS as ANSWERS
from attn_desktop.inputs.scene_words import WORDS as WORDS

#: Models are trained on scenes from this seed on; smaller ones are for looking at and measuring.
TRAINING_SEED = 1_000_000_000
