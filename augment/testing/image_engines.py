"""Laws of engines for images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job, Model, State
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import Mode
from augment.kinds.images.engines.conditioning import PictureConditions
from augment.kinds.images.engines.editor import Blender, Editor
from augment.testing.engines import EngineLaws
from augment.testing.simulated import simple_images

ASKED = Clause("label", "in", ("kind 2", "kind 0"))
UNASKED = Clause("label", "in", ("kind 2",), negate=True)


class ImageEngineLaws(EngineLaws[Images]):
    """What any engine for images must keep.

    class TestMine(ImageEngineLaws):
        recipe = Mine(steps=8)
    """

    @classmethod
    def simulated(cls, rows: int | None = None) -> Images:
        return simple_images() if rows is None else simple_images(rows)

    def possible(self) -> tuple[Condition, ...]:
        return Condition((ASKED,)), Condition((UNASKED,))

    def impossible(self) -> tuple[Condition, ...]:
        columns = ("label", "prompt", "elsewhere")
        return tuple(Condition((Clause(name, "in", ("unheard of",)),)) for name in columns)

    def holds(self, condition: Condition, made: Images) -> bool:
        (clause,) = condition.clauses
        named = {label in clause.values for label in made.labels() or ()}
        return named == {not clause.negate}

    def damaged(self, state: State) -> Iterator[State]:
        yield from super().damaged(state)
        name = next(iter(state.tensors))
        endless = np.full_like(state.tensors[name], np.nan)
        yield State(state.config, {**state.tensors, name: endless})
        yield State({**state.config, "conditioning": []}, state.tensors)

    def test_pictures_keep_canvas_mode_and_classes(
        self, model: Model[Images], data: Images
    ) -> None:
        made = model.sample(7, Seed(2))
        assert made.schema == data.schema
        assert made.pixels.shape == (7, *data.schema.shape) and made.pixels.dtype == np.uint8

    def test_unasked_labels_come_as_often_as_in_training(
        self, model: Model[Images], data: Images
    ) -> None:
        real = np.bincount(data.label_codes, minlength=3) / len(data)
        made = np.bincount(model.sample(300, Seed(3)).label_codes, minlength=3) / 300
        assert np.abs(real - made).max() < 0.15

    @pytest.mark.parametrize(
        ("canvas", "mode", "classes"),
        [((9, 8), "rgb", 2), ((33, 20), "gray", 0), ((28, 28), "gray", 1), ((128, 8), "gray", 0)],
    )
    def test_any_canvas_mode_and_labelling(
        self, canvas: tuple[int, int], mode: Mode, classes: int, tmp_path: Path
    ) -> None:
        data = simple_images(20, canvas, mode, classes)
        made = self.recipe.fit(data, Job(Seed(1), tmp_path)).sample(3, Seed(0))
        assert made.pixels.shape == (3, *data.schema.shape)
        assert (made.label_codes == -1).all() == (classes == 0)

    def test_an_edit_is_its_seeds_and_moves_further_with_more_strength(
        self, model: Model[Images], data: Images
    ) -> None:
        if not isinstance(model, Editor):
            pytest.skip("edits no pictures")
        pixels, shown = _pictures_of(model, data, 20)
        seeds = [Seed(4).child(row) for row in range(20)]
        least, slight, strong = (
            model.edited(pixels, shown, shown, strength, seeds).astype(int)
            for strength in (1e-6, 0.2, 1.0)
        )
        assert np.abs(slight - least).mean() < np.abs(strong - least).mean()
        assert np.array_equal(slight, model.edited(pixels, shown, shown, 0.2, seeds))
        others = [Seed(5).child(row) for row in range(20)]
        assert not np.array_equal(slight, model.edited(pixels, shown, shown, 0.2, others))

    def test_at_full_strength_nothing_is_left_of_the_picture(
        self, model: Model[Images], data: Images
    ) -> None:
        if not isinstance(model, Editor):
            pytest.skip("edits no pictures")
        pixels, shown = _pictures_of(model, data, 6)
        seeds = [Seed(4).child(row) for row in range(6)]
        one, two = (
            model.edited(seen, shown, shown, 1.0, seeds).astype(int)
            for seen in (pixels, 255 - pixels)
        )
        assert np.abs(one - two).max() <= 1  # roundings apart

    def test_a_blend_begins_at_one_picture_and_ends_at_the_other(
        self, model: Model[Images], data: Images
    ) -> None:
        if not isinstance(model, Blender):
            pytest.skip("does not go from picture to picture")
        pixels, shown = _pictures_of(model, data.take(np.flatnonzero(data.label_codes == 1)), 6)
        others = 255 - pixels  # of one class as they are, pictures here hardly differ
        start, there, end = (
            model.between(pixels, others, shown, share).astype(int) for share in (0.0, 0.3, 1.0)
        )
        back = model.between(others, pixels, shown, 0.7)
        alone = model.between(pixels, pixels, shown, 1.0)
        assert 0 < np.abs(there - start).mean() < np.abs(end - start).mean()
        assert np.abs(back - there).mean() < 0.2 * np.abs(there - start).mean()
        assert np.abs(alone - start).mean() < 0.2 * np.abs(there - start).mean()


def _pictures_of(model: Editor, data: Images, n: int) -> tuple[Any, PictureConditions]:
    codes, captions = data.label_codes[:n], [""] * n
    return data.pixels[:n], PictureConditions(
        codes, captions, model.conditioning.matrix(codes, captions)
    )
