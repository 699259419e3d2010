"""Which other images each result is mixed of, and whether a set can be mixed at all."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.core.types import Json
from augment.kinds.images.io.layouts import Entry, Layout
from augment.kinds.images.io.manifest import Census
from augment.kinds.images.transforms.item import Item, Partners
from augment.kinds.images.transforms.mixing import CopyPaste, Mixing, MixUp, choices

if TYPE_CHECKING:
    import numpy as np

SPARE = 2  # partners beyond those that are needed, should some turn out to be damaged


def require_mixable(
    steps: tuple[Json, ...], layout: Layout, census: Census, entries: Iterable[Entry]
) -> list[str]:
    """Refuse what this set cannot hold; notes on what its layout says of a mixed image.

    Raises `UsageError` for a single image, for MixUp of masks (a pixel would be of two classes),
    and for copy-paste where nothing is marked.
    """
    if census.images < 2:
        raise UsageError("Mixing takes at least two images, and one is there.")
    kinds = {type(each) for step in steps for each, _ in choices(step)}
    masks = things = False
    for entry in entries:
        masks = masks or bool(_folders(entry))
        things = things or _has_things(entry)
        if masks and things:
            break
    if masks and MixUp in kinds:
        raise UsageError(
            "MixUp cannot be used on images with masks: a pixel would be of two classes. Use "
            "Mosaic, CutMix or copy-paste."
        )
    if not things and CopyPaste in kinds:
        raise UsageError(
            f"Copy-paste takes what is marked by boxes, outlines or masks, and nothing is marked "
            f"in {layout.name}. Use Mosaic, MixUp or CutMix."
        )
    return [layout.soft_labels] if census.classes and layout.soft_labels else []


def with_partners(
    items: Iterable[Item], entries: Iterable[Entry], steps: tuple[Json, ...], seed: Seed
) -> Iterator[Item]:
    """The items, each with partners for its numbers, drawn by the number alone.

    Partners have masks in the same folders as the image, and are other images than it where there
    are any.
    """
    plain, marked = _most(steps, things=False), _most(steps, things=True)
    groups = _Groups(entries)
    for item in items:
        numbers = range(item.first, item.first + item.count)
        streams = [seed.child("partners", number) for number in numbers]
        found = tuple(
            Partners(
                groups.drawn(item.entry, plain, stream.child("plain").rng()),
                groups.drawn(item.entry, marked, stream.child("marked").rng(), things=True),
            )
            for stream in streams
        )
        yield dataclasses.replace(item, partners=found)


def _most(steps: tuple[Json, ...], things: bool) -> int:
    """How many partners all steps together may take."""
    known: list[list[Mixing]] = [[each for each, _ in choices(step)] for step in steps]
    return sum(
        max((each.partners for each in step if each.of_things == things), default=0)
        for step in known
    )


class _Groups:
    """All images in memory, by the folders of their masks: only alike ones can be mixed."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._all: defaultdict[tuple[str, ...], list[Entry]] = defaultdict(list)
        self._marked: defaultdict[tuple[str, ...], list[Entry]] = defaultdict(list)
        for entry in entries:
            self._all[_folders(entry)].append(entry)
            if _has_things(entry):
                self._marked[_folders(entry)].append(entry)

    def drawn(
        self, entry: Entry, most: int, rng: np.random.Generator, things: bool = False
    ) -> tuple[Entry, ...]:
        """`most` images and a few to spare; each once, where there are so many."""
        group: Sequence[Entry] = (self._marked if things else self._all)[_folders(entry)]
        if not most or not group:
            return ()
        wanted = most + SPARE
        picks = rng.choice(len(group), min(wanted + 1, len(group)), replace=False)
        others = [group[at] for at in picks.tolist() if group[at].name != entry.name] or [entry]
        return tuple((others * -(-wanted // len(others)))[:wanted])


def _folders(entry: Entry) -> tuple[str, ...]:
    masks = () if entry.annotation is None else entry.annotation.masks
    return tuple(folder for folder, _ in masks)


def _has_things(entry: Entry) -> bool:
    """Whether something can be cut out: a mask may still be empty."""
    if entry.annotation is None:
        return False
    shaped = (mark.box is not None or mark.outline or mark.runs for mark in entry.annotation.marks)
    return bool(entry.annotation.masks) or any(shaped)
