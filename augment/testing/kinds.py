"""Laws of kinds of data: what the lifecycle takes for granted of the four ports of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from augment.core import model_folder, registry
from augment.core.errors import AugmentError, BadInput, UsageError
from augment.core.fitted import Ask, Fitted
from augment.core.kind import (
    Forecast,
    Kind,
    Loaded,
    Origin,
    Part,
    Reserved,
    Wanted,
    Written,
)
from augment.core.seeds import Seed
from augment.core.source import External, Rows
from augment.core.types import Dataset, Engine, Job, State, silent

MOST_ROWS = 60  # of a source that are fitted on and written
COLUMN = {"name", "role", "storage", "nulls", "distinct", "note"}
ORIGIN = Origin("engine", "digest", 1, {})


class KindLaws:
    """What reader, writer, generator and evaluator of any kind of data must keep.

    class TestLines(KindLaws):
        kind = LINES
        engine = Bigram()
        source = "tests/poem.lines"
    """

    kind: ClassVar[Kind[Any]]
    engine: ClassVar[Engine[Any]]  # of this kind, and quick
    source: ClassVar[str]  # of this kind, as a user names it

    @pytest.fixture(scope="class")
    @classmethod
    def loaded(cls) -> Loaded[Any]:
        return cls.kind.read(cls.source, {})

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls, loaded: Loaded[Any]) -> Dataset:
        rows = np.linspace(0, len(loaded.data) - 1, MOST_ROWS).astype(np.int64)
        found: Dataset = loaded.data.take(np.unique(rows))
        return found

    @pytest.fixture(scope="class")
    @classmethod
    def fitted(cls, data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Fitted[Any]:
        job = Job(Seed(1), tmp_path_factory.mktemp("scratch"))
        return cls.kind.generator.fit(cls.engine, data, job, True, data)

    def written(self, data: Dataset, path: Path, force: bool = False) -> list[Written]:
        """Write the rows in two parts and the kind's own format; a folder in two calls, the second
        part first, as processes may."""
        half = len(data) // 2
        first, second = np.split(np.arange(len(data)), [half])
        parts = [Part(0, data.take(first)), Part(half, data.take(second))]
        calls = [[part] for part in reversed(parts)] if self.kind.writer.folders else [parts]
        return [self.kind.writer.write(iter(call), path, "", force, {}, ORIGIN) for call in calls]

    def rows_of(self, data: Dataset) -> list[str]:
        """The rows as other libraries see them, in any order: a folder is read by its names."""
        return sorted(map(repr, self.kind.writer.to_arrow([data]).to_pylist()))

    def test_the_reader_recognises_its_own_and_refuses_nothing_else_by_an_error(
        self, loaded: Loaded[Any], tmp_path: Path
    ) -> None:
        reader = self.kind.reader
        assert reader.recognises(self.source)
        assert reader.recognises(Rows("rows", (loaded.data,)))
        assert not reader.recognises(External(object()))
        for name in registry.names("kinds"):
            other = registry.find("kinds", name)
            assert other.name == self.kind.name or not _sure_of(other, loaded.data)

    def test_what_is_read_has_rows_and_the_digests_of_its_files(self, loaded: Loaded[Any]) -> None:
        assert loaded.data.kind == self.kind.name
        assert len(loaded.data) and loaded.files
        for file in loaded.files:
            assert file.keys() == {"path", "sha256", "bytes"}
            assert len(file["sha256"]) == 64 and file["bytes"] > 0
        again = self.kind.read(self.source, {})
        assert again.files == loaded.files
        assert again.data.digest() == loaded.data.digest()

    def test_rows_in_memory_are_read_as_they_are(self, loaded: Loaded[Any]) -> None:
        rows = Rows("rows", (loaded.data,), loaded.files, loaded.notes)
        again = self.kind.read(rows, {})
        assert again.data.digest() == loaded.data.digest()
        assert tuple(again.files) == tuple(loaded.files)

    def test_a_model_reads_newer_rows_as_its_own(self, fitted: Fitted[Any], data: Dataset) -> None:
        """Of its own rows it may lack values and extremes that are rare, and nothing else."""
        newer, drift = fitted.newer_rows(Rows("rows", (data,)), {})
        assert len(newer.data) == len(data)
        assert {each.change for each in drift} <= {"unseen values", "range", "gone"}

    def test_unknown_options_and_absent_sources_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="--no-such-option"):
            self.kind.read(self.source, {"no_such_option": 1})
        with pytest.raises(AugmentError, match="absent"):
            self.kind.read(str(tmp_path / "absent"), {})

    def test_a_description_is_json_and_shows_values_only_when_asked(self, data: Dataset) -> None:
        described = self.kind.describe(data, show_values=False)
        assert described["rows"] == len(data)
        assert described["noun"] and described["schema"] and described["columns"]
        for column in described["columns"]:
            assert column.keys() >= COLUMN and "values" not in column
        json.dumps(described, allow_nan=False)
        json.dumps(self.kind.describe(data, show_values=True), allow_nan=False, default=str)

    def test_what_is_written_reads_back_as_the_same_rows(
        self, data: Dataset, tmp_path: Path
    ) -> None:
        path = tmp_path / self.kind.writer.name(self.source)
        assert sum(each.rows for each in self.written(data, path)) == len(data)
        assert path.is_dir() == self.kind.writer.folders
        again = self.kind.reader.read_like(str(path), data, {}).data
        assert self.rows_of(again) == self.rows_of(data)

    def test_a_file_is_replaced_only_when_forced_and_a_folder_holds_what_its_lines_say(
        self, data: Dataset, tmp_path: Path
    ) -> None:
        path = tmp_path / self.kind.writer.name(self.source)
        found = self.written(data, path)
        if not self.kind.writer.folders:
            written = path.read_bytes()
            with pytest.raises(UsageError, match="--force"):
                self.written(data, path)
            self.written(data, path, force=True)
            assert path.read_bytes() == written
            return
        lines = [line for each in found for line in each.lines]
        assert sorted(line["number"] for line in lines) == list(range(len(data)))
        before = {line["file"]: (path / line["file"]).stat().st_mtime_ns for line in lines}
        assert [each.lines for each in self.written(data, path)] == [each.lines for each in found]
        assert all((path / name).stat().st_mtime_ns == time for name, time in before.items())

    def test_arrow_has_every_row_of_every_part(self, data: Dataset) -> None:
        parts = [data.take(rows) for rows in np.split(np.arange(len(data)), [7])]
        assert self.kind.writer.to_arrow(parts).num_rows == len(data)

    def test_what_a_fit_takes_has_the_same_rows(self, loaded: Loaded[Any]) -> None:
        for protect in (True, False):
            prepared = self.kind.generator.prepared(loaded, Reserved(0.2, protect))
            assert len(prepared.data) == len(loaded.data)
            assert prepared.notes[: len(loaded.notes)] == loaded.notes
            assert prepared.files == loaded.files

    def test_the_engine_that_is_chosen_is_one_of_this_kind(self, data: Dataset) -> None:
        name, why = self.kind.generator.choose(data)
        assert registry.find("engines", name).about.kind == self.kind.name
        assert why

    def test_a_forecast_grows_with_the_rows(self, data: Dataset) -> None:
        few, many = (
            self.kind.generator.foresee(data, Wanted(self.engine, rows)) for rows in (1, 10**6)
        )
        assert (few is None) == (many is None)
        if isinstance(few, Forecast) and isinstance(many, Forecast):
            assert 0 <= few.sample <= many.sample and few.fit == many.fit >= 0
            assert 0 < few.bytes <= many.bytes

    def test_a_fitted_generator_makes_as_many_rows_as_are_asked_for(
        self, fitted: Fitted[Any], data: Dataset
    ) -> None:
        assert fitted.engine == self.engine.about.name
        assert fitted.rows == len(data)
        assert fitted.block_rows > 0
        given = fitted.condition(Ask())
        assert isinstance(fitted.notes(10, given), tuple)
        one, same, other = (fitted.sample(0, 10, Seed(seed), given, silent) for seed in (2, 2, 3))
        assert len(one) == 10 and one.kind == self.kind.name
        assert one.digest() == same.digest() != other.digest()
        assert fitted.on("cpu").sample(0, 10, Seed(2), given, silent).digest() == one.digest()

    def test_restoring_undoes_storing(self, fitted: Fitted[Any], tmp_path: Path) -> None:
        stored = fitted.stored()
        assert (stored.kind, stored.engine) == (self.kind.name, self.engine.about.name)
        model_folder.save(tmp_path, stored)
        again = self.kind.restore(model_folder.load(tmp_path))
        assert (again.engine, again.rows) == (fitted.engine, fitted.rows)
        one, two = (
            each.sample(0, 10, Seed(2), each.condition(Ask()), silent) for each in (fitted, again)
        )
        assert one.digest() == two.digest()

    def test_an_empty_document_is_refused(self, fitted: Fitted[Any]) -> None:
        stored = fitted.stored()
        empty = model_folder.Stored(stored.kind, stored.engine, State({}, {}), stored.facts)
        with pytest.raises(BadInput), model_folder.restoring(stored.engine):
            self.kind.restore(empty)

    def test_made_rows_are_written_and_read_like_the_real_ones(
        self, fitted: Fitted[Any], data: Dataset, tmp_path: Path
    ) -> None:
        made = fitted.sample(0, 10, Seed(2), fitted.condition(Ask()), silent)
        path = tmp_path / self.kind.writer.name(self.source)
        self.written(made, path)
        assert len(self.kind.reader.read_like(str(path), data, {}).data) == 10

    @pytest.mark.parametrize("unseen", [True, False])
    def test_an_evaluation_has_a_verdict_and_names_its_scores(
        self, data: Dataset, unseen: bool
    ) -> None:
        names = self.kind.evaluator.names()
        assert names and len(names) == len(set(names))
        train, test, fake = (data.take(np.arange(at, 18, 3)) for at in range(3))
        found = self.kind.evaluator.score(
            train, test if unseen else None, fake, Seed(1), silent, {}
        )
        assert {"verdict", "measures", "compared"} <= found.document.keys()
        assert {measure["name"] for measure in found.document["measures"]} == set(names)
        assert found.document["compared"]["seen_known"] == unseen
        json.dumps(found.document, allow_nan=False)
        assert all(score.value is not None or score.note for score in found.scores)


def _sure_of(kind: Kind[Any], data: Dataset) -> bool:
    """Whether a kind takes rows of another one for its own."""
    return kind.reader.recognises(Rows("rows", (data,)))
