"""Settings written into an `augment.toml`, whose other lines stay as they are."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from augment.core.errors import MissingExtra, UsageError
from augment.core.files import atomic_alone
from augment.settings.names import ENGINES, Name

BACKUP = ".bak"


INSTALL = "pip install 'augment-synth[tune]'"


def write(path: Path, values: Mapping[Name, Any]) -> Path | None:
    """Set settings in a file; returns the copy of the file as it was.

    None where there was no file; one that says the same already is left, and its copy too. A value
    of None is the default, which TOML says by leaving it out. Comments stay. Raises `UsageError`
    for a file that cannot be read or is no TOML, and `MissingExtra` without tomlkit.
    """
    try:
        import tomlkit  # an extra
        from tomlkit.exceptions import TOMLKitError
    except ModuleNotFoundError:
        raise MissingExtra(
            "Writing augment.toml needs the Python package 'tomlkit', which is not installed. "
            f"Install it with: {INSTALL}"
        ) from None

    try:
        before = path.read_bytes() if path.exists() else None
        document = tomlkit.parse("" if before is None else before.decode("utf-8-sig"))
        for name, value in values.items():
            section: Any = document
            for part in name[:-1]:
                outer = part == ENGINES  # whose own header would hold nothing
                section = section.setdefault(part, tomlkit.table(is_super_table=outer))
            if value is None:
                section.pop(name[-1], None)
            elif section.get(name[-1]) != value:
                section[name[-1]] = value
        text = tomlkit.dumps(document)
        tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: the settings cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the settings are not UTF-8.") from None
    except (TOMLKitError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: this is no TOML: {error}.") from None
    backup = path.with_name(path.name + BACKUP)
    if before is None:
        _write(path, text.encode())
        return None
    if text.encode() != before:
        _write(backup, before)
        _write(path, text.encode())
    return backup


def _write(path: Path, content: bytes) -> None:
    with atomic_alone(path) as stream:
        stream.write(content)
