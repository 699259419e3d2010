"""Transforms that make one picture of several: Mosaic, MixUp, CutMix and copy-paste.

They come first in a pipeline, before what changes one picture alone. Mosaics, patches and pasted
things are drawn by albumentations; what is marked, and the shares of classes, are followed here.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from augment.core.errors import UsageError, did_you_mean
from augment.core.seeds import Seed
from augment.core.types import Json
from augment.kinds.images.transforms.annotated import Annotated
from augment.kinds.images.transforms.composition import composed, fitted, mixture
from augment.kinds.images.transforms.mosaic import MOST_CELLS, assembled
from augment.kinds.images.transforms.pasting import Placed, pasted, placed, things_of

Take = Callable[[], Annotated | None]  # the next partner, in the mode of the picture; None: no more


class Mixing(ABC):
    """One way to mix. Its fields are the parameters that a pipeline may give."""

    of_things: ClassVar[bool] = False  # whether partners must have something marked in them

    @property
    @abstractmethod
    def partners(self) -> int:
        """How many other pictures one result takes at the most."""

    @abstractmethod
    def mix(self, base: Annotated, take: Take, seed: Seed) -> tuple[Annotated, Json]:
        """The mixed picture, of the size of `base`, and what was done, for the manifest."""


@dataclass(frozen=True)
class Mosaic(Mixing):
    """Pictures in the cells of a grid, of which a window of the size of one picture is seen.

    Source: Bochkovskiy et al. 2020, arXiv 2004.10934. A class has the share of its area.
    """

    grid_yx: tuple[int, int] = (2, 2)
    center_range: tuple[float, float] = (0.3, 0.7)  # where the window's middle lies

    def __post_init__(self) -> None:
        rows, columns = _pair("grid_yx", self.grid_yx)
        if rows % 1 or columns % 1 or not min(rows, columns) >= 1 or rows * columns > MOST_CELLS:
            raise UsageError(f"'grid_yx' must be whole numbers of at most {MOST_CELLS} cells.")
        if rows * columns < 2:
            raise UsageError("'grid_yx' must have at least two cells.")
        low, high = _pair("center_range", self.center_range)
        if not 0 <= low <= high <= 1:
            raise UsageError("'center_range' must rise from 0 to 1 at the most.")

    @property
    def partners(self) -> int:
        return self.grid_yx[0] * self.grid_yx[1] - 1

    def mix(self, base: Annotated, take: Take, seed: Seed) -> tuple[Annotated, Json]:
        height, width = base.pixels.shape[:2]
        others = [fitted(each, width, height) for each in _taken(take, self.partners)]
        made = assembled(base, others, self.grid_yx, self.center_range, seed.integer(32))
        return made, {"with": [each.name for each in others]}


@dataclass(frozen=True)
class MixUp(Mixing):
    """The weighted mean of two pictures, and the marks of both.

    Weights are of Beta(alpha, alpha), the larger one the picture's own. Source: Zhang et al. 2018,
    arXiv 1710.09412; with boxes Zhang et al. 2019, arXiv 1902.04103.
    """

    alpha: float = 0.4

    def __post_init__(self) -> None:
        _require_positive("alpha", self.alpha)

    @property
    def partners(self) -> int:
        return 1

    def mix(self, base: Annotated, take: Take, seed: Seed) -> tuple[Annotated, Json]:
        height, width = base.pixels.shape[:2]
        drawn = float(seed.rng().beta(self.alpha, self.alpha))
        weight = max(drawn, 1 - drawn)
        made, names = base, []
        for other in _taken(take, 1):
            over = fitted(other, width, height)
            mean = weight * base.pixels.astype(np.float64) + (1 - weight) * over.pixels
            made = dataclasses.replace(
                base,
                pixels=np.rint(mean).astype(base.pixels.dtype),
                marks=(*base.marks, *over.marks),
                shares=mixture((base.shares, weight), (over.shares, 1 - weight)),
                captions=tuple(dict.fromkeys((*base.captions, *over.captions))),
            )
            names.append(over.name)
        return made, {"with": names, "weight": round(weight, 6)}


@dataclass(frozen=True)
class CutMix(Mixing):
    """A rectangle of another picture on this one, of at most half of its area.

    1 - λ of the area, λ of Beta(alpha, alpha). Source: Yun et al. 2019, arXiv 1905.04899.
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        _require_positive("alpha", self.alpha)

    @property
    def partners(self) -> int:
        return 1

    def mix(self, base: Annotated, take: Take, seed: Seed) -> tuple[Annotated, Json]:
        height, width = base.pixels.shape[:2]
        rng = seed.rng()
        drawn = float(rng.beta(self.alpha, self.alpha))
        side = min(drawn, 1 - drawn) ** 0.5
        high, wide = max(1, round(side * height)), max(1, round(side * width))
        # DIFFERS: the rectangle lies wholly in the picture, so that it has the share as drawn.
        top, left = (int(rng.integers(0, end + 1)) for end in (height - high, width - wide))
        made, names = base, []
        for other in _taken(take, 1):
            over = fitted(other, width, height)
            region = np.zeros((height, width), bool)
            region[top : top + high, left : left + wide] = True
            made = composed(base, over, region, pasted(base.pixels, over.pixels, region))
            names.append(over.name)
        return made, {"with": names, "box": [left, top, left + wide, top + high]}


@dataclass(frozen=True)
class CopyPaste(Mixing):
    """Things that are marked in other pictures, pasted where they cover little of what is here.

    A thing is cut out by its outline, run lengths or mask; by its box where it has none. Source:
    Ghiasi et al. 2021, arXiv 2012.07177.
    """

    of_things: ClassVar[bool] = True
    most: int = 3  # things, each of another picture
    scale: tuple[float, float] = (0.8, 1.25)

    def __post_init__(self) -> None:
        if (
            isinstance(self.most, bool)
            or not isinstance(self.most, int)
            or not 1 <= self.most <= 20
        ):
            raise UsageError("'most' must be a whole number from 1 to 20.")
        low, high = _pair("scale", self.scale)
        if not 0 < low <= high <= 10:
            raise UsageError("'scale' must rise, above 0 and to 10 at the most.")

    @property
    def partners(self) -> int:
        return self.most

    def mix(self, base: Annotated, take: Take, seed: Seed) -> tuple[Annotated, Json]:
        rng = seed.rng()
        made, names, boxes = base, [], []
        for _ in range(int(rng.integers(1, self.most + 1))):
            other = take()
            found = [] if other is None else things_of(other)
            if other is None or not found:
                continue
            chosen, size = found[int(rng.integers(len(found)))], float(rng.uniform(*self.scale))
            thing: Placed | None = placed(other, chosen, size, made, rng)
            if thing is None:
                continue
            pixels = pasted(made.pixels, thing.over.pixels, thing.region)
            made = composed(made, thing.over, thing.region, pixels)
            names.append(other.name)
            boxes.append(list(thing.box))
        return made, {"with": names, "boxes": boxes}


MIXINGS: dict[str, type[Mixing]] = {
    each.__name__: each for each in (Mosaic, MixUp, CutMix, CopyPaste)
}
OPTIONS = {"mosaic": "Mosaic", "mixup": "MixUp", "cutmix": "CutMix", "copy-paste": "CopyPaste"}


def of_options(names: tuple[str, ...]) -> tuple[Json, ...]:
    """The first step of a pipeline for `--mix`: one of those named, always.

    Raises `UsageError` with the nearest name.
    """
    for name in names:
        if name not in OPTIONS:
            raise UsageError(f"--mix {name}: {did_you_mean(name, list(OPTIONS))}")
    steps = [{"name": OPTIONS[name]} for name in dict.fromkeys(names)]
    return ({"one_of": steps, "p": 1.0},) if steps else ()


def mixing_of(step: Json) -> Mixing:
    """The transform that a step names. Raises `UsageError` for a value that does not fit."""
    made = MIXINGS[step["name"]]
    given = {name: value for name, value in step.items() if name not in ("name", "p")}
    known = [field.name for field in dataclasses.fields(made)]  # type: ignore[arg-type]
    for name in given:
        if name not in known:
            raise UsageError(f"no parameter {name!r}. {did_you_mean(name, known)}")
    return made(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})


def choices(step: Json) -> list[tuple[Mixing, float]]:
    """The transforms of a step, one of which is drawn, and how often against one another."""
    inner = step.get("one_of", (step,))
    return [
        (mixing_of(leaf), float(leaf.get("p", 1.0)) if "one_of" in step else 1.0) for leaf in inner
    ]


def mixed(
    steps: tuple[Json, ...], base: Annotated, take: Callable[[bool], Annotated | None], seed: Seed
) -> tuple[Annotated, list[Json]]:
    """The picture through the mixing steps of a pipeline, and what was done.

    `take` gives the next partner; told True, one in which something is marked.
    """
    applied: list[Json] = []
    for number, step in enumerate(steps):
        stream = seed.child("step", number)
        rng, known = stream.child("choice").rng(), choices(step)
        chance, weights = float(step.get("p", 0.5)), np.array([weight for _, weight in known])
        if rng.random() >= chance or not weights.sum():
            continue
        chosen = known[int(rng.choice(len(known), p=weights / weights.sum()))][0]
        base, done = chosen.mix(base, partial(take, chosen.of_things), stream)
        applied.append({"name": type(chosen).__name__, **done})
    return base, applied


def _taken(take: Take, most: int) -> Iterator[Annotated]:
    for _ in range(most):
        found = take()
        if found is not None:
            yield found


def _pair(name: str, value: Any) -> tuple[float, float]:
    numbers = value if isinstance(value, tuple) else ()
    if len(numbers) != 2 or not all(_is_number(each) for each in numbers):
        raise UsageError(f"{name!r} must be two numbers.")
    return numbers[0], numbers[1]


def _require_positive(name: str, value: Any) -> None:
    if not _is_number(value) or not 0 < value <= 100:
        raise UsageError(f"{name!r} must be a number above 0, at most 100.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
