"""Sizes of the network that go together."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Shape:
    width: int = 128
    hidden: int = 192
    blocks: int = 2
    attention: bool = False  # a transformer over the columns, in place of blocks on their sum

    def halved(self) -> Shape:
        return replace(self, width=self.width // 2, hidden=self.hidden // 2)


@dataclass(frozen=True)
class Preset:
    """Sizes that go together; `steps` bounds the training of large tables."""

    shape: Shape
    epochs: int
    steps: int


PRESETS = {
    "fast": Preset(Shape(128, 192, 2), epochs=30, steps=4_000),
    "best": Preset(Shape(192, 320, 3), epochs=30, steps=10_000),
    "transformer": Preset(Shape(128, 256, 3, attention=True), epochs=60, steps=20_000),
}
