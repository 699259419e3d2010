"""What each column of a table is: its role, how it is stored, and how it is spelt as text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import isfinite
from typing import Any, Literal, get_args

from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.core.types import Json, Scalar
from augment.kinds.tables.data.dialect import Dialect
from augment.kinds.tables.data.spelling.forms import Form

Role = Literal[
    "numeric", "categorical", "boolean", "datetime", "measurement", "id", "reference", "text",
    "constant", "drop",
]  # fmt: skip
Storage = Literal["string", "integer", "float", "decimal", "boolean", "datetime"]
MODELLED: tuple[Role, ...] = ("numeric", "categorical", "boolean", "datetime")


@dataclass(frozen=True)
class Column:
    """One column.

    `role` is what the column means to a generator: engines see the roles in `MODELLED`; an id is
    regenerated in its own `pattern`, and so is a reference, an id that several rows share; of a
    measurement, a text of one of a few `forms` with numbers in it, engines see the parts; text
    is replaced by surrogates of the same `pii` kind, a constant is repeated, and `drop`
    leaves the column out. `storage` is the type of its values
    in memory: string, int64 (decimal128(38, 0) beyond it), float64, decimal128, bool, or a
    timestamp in microseconds.

    The rest is how the values are spelt, so that writing undoes reading.
    """

    name: str
    role: Role
    storage: Storage
    null: str | None = None  # spelling of a missing value in text files; None: none was seen
    decimals: int | None = None  # digits after the point, where every value has as many
    max_decimals: int | None = None  # the most digits seen after the point (numbers are snapped)
    true: str = "true"
    false: str = "false"
    prefix: str = ""  # around a number, as in `units`
    suffix: str = ""
    negative: str = ""  # how one below zero is spelt, # for its digits: "(#)"; "": - before all
    grouping: str = ""  # between thousands
    point: str = "."  # the decimal mark
    format: str = ""  # of a datetime: as in `dates`; of a float: "plain" writes 1.0 as 1
    step_us: int | None = None  # granularity of a datetime in microseconds
    pattern: str = ""  # how an id is formed, e.g. "AB-{number:06d}", "{uuid4}"
    pii: str = ""  # kind of surrogates, e.g. "email", "name"; "" for words or codes
    shared: bool = False  # of text: rows with the same one are one owner's, as with a reference
    arrow: str = ""  # Arrow type of a typed source, given back when a typed file is written
    note: str = ""  # why this role was inferred, or what will not be kept
    levels: tuple[Scalar, ...] | None = None  # public: the categories that there may be
    forms: tuple[str, ...] = ()  # of measurements, as in `forms.py`: "0.0 kg", "<0.00"
    low: Scalar = None  # public: the ends of a number, or of a date in ISO 8601
    high: Scalar = None

    def __post_init__(self) -> None:
        for name, hint in (("role", Role), ("storage", Storage)):
            value = getattr(self, name)
            if value not in get_args(hint):
                raise UsageError(
                    f"Column {self.name!r}: {value!r} is no {name}. "
                    f"{did_you_mean(str(value), list(get_args(hint)))}"
                )

    @property
    def modelled(self) -> bool:
        return self.role in MODELLED

    @property
    def owned(self) -> bool:
        """Whether rows with the same value belong together: visits of a patient, or of a cookie."""
        return self.role == "reference" or (self.role == "text" and self.shared)


@dataclass(frozen=True)
class Schema:
    """The columns in order, the target if there is one, the locale of surrogates if not the
    default one, and how the file of them was spelt.

    `key` are the columns that together name a row, where no single id does; `stamp` those that
    tell its time (a date, or year, month, …), where rows follow one another. Both may be empty.
    """

    columns: tuple[Column, ...]
    target: str | None = None
    _: dataclasses.KW_ONLY
    locale: str | None = None
    dialect: Dialect | None = None
    key: tuple[str, ...] = ()
    stamp: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for column in self.columns:
            if column.name in seen:
                raise BadInput(f"the column name {column.name!r} stands twice.")
            seen.add(column.name)
        if self.target is not None and self.target not in seen:
            raise UsageError(
                f"The target {self.target!r} is no column. {did_you_mean(self.target, self.names)}"
            )
        for name in (*self.key, *self.stamp):
            if name not in seen:
                raise UsageError(
                    f"{name!r}, of the key or the time stamp, is no column. "
                    f"{did_you_mean(name, self.names)}"
                )

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, name: str) -> Column:
        if name not in self._by_name:
            raise UsageError(f"There is no column {name!r}. {did_you_mean(name, self.names)}")
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @property
    def names(self) -> list[str]:
        return list(self._by_name)

    def select(self, names: list[str]) -> Schema:
        """These columns in this order; the target goes where it is not among them, and so do a
        key and a stamp that are not whole."""
        target = self.target if self.target in names else None
        columns = tuple(self[name] for name in names)
        key = self.key if set(self.key) <= set(names) else ()
        stamp = self.stamp if set(self.stamp) <= set(names) else ()
        return dataclasses.replace(self, columns=columns, target=target, key=key, stamp=stamp)

    def replace(self, column: Column) -> Schema:
        """The same schema with the column of that name exchanged."""
        columns = tuple(column if c.name == column.name else c for c in self.columns)
        return dataclasses.replace(self, columns=columns)

    def with_target(self, target: str | None) -> Schema:
        return dataclasses.replace(self, target=target)

    def to_json(self) -> Json:
        """A document that a person can edit: fields at their defaults are left out."""
        columns = []
        for column in self.columns:
            entry: dict[str, Any] = {}
            for field in dataclasses.fields(column):
                value = getattr(column, field.name)
                if field.default is dataclasses.MISSING or value != field.default:
                    entry[field.name] = list(value) if isinstance(value, tuple) else value
            columns.append(entry)
        document: Json = {"schema": "augment.schema/1", "target": self.target}
        if self.locale is not None:
            document["locale"] = self.locale
        if self.dialect is not None:
            document["dialect"] = self.dialect.to_json()
        document |= {"key": list(self.key)} if self.key else {}
        document |= {"stamp": list(self.stamp)} if self.stamp else {}
        return {**document, "columns": columns}

    @staticmethod
    def from_json(document: Any) -> Schema:
        """Undo `to_json`. Raises `BadInput` that names the entry and the field."""
        if not isinstance(document, dict) or not isinstance(document.get("columns"), list):
            raise BadInput(
                "this is no schema: it needs an object with a list called 'columns'.",
                hint="`augment inspect SRC --json` prints one to start from.",
            )
        known = {field.name: field.type for field in dataclasses.fields(Column)}
        columns = []
        for number, entry in enumerate(document["columns"], start=1):
            if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
                raise BadInput(f"the schema's column {number} needs a 'name'.")
            for key, value in entry.items():
                if key not in known:
                    raise BadInput(
                        f"the schema's column {entry['name']!r} has an unknown field {key!r}.",
                        hint=did_you_mean(key, list(known)),
                    )
                if not _fits(value, str(known[key])):
                    raise BadInput(
                        f"the schema's column {entry['name']!r} has an unfit value in {key!r}."
                    )
            entry = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
            missing = {"role", "storage"} - entry.keys()
            if missing:
                raise BadInput(
                    f"the schema's column {entry['name']!r} lacks {sorted(missing)[0]!r}."
                )
            columns.append(_with_public(Column(**entry)))
        target = document.get("target")
        if not (target is None or isinstance(target, str)):
            raise BadInput("the schema's 'target' must be a column name or null.")
        locale = document.get("locale")
        if not (locale is None or isinstance(locale, str)):
            raise BadInput("the schema's 'locale' must be the name of a locale, such as de_DE.")
        spelt = document.get("dialect")
        dialect = None if spelt is None else Dialect.from_json(spelt)
        key, stamp = (_names_in(document, field) for field in ("key", "stamp"))
        return Schema(tuple(columns), target, locale=locale, dialect=dialect, key=key, stamp=stamp)


def _names_in(document: Json, field: str) -> tuple[str, ...]:
    """The column names in an optional list of the document."""
    names = document.get(field, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadInput(f"the schema's {field!r} must be a list of column names.")
    return tuple(names)


KINDS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "float": (int, float),
}


def _with_public(column: Column) -> Column:
    """The column with its forms, public levels or ends, where such a column can have them."""
    if (column.role == "measurement") != bool(column.forms):
        raise _unfit_public(column, "forms", "A measurement, and nothing else, has some.")
    if column.forms:
        if column.storage != "string" or not all(isinstance(form, str) for form in column.forms):
            raise _unfit_public(column, "forms", "They are texts, as the column is.")
        known = {form for form in column.forms if Form.of(form).slots}
        if not known or len(set(column.forms)) < len(column.forms):
            raise _unfit_public(column, "forms", "One has a number (0), and none stands twice.")
    levels, ends = column.levels, [end for end in (column.low, column.high) if end is not None]
    if levels is not None:
        if column.role != "categorical":
            raise _unfit_public(column, "levels", "Only a categorical column has levels.")
        fits = all(type(level) in KINDS.get(column.storage, (str,)) for level in levels)
        if not levels or not fits:
            raise _unfit_public(column, "levels", f"List {column.storage} values.")
        if len(set(levels)) < len(levels):
            raise _unfit_public(column, "levels", "One of them stands twice.")
    if ends and column.role not in ("numeric", "datetime"):
        raise _unfit_public(column, "low or high", "Only numbers and dates have ends.")
    if column.role == "datetime":
        try:
            places = [datetime.fromisoformat(str(end)).timestamp() for end in ends]
        except ValueError:
            raise _unfit_public(column, "low or high", "Write dates as 2026-01-31.") from None
    else:
        places = [float(end) for end in ends if type(end) in (int, float)]
    if len(places) < len(ends) or not all(isfinite(place) for place in places):
        raise _unfit_public(column, "low or high", "Write numbers, without quotes.")
    if places != sorted(places):
        raise _unfit_public(column, "low", "It lies above high.")
    return column


def _unfit_public(column: Column, field: str, hint: str) -> BadInput:
    return BadInput(
        f"the schema's column {column.name!r} has an unfit value in {field!r}.", hint=hint
    )


def _fits(value: object, hint: str) -> bool:
    if value is None:
        return "None" in hint or hint == "Scalar"
    if hint.startswith("tuple"):
        scalars = (str, int, float, bool)
        return isinstance(value, list) and all(isinstance(each, scalars) for each in value)
    if hint == "Scalar":
        return isinstance(value, (str, int, float))
    if hint == "bool":
        return isinstance(value, bool)
    if hint.startswith("int"):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)
