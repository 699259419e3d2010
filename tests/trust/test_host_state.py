"""A program that calls augment finds its own state as it was: generators, threads, warnings."""

from __future__ import annotations

import decimal
import locale
import os
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import augment
from tests.cli.child import environment, write_table
from tests.places import ROOT

pytestmark = pytest.mark.trust


def state() -> dict[str, Any]:
    """What a program shares with the libraries that it calls."""
    import torch

    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        "random": random.getstate(),
        "numpy": (kind, np.asarray(keys).tobytes(), rest),
        "torch": torch.get_rng_state().numpy().tobytes(),
        "threads of torch": torch.get_num_threads(),
        "grad": torch.is_grad_enabled(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "default type": torch.get_default_dtype(),
        "errors of numpy": np.geterr(),
        "warnings": list(warnings.filters),
        "locale": locale.setlocale(locale.LC_ALL),
        "decimals": repr(decimal.getcontext()),
        "folder": Path.cwd(),
        "environment": dict(os.environ),
        "umask": _umask(),
        "signals": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)],
    }


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    "engine",
    ["independent", "anyorder", "copula", pytest.param("ctgan", marks=pytest.mark.trust_full),
     pytest.param("tvae", marks=pytest.mark.trust_full)],
)  # fmt: skip
def test_fit_sample_and_evaluate_leave_no_trace(
    engine: str, tmp_path: Path, few_trees: None
) -> None:
    path = str(write_table(tmp_path / "a.csv"))
    options: dict[str, Any] = (
        {} if engine in ("independent", "copula") else {"parameters": {"epochs": 1}}
    )
    augment.fit(path, engine=engine, seed=1, **options)  # what libraries do when they load
    random.seed(3)
    np.random.seed(4)
    with np.errstate(over="raise"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="mine")
        before = state()
        model = augment.fit(path, engine=engine, seed=1, **options)
        fitted = state()
        made = model.sample(40, seed=2)
        sampled = state()
        augment.evaluate(path, made, seed=3)
        scored = state()
    for after, what in ((fitted, "fit"), (sampled, "sample"), (scored, "evaluate")):
        assert [name for name in before if before[name] != after[name]] == [], what


FIRST_CALLS = """
import os, random
mine = {"HF_HUB_OFFLINE": None, "TRANSFORMERS_OFFLINE": None, "OMP_WAIT_POLICY": "ACTIVE"}
os.environ.pop("HF_HUB_OFFLINE", None), os.environ.pop("TRANSFORMERS_OFFLINE", None)
os.environ["OMP_WAIT_POLICY"] = "ACTIVE"
random.seed(1)
drawn = random.getstate()
import sys
import augment
made = augment.fit(sys.argv[1], engine="independent", seed=1).sample(40, seed=2)
augment.evaluate(sys.argv[1], made, seed=3)
assert random.getstate() == drawn, "random"
try:
    augment.fit("no such file")
except augment.BadInput:
    pass
assert {name: os.environ.get(name) for name in mine} == mine, "environment"
"""


def test_nor_do_the_first_calls_which_load_all_libraries(tmp_path: Path) -> None:
    path = write_table(tmp_path / "a.csv", rows=40)
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CALLS, path], capture_output=True, cwd=ROOT, env=environment()
    )
    assert done.returncode == 0, done.stderr.decode()
