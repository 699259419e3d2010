"""A bug's traceback without what the errors say, since that may cite a cell of the user's data."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator

FRAME = re.compile(r'  File ".*", line \d+, in \S+')


def of(error: BaseException) -> str:
    """The frames of an error and of those that it came of, with the class of each."""
    return "\n".join(_chain(traceback.TracebackException.from_exception(error)))


def _chain(found: traceback.TracebackException) -> Iterator[str]:
    before = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    if before is not None:
        yield from _chain(before)
        yield "which led to:"
    for frame in found.stack:
        yield f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}'
        if frame.line:
            yield f"    {frame.line}"
    yield found.exc_type.__qualname__ if found.exc_type else "unknown error"
    if found.exc_type is not None and found.exc_type.__name__ == "_RemoteTraceback":
        yield from (line for line in str(found).splitlines() if FRAME.fullmatch(line))
