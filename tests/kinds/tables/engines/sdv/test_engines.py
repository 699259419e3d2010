"""Laws of SDV's three engines behind one model."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from augment.core.errors import BadInput, OutOfResources, UsageError
from augment.core.seeds import Seed
from augment.core.types import Budget, Clause, Condition, Engine, Job, State, Tick
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import numbers, table_of
from augment.kinds.tables.engines.sdv.engines import Copula, Ctgan, Tvae
from augment.kinds.tables.engines.sdv.model import SdvModel

SMALL = {"epochs": 1, "embedding_dim": 4}
ENGINES: dict[str, Engine[Table]] = {
    "copula": Copula(),
    "ctgan": Ctgan(**SMALL, generator_dim=(8,), discriminator_dim=(8,)),
    "tvae": Tvae(**SMALL, compress_dims=(8,), decompress_dims=(8,)),
}
HOUR_US = 3_600_000_000


def mixed(n: int, seed: int = 0) -> Table:
    """Every storage and role, nulls in most, one column all null, one constant."""
    rng = np.random.default_rng(seed)
    null = rng.random(n) < 0.2
    hours = (400_000 + rng.integers(0, 9999, n)) * HOUR_US
    cents = [f"{value:.2f}" for value in rng.normal(size=n)]
    columns: list[tuple[Column, Any]] = [
        (Column("latitude", "numeric", "integer"), pa.array(rng.integers(0, 99, n), mask=null)),
        (
            Column("a,\n'b", "categorical", "string"),
            pa.array(np.array(["c1", "null", ""])[rng.integers(0, 3, n)].tolist(), pa.string()),
        ),
        (Column("", "boolean", "boolean"), pa.array(rng.random(n) < 0.3, mask=null)),
        (
            Column("x0", "datetime", "datetime", step_us=HOUR_US),
            pa.array(hours, mask=null).cast(pa.timestamp("us")),
        ),
        (
            Column("money", "numeric", "decimal", max_decimals=2),
            pa.array(cents, pa.string()).cast(pa.decimal128(38, 2)),
        ),
        (Column("gone", "numeric", "float"), pa.nulls(n, pa.float64())),
        (Column("flat", "numeric", "integer"), pa.array([7] * n, pa.int64())),
        (Column("big", "categorical", "integer"), pa.array(2**60 + rng.integers(0, 3, n))),
    ]
    return table_of([c for c, _ in columns], [a for _, a in columns], "a,\n'b")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SdvModel]:
    job = Job(Seed(5), tmp_path_factory.mktemp("scratch"))
    return {name: engine.fit(mixed(200), job) for name, engine in ENGINES.items()}  # type: ignore[misc]


@pytest.fixture(params=list(ENGINES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def through_json(state: State) -> State:
    return State(json.loads(json.dumps(state.config, allow_nan=False)), dict(state.tensors))


def test_n_rows_of_the_same_schema_and_types(name: str, fitted: dict[str, SdvModel]) -> None:
    real = mixed(200)
    for n in (0, 1, 37):
        fake = fitted[name].sample(n, Seed(1))
        assert len(fake) == n
        assert fake.schema == real.schema and fake.data.schema == real.data.schema


def test_values_stay_in_their_domain(name: str, fitted: dict[str, SdvModel]) -> None:
    real, fake = mixed(200), fitted[name].sample(300, Seed(1))
    for column in ("latitude", "money", "x0"):
        known, made = numbers(real, column), numbers(fake, column)
        assert np.nanmin(made) >= np.nanmin(known) and np.nanmax(made) <= np.nanmax(known)
    stamps = numbers(fake, "x0")
    assert (stamps[~np.isnan(stamps)] % HOUR_US == 0).all()
    for column in ("a,\n'b", "", "flat", "big", "gone"):
        assert set(fake.column(column).to_pylist()) <= set(real.column(column).to_pylist())


def test_same_seed_same_rows_and_another_seed_others(
    name: str, fitted: dict[str, SdvModel]
) -> None:
    one, same, other = (fitted[name].sample(40, Seed(s)).digest() for s in (1, 1, 2))
    assert one == same != other


def test_two_fits_agree_and_leave_the_global_generators_alone(
    name: str, fitted: dict[str, SdvModel], tmp_path: Path
) -> None:
    import torch

    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    expected = random.random(), np.random.random(), torch.rand(1).item()
    random.seed(3)
    np.random.seed(3)
    torch.manual_seed(3)
    threads = torch.get_num_threads()
    again = ENGINES[name].fit(mixed(200), Job(Seed(5), tmp_path)).state()
    assert (random.random(), np.random.random(), torch.rand(1).item()) == expected
    assert torch.get_num_threads() == threads
    first = fitted[name].state()
    assert again.config == first.config
    assert {k: v.tobytes() for k, v in again.tensors.items()} == {
        k: v.tobytes() for k, v in first.tensors.items()
    }


@pytest.mark.parametrize("name", ["ctgan", "tvae"])
def test_fits_with_different_seeds_differ(
    name: str, fitted: dict[str, SdvModel], tmp_path: Path
) -> None:
    other = ENGINES[name].fit(mixed(200), Job(Seed(6), tmp_path))
    assert other.sample(40, Seed(1)).digest() != fitted[name].sample(40, Seed(1)).digest()


def test_state_undoes_from_state(name: str, fitted: dict[str, SdvModel]) -> None:
    model = fitted[name]
    again = SdvModel.from_state(through_json(model.state()))
    assert again.sample(50, Seed(9)).digest() == model.sample(50, Seed(9)).digest()
    assert again.state().config == model.state().config


SCRIPT = """
import sys
from pathlib import Path
from augment.core import model_folder as store
from augment.core.seeds import Seed
from augment.kinds.tables.engines.sdv.model import SdvModel
print(SdvModel.from_state(store.load(Path(sys.argv[1])).state).sample(50, Seed(4)).digest())
"""


@pytest.mark.slow
def test_another_process_draws_the_same_bytes(fitted: dict[str, SdvModel], tmp_path: Path) -> None:
    from augment.core import model_folder as store

    model = fitted["ctgan"]
    store.save(tmp_path / "m", store.Stored("table", "ctgan", model.state(), {}))
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "m")], capture_output=True, text=True
    )
    assert done.stdout.strip() == model.sample(50, Seed(4)).digest(), done.stderr


def test_where_holds_on_every_row_and_a_shortfall_is_an_error(
    name: str, fitted: dict[str, SdvModel]
) -> None:
    clauses = (Clause("latitude", "range", low=20, high=80), Clause("", "null", negate=True))
    fake = fitted[name].sample(30, Seed(1), Condition(clauses))
    assert len(fake) == 30 and mask(fake, clauses).all()
    never = Condition((Clause("latitude", "range", low=1000),))
    with pytest.raises(OutOfResources, match="Only 0 of 1 rows"):
        fitted[name].sample(1, Seed(1), never)


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


@pytest.mark.parametrize("n", [2, 3, 11])
def test_tiny_tables_work(name: str, n: int, tmp_path: Path) -> None:
    assert len(ENGINES[name].fit(mixed(n), Job(Seed(1), tmp_path)).sample(20, Seed(1))) == 20


def test_one_row_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="1 rows"):
        ENGINES[name].fit(mixed(1), Job(Seed(1), tmp_path))


def test_progress_is_told_per_epoch_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ticks: list[Tick] = []
    Tvae(epochs=3, embedding_dim=4).fit(mixed(60), Job(Seed(1), tmp_path, tick=ticks.append))
    assert [tick.step for tick in ticks] == [0, 1, 2, 3]
    assert all(tick.steps == 3 for tick in ticks) and ticks[-1].loss is not None
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["ctgan", "tvae"])
def test_a_limit_of_time_becomes_epochs_that_can_be_repeated(name: str, tmp_path: Path) -> None:
    import dataclasses

    seconds = iter(range(1000))
    budget = Budget(10.0, clock=lambda: float(next(seconds)), start=0.0)
    engine = dataclasses.replace(ENGINES[name], epochs=300)  # type: ignore[arg-type]
    limited = engine.fit(mixed(60), Job(Seed(1), tmp_path, budget=budget)).state()
    epochs = limited.config["facts"]["training"]["network"]["epochs"]
    assert 1 <= epochs < 10
    exact = dataclasses.replace(engine, epochs=epochs)
    again = exact.fit(mixed(60), Job(Seed(1), tmp_path)).state()
    assert {k: v.tobytes() for k, v in again.tensors.items()} == {
        k: v.tobytes() for k, v in limited.tensors.items()
    }


def test_an_interrupt_passes_through(tmp_path: Path) -> None:
    def stop(tick: Tick) -> None:
        if tick.step == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Tvae(embedding_dim=4).fit(mixed(60), Job(Seed(1), tmp_path, tick=stop))


@pytest.mark.parametrize("settings", [{"batch_size": 15}, {"epochs": 0}, {"generator_dim": (0,)}])
def test_unfit_hyperparameters_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Ctgan(**settings)


def test_a_diverging_fit_says_so(tmp_path: Path) -> None:
    wild = Ctgan(**SMALL, generator_lr=1e38, discriminator_lr=1e38)
    with pytest.raises(UsageError, match="diverged"):
        wild.fit(mixed(2000), Job(Seed(1), tmp_path))


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
