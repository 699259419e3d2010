"""What a model can do with pictures that are there already, beyond making new ones."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from augment.core.seeds import Seed
from augment.kinds.images.engines.conditioning import ConditionedModel, PictureConditions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Editor(ConditionedModel):
    """A model that changes pictures. They are bytes (n, height, width, channels) on its canvas."""

    @abstractmethod
    def edited(
        self,
        pixels: NDArray[np.uint8],
        shown: PictureConditions,
        wanted: PictureConditions,
        strength: float,
        seeds: Sequence[Seed],
    ) -> NDArray[np.uint8]:
        """Each picture, changed from what it shows to what is wanted, with noise from its seed.

        `strength` lies in (0, 1]: near 0 hardly anything changes, at 1 nothing of the picture
        is left but what it shows.
        """


class Blender(Editor):
    """An editor that also knows what lies between two pictures."""

    @abstractmethod
    def between(
        self,
        pixels: NDArray[np.uint8],
        others: NDArray[np.uint8],
        shown: PictureConditions,
        share: float,
    ) -> NDArray[np.uint8]:
        """Pictures at `share` of the way from each one to the other; both show the same."""
