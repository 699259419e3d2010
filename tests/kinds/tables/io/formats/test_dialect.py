"""What is written is spelt as what was read, from the file through the model to the sample."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Job
from augment.kinds.tables.data.dialect import Dialect
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.reading import ReadOptions, WriteOptions
from tests.cli.in_process import augment

PLAIN = WriteOptions()
NAMES = ("Größe", "Preis", "Ort", "Zahl")
ROWS = [
    (size, f"{price},{price % 7}5", town, str(number) if number % 5 else "")
    for number, (size, price, town) in enumerate(
        itertools.product(("groß", "klein"), range(3, 40), ("Köln", "Bonn", "Mainz"))
    )
]
QUOTING = {
    "bare": lambda text, column: text,
    "all": lambda text, column: f'"{text}"',
    "text": lambda text, column: f'"{text}"' if column in ("Größe", "Ort") else text,
}


def spelt(mark: str, end: str, codec: str, quoting: str) -> bytes:
    """The table above in one of its spellings."""
    quote = QUOTING[quoting]
    head = [name if quoting == "bare" else f'"{name}"' for name in NAMES]
    lines = [head, *([quote(c, n) for n, c in zip(NAMES, row, strict=True)] for row in ROWS)]
    return "".join(mark.join(line) + end for line in lines).encode(codec)


@pytest.mark.parametrize("quoting", QUOTING)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp1252", "utf-16-le", "utf-16"])
@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_writing_undoes_reading(
    tmp_path: Path, mark: str, end: str, codec: str, quoting: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(spelt(mark, end, codec, quoting))
    given = None if codec.startswith("utf-8") else codec
    table = source.read(str(path), ReadOptions(encoding=given)).table
    assert [column.storage for column in table.schema][1:] == ["float", "string", "integer"]
    source.write(table, tmp_path / "o.csv", "csv")
    assert (tmp_path / "o.csv").read_bytes() == path.read_bytes()
    again = Schema.from_json(json.loads(json.dumps(table.schema.to_json())))
    assert again == table.schema
    like = source.read_like(str(tmp_path / "o.csv"), again).table
    assert like.data.equals(table.data)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stored model of the table, read as cp1252, quoted, with ; and CRLF."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "t.csv").write_bytes(spelt(";", "\r\n", "cp1252", "text"))
    table = source.read(str(folder / "t.csv"), ReadOptions(encoding="cp1252")).table
    engine = registry.engine("independent")
    store.save(folder / "m", fit_model(engine, table, Job(Seed(1), folder), True, 9).stored())
    return folder / "m"


def sampled(model: Path, out: Path, options: WriteOptions = PLAIN) -> bytes:
    whole = TableModel.restore(store.load(model))
    rows = whole.sample(0, 50, Seed(2), whole.condition(Ask()), lambda tick: None)
    source.write(rows, out, source.format_of(out), options=options)
    return out.read_bytes()


def test_a_model_remembers_the_spelling(model: Path, tmp_path: Path) -> None:
    lines = sampled(model, tmp_path / "o.csv").decode("cp1252").split("\r\n")
    assert lines[0] == '"Größe";"Preis";"Ort";"Zahl"' and lines[-1] == ""
    for line in lines[1:-1]:
        size, price, town, number = line.split(";")
        assert size[0] == size[-1] == town[0] == town[-1] == '"'
        assert "," in price and price[0] != '"' and "." not in number
    assert sampled(model, tmp_path / "o.tsv").startswith('"Größe"\t"Preis"\t'.encode("cp1252"))


def test_the_spelling_can_be_overruled(model: Path, tmp_path: Path) -> None:
    options = WriteOptions(delimiter=",", encoding="utf-8-sig")
    content = sampled(model, tmp_path / "o.csv", options)
    assert content.startswith('\ufeff"Größe","Preis","Ort","Zahl"\r\n"'.encode())
    assert b'","' in content.splitlines()[1]  # the decimal comma stands in quotes now
    assert len(source.read(str(tmp_path / "o.csv"), ReadOptions()).table) == 50


def test_other_formats_are_spelt_in_their_own_way(model: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in sampled(model, tmp_path / "o.jsonl").splitlines()]
    assert list(rows[0]) == list(NAMES) and all(isinstance(row["Preis"], float) for row in rows)
    table = source.read(str(tmp_path / "o.jsonl"), ReadOptions()).table
    source.write(table, tmp_path / "p.csv", "csv")
    assert (tmp_path / "p.csv").read_text("utf-8").startswith("Größe,Preis,Ort,Zahl\n")


REFUSED = {
    "delimiter of parquet": ("o.parquet", {"delimiter": ";"}, UsageError, "--delimiter"),
    "encoding of a workbook": ("o.xlsx", {"encoding": "cp1252"}, UsageError, "--encoding"),
    "two characters": ("o.csv", {"delimiter": "ab"}, UsageError, "single character"),
    "no encoding": ("o.csv", {"encoding": "rot13"}, UsageError, "unknown"),
    "a lacking character": ("o.csv", {"encoding": "ascii"}, BadInput, "--encoding utf-8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_written_so_is_refused(model: Path, tmp_path: Path, case: str) -> None:
    name, options, error, words = REFUSED[case]
    with pytest.raises(error, match=words):
        sampled(model, tmp_path / name, WriteOptions(**options))
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoding": "zlib"},
        {"encoding": 1},
        {"delimiter": '"'},
        {"line_end": "x"},
        {"quoted": [1]},
        {"lines": "no"},
        {"odd": 1},
    ],
    ids=str,
)
def test_a_damaged_dialect_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="dialect"):
        Dialect.from_json({"format": "csv", **wrong})


@pytest.mark.parametrize("given", [";", "tab", "|"])
def test_a_delimiter_that_parts_nothing_is_refused(tmp_path: Path, given: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(UsageError, match="--delimiter ','"):
        source.read(str(path), ReadOptions(delimiter=given))
    path.write_text("a\n1\n3\n")
    assert source.read(str(path), ReadOptions(delimiter=given)).table.schema.names == ["a"]


@pytest.mark.parametrize(("name", "option"), [("t.jsonl", "delimiter"), ("t.csv", "sheet")])
def test_an_option_that_the_format_does_not_know_is_refused(
    tmp_path: Path, name: str, option: str
) -> None:
    (tmp_path / name).write_text('{"a": 1}\n')
    with pytest.raises(UsageError, match=f"--{option}"):
        source.read(str(tmp_path / name), ReadOptions(**{option: ";"}))


def test_both_sides_are_read_in_their_own_spelling(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_bytes(spelt(";", "\r\n", "cp1252", "text"))
    real = source.read(str(tmp_path / "real.csv"), ReadOptions(encoding="cp1252")).table
    for mark, codec in ((";", "cp1252"), ("\t", "utf-8"), ("|", "utf-16"), (";", "utf-8-sig")):
        (tmp_path / "made.csv").write_bytes(spelt(mark, "\n", codec, "all"))
        made = source.read_like(str(tmp_path / "made.csv"), real.schema).table
        assert made.data.equals(real.data), codec


def test_a_schema_tells_the_spelling(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(spelt("^", "\n", "cp1252", "text"))
    options = ReadOptions(encoding="cp1252", delimiter="^")
    table = source.read(str(tmp_path / "t.csv"), options).table
    again = source.read(str(tmp_path / "t.csv"), ReadOptions(schema=table.schema)).table
    assert again.data.equals(table.data)


def test_files_that_are_spelt_otherwise_are_named(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a,b\n1,2\n")
    (tmp_path / "2.csv").write_text("a;b\r\n3;4\r\n")
    loaded = source.read(str(tmp_path), ReadOptions())
    assert any("2.csv" in note and "otherwise" in note for note in loaded.notes)
    assert loaded.table.schema.dialect == Dialect()


@pytest.mark.usefixtures("few_trees")
def test_a_run_and_a_sample_at_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(spelt(";", "\r\n", "cp1252", "text"))
    run = augment(
        "run", tmp_path / "t.csv", "--encoding", "cp1252", "-o", tmp_path / "r", "-e",
        "independent", "--seed", "1", "--gate", "none", "-q",
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    head = '"Größe";"Preis";"Ort";"Zahl"\r\n'.encode("cp1252")
    assert (tmp_path / "r" / "synthetic.csv").read_bytes().startswith(head)
    pipe = augment(
        "sample", tmp_path / "r", "-n", "3", "-o", "-", "--delimiter", ",", "--encoding", "utf-8"
    )
    assert pipe.stdout.startswith('"Größe","Preis","Ort","Zahl"\r\n'.encode())
    wrong = augment("inspect", tmp_path / "t.csv", "--encoding", "cp1252", "--delimiter", ",")
    assert wrong.returncode == 2 and b"--delimiter ';'" in wrong.stderr
