"""Laws of engines, formats and metrics, built-in or from a plugin, as test classes for pytest.

class TestMine(TableEngineLaws):
    recipe = Mine(epochs=1)
"""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import AugmentError, BadInput, OutOfResources, UsageError
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Engine, Job, Model, Score, State
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema, Mode
from augment.kinds.images.engines.conditioning import Wanted
from augment.kinds.images.engines.editor import Blender, Editor
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import codes, numbers
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.metrics import scoring


def mixed_table(rows: int = 240, seed: int = 0) -> Table:
    """Simulated rows of every modelled role, with gaps, a spike, and dependence between columns."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, rows)
    income = np.round(np.exp(rng.normal(10 + age / 90, 0.5)), 2)
    loss = np.where(rng.random(rows) < 0.7, 0.0, np.round(rng.gamma(2, 300, rows), 1))
    job = np.array(["clerk", "cook", "nurse, night", "päron"])[rng.integers(0, 4, rows)]
    hours = 1_577_836_800_000_000 + rng.integers(0, 24 * 365, rows) * 3_600_000_000
    columns = (
        Column("age", "numeric", "integer"),
        Column("income", "numeric", "float", decimals=2, max_decimals=2),
        Column("loss", "numeric", "float", max_decimals=1),
        Column("job", "categorical", "string"),
        Column("grade", "categorical", "integer"),
        Column("member", "boolean", "boolean"),
        Column("seen", "datetime", "datetime", format="%Y-%m-%d %H:%M", step_us=3_600_000_000),
    )
    arrays = [
        pa.array(age, pa.int64()),
        pa.array(income, pa.float64(), mask=rng.random(rows) < 0.1),
        pa.array(loss, pa.float64()),
        pa.array(job, pa.string(), mask=rng.random(rows) < 0.05),
        pa.array(rng.integers(1, 4, rows), pa.int64()),
        pa.array(age + rng.normal(0, 10, rows) > 50, pa.bool_()),
        pa.array(hours, pa.int64(), mask=rng.random(rows) < 0.1).cast(pa.timestamp("us")),
    ]
    schema = Schema(columns, target="member")
    return Table(pa.table(arrays, names=schema.names), schema)


class TableEngineLaws:
    """What `fit`, `sample`, `state` and `from_state` of any engine for tables must keep."""

    recipe: ClassVar[Engine[Any]]

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> Table:
        return mixed_table()

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, data: Table, tmp_path_factory: pytest.TempPathFactory) -> Model[Table]:
        return cls.recipe.fit(data, cls.job(tmp_path_factory.mktemp("scratch")))

    @staticmethod
    def job(scratch: Path, seed: int = 1) -> Job:
        return Job(Seed(seed), scratch)

    def test_a_recipe_is_frozen_and_every_parameter_explains_itself(self) -> None:
        assert dataclasses.is_dataclass(self.recipe)
        for field in dataclasses.fields(self.recipe):
            assert field.default is not dataclasses.MISSING, field.name
            assert field.metadata.get("help"), field.name
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(self.recipe, field.name, None)

    @pytest.mark.parametrize("n", [1, 7, 300])
    def test_n_asked_is_n_given(self, model: Model[Table], data: Table, n: int) -> None:
        made = model.sample(n, Seed(2))
        assert len(made) == n
        assert made.schema.names == data.schema.names

    def test_columns_keep_their_storage(self, model: Model[Table], data: Table) -> None:
        made = model.sample(50, Seed(2))
        assert [f.type for f in made.data.schema] == [f.type for f in data.data.schema]

    def test_values_stay_in_the_domain(self, model: Model[Table], data: Table) -> None:
        made = model.sample(300, Seed(3))
        for column in data.schema:
            if column.role in ("categorical", "boolean"):
                assert set(codes(made, column.name)[1]) <= set(codes(data, column.name)[1])
                continue
            new, old = numbers(made, column.name), numbers(data, column.name)
            assert np.nanmin(new) >= np.nanmin(old)
            assert np.nanmax(new) <= np.nanmax(old)
            if column.step_us:
                assert not (new[~np.isnan(new)] % column.step_us).any()

    def test_same_seed_same_bytes_and_another_seed_others(self, model: Model[Table]) -> None:
        assert model.sample(60, Seed(4)).digest() == model.sample(60, Seed(4)).digest()
        assert model.sample(60, Seed(4)).digest() != model.sample(60, Seed(5)).digest()

    def test_fitting_again_with_the_same_seed_gives_the_same_model(
        self, model: Model[Table], data: Table, tmp_path: Path
    ) -> None:
        again = self.recipe.fit(data, self.job(tmp_path))
        assert again.sample(60, Seed(4)).digest() == model.sample(60, Seed(4)).digest()
        assert again.state().config == model.state().config

    def test_global_generators_are_left_alone(
        self, model: Model[Table], data: Table, tmp_path: Path
    ) -> None:
        random.seed(11)
        np.random.seed(11)
        before = random.getstate(), np.random.get_state(legacy=True)
        self.recipe.fit(data.slice(0, 100), self.job(tmp_path))
        model.sample(10, Seed(6))
        after = random.getstate(), np.random.get_state(legacy=True)
        assert str(before) == str(after)

    def test_a_stored_model_samples_the_same_bytes(
        self, model: Model[Table], tmp_path: Path
    ) -> None:
        state = model.state()
        json.dumps(state.config, allow_nan=False)
        store.save(tmp_path, store.Stored("table", self.recipe.about.name, state, {}))
        again = self.recipe.model.from_state(store.load(tmp_path).state)
        assert again.sample(60, Seed(7)).digest() == model.sample(60, Seed(7)).digest()

    def test_an_incomplete_state_is_refused(self, model: Model[Table]) -> None:
        state = model.state()
        for broken in _broken(state):
            with pytest.raises(BadInput):
                self.recipe.model.from_state(broken)

    def test_conditions_hold_on_every_row(self, model: Model[Table]) -> None:
        if "where" not in self.recipe.about.conditions:
            pytest.skip("takes no conditions")
        clauses = (
            Clause("job", "in", ("clerk", "cook")),
            Clause("age", "range", low=30.0, high=60.0, high_open=True),
            Clause("income", "null", negate=True),
        )
        made = model.sample(40, Seed(8), Condition(clauses))
        assert len(made) == 40
        assert mask(made, clauses).all()

    def test_an_impossible_condition_is_an_error_not_fewer_rows(self, model: Model[Table]) -> None:
        if "where" not in self.recipe.about.conditions:
            pytest.skip("takes no conditions")
        never = Condition((Clause("age", "range", low=1e6),))
        with pytest.raises((UsageError, OutOfResources)):
            model.sample(5, Seed(9), never)

    def test_given_cells_are_kept_and_gaps_are_filled(
        self, model: Model[Table], data: Table
    ) -> None:
        if "given" not in self.recipe.about.conditions:
            pytest.skip("fills no partial rows")
        partial = data.select(["job", "age"]).slice(0, 30)
        made = model.sample(30, Seed(10), Condition(partial=partial))
        known = partial.column("job").is_valid().to_numpy(zero_copy_only=False)
        kept = np.array(made.column("job").to_pylist())[known]
        assert (kept == np.array(partial.column("job").to_pylist())[known]).all()
        assert made.column("age").equals(partial.column("age"))

    @pytest.mark.parametrize("rows", [1, 2, 5])
    def test_tiny_tables_work_or_are_refused_clearly(self, rows: int, tmp_path: Path) -> None:
        tiny = mixed_table(rows)
        try:
            model = self.recipe.fit(tiny, self.job(tmp_path))
        except AugmentError as error:
            assert str(rows) in str(error)
            return
        assert len(model.sample(10, Seed(0))) == 10
        again = self.recipe.model.from_state(model.state())
        assert again.sample(10, Seed(0)).digest() == model.sample(10, Seed(0)).digest()

    @pytest.mark.parametrize("name", ["grade", "member", "income"])
    def test_a_single_column_is_a_table_too(self, data: Table, name: str, tmp_path: Path) -> None:
        model = self.recipe.fit(data.select([name]), self.job(tmp_path))
        again = self.recipe.model.from_state(model.state())
        assert again.sample(10, Seed(0)).digest() == model.sample(10, Seed(0)).digest()

    def test_a_column_without_a_single_value_is_no_obstacle(
        self, data: Table, tmp_path: Path
    ) -> None:
        empty = pa.nulls(len(data), pa.float64())
        table = data.data.set_column(2, "loss", empty)
        made = self.recipe.fit(Table(table, data.schema), self.job(tmp_path)).sample(20, Seed(0))
        assert made.column("loss").null_count == 20


def simple_images(
    rows: int = 60, canvas: tuple[int, int] = (12, 8), mode: Mode = "gray", classes: int = 3
) -> Images:
    """Simulated pictures: a bright bar whose place tells the class, on noise; no classes at 0."""
    rng = np.random.default_rng(0)
    names = tuple(f"kind {code}" for code in range(classes))
    schema = ImageSchema(*canvas, mode, names)
    pixels = rng.integers(0, 60, (rows, *schema.shape)).astype(np.uint8)
    codes = rng.integers(0, max(1, classes), rows)
    for row, code in enumerate(codes):
        pixels[row, 2 * code : 2 * code + 2] += 150
    return Images.of_arrays(pixels, codes if classes else None, schema)


class ImageEngineLaws:
    """What `fit`, `sample`, `state` and `from_state` of any engine for images must keep."""

    recipe: ClassVar[Engine[Any]]

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> Images:
        return simple_images()

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, data: Images, tmp_path_factory: pytest.TempPathFactory) -> Model[Images]:
        return cls.recipe.fit(data, cls.job(tmp_path_factory.mktemp("scratch")))

    @staticmethod
    def job(scratch: Path, seed: int = 1) -> Job:
        return Job(Seed(seed), scratch)

    def test_a_recipe_is_frozen_and_every_parameter_explains_itself(self) -> None:
        assert dataclasses.is_dataclass(self.recipe)
        for field in dataclasses.fields(self.recipe):
            assert field.default is not dataclasses.MISSING, field.name
            assert field.metadata.get("help"), field.name

    @pytest.mark.parametrize("n", [1, 7, 300])
    def test_n_asked_is_n_given(self, model: Model[Images], data: Images, n: int) -> None:
        made = model.sample(n, Seed(2))
        assert len(made) == n
        assert made.schema == data.schema
        assert made.pixels.dtype == np.uint8

    def test_labels_asked_are_labels_given(self, model: Model[Images], data: Images) -> None:
        asked = Condition((Clause("label", "in", ("kind 2", "kind 0")),))
        assert set(model.sample(80, Seed(2), asked).labels() or ()) == {"kind 0", "kind 2"}
        unwanted = Condition((Clause("label", "in", ("kind 2",), negate=True),))
        assert set(model.sample(80, Seed(2), unwanted).labels() or ()) == {"kind 0", "kind 1"}

    def test_unasked_labels_come_as_often_as_in_training(
        self, model: Model[Images], data: Images
    ) -> None:
        real = np.bincount(data.label_codes, minlength=3) / len(data)
        made = np.bincount(model.sample(300, Seed(3)).label_codes, minlength=3) / 300
        assert np.abs(real - made).max() < 0.15

    @pytest.mark.parametrize("column", ["label", "prompt", "elsewhere"])
    def test_what_the_model_does_not_know_is_refused(
        self, model: Model[Images], column: str
    ) -> None:
        with pytest.raises(UsageError):
            model.sample(2, Seed(2), Condition((Clause(column, "in", ("unheard of",)),)))

    def test_same_seed_same_bytes_and_another_seed_others(self, model: Model[Images]) -> None:
        assert model.sample(20, Seed(4)).digest() == model.sample(20, Seed(4)).digest()
        assert model.sample(20, Seed(4)).digest() != model.sample(20, Seed(5)).digest()

    def test_fitting_again_with_the_same_seed_gives_the_same_model(
        self, model: Model[Images], data: Images, tmp_path: Path
    ) -> None:
        again = self.recipe.fit(data, self.job(tmp_path))
        assert again.sample(20, Seed(4)).digest() == model.sample(20, Seed(4)).digest()
        assert again.state().config == model.state().config

    def test_a_stored_model_samples_the_same_bytes(
        self, model: Model[Images], tmp_path: Path
    ) -> None:
        state = model.state()
        json.dumps(state.config, allow_nan=False)
        store.save(tmp_path, store.Stored("images", self.recipe.about.name, state, {}))
        again = self.recipe.model.from_state(store.load(tmp_path).state)
        assert again.sample(20, Seed(7)).digest() == model.sample(20, Seed(7)).digest()

    def test_a_damaged_state_is_refused(self, model: Model[Images]) -> None:
        state = model.state()
        name = next(iter(state.tensors))
        unfit = {**state.tensors, name: np.zeros((1, 2, 3), np.float32)}
        endless = {**state.tensors, name: np.full_like(state.tensors[name], np.nan)}
        for broken in (
            *_broken(state),
            State(state.config, unfit),
            State(state.config, endless),
            State({**state.config, "conditioning": []}, state.tensors),
        ):
            with pytest.raises(BadInput):
                self.recipe.model.from_state(broken)

    @pytest.mark.parametrize("rows", [1, 2, 5])
    def test_tiny_folders_work(self, rows: int, tmp_path: Path) -> None:
        model = self.recipe.fit(simple_images(rows), self.job(tmp_path))
        assert len(model.sample(4, Seed(0))) == 4

    @pytest.mark.parametrize(
        ("canvas", "mode", "classes"),
        [((9, 8), "rgb", 2), ((33, 20), "gray", 0), ((28, 28), "gray", 1), ((128, 8), "gray", 0)],
    )
    def test_any_canvas_mode_and_labelling(
        self, canvas: tuple[int, int], mode: Mode, classes: int, tmp_path: Path
    ) -> None:
        data = simple_images(20, canvas, mode, classes)
        made = self.recipe.fit(data, self.job(tmp_path)).sample(3, Seed(0))
        assert made.pixels.shape == (3, *data.schema.shape)
        assert (made.label_codes == -1).all() == (classes == 0)

    def test_an_edit_is_its_seeds_and_moves_further_with_more_strength(
        self, model: Model[Images], data: Images
    ) -> None:
        if not isinstance(model, Editor):
            pytest.skip("edits no pictures")
        pixels, told = _pictures_of(model, data, 20)
        seeds = [Seed(4).child(row) for row in range(20)]
        least, slight, strong = (
            model.edited(pixels, told, told, strength, seeds).astype(int)
            for strength in (1e-6, 0.2, 1.0)
        )
        assert np.abs(slight - least).mean() < np.abs(strong - least).mean()
        assert np.array_equal(slight, model.edited(pixels, told, told, 0.2, seeds))
        others = [Seed(5).child(row) for row in range(20)]
        assert not np.array_equal(slight, model.edited(pixels, told, told, 0.2, others))

    def test_at_full_strength_nothing_is_left_of_the_picture(
        self, model: Model[Images], data: Images
    ) -> None:
        if not isinstance(model, Editor):
            pytest.skip("edits no pictures")
        pixels, told = _pictures_of(model, data, 6)
        seeds = [Seed(4).child(row) for row in range(6)]
        one, two = (
            model.edited(seen, told, told, 1.0, seeds).astype(int)
            for seen in (pixels, 255 - pixels)
        )
        assert np.abs(one - two).max() <= 1  # roundings apart

    def test_a_blend_begins_at_one_picture_and_ends_at_the_other(
        self, model: Model[Images], data: Images
    ) -> None:
        if not isinstance(model, Blender):
            pytest.skip("does not go from picture to picture")
        pixels, told = _pictures_of(model, data.take(np.flatnonzero(data.label_codes == 1)), 6)
        others = 255 - pixels  # of one class as they are, pictures here hardly differ
        start, there, end = (
            model.between(pixels, others, told, share).astype(int) for share in (0.0, 0.3, 1.0)
        )
        back = model.between(others, pixels, told, 0.7)
        alone = model.between(pixels, pixels, told, 1.0)
        assert 0 < np.abs(there - start).mean() < np.abs(end - start).mean()
        assert np.abs(back - there).mean() < 0.2 * np.abs(there - start).mean()
        assert np.abs(alone - start).mean() < 0.2 * np.abs(there - start).mean()


def _pictures_of(model: Editor, data: Images, n: int) -> tuple[Any, Wanted]:
    codes, captions = data.label_codes[:n], [""] * n
    return data.pixels[:n], Wanted(codes, captions, model.conditioning.matrix(codes, captions))


class TableFormatLaws:
    """What reading and writing of any format for tables must keep."""

    name: ClassVar[str]

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / f"table{registry.find('formats', self.name).suffixes[0]}"

    def test_reading_undoes_writing(self, path: Path) -> None:
        data = mixed_table(60)
        source.write(data, path, self.name)
        again = source.read(str(path), source.ReadOptions(schema=data.schema)).table
        assert again.data.to_pylist() == data.data.to_pylist()

    def test_chunks_are_written_as_one_file(self, path: Path) -> None:
        data = mixed_table(60)
        source.write(iter([data.slice(0, 25), data.slice(25, 35)]), path, self.name)
        again = source.read(str(path), source.ReadOptions(schema=data.schema)).table
        assert again.data.to_pylist() == data.data.to_pylist()

    def test_an_empty_file_is_refused_by_name(self, path: Path) -> None:
        path.write_bytes(b"")
        with pytest.raises(BadInput, match=path.name):
            source.read(str(path), source.ReadOptions())

    def test_what_exists_is_replaced_only_when_forced(self, path: Path) -> None:
        path.write_text("kept")
        with pytest.raises(UsageError, match="--force"):
            source.write(mixed_table(5), path, self.name)
        assert path.read_text() == "kept"


class TableMetricLaws:
    """What any metric of tables must keep."""

    name: ClassVar[str]

    def scores(self, rows: int, fake: Table, seed: int = 0) -> list[Score]:
        train, test = mixed_table(rows, seed=1), mixed_table(max(rows // 4, 1), seed=2)
        return scoring.score(train, test, fake, Seed(seed), metrics=[self.name])

    def test_each_score_is_a_number_or_says_why_not(self) -> None:
        group = registry.find("metrics", f"table.{self.name}").group
        for score in self.scores(200, mixed_table(200, seed=3)):
            assert score.group == group
            assert score.note if score.value is None else np.isfinite(score.value)

    @pytest.mark.parametrize("rows", [1, 200])
    def test_what_is_essential_has_a_score_and_what_is_judged_a_title(self, rows: int) -> None:
        whole = {score.metric for score in self.scores(rows, mixed_table(rows)) if not score.where}
        for measure in registry.find("metrics", f"table.{self.name}").measures:
            assert measure.title and measure.meaning
            assert measure.name in whole or not measure.essential

    def test_the_same_seed_gives_the_same_scores(self) -> None:
        fake = mixed_table(120, seed=3)
        assert self.scores(120, fake, seed=5) == self.scores(120, fake, seed=5)

    @pytest.mark.parametrize("rows", [1, 2, 7])
    def test_few_rows_are_no_error(self, rows: int) -> None:
        self.scores(rows, mixed_table(rows, seed=3))


def _broken(state: State) -> Iterator[State]:
    """The state with one part of its JSON or one tensor missing."""
    for key in state.config:
        if key != "facts":
            yield State({k: v for k, v in state.config.items() if k != key}, state.tensors)
    for name in list(state.tensors)[:3]:
        yield State(state.config, {k: v for k, v in state.tensors.items() if k != name})
