"""What SDV's three engines promise beyond the laws of every engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment.core.budget import Budget
from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.core.types import Engine, Job, Tick
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import table_of
from augment.kinds.tables.engines.sdv.engines import Copula, Ctgan, Tvae
from augment.kinds.tables.engines.sdv.model import SdvModel
from augment.testing import odd_table

SMALL = {"epochs": 1, "embedding_dim": 4}
ENGINES: dict[str, Engine[Table]] = {
    "copula": Copula(),
    "ctgan": Ctgan(**SMALL, generator_dim=(8,), discriminator_dim=(8,)),
    "tvae": Tvae(**SMALL, compress_dims=(8,), decompress_dims=(8,)),
}


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SdvModel]:
    job = Job(Seed(5), tmp_path_factory.mktemp("scratch"))
    return {name: engine.fit(odd_table(200), job) for name, engine in ENGINES.items()}  # type: ignore[misc]


@pytest.fixture(params=list(ENGINES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("name", [pytest.param("ctgan", marks=pytest.mark.slow), "tvae"])
def test_fits_with_different_seeds_differ(
    name: str, fitted: dict[str, SdvModel], tmp_path: Path
) -> None:
    other = ENGINES[name].fit(odd_table(200), Job(Seed(6), tmp_path))
    assert other.sample(40, Seed(1)).digest() != fitted[name].sample(40, Seed(1)).digest()


def test_the_state_holds_no_row_and_no_lone_extreme(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    values[[0, 77]] = 123456.789012345, -98765.4321
    other = rng.normal(size=200)
    labels = [f"v{k}" for k in rng.integers(0, 50, 200)]
    columns = [Column("a", "numeric", "float"), Column("b", "numeric", "float")]
    columns.append(Column("c", "categorical", "string"))
    table = table_of(columns, [pa.array(values), pa.array(other), pa.array(labels)], None)
    state = ENGINES[name].fit(table, Job(Seed(1), tmp_path)).state()
    numbers_kept = set(_numbers(state.config))
    for array in state.tensors.values():
        numbers_kept |= set(np.asarray(array, dtype=np.float64).ravel().tolist())
        assert 200 not in array.shape
    ends = {*np.sort(values)[[4, -5]], *np.sort(other)[[4, -5]]}
    assert not (numbers_kept & ({*values, *other} - ends))
    assert labels[:20] != _find(state.config, "labels")[:20]


def test_labels_stand_in_an_order_that_rows_do_not_set(
    name: str, fitted: dict[str, SdvModel]
) -> None:
    for labels in (node for node in _all(fitted[name].state().config["fitted"], "labels")):
        heads = [int(label[1:]) for label in labels if label.startswith("c")]
        assert heads == sorted(heads) or labels == sorted(labels)


def test_ten_thousand_levels_stay_narrow(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"n{k}" for k in rng.integers(0, 5000, 8000)] + ["common"] * 2000
    columns = [Column("s", "categorical", "string"), Column("a", "numeric", "float")]
    table = table_of(columns, [pa.array(names), pa.array(rng.normal(size=10000))], None)
    model = ENGINES[name].fit(table, Job(Seed(1), tmp_path))
    assert all(max(array.shape, default=0) < 600 for array in model.state().tensors.values())
    fake = model.sample(500, Seed(1)).column("s").to_pylist()
    assert set(fake) <= set(names) and len(set(fake)) > 100


def test_progress_is_told_per_epoch_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ticks: list[Tick] = []
    Tvae(epochs=3, embedding_dim=4).fit(odd_table(60), Job(Seed(1), tmp_path, tick=ticks.append))
    assert [tick.step for tick in ticks] == [0, 1, 2, 3]
    assert all(tick.steps == 3 for tick in ticks) and ticks[-1].loss is not None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["ctgan", "tvae"])
def test_a_limit_of_time_becomes_epochs_that_can_be_repeated(name: str, tmp_path: Path) -> None:
    import dataclasses

    seconds = iter(range(1000))
    budget = Budget(10.0, clock=lambda: float(next(seconds)), start=0.0)
    engine = dataclasses.replace(ENGINES[name], epochs=300)  # type: ignore[arg-type]
    limited = engine.fit(odd_table(60), Job(Seed(1), tmp_path, budget=budget)).state()
    epochs = limited.config["facts"]["training"]["network"]["epochs"]
    assert 1 <= epochs < 10
    exact = dataclasses.replace(engine, epochs=epochs)
    again = exact.fit(odd_table(60), Job(Seed(1), tmp_path)).state()
    assert {k: v.tobytes() for k, v in again.tensors.items()} == {
        k: v.tobytes() for k, v in limited.tensors.items()
    }


def test_an_interrupt_passes_through(tmp_path: Path) -> None:
    def stop(tick: Tick) -> None:
        if tick.step == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Tvae(embedding_dim=4).fit(odd_table(60), Job(Seed(1), tmp_path, tick=stop))


@pytest.mark.parametrize("settings", [{"batch_size": 15}, {"epochs": 0}, {"generator_dim": (0,)}])
def test_unfit_hyperparameters_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Ctgan(**settings)


def test_a_diverging_fit_says_so(tmp_path: Path) -> None:
    wild = Ctgan(**SMALL, generator_lr=1e38, discriminator_lr=1e38)
    with pytest.raises(UsageError, match="diverged"):
        wild.fit(odd_table(2000), Job(Seed(1), tmp_path))


def test_importing_the_engines_is_light() -> None:
    code = (
        "import sys, augment.kinds.tables.engines.sdv.engines;"
        "print([m for m in ('torch', 'sdv', 'pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def _numbers(node: Any) -> list[float]:
    if isinstance(node, dict):
        return [n for value in node.values() for n in _numbers(value)]
    if isinstance(node, list):
        return [n for value in node for n in _numbers(value)]
    return [float(node)] if isinstance(node, (int, float)) else []


def _all(node: Any, key: str) -> list[Any]:
    found = []
    if isinstance(node, dict):
        found += [value for name, value in node.items() if name == key]
        found += [hit for value in node.values() for hit in _all(value, key)]
    elif isinstance(node, list):
        found += [hit for value in node for hit in _all(value, key)]
    return found


def _find(node: Any, key: str) -> Any:
    return _all(node, key)[0]
