"""Scores of tables by few trees, which are as quick as they are rough."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

FEW = 8


@contextmanager
def judged_by_few_trees() -> Iterator[None]:
    from augment.kinds.tables.metrics import detection, importances, prediction
    from augment.kinds.tables.metrics.attacks import classifiers
    from augment.work.executors import processes

    with pytest.MonkeyPatch.context() as patch:
        for module in (detection, importances, prediction, classifiers):
            patch.setattr(module, "TREES", FEW)
        patch.setattr(classifiers, "STEPS", FEW)
        # A process that a busy machine makes worth starting would judge by all trees.
        patch.setattr(processes, "PATIENCE", float("inf"))
        yield
