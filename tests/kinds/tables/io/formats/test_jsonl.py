"""JSON Lines keep kinds, digits and the order of keys; odd lines are refused with their number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import BadInput
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.reading import ReadOptions

LINES = """{"id": "007", "n": 1, "x": 1.0, "big": 12345678901234567890, "ok": true, "t": "é\\n"}
{"id": "12", "n": null, "x": -2.5, "big": 9007199254740993, "ok": null, "t": ""}
{"id": "13", "n": 3, "x": null, "big": 1, "ok": false, "t": "null"}
"""


def load(folder: Path, content: str, **options: object):
    path = folder / "t.jsonl"
    path.write_text(content, encoding="utf-8")
    return source.read(str(path), ReadOptions(**options))


def test_writing_undoes_reading_byte_for_byte(tmp_path: Path) -> None:
    table = load(tmp_path, LINES).table
    source.write(table, tmp_path / "o.jsonl", "jsonl")
    assert (tmp_path / "o.jsonl").read_text(encoding="utf-8") == LINES
    assert table.schema["id"].storage == "string"
    assert table.column("t").to_pylist() == ["é\n", "", "null"]


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "s": st.none() | texts,
            "b": st.none() | st.booleans(),
            "i": st.none() | st.integers(-(10**30), 10**30),
        },
        optional={"f": st.floats(allow_nan=False, allow_infinity=False)},
    ),
    min_size=1,
    max_size=5,
)


@given(rows)
def test_values_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    table = load(folder, content).table
    source.write(table, folder / "o.jsonl", "jsonl", force=True)
    again = [
        json.loads(line) for line in (folder / "o.jsonl").read_text("utf-8").split("\n") if line
    ]
    names = list(again[0])
    assert again == [{name: row.get(name) for name in names} for row in rows]


def test_keys_stand_in_the_order_first_seen_and_missing_ones_are_null(tmp_path: Path) -> None:
    table = load(tmp_path, '{"b": 1}\n\n{"a": "x", "b": 2}\n').table
    assert table.data.to_pydict() == {"b": [1, 2], "a": [None, "x"]}


REFUSED = {
    "broken": ('{"a": 1}\n{"a": \n', ":2", "no flat JSON object"),
    "a list": ('{"a": 1}\n[1]\n', ":2", "no object"),
    "nested": ('{"a": 1, "b": 2}\n{"a": 1, "b": {"c": 1}}\n', ":2", "--column b=drop"),
    "mixed": ('{"a": 1}\n{"a": null}\n{"a": "1"}\n', ":3", "mixes numbers and strings"),
    "key twice": ('{"a": 1, "a": 2}\n', ":1", "a key stands twice"),
    "not finite": ('{"a": NaN}\n', ":1", "NaN"),
    "half a pair": ('{"a": "\\ud800"}\n', ":1", "surrogate"),
    "too deep": ('{"a": ' + "[" * 100_000 + "\n", ":1", "deep"),
    "empty": ("\n", "t.jsonl", "no rows"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_line_and_way_out(tmp_path: Path, case: str) -> None:
    content, where, why = REFUSED[case]
    with pytest.raises(BadInput) as refused:
        load(tmp_path, content)
    assert refused.value.where.endswith(where) and why in str(refused.value)


def test_bad_lines_are_set_aside(tmp_path: Path) -> None:
    loaded = load(tmp_path, '{"a": 1}\nno\n{"a": 2}\n', bad_rows="skip", max_bad=1)
    assert loaded.table.data.to_pydict() == {"a": [1, 2]} and loaded.rejected == 1


def test_nested_columns_can_be_dropped(tmp_path: Path) -> None:
    table = load(tmp_path, '{"a": 1, "b": [1]}\n{"a": 2}\n', columns={"b": "drop"}).table
    assert table.data.to_pydict() == {"a": [1, 2]}
