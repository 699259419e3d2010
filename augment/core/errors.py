"""Everything that `augment` refuses, as one tree with one exit code per branch.

    AugmentError            1   (never raised itself)
    ├── UsageError          2   an option, name or configuration is wrong
    ├── GateFailed          3   the result was made but did not pass; it is kept aside
    │   └── NotReproduced   3   a run that was made again gave other bytes
    ├── BadInput            4   the data is bad: file, line or row, column, and what to do
    ├── MissingExtra        5   an optional part is not installed
    ├── OutOfResources      6   disk, memory, time or tries ran out
    │   └── DiskFailed      6   the disk is full or fails, whatever is tried on it
    └── Locked             75   another run holds the lock

    Interrupted 129, 130, 143   a KeyboardInterrupt, so that no library's `except Exception`
                                swallows the signal

A message says what, where, and what to do next. It never holds a cell's value unless the
caller asked for values (`--show-values`).
"""

from __future__ import annotations

import difflib
import errno
import mmap
from collections.abc import Iterable
from typing import ClassVar


class AugmentError(Exception):
    """Root of everything the user is told; `exit_code` is the process's exit status."""

    exit_code: ClassVar[int] = 1


class UsageError(AugmentError):
    """An option, a name or the configuration cannot be followed."""

    exit_code = 2


class GateFailed(AugmentError):
    """The result exists but failed a gate; the message says where it is kept."""

    exit_code = 3


class NotReproduced(GateFailed):
    """A run that was made again gave other bytes, or could not since its source changed."""


class BadInput(AugmentError):
    """The input cannot be read or used as it is.

    `where` is `file`, `file:line` or `file, row n, column 'c'`; `hint` is the way out.
    """

    exit_code = 4

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        head = f"{where}: {what}" if where else what
        super().__init__(f"{head} {hint}".strip() if hint else head)


class MissingExtra(AugmentError):
    """An optional dependency is absent; the message is the exact install line."""

    exit_code = 5


class OutOfResources(AugmentError):
    """Disk, memory, time or a bounded number of tries ran out."""

    exit_code = 6


class DiskFailed(OutOfResources):
    """The disk is full or fails. No attempt of several is at fault, so that none is passed over."""


class Locked(AugmentError):
    """Another run is writing to the same place."""

    exit_code = 75


class Interrupted(KeyboardInterrupt):
    """Hung up, interrupted or terminated; the last line names the command that goes on.

    SIGHUP (1) gives the exit status 129, SIGINT (2) 130, SIGTERM (15) 143.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"stopped by signal {signal_number}")
        self.exit_code = 128 + signal_number


MOST_LISTED = 10


def listed(names: Iterable[str], most: int = MOST_LISTED) -> str:
    """The first names, in their order, and how many more there are.

    >>> listed(["a", "b", "c", "d"], most=2), listed(["Lift, both", "b"])
    ('a, b and 2 more', 'Lift, both; b')
    """
    known = list(names)
    most += len(known) == most + 1  # the last one takes no more room than that there is one
    between = "; " if any("," in name for name in known[:most]) else ", "
    more = f" and {len(known) - most:,} more" if len(known) > most else ""
    return f"{between.join(known[:most])}{more}"


LACK_OF_MEMORY = (
    "out of memory",  # CUDA, Pillow's decoders
    "can't allocate memory",  # torch on the CPU
    "cannot allocate memory",  # the system
    "insufficient memory",  # OpenCV
    "failed to map segment",  # the loader of shared libraries
)


LEAST_BYTES = 256 << 20  # where there is not as much left, a library's failure comes of that


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, of whatever class its library makes it; or says
    nothing of the kind ("could not create a primitive": torch) where hardly any is left."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, AugmentError) or not isinstance(error, Exception):
        return False
    said = any(words in str(error).lower() for words in LACK_OF_MEMORY)
    return said or (isinstance(error, (RuntimeError, SystemError)) and not _has_memory())


def _has_memory() -> bool:
    """Whether the system would give this process as much again as libraries may ask for."""
    try:
        mmap.mmap(-1, LEAST_BYTES).close()  # room for them, which is not filled
    except OSError:
        return False
    return True


LIMITS = (errno.EAGAIN, errno.EMFILE, errno.ENFILE)
NO_THREAD = "can't start new thread"


def is_limit(error: BaseException) -> bool:
    """Whether an error says that the system gives no more processes, threads or open files."""
    if isinstance(error, OSError):
        return error.errno in LIMITS
    return isinstance(error, RuntimeError) and NO_THREAD in str(error)


def limit_reached(error: BaseException) -> OutOfResources:
    """What is told of such an error."""
    reason = (error.strerror if isinstance(error, OSError) else None) or NO_THREAD
    return OutOfResources(
        f"a limit of the system is reached ({reason}). Use fewer processes (--workers 1), or "
        "raise the limit (see ulimit -a)."
    )


DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def is_disk_failure(error: BaseException) -> bool:
    """Whether an error says that the disk is full or fails, whoever raised it."""
    return isinstance(error, DiskFailed) or getattr(error, "errno", None) in DISK_ERRORS


def without_values(error: BaseException) -> str:
    """What may be told of an error: our own words, of any other its class.

    What a library says may cite a cell: "could not convert string to float: ...".
    """
    return str(error) if isinstance(error, AugmentError) else type(error).__name__


def did_you_mean(name: str, known: list[str]) -> str:
    """A closing sentence: the nearest known name, and the first of all of them.

    >>> did_you_mean("epoch", ["epochs", "batch_size"])
    "Did you mean 'epochs'? Known: batch_size, epochs."
    """
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    all_of_them = f"Known: {listed(sorted(known))}." if known else ""
    return f"Did you mean {near[0]!r}? {all_of_them}".strip() if near else all_of_them


def near_name(name: str, known: Iterable[str]) -> str:
    """The nearest of the known names as a sentence, whatever its case; "" where none is near.

    For names that are values of the data, of which a message shows no more than this one.

    >>> near_name("femal", ["Male", "Female"]), near_name("x", ["Male", "Female"])
    ("Did you mean 'Female'?", '')
    """
    spelt = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), list(spelt), n=1, cutoff=0.6)
    return f"Did you mean {spelt[near[0]]!r}?" if near else ""
