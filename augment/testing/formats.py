"""Laws of formats of tables."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.io import reading
from augment.kinds.tables.io.formats import Format
from augment.testing.simulated import mixed_table, odd_table


class TableFormatLaws:
    """What reading and writing of any format for tables must keep.

    class TestMine(TableFormatLaws):
        name = "mine"  # as it is registered
    """

    name: ClassVar[str]

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        found: type[Format] = registry.find("formats", self.name)
        return tmp_path / f"table{found.suffixes[0]}"

    def test_reading_undoes_writing(self, path: Path) -> None:
        data = mixed_table(60)
        reading.write(data, path, self.name)
        self.require_read(path, data)

    @pytest.mark.parametrize("name", ["latitude", "money", "gone", "big"])
    def test_what_a_file_cannot_hold_is_refused_and_not_lost(self, name: str, path: Path) -> None:
        data = odd_table(60).select([name, "flat"])
        try:
            reading.write(data, path, self.name)
        except BadInput as error:
            assert name in str(error)
            assert not path.exists()
        else:
            self.require_read(path, data)

    def require_read(self, path: Path, data: Table) -> None:
        """The law of a written file: it reads back as the same rows in the same types."""
        again = reading.read(str(path), reading.ReadOptions(schema=data.schema)).table
        assert again.data.to_pylist() == data.data.to_pylist()
        assert again.data.schema == data.data.schema

    def test_chunks_are_written_as_one_file(self, path: Path) -> None:
        data = mixed_table(60)
        reading.write(iter([data.slice(0, 25), data.slice(25, 35)]), path, self.name)
        self.require_read(path, data)

    def test_the_same_rows_are_the_same_bytes(self, path: Path) -> None:
        data = mixed_table(60)
        reading.write(data, path, self.name)
        first = path.read_bytes()
        reading.write(data, path, self.name, force=True)
        assert path.read_bytes() == first

    def test_a_file_is_known_by_its_suffix(self, path: Path) -> None:
        assert reading.format_of(path) == self.name

    def test_an_empty_file_is_refused_by_name(self, path: Path) -> None:
        path.write_bytes(b"")
        with pytest.raises(BadInput, match=path.name):
            reading.read(str(path), reading.ReadOptions())

    def test_half_a_file_is_read_or_refused_and_never_a_crash(self, path: Path) -> None:
        reading.write(mixed_table(60), path, self.name)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        try:
            found = reading.read(str(path), reading.ReadOptions()).table
        except BadInput as error:
            assert path.name in str(error)
        else:
            assert len(found) <= 60

    def test_what_exists_is_replaced_only_when_forced(self, path: Path) -> None:
        path.write_text("kept")
        with pytest.raises(UsageError, match="--force"):
            reading.write(mixed_table(5), path, self.name)
        assert path.read_text() == "kept"
