"""What a host program shares with the libraries that a call uses: as it was, when the call ends."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from augment.work import environment

P = ParamSpec("P")
R = TypeVar("R")

TOLD = (*environment.ENVIRONMENT, *environment.QUIET)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Tell libraries by the environment to stay offline and leave cores alone, until the end.

    Some draw from `random` as they load: where any was loaded its state is put back. What else a
    library does as it loads (filters of its own warnings, loggers) is left.
    """
    loaded, drawn = len(sys.modules), random.getstate()
    with environment.put_back(TOLD):
        environment.settle()
        try:
            yield
        finally:
            if len(sys.modules) != loaded:
                random.setstate(drawn)


def undisturbing(function: Callable[P, R]) -> Callable[P, R]:
    """The function, which leaves its host program undisturbed."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        with undisturbed():
            return function(*args, **kwargs)

    return called
