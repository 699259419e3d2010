"""Arrays of flat objects are read one object at a time, and written back as they were."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from augment.core.errors import BadInput
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.formats import json_array
from augment.kinds.tables.io.reading import ReadOptions

ARRAY = """[
{"id": "007", "n": 1, "x": 1.0, "ok": true, "t": "é, \\"[{"},
{"id": "12", "n": null, "x": -2.5, "ok": null, "t": ""}
]
"""


def load(folder: Path, content: str | bytes, name: str = "t.json", **options: object):
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return source.read(str(path), ReadOptions(**options))


@pytest.mark.parametrize("buffer", [1, 7, 1 << 16])
def test_writing_undoes_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, buffer: int
) -> None:
    monkeypatch.setattr(json_array, "BUFFER_CHARACTERS", buffer)
    table = load(tmp_path, ARRAY).table
    assert table.data.to_pydict()["t"] == ['é, "[{', ""]
    source.write(table, tmp_path / "o.json", "json")
    assert (tmp_path / "o.json").read_text("utf-8") == ARRAY


def test_line_ends_are_kept(tmp_path: Path) -> None:
    content = ARRAY.replace("\n", "\r\n").encode()
    source.write(load(tmp_path, content).table, tmp_path / "o.json", "json")
    assert (tmp_path / "o.json").read_bytes() == content


def test_indented_arrays_and_long_ones(tmp_path: Path) -> None:
    rows = [{"a": number, "b": f"t{number % 7}", "c": number / 4} for number in range(5_000)]
    table = load(tmp_path, json.dumps(rows, indent=4)).table
    assert table.data.to_pylist() == rows
    source.write(table, tmp_path / "o.json", "json")
    assert json.loads((tmp_path / "o.json").read_text()) == rows


def test_objects_in_lines_under_the_name_of_json_stay_so(tmp_path: Path) -> None:
    content = '{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n'
    source.write(load(tmp_path, content).table, tmp_path / "o.json", "json")
    assert (tmp_path / "o.json").read_text() == content


def test_an_array_without_a_name_that_tells_is_known_by_its_beginning(tmp_path: Path) -> None:
    assert load(tmp_path, ' [ {"a": 1} ]', "t.txt").table.data.to_pydict() == {"a": [1]}


def test_decorated_numbers_are_numbers_in_json_unless_they_were_text(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("pay;n\n$1,234.50;1,5\n$3.20;2,5\n$7.00;3,25\n")
    table = source.read(str(tmp_path / "t.csv"), ReadOptions()).table
    for name in ("o.json", "o.jsonl"):
        source.write(table, tmp_path / name, source.format_of(tmp_path / name))
        again = source.read(str(tmp_path / name), ReadOptions()).table
        assert again.data.to_pydict() == {"pay": [1234.5, 3.2, 7.0], "n": [1.5, 2.5, 3.25]}
    texts = [{"pay": "$1,234.50"}, {"pay": "$3.20"}, {"pay": "$7.00"}]
    table = load(tmp_path, json.dumps(texts)).table
    assert table.schema["pay"].role == "numeric"
    source.write(table, tmp_path / "p.json", "json")
    assert json.loads((tmp_path / "p.json").read_text()) == texts


REFUSED = {
    "cut short": ('[\n{"a": 1},\n{"a": 2', ":3", "Expecting"),
    "no comma": ('[{"a": 1}\n{"a": 2}]', ":2", "comma"),
    "a list of lists": ("[[1, 2]]", ":1", "no object"),
    "a value": ("3", ":1", "begin with"),
    "text behind": ('[{"a": 1}]\nx', ":2", "behind its end"),
    "nested": ('[{"a": {"b": 1}}]', ":1", "--column a=drop"),
    "key twice": ('[{"b": 1},\n{"a": 1, "a": 2}]', ":2", "stands twice"),
    "not finite": ('[{"a": NaN}]', ":1", "NaN"),
    "too deep": ('[{"a": ' + "[" * 100_000, ":1", "deep"),
    "no objects": ("[]", "t.json", "no rows"),
    "empty": ("", ":1", "begin with"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_line_and_way_out(tmp_path: Path, case: str) -> None:
    content, where, why = REFUSED[case]
    with pytest.raises(BadInput) as refused:
        load(tmp_path, content)
    assert refused.value.where.endswith(where) and why in str(refused.value)


def test_what_describes_tables_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"title": ["no table"]}')
    (tmp_path / "b.csv").write_text("a,b\n1,x\n2,y\n")
    assert source.read(str(tmp_path), ReadOptions()).table.schema.names == ["a", "b"]
    (tmp_path / "b.csv").unlink()
    (tmp_path / "a.json").write_text(ARRAY)
    assert len(source.read(str(tmp_path), ReadOptions()).table) == 2


def test_an_array_under_the_name_of_lines_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--format json"):
        load(tmp_path, '[{"a": 1}]', "t.jsonl")
