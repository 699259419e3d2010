"""Arrow's reader is used where it gives what the strict one gives, and the strict one elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from augment.core.errors import AugmentError
from augment.kinds.tables.io import assembly, reading
from augment.kinds.tables.io.formats import Raw, ReadOptions, arrow_csv
from augment.kinds.tables.io.formats.delimited import Csv
from augment.work import threads
from tests.places import SHARED

CORPORA = SHARED / "corpora"
TABLES = SHARED / "data" / "tables"
FILES = [*sorted((CORPORA / "csv-spectrum" / "csvs").glob("*.csv")), *sorted(TABLES.glob("*.csv"))]
TEXTS = pa.dictionary(pa.int32(), pa.string())
HEAD_BYTES = 100_000  # of each table; the strict reader is slow
pieces = st.sampled_from(
    ["a", "é", "1", "", ",", ",", ",", "\n", "\n", "\n", "\r\n", "\r", '"', '""', '"b"', '"c,\n"',
     '"d\r\ne"', '"f\rg"', " ", "\t", "\0", "\ufeff", "\x1a", "\u2028", "\x85", "NA"]
)  # fmt: skip
cells = st.sampled_from(
    ["", "a", "é\u2028", "1", "NA", '""', '"b"', '"c,\n"', '"d\r\n""e"', '"\r"']
)
values = st.sampled_from(
    ["1", "2", "1.5", "-0", "+3", "007", "1e3", "2024-01-01", "2024-02-30", "$5", "$7", "yes",
     "no", "NA", "?", "", "x", "Ann Lee", "a-1", "20240131", "é"]
)  # fmt: skip
ends = st.sampled_from(["\n", "\r\n", "\n\n", "\r\n\r\n"])
rows = st.tuples(st.tuples(cells, cells).map(",".join), ends).map("".join)
texts = st.lists(pieces, max_size=60).map("".join) | st.lists(rows, max_size=12).map("".join)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv") / "t.csv"


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks of a few bytes, so that rows and cells lie across their ends."""
    monkeypatch.setattr(arrow_csv, "BLOCK_BYTES", 7)
    yield


def strictly(monkeypatch: pytest.MonkeyPatch, path: Path, options: ReadOptions) -> object:
    with monkeypatch.context() as patch:
        patch.setattr(arrow_csv, "read", _doubt)
        return outcome(path, options)


def _doubt(*_: object) -> None:
    raise arrow_csv.Doubtful


def outcome(path: Path, options: ReadOptions) -> object:
    """All that is read of a file, or the error."""
    try:
        raw = Csv().read(path, "t.csv", options)
    except AugmentError as error:
        return type(error), str(error)
    return told(raw)


def told(raw: Raw) -> object:
    assert raw.lines is not None
    names = raw.table.column_names
    columns = [raw.table.column(n) for n in range(len(names))]
    assert all(column.type in (pa.string(), TEXTS) for column in columns)
    facts = (raw.notes, raw.rejected, raw.rejects, raw.dialect)
    return names, [column.to_pylist() for column in columns], raw.lines.tolist(), facts


OPTIONS = [
    ReadOptions(header=True),
    ReadOptions(header=False),
    ReadOptions(header=True, bad_rows="skip", max_bad=99, delimiter=";"),
    ReadOptions(header=True, bad_rows="skip", max_bad=99, encoding="utf-8"),
]


@pytest.mark.usefixtures("small_blocks")
@given(texts, st.sampled_from(OPTIONS))
@example('a,b\n"1\r\n2",3\n\n4,5\n\n', OPTIONS[0])
@example('\n\r\na,b\n1,2\n\n"3\r",4', OPTIONS[0])
@example('a,b\n1,"2"x\n', OPTIONS[0])
@example('a,b\n1,x"2"\n', OPTIONS[0])
@example('a,b\n"1,2\n3,4\n', OPTIONS[3])
@example("a,b\n1,2\r3,4\n", OPTIONS[0])
@example("\ufeffa,b\n1,2\n\ufeff3,4\n", OPTIONS[0])
@example('a,b\n1,2\n""\n', OPTIONS[3])
@example("a;b\n1;2\n3,4;5\n", OPTIONS[2])
@example('a,b\n"",1\n,"""2"""\n', OPTIONS[1])
def test_any_text_reads_as_the_strict_reader_reads_it(
    path: Path, text: str, options: ReadOptions
) -> None:
    path.write_text(text, "utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        assert outcome(path, options) == strictly(patch, path, options)


@pytest.mark.usefixtures("small_blocks")
@given(st.binary(max_size=60))
def test_so_do_any_bytes(path: Path, content: bytes) -> None:
    path.write_bytes(b"a,b\n1,2\n" + content)
    options = OPTIONS[3]
    with pytest.MonkeyPatch.context() as patch:
        assert outcome(path, options) == strictly(patch, path, options)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_real_and_hostile_files_read_alike_and_are_typed_alike(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrow_csv, "BLOCK_BYTES", 4_000)  # dictionaries of many parts
    head = file.read_bytes()[:HEAD_BYTES]
    path = tmp_path / file.name
    path.write_bytes(head[: head.rindex(b"\n") + 1])
    for options in (ReadOptions(), ReadOptions(header=True)):
        assert outcome(path, options) == strictly(monkeypatch, path, options)
    quick = typed(path)
    with monkeypatch.context() as patch:
        patch.setattr(arrow_csv, "read", _doubt)
        assert typed(path) == quick


def typed(path: Path, said: dict[str, str] | None = None) -> object:
    """What becomes of a file's columns, or the error."""
    try:
        found = reading.read(str(path), ReadOptions(header=True, columns=said or {}))
    except AugmentError as error:
        return type(error), str(error)
    return found.table.digest(), found.table.schema, found.notes


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.usefixtures("small_blocks")
@given(
    st.lists(st.tuples(values, values), min_size=1, max_size=60),
    st.sampled_from([{}, {"a": "category"}, {"a": "id", "b": "number"}, {"b": "text"}]),
)
@example([("2024-01-01", "x y")] * 7 + [("NA", "")], {})
@example([("1", "3")] * 9 + [("007", "x")], {"b": "number"})
def test_columns_are_typed_as_those_of_the_strict_reader(
    path: Path, cores: int, rows: list[tuple[str, str]], said: dict[str, str]
) -> None:
    path.write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in rows), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "cores", lambda: cores)
        patch.setattr(assembly, "THREADED_CELLS", 0)
        quick = typed(path, said)
        patch.setattr(arrow_csv, "read", _doubt)
        assert typed(path, said) == quick


def test_texts_that_repeat_are_held_once_a_block(path: Path) -> None:
    path.write_text("a,b\n" + "".join(f"{n},{'xy'[n % 2]}\n" for n in range(9)), "utf-8")
    table = Csv().read(path, "t.csv", ReadOptions()).table
    assert table.schema.types == [pa.string(), TEXTS]
    assert table.column("b").chunk(0).dictionary.to_pylist() == ["x", "y"]  # not its name


def test_files_of_which_one_is_read_strictly_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a,b\n" + "1,x\n" * 9, "utf-8")
    (tmp_path / "2.csv").write_text("a,b\n" + "1,x\n" * 9 + "2,y\r", "utf-8", newline="")
    table = reading.read(str(tmp_path), ReadOptions()).table
    assert table.column("a").to_pylist() == [1] * 18 + [2]
    assert table.column("b").to_pylist() == ["x"] * 18 + ["y"]


def test_plain_text_is_never_read_row_by_row(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text('a,b\n1,"x, ""y"""\n2,\n', "utf-8")

    def read(*_: object) -> None:
        raise AssertionError("the strict reader was called")

    monkeypatch.setattr("augment.kinds.tables.io.formats.csv_records.Records.read", read)
    raw = Csv().read(path, "t.csv", ReadOptions())
    assert raw.table.to_pydict() == {"a": ["1", "2"], "b": ['x, "y"', None]}
    assert raw.where(1) == "t.csv:3"
