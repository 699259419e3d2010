"""Where a command line says that something lies, or is to lie, before the command begins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from augment.core.errors import UsageError, listed
from augment.sources.databases import address
from augment.sources.remote import uri

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/(/?)")  # two letters at least: C:/ is a drive
SENDING = ("run", "fit", "sample")  # which write to URIs
INSERTING = ("sample",)  # which write to databases


def require_places(command: str, parameters: list[Any], given: Mapping[str, Any]) -> None:
    """Raise `UsageError` for an empty place, which would be taken for the folder that one is in,
    and for an address that leads nowhere, which would be taken for a folder here.
    """
    for name, shown in _places(parameters):
        text = given.get(name)
        if text == "":
            raise UsageError(f"{shown} is empty, as of a shell's variable that is not set.")
        if not isinstance(text, str) or (found := SCHEME.match(text)) is None:
            continue
        scheme, known = found[1], (*address.SCHEMES, *uri.SCHEMES)
        if scheme in known and not found[2]:
            raise UsageError(f"{shown} has one slash after {scheme}: where two belong.")
        if found[2] and scheme not in known:
            raise UsageError(_unknown(shown, scheme, known))
        if name == "out" and scheme in known:
            _require_output(command, text)


def _places(parameters: list[Any]) -> Iterator[tuple[str, str]]:
    """The names of what says where something lies, and as users know them."""
    for parameter in parameters:
        if parameter.name == "out":
            yield "out", "-o"
        elif parameter.param_type_name == "argument":
            yield parameter.name, parameter.metavar or parameter.name.upper()


def _unknown(shown: str, scheme: str, known: tuple[str, ...]) -> str:
    """What is said of an address of which no more is repeated: it may hold a password."""
    if scheme == "file":
        return f"{shown} begins with file://. Give the path alone."
    if scheme.lower() in known:
        return f"{shown} begins with {scheme}://. Write {scheme.lower()}://."
    shown_names = listed(sorted(set(known) - {"memory"}), most=len(known))
    return f"{shown} begins with {scheme}://, which is not known here. Known: {shown_names}."


def _require_output(command: str, text: str) -> None:
    """Refuse an output of a command that would make a folder of that name here."""
    if address.is_address(text) and command not in INSERTING:
        raise UsageError(
            f"`augment {command}` writes no tables of databases; `augment sample -o` does. "
            "Give -o a path."
        )
    if uri.is_uri(text) and command not in SENDING:
        raise UsageError(
            f"`augment {command}` writes on this machine only. Give -o a path, and copy what lies "
            "there then."
        )
