"""Where bytes lie: names, patterns and standard input mean the same for every kind of data."""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path

import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.source import Rows
from augment.sources import standard_input
from augment.sources.files import content, entry_of, matching


def test_a_name_comes_before_a_pattern_and_matches_are_sorted(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "[ab].csv", "deep/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "d.csv").mkdir()
    assert matching(str(tmp_path / "[ab].csv")) == [tmp_path / "[ab].csv"]
    assert matching(str(tmp_path / "?.csv")) == [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert matching(str(tmp_path / "**" / "c.csv")) == [tmp_path / "deep" / "c.csv"]
    assert matching(str(tmp_path)) == [tmp_path]


@pytest.mark.parametrize("kind", ["table", "images"])
def test_what_is_not_there_is_refused_with_a_near_name(kind: str, tmp_path: Path) -> None:
    (tmp_path / "visits.csv").write_text("x\n1\n")
    reader = registry.find("kinds", kind).reader
    for near in ("visit.csv", "visits.cs"):
        with pytest.raises(BadInput, match="no such file or folder") as refused:
            reader.read(str(tmp_path / near), {})
        assert "visits.csv" in str(refused.value.hint)


def test_standard_input_is_a_file_as_long_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x\n1\n")))
    with standard_input.spooled() as path:
        assert path.read_bytes() == b"x\n1\n"
        assert path.name == entry_of(path, standard_input.SHOWN)["path"]
    assert not path.exists()


def test_an_entry_is_the_same_however_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"two\nlines\n")
    held, entry = content(str(path))
    assert entry == entry_of(path)
    assert (entry["sha256"], entry["bytes"]) == (hashlib.sha256(held).hexdigest(), len(held))
    for missing in (str(tmp_path), str(tmp_path / "none"), Rows("rows", ())):
        with pytest.raises(BadInput):
            content(missing)
