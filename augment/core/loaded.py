"""Rows as they were read, with what the user should know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from augment.core.types import D, Json


@dataclass(frozen=True)
class Loaded(Generic[D]):
    """What was read: the rows, the digests of the files, and what the user should know of it.

    `advice` are sentences on what no engine here does well with these rows, and what to do instead,
    which are told before a fit.
    """

    data: D
    files: tuple[Json, ...]  # {"path", "sha256", "bytes"} each
    notes: tuple[str, ...] = ()
    rejected: int = 0
    advice: tuple[str, ...] = ()
    sampled: str = ""  # a sentence, where the data are some rows of a larger source
