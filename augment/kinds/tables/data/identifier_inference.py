"""How the ids of a column are formed: the pattern that all of them share."""

from __future__ import annotations

import itertools
import re

import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data.identifiers import ALPHABETS, MAX_PERMUTED
from augment.kinds.tables.data.spelling.numerals import are_padded
from augment.kinds.tables.data.spelling.patterns import are_digits
from augment.kinds.tables.data.values import whole_numbers

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
MOST_DIGITS = {  # with any digits a number of so many fits the declared type
    "int8": 2, "uint8": 2, "int16": 4, "uint16": 4, "int32": 9, "uint32": 9, "int64": 18,
    "uint64": 19,
}  # fmt: skip
NARROW_FIRST = ("digits", "letters", "LETTERS", "hex", "HEX", "alnum", "ALNUM", "Alnum")
PIECE = "[A-Za-z0-9]+"
MAX_PIECES = 20
MAX_CHARACTERS = 200
MOST_NUMBER_DIGITS = 38
ROOM = 10  # times as many rows as were seen should find numbers of the same width
SPARSE = 0.01  # ids that fill less than this share of their range are drawn, not counted


def derive(distinct: pa.Array) -> str:
    """The pattern that all distinct texts share, "" where there is none.

    The texts are cut at everything that is neither letter nor digit; the cuts must agree, and
    each piece must be constant, or a number, or of one length over one alphabet.
    """
    if not len(distinct):
        return ""
    first: str = distinct[0].as_py()
    for name, uuid in (("uuid4", UUID), ("UUID4", UUID.replace("a-f", "A-F"))):
        if not re.fullmatch(uuid, first):
            continue
        if pc.all(pc.match_substring_regex(distinct, f"^{uuid}$")).as_py():
            return f"{{{name}}}"
    marks = re.split(PIECE, first)
    if not 1 < len(marks) <= MAX_PIECES or len(first) > MAX_CHARACTERS:
        return ""
    names = [f"p{place}" for place in range(len(marks) - 1)]
    cut = re.escape(marks[0]) + "".join(
        f"(?P<{name}>{PIECE}){re.escape(mark)}" for name, mark in zip(names, marks[1:], strict=True)
    )
    if marks == ["", ""] and are_digits(distinct):
        pieces = [distinct]
    else:
        found = pc.extract_regex(distinct, f"^{cut}$")
        if found.null_count:
            return ""
        pieces = [pc.struct_field(found, name) for name in names]
    fields = [_field(piece) for piece in pieces]
    if sum(field != "" for _, field in fields) > 1:  # a count and something else, or two counts
        fields = [_fixed(piece) for piece in pieces]
    pattern = _literal(marks[0])
    for (lead, field), mark in zip(fields, marks[1:], strict=True):
        if field is None:
            return ""
        pattern += lead + field + _literal(mark)
    return pattern if any(field for _, field in fields) else ""


def fitting(pattern: str, declared: str) -> str:
    """The pattern of whole numbers with no more drawn digits than their declared type holds."""
    most = MOST_DIGITS.get(declared)
    drawn = re.fullmatch(r"\{digits:(\d+)\}", pattern)
    return f"{{digits:{min(int(drawn[1]), most)}}}" if most and drawn else pattern


def _literal(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _field(pieces: pa.Array) -> tuple[str, str | None]:
    """One piece over all texts: its constant beginning, and the field of the rest.

    The field is "" for a piece that never changes and None for one that no field describes.
    """
    lead, rest = _lead(pieces)
    if rest is None:
        return lead, ""
    if are_digits(rest) and pc.max(pc.binary_length(rest)).as_py() <= MOST_NUMBER_DIGITS:
        return lead, _number(rest)
    return _fixed(pieces)


def _fixed(pieces: pa.Array) -> tuple[str, str | None]:
    """A piece as characters of one alphabet, as many in every text."""
    lead, rest = _lead(pieces)
    if rest is None:
        return lead, ""
    lengths = pc.min_max(pc.utf8_length(rest))
    width = lengths["max"].as_py()
    if lengths["min"].as_py() != width:
        return lead, None
    used = [
        set(pc.unique(pc.utf8_slice_codeunits(rest, place, place + 1)).to_pylist())
        for place in range(width)
    ]
    alphabets = [_alphabet(letters) for letters in used]
    if not set(alphabets) <= {"digits", "letters", "LETTERS"}:
        alphabets = [_alphabet(set().union(*used))] * width
    runs = [(name, len(list(run))) for name, run in itertools.groupby(alphabets)]
    return lead, "".join(f"{{{name}:{length}}}" for name, length in runs)


def _number(digits: pa.Array) -> str | None:
    """A count that goes on behind the largest number seen, as wide as the numbers were."""
    lengths = pc.min_max(pc.utf8_length(digits))
    width = lengths["max"].as_py()
    same_width = lengths["min"].as_py() == width
    padded = are_padded(digits)
    if padded and not same_width:
        return None
    ends = pc.min_max(whole_numbers(digits))
    largest, smallest = int(ends["max"].as_py()), int(ends["min"].as_py())
    form = f":0{width}d" if padded else ""
    limit = 10**width if same_width else 10**18
    drawn = same_width and not padded and len(digits) < SPARSE * (largest - smallest)
    if drawn or largest + MAX_PERMUTED >= 10**18:
        return f"{{digits:{width}}}"
    # Rounded up as roughly as the width leaves room for, so that the largest id is not told.
    offsets = []
    for figures in (1, 2, 3):
        unit = 10 ** max(0, len(str(largest)) - figures)
        offsets.append(-(-largest // unit) * unit)
    fitting = [offset for offset in offsets if offset + ROOM * len(digits) < limit]
    return f"{{number+{(fitting or offsets)[0]}{form}}}"


def _alphabet(used: set[str]) -> str:
    """The narrowest alphabet that holds these letters and digits."""
    return next(name for name in NARROW_FIRST if used <= set(ALPHABETS[name]))


def _lead(pieces: pa.Array) -> tuple[str, pa.Array | None]:
    """The letters with which all pieces begin, and what follows them (None if all are equal)."""
    ends = pc.min_max(pieces)  # what the first and the last in order share, all share
    low, high = ends["min"].as_py(), ends["max"].as_py()
    if low == high:
        return low, None
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False))
    lead = "".join(itertools.takewhile(str.isalpha, (letter for letter, _ in same)))
    return lead, pc.utf8_slice_codeunits(pieces, len(lead)) if lead else pieces
