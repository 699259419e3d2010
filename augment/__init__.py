"""Synthetic data out of real data: tables and image folders.

    import augment
    data = augment.read("t.csv")
    model = augment.fit(data, engine="auto", seed=1)
    made = model.sample(1000)
    made.to_pandas()
    augment.evaluate(data, made).verdict

The names below are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from augment.api.comparison import Leaderboard, compare
    from augment.api.data import Data, read
    from augment.api.evaluation import Evaluation, evaluate
    from augment.api.images import FilledFolder, edit, transform
    from augment.api.model import Model, fit, load
    from augment.api.runs import Run, run
    from augment.api.tuning import Tuning, tune
    from augment.core import errors
    from augment.core.errors import (
        AugmentError,
        BadInput,
        GateFailed,
        Locked,
        MissingExtra,
        OutOfResources,
        UsageError,
    )
    from augment.core.types import Cluster, Interval, Score, Tick

__version__ = "0.2.0"
__all__ = [
    "AugmentError",
    "BadInput",
    "Cluster",
    "Data",
    "Evaluation",
    "FilledFolder",
    "GateFailed",
    "Interval",
    "Leaderboard",
    "Locked",
    "MissingExtra",
    "Model",
    "OutOfResources",
    "Run",
    "Score",
    "Tick",
    "Tuning",
    "UsageError",
    "compare",
    "edit",
    "errors",
    "evaluate",
    "fit",
    "load",
    "read",
    "run",
    "transform",
    "tune",
]
_MODULES = {
    "augment.api.comparison": ("Leaderboard", "compare"),
    "augment.api.data": ("Data", "read"),
    "augment.api.evaluation": ("Evaluation", "evaluate"),
    "augment.api.model": ("Model", "fit", "load"),
    "augment.api.images": ("FilledFolder", "edit", "transform"),
    "augment.api.runs": ("Run", "run"),
    "augment.api.tuning": ("Tuning", "tune"),
    "augment.core": ("errors",),
    "augment.core.errors": (
        "AugmentError",
        "BadInput",
        "GateFailed",
        "Locked",
        "MissingExtra",
        "OutOfResources",
        "UsageError",
    ),
    "augment.core.types": ("Cluster", "Interval", "Score", "Tick"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'augment' has no attribute {name!r}")
    module = import_module(_HOMES[name])
    found = getattr(module, name, None)
    globals()[name] = import_module("augment.core.errors") if found is None else found
    return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
