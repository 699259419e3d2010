"""Tables in zip archives: one is read, several are named, and writing is reproducible."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from augment.core.errors import BadInput, UsageError
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.reading import ReadOptions

CSV = "a,b\n1,x\n2,y\n"


def packed(path: Path, members: dict[str, str]) -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return str(path)


@pytest.mark.parametrize(
    "members",
    [
        {"t.csv": CSV},
        {"adult.data": CSV},
        {"data/": "", "data/t.csv": CSV, "README.txt": "words", "__MACOSX/data/._t.csv": "x"},
        {"t.jsonl": '{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n'},
    ],
    ids=lambda members: "+".join(members),
)
def test_the_one_table_is_read(tmp_path: Path, members: dict[str, str]) -> None:
    table = source.read(packed(tmp_path / "t.zip", members), ReadOptions()).table
    assert table.data.to_pydict() == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize("name", ["o.csv.zip", "o.zip", "o.jsonl.zip", "o.json.zip", "o.tsv.zip"])
def test_writing_undoes_reading(tmp_path: Path, name: str) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    table = source.read(str(tmp_path / "t.csv"), ReadOptions()).table
    out = tmp_path / name
    source.write(table, out, source.format_of(out))
    first = out.read_bytes()
    source.write(table, out, source.format_of(out), force=True)
    assert out.read_bytes() == first
    assert source.read(str(out), ReadOptions()).table.data.equals(table.data)
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == [name.removesuffix(".zip") if name != "o.zip" else "o.csv"]


def test_a_run_of_an_archive_writes_an_archive(tmp_path: Path) -> None:
    assert source.suffix_like(packed(tmp_path / "t.zip", {"t.csv": CSV})) == ".csv.zip"
    assert source.suffix_like(packed(tmp_path / "t.zip", {"t.jsonl": "{}"})) == ".jsonl.zip"
    assert source.suffix_like("t.csv.zip") == ".csv.zip"


def test_several_tables_are_named(tmp_path: Path) -> None:
    path = packed(tmp_path / "t.zip", {"a.csv": CSV, "b.csv": CSV, "note.txt": "x"})
    with pytest.raises(BadInput, match=r"2 files.*'a\.csv', 'b\.csv'") as refused:
        source.read(path, ReadOptions())
    assert refused.value.where == path
    with pytest.raises(BadInput, match="0 files"):
        source.read(packed(tmp_path / "t.zip", {}), ReadOptions())


def test_damage_is_refused(tmp_path: Path) -> None:
    path = Path(packed(tmp_path / "t.zip", {"t.csv": "a,b\n" + "1,x\n" * 5_000}))
    whole = path.read_bytes()
    for content in (whole[:-30], whole[:60] + b"\0\1\2\3" + whole[64:]):
        path.write_bytes(content)
        with pytest.raises(BadInput):
            source.read(str(path), ReadOptions())


@pytest.mark.parametrize("name", ["t.zip", "t.xlsx"])
def test_names_that_are_no_utf8_are_damage(name: str, tmp_path: Path) -> None:
    """zipfile raises of them what it raises of no other damage."""
    path = Path(packed(tmp_path / name, {"é.csv": CSV}))
    whole, good, bad = path.read_bytes(), "é".encode(), b"\xc3("
    before, _, after = whole.rpartition(good)  # the directory at the end
    for content in (before + bad + after, whole.replace(good, bad, 1), whole.replace(good, bad)):
        path.write_bytes(content)
        with pytest.raises(BadInput):
            source.read(str(path), ReadOptions())
        assert source.suffix_like(str(path)) in (".csv", ".csv.zip", ".xlsx")


@pytest.mark.parametrize("name", ["t.zip", "t.xlsx"])
def test_what_has_no_name_is_no_table(name: str, tmp_path: Path) -> None:
    path = Path(packed(tmp_path / name, {"t.csv": CSV}))
    data = bytearray(path.read_bytes())
    lengths = data.rindex(b"PK\1\2") + 28  # of a name, of extras, of a comment
    data[lengths : lengths + 6] = struct.pack("<HHH", 0, 0, len("t.csv"))
    path.write_bytes(data)
    with pytest.raises(BadInput):
        source.read(str(path), ReadOptions())


def test_what_packs_itself_is_not_packed_again(tmp_path: Path) -> None:
    for name in ("o.xlsx.zip", "o.parquet.zip"):
        with pytest.raises(UsageError, match=r"leave \.zip off"):
            source.format_of(tmp_path / name)
