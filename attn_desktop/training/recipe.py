"""What a recipe is: a named way from a data folder to a checkpoint folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from attn_desktop.common.errors import InputError
from attn_desktop.common.registry import Registry, import_modules
from attn_desktop.training import recipes
from attn_desktop.training.replicas import Replicas, run_replicas


@dataclass(frozen=True)
class Request:
    """What a user asks of a recipe.

    data: folder of data sets; None for a recipe that needs none. out: where the checkpoint goes;
    its subfolder `training` keeps the state that makes a run resumable. epochs: None for the
    recipe's own number. workers: processes that share each batch. seed: of the first weights and
    of all that is drawn. encoder: a file of weights to begin with, for a recipe that takes one.
    """

    data: Path | None
    out: Path
    device: str = "cpu"
    epochs: int | None = None
    workers: int = 1
    seed: int = 1
    encoder: Path | None = None
    say: Callable[[str], None] = print


class Recipe:
    """One shipped checkpoint. Its definition registers it; `run` is True when finished.

    needs_data: whether it reads data sets, or makes its own. takes_encoder: whether an encoder
    may be given. example: what a command that tries the model is given.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    needs_data: ClassVar[bool] = True
    takes_encoder: ClassVar[bool] = False
    example: ClassVar[str] = '"..."'

    def __init_subclass__(cls, *, name: str) -> None:
        cls.name = name
        RECIPES.add(name, cls)

    def run(self, request: Request, replicas: Replicas) -> bool:
        """Train, or go on training; False when stopped before the end."""
        raise NotImplementedError


@dataclass(frozen=True)
class _Work:
    """A picklable call of a recipe by name."""

    recipe: str
    request: Request

    def __call__(self, replicas: Replicas) -> bool:
        import_recipes()
        return RECIPES[self.recipe]().run(self.request, replicas)


def run_recipe(name: str, request: Request) -> bool:
    """Train the checkpoint `name`; raises UnknownNameError with the valid names."""
    import_recipes()
    RECIPES[name]  # an unknown name fails before any process starts
    if request.workers > 1 and request.device != "cpu":
        raise InputError(
            f"{request.workers} workers train on the CPU only, not on {request.device}"
        )
    return run_replicas(_Work(name, request), request.workers)


def import_recipes() -> None:
    """Let every recipe register itself; `RECIPES` is empty before."""
    import_modules(recipes)


RECIPES: Registry[type[Recipe]] = Registry("recipe")
