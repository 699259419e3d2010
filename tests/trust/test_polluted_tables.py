"""CSV files with the faults that files have: read exactly, or refused; hardly ever read wrongly."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest

from augment.core.errors import AugmentError
from augment.kinds.tables.io import reading
from augment.kinds.tables.io.reading import ReadOptions
from tests.trust.draws import drawn

pytestmark = pytest.mark.trust
MOST_WRONG = 0.01
WORDS = ("cook", "nurse", "clerk", "Müller", "a b", "O'Brien", "x;y", "1,5 kg", "tab\there", "été")
NAMES = ("alpha", "beta", "gamma", "delta", "epsilon")


def rows_of(rng: random.Random) -> list[list[str]]:
    """A header and rows of an id, a number, a word, a decimal and a text."""
    rows = [list(NAMES)]
    for row in range(rng.randint(20, 60)):
        rows.append([
            f"r{row}", str(rng.randint(0, 9999)), rng.choice(WORDS),
            f"{rng.uniform(0, 99):.2f}", " ".join(rng.choices(WORDS[:3], k=3)),
        ])  # fmt: skip
    return rows


def spelt(rows: list[list[str]], delimiter: str = ",", end: str = "\n") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows(rows)
    return stream.getvalue()


def polluted(rng: random.Random) -> tuple[bytes, list[list[str]] | None, str]:
    """A file, what it holds (None where nobody can say), and the fault's name."""
    rows, fault = rows_of(rng), rng.choice(sorted(FAULTS))
    data, exact = FAULTS[fault](rows, rng)
    return data, rows if exact else None, fault


def other_delimiter(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    return spelt(rows, rng.choice(";\t|")).encode(), True


def mixed_delimiters(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    lines = spelt(rows).splitlines(keepends=True)
    at = rng.randrange(1, len(lines))
    lines[at] = spelt([rows[at]], ";")
    return "".join(lines).encode(), False


def ragged(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    changed = [list(row) for row in rows]
    at = rng.randrange(1, len(rows))
    changed[at] = [*changed[at], "more"] if rng.random() < 0.5 else changed[at][:-2]
    return spelt(changed).encode(), False


def open_quote(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    lines = spelt(rows).splitlines(keepends=True)
    at = rng.randrange(1, len(lines))
    lines[at] = '"' + lines[at]
    return "".join(lines).encode(), False


def other_decimals(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    for row in rows[1:]:
        if rng.random() < 0.5:
            row[3] = row[3].replace(".", ",")
    return spelt(rows, ";").encode(), True  # as text, or numbers where all agree


def byte_order_mark(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    return spelt(rows).encode(rng.choice(["utf-8-sig", "utf-16"])), True


def nul(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    data = bytearray(spelt(rows).encode())
    data.insert(rng.randrange(len(data)), 0)
    return bytes(data), False


def two_of_a_name(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    rows[0][3] = rows[0][1]
    return spelt(rows).encode(), False


def latin(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    return spelt(rows).encode("latin-1"), True


def mixed_line_ends(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    lines = [spelt([row], end=rng.choice(["\n", "\r\n"])) for row in rows]
    return "".join(lines).encode(), True


def empty_lines(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    return spelt(rows).encode() + b"\n" * rng.randint(1, 3), True


def cut_off(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    data = spelt(rows).rstrip("\n").encode()
    return data[: -rng.randint(len(rows[-1][-1]) + 2, 30)], False


def all_quoted(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return stream.getvalue().encode(), True


def line_ends_in_cells(rows: list[list[str]], rng: random.Random) -> tuple[bytes, bool]:
    for row in rng.sample(rows[1:], 3):
        row[4] = row[4].replace(" ", "\n", 1)
    return spelt(rows).encode(), True


FAULTS = {
    f.__name__: f
    for f in (other_delimiter, mixed_delimiters, ragged, open_quote, other_decimals,
              byte_order_mark, nul, two_of_a_name, latin, mixed_line_ends, empty_lines, cut_off,
              all_quoted, line_ends_in_cells)
}  # fmt: skip


def read(path: Path) -> list[list[str]] | None:
    """The names, and the cells as they are written again; None where the file is refused."""
    try:
        table = reading.read(str(path), ReadOptions()).table
    except AugmentError:
        return None
    out = path.with_name("again.csv")
    reading.write(table, out, "csv", force=True)
    again = reading.read(str(out), ReadOptions()).table
    assert again.data.num_rows == table.data.num_rows
    cells = [[_text(value) for value in column.to_pylist()] for column in table.data.columns]
    return [list(table.data.column_names), *map(list, zip(*cells, strict=True))]


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _alike(found: list[list[str]], rows: list[list[str]]) -> bool:
    def plain(row: list[str]) -> list[str]:
        return [*row[:3], row[3].replace(",", "."), *row[4:]]

    return list(map(plain, found)) == list(map(plain, rows))


@pytest.mark.parametrize("count", [200, pytest.param(3000, marks=pytest.mark.trust_full)])
def test_polluted_files_are_read_exactly_or_refused(count: int, tmp_path: Path) -> None:
    wrong: list[str] = []
    refused = exact = 0
    for seed in range(count):
        data, rows, fault = polluted(drawn(seed))
        path = tmp_path / "t.csv"
        path.write_bytes(data)
        found = read(path)
        if found is None:
            refused += 1
        elif rows is not None and _alike(found, rows):
            exact += 1
        else:
            wrong.append(f"{fault} ({seed})")
    print(f"{count} polluted files: {exact} exact, {refused} refused, {len(wrong)} wrong: {wrong}")
    assert len(wrong) <= MOST_WRONG * count, wrong
