"""A first `augment.toml` for some data: what was found and chosen, with the reasons as comments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from augment.core import registry
from augment.core.parameters import declared, fields_of
from augment.core.types import Json
from augment.settings.names import ENGINES
from augment.settings.sections import SECTIONS

MOST_COLUMNS = 200  # that are listed
UNTOLD = "\x7f"  # control characters of TOML that JSON does not escape


@dataclass(frozen=True)
class Found:
    """What is known of the data: how it is described (see `Kind.describe`), the engine and why,
    the reading options that were given, and the column to predict that is guessed, and why."""

    title: str
    description: Json
    engine: str
    reason: str
    reading: Mapping[str, Any]
    guess: tuple[str | None, str]
    job: Mapping[str, str]  # name, source and out of an example
    overruled: bool = True  # whether a column's role can be


def text(found: Found) -> str:
    """The file. What is not settled stands in comments that are settings once uncommented."""
    parts = [
        _comment(found.title, "Check it with: augment config check. All settings: augment config"),
        _comment("show. Flags and AUGMENT_* variables win over what stands here."),
        "",
        *_reading(found),
        "[fitting]",
        *_reason(f"What auto chooses for this data: {found.reason}."),
        _setting("engine", found.engine),
        _comment(_setting("max_time", "1h") + "  # for the whole command"),
        "",
        "[sampling]",
        _comment(_setting("rows", "1x") + "  # 5000, 10k, or 2x the rows of the source"),
        "",
        "[scoring]",
        *_section("scoring"),
        "",
        "[gates]",
        *_section("gates"),
        "",
        *_engine(found.engine),
        *_reason("Several runs of one file, by name or all: augment run --all-jobs"),
        _comment("[[jobs]]"),
        *(_comment(_setting(name, value)) for name, value in found.job.items()),
    ]
    return "\n".join(parts) + "\n"


def _reading(found: Found) -> list[str]:
    noun, columns = found.description["noun"], found.description["columns"]
    lines = ["[reading]", *(_setting(name, value) for name, value in found.reading.items())]
    if "target" not in found.reading:
        column, why = found.guess
        lines += _reason(why)
        if column is not None:
            lines.append(_comment(_setting("target", column)))
    wide = min(30, max((len(_printed(each["name"])) for each in columns), default=0))
    lines.append(f"# What each column was taken for, of {found.description['rows']:,} {noun}:")
    for each in columns[:MOST_COLUMNS]:
        missing = f", {each['nulls']:,} missing" if each["nulls"] else ""
        distinct = f"{each['storage']}, {each['distinct']:,} distinct{missing}"
        role = f"{_printed(each['name']):<{wide}}  {each['role']:<11}  {distinct}"
        lines.append(_comment(f"  {role}. {_printed(each['note'])}".rstrip(". ")))
    if len(columns) > MOST_COLUMNS:
        lines.append(_comment(f"  and {len(columns) - MOST_COLUMNS:,} more"))
    if columns and found.overruled and "column" not in found.reading:
        first = columns[0]
        lines += _reason("Another role for a column (category, number, id, text, drop, ...):")
        lines.append(_comment(_setting("column", [f"{first['name']}={first['role']}"])))
    return [*lines, ""]


def _section(name: str) -> list[str]:
    """The settings of a section as they are by default; of those without one what they say."""
    lines = []
    for field in fields(SECTIONS[name]):
        lines += _reason(field.metadata["help"])
        if field.default is not None:
            lines.append(_setting(field.name, field.default))
    return lines


def _engine(name: str) -> list[str]:
    """The engine's parameters, with their defaults, as comments below its section."""
    lines = [f"[{ENGINES}.{name}]"]
    for field, hint in fields_of(registry.find("engines", name)):
        if field.default is not None:
            lines += _reason(declared(field, hint).help)
            lines.append(_comment(_setting(field.name, field.default)))
    return [*lines, ""]


def _setting(name: str, value: Any) -> str:
    return f"{name} = {_value(value)}"


def _value(value: Any) -> str:
    """A value as TOML spells it."""
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, str):
        spelt = json.dumps(value, ensure_ascii=False)
        return "".join(f"\\u{ord(c):04x}" if c in UNTOLD else c for c in spelt)
    assert isinstance(value, Sequence)
    return f"[{', '.join(map(_value, value))}]"


def _reason(sentence: str) -> list[str]:
    return [_comment(_printed(sentence))] if sentence else []


def _comment(*lines: str) -> str:
    return "\n".join(f"# {line}" for line in lines)


def _printed(words: str) -> str:
    """On one line, without the control characters that no comment may hold."""
    return "".join(c if c.isprintable() else "�" for c in words)
