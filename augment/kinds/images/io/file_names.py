"""Class and source names as names of files: reversible where they fit, harmless always."""

from __future__ import annotations

import hashlib
import re

UNLABELLED_FOLDER = "%unlabelled"  # no class name is escaped to this: "%un" is no byte
MOST_BYTES = 120  # of 255 that file systems give a name; a name has two such parts and a number
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_UNSAFE = set('/\\:*?"<>|%')


def escaped(name: str) -> str:
    """A name for one file or folder: what a path, a shell or a system reserves becomes %XX.

    A name of more than `MOST_BYTES` bytes is cut and ends in "%~" and a digest; the manifest
    holds the whole one.

    >>> escaped("../cats & dogs"), escaped("-rf"), escaped("ant")
    ('%2E.%2Fcats & dogs', '%2Drf', 'ant')
    """
    whole = "".join(map(_escaped, name))
    if whole[:1] in (".", "-", "~", " "):
        whole = f"%{ord(whole[0]):02X}{whole[1:]}"
    if whole[-1:] in (".", " "):
        whole = f"{whole[:-1]}%{ord(whole[-1]):02X}"
    if _RESERVED.match(whole):
        whole = f"%{ord(whole[0]):02X}{whole[1:]}"
    if len(whole.encode()) > MOST_BYTES:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        kept = whole.encode()[: MOST_BYTES - 18].decode("utf-8", "ignore")
        whole = f"{re.sub('%.?$', '', kept)}%~{digest}"
    return whole or "%"


def unescaped(name: str) -> str:
    """Undo `escaped`; a name that was cut stays as it is.

    >>> unescaped(escaped("a/b%\\n"))
    'a/b%\\n'
    """
    if name == "%":
        return ""
    if "%~" in name:
        return name
    return re.sub("(?:%[0-9A-F]{2})+", _decoded, name)


def _escaped(character: str) -> str:
    if character in _UNSAFE or not character.isprintable():
        data = character.encode("utf-8", "surrogatepass")
        return "".join(f"%{byte:02X}" for byte in data)
    return character


def _decoded(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("%", "")).decode("utf-8", "surrogatepass")
