"""Settings written into an `augment.toml`, whose other lines stay as they are."""

from __future__ import annotations

import tomllib
from pathlib import Path

from augment.core.errors import UsageError
from augment.core.files import atomic
from augment.core.types import Json
from augment.settings.names import ENGINES

BACKUP = ".bak"


def write_engine(path: Path, engine: str, values: Json) -> Path | None:
    """Set parameters of an engine in a settings file; returns the copy of the file as it was.

    None where there was no file; one that says the same already is left, and its copy too. A value
    of None is the engine's own choice, which TOML says by leaving it out. Comments stay. Raises
    `UsageError` for a file that cannot be read or is no TOML.
    """
    import tomlkit  # an extra
    from tomlkit.exceptions import TOMLKitError

    try:
        before = path.read_bytes() if path.exists() else None
        document = tomlkit.parse("" if before is None else before.decode("utf-8-sig"))
        engines = document.setdefault(ENGINES, tomlkit.table(is_super_table=True))
        section = engines.setdefault(engine, tomlkit.table())
        for name, value in values.items():
            if value is None:
                section.pop(name, None)
            elif section.get(name) != value:
                section[name] = value
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
    with atomic(path) as stream:
        stream.write(content)
