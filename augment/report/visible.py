"""Characters that are not seen and change what is seen, made visible."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

# Control characters but tab and line ends, surrogates, and what turns the direction of text
# (Unicode 16, UAX 9) or is no character. HTML has no way to write most of them.
UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
PICTURES = 0x2400  # U+2400 to U+241F picture the first 32
DELETE = "\u2421"


def visible(value: Any) -> Any:
    """A text with a picture of each control character, or U+FFFD; all else as it is.

    >>> visible("a\\x1b[2J\\x7f\\u202eb"), visible(3), visible("two\\nlines")
    ('a␛[2J␡�b', 3, 'two\\nlines')
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return UNSEEN.sub(_picture, value)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(PICTURES + code) if code < 0x20 else DELETE if code == 0x7F else "\ufffd"
