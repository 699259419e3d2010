"""Ids that repeat have as many rows as in the source; keys that never repeat do not here either."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augment.core import registry
from augment.core.errors import BadInput
from augment.core.fitted import Ask
from augment.core.holdout import split
from augment.core.model_folder import Stored
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, State, silent
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.formats import ReadOptions
from augment.kinds.tables.metrics.shapes import ks
from augment.lifecycle.sampling import Sample, parts_of
from augment.work.executors.inline import Inline

BLOCK = 700  # rows, so that a sample has several blocks


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TableModel, "block_rows", BLOCK)


def panel() -> pd.DataFrame:
    """Patients with a sex, a year of birth and a plan, seen once a month as often as it says."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(500):
        plan = rng.choice(["basic", "plus", "gold"], p=[0.6, 0.3, 0.1])
        born, sex = int(rng.integers(1930, 2000)), rng.choice(["f", "m"])
        seen = min(1 + rng.poisson({"basic": 1, "plus": 4, "gold": 11}[plan]), 24)
        base = rng.normal(130 if plan == "gold" else 100, 3)
        for month in np.sort(rng.choice(36, size=seen, replace=False)):
            day = f"{2018 + month // 12}-{month % 12 + 1:02d}-01"
            rows.append((f"P-{number:05d}", sex, born, plan, day, round(base + rng.normal(), 1)))
    names = ["patient_id", "sex", "born", "plan", "visited", "pressure"]
    return pd.DataFrame(rows, columns=names)


def orders() -> pd.DataFrame:
    """Lines of orders, each order of one customer and one country."""
    rng = np.random.default_rng(1)
    rows: list[tuple[Any, ...]] = []
    order = 0
    for customer in range(250):
        country = rng.choice(["DE", "FR", "IT"])
        for _ in range(1 + rng.poisson(2)):
            order += 1
            paid = rng.choice(["card", "cash"])
            lines = 1 + rng.poisson(1)
            rows += [(order, customer, country, paid, int(rng.integers(9))) for _ in range(lines)]
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "country", "paid", "count"])


def hours() -> pd.DataFrame:
    """A series by the hour, of which the temperature follows the hour."""
    stamps = pd.date_range("2021-02-27", periods=1500, freq="h")
    names = ("year", "month", "day", "hour")
    frame = pd.DataFrame({name: getattr(stamps, name) for name in names})
    noise = np.random.default_rng(2).normal(size=len(frame))
    return frame.assign(warm=(10 * np.sin(frame["hour"] / 24 * 2 * np.pi) + noise).round(1))


TABLES = {"panel": panel, "orders": orders, "hours": hours}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables")
    for name, make in TABLES.items():
        make().to_csv(path / f"{name}.csv", index=False)
    return path


@cache
def model(path: Path, engine: str = "independent", protect: bool = True) -> TableModel:
    """Fitted, and as it comes back from its stored form."""
    table = source.read(str(path), ReadOptions()).table
    recipe = registry.engine(engine, {})
    fitted = fit_model(recipe, table, Job(Seed(1), Path()), protect, len(table))
    return TableModel.restore(fitted.stored())


def parts(
    fitted: TableModel, rows: int, ask: Ask | None = None, shard: tuple[int, int] = (1, 1)
) -> Iterator[pd.DataFrame]:
    given = fitted.condition(Ask() if ask is None else ask)
    for part in parts_of(Sample(fitted, rows, Seed(3), given, shard), Inline(), silent):
        yield part.data.to_pandas()


def sample(fitted: TableModel, rows: int, ask: Ask | None = None) -> pd.DataFrame:
    return pd.concat(parts(fitted, rows, ask), ignore_index=True)


def sizes(frame: pd.DataFrame, name: str) -> np.ndarray:
    return frame.groupby(name).size().to_numpy(dtype=float)


@pytest.mark.parametrize("engine", ["independent", "bootstrap"])
def test_rows_per_id_are_kept_with_what_is_constant_within_it(folder: Path, engine: str) -> None:
    real, fitted = panel(), model(folder / "panel.csv", engine)
    made = sample(fitted, 4000)
    assert ks(sizes(made, "patient_id"), sizes(real, "patient_id")) < 0.08
    within = made.groupby("patient_id")
    assert (within[["sex", "born", "plan"]].nunique() == 1).all(axis=None)
    assert within["pressure"].nunique().max() > 1
    for plan in ("basic", "plus", "gold"):
        means = [sizes(f[f["plan"] == plan], "patient_id").mean() for f in (real, made)]
        assert means[1] == pytest.approx(means[0], rel=0.15)
    shares = [f["plan"].value_counts(normalize=True)["gold"] for f in (real, made)]
    assert shares[1] == pytest.approx(shares[0], abs=0.04)
    assert not made.duplicated(["patient_id", "visited"]).any()
    assert not set(made["patient_id"]) & set(real["patient_id"])
    if engine == "bootstrap":  # rows whose constants changed still fit their plan
        means = made.groupby("plan")["pressure"].mean()
        assert means["gold"] - means["basic"] > 25


def test_an_id_stays_in_its_block_below_itself_and_shards_are_the_whole(folder: Path) -> None:
    fitted = model(folder / "panel.csv")
    found = list(parts(fitted, 2500))
    ids = [set(part["patient_id"]) for part in found]
    assert sum(map(len, ids)) == len(set().union(*ids))
    for part in found:
        changes = (part["patient_id"] != part["patient_id"].shift()).sum()
        assert changes == part["patient_id"].nunique()
        assert (
            part.groupby("patient_id")["visited"].apply(lambda s: s.is_monotonic_increasing).all()
        )
    for shards in (2, 3):
        shared = [p for i in range(1, shards + 1) for p in parts(fitted, 2500, None, (i, shards))]
        assert pd.concat(shared, ignore_index=True).equals(pd.concat(found, ignore_index=True))


def test_conditions_hold_and_shares_are_exact(folder: Path) -> None:
    fitted = model(folder / "panel.csv", "bootstrap")
    asked = sample(fitted, 900, Ask(where=("plan != basic", "pressure > 105", "born < 1980")))
    assert len(asked) == 900 and (asked["plan"] != "basic").all()
    assert (asked["pressure"] > 105).all() and (asked["born"] < 1980).all()
    assert (asked.groupby("patient_id")[["sex", "born", "plan"]].nunique() == 1).all(axis=None)
    for column, least in (("plan", 300), ("sex", 450)):
        mixed = sample(fitted, 900, Ask(balance=column))
        assert set(mixed[column].value_counts()) == {least}
        assert (mixed.groupby("patient_id")[column].nunique() == 1).all()


def test_alternatives_hold_after_ids_are_dealt_and_keys_are_moved(folder: Path) -> None:
    fitted = model(folder / "panel.csv", "bootstrap")
    text = "plan = gold and pressure > 130 or plan != gold and sex = f"
    asked = sample(fitted, 900, Ask(where=(text,)))
    gold = asked["plan"] == "gold"
    assert len(asked) == 900 and 0 < gold.sum() < 900
    assert ((gold & (asked["pressure"] > 130)) | (~gold & (asked["sex"] == "f"))).all()
    assert (asked.groupby("patient_id")[["sex", "born", "plan"]].nunique() == 1).all(axis=None)
    fitted = model(folder / "hours.csv")
    early = Ask(where=("hour < 3 or warm = 1 and hour > 20",))
    hours = sample(fitted, 100, early)
    assert ((hours["hour"] < 3) | ((hours["warm"] == 1) & (hours["hour"] > 20))).all()
    assert "'or'" in fitted.notes(100, fitted.condition(early))[0]


def test_ids_within_ids(folder: Path) -> None:
    real, made = orders(), sample(model(folder / "orders.csv"), 2000)
    assert (made.groupby("order_id")[["customer_id", "country", "paid"]].nunique() == 1).all(
        axis=None
    )
    assert (made.groupby("customer_id")["country"].nunique() == 1).all()
    assert made.groupby("customer_id")["paid"].nunique().max() == 2
    assert ks(sizes(made, "order_id"), sizes(real, "order_id")) < 0.08
    each = [frame.drop_duplicates("order_id") for frame in (made, real)]
    assert ks(*(sizes(frame, "customer_id") for frame in each)) < 0.1


def test_missing_ids_stay_missing_as_often(tmp_path: Path) -> None:
    frame = orders()[["customer_id", "count"]].astype(object)
    frame.loc[np.random.default_rng(4).random(len(frame)) < 0.2, "customer_id"] = ""
    frame.to_csv(tmp_path / "t.csv", index=False)
    made = sample(model(tmp_path / "t.csv"), 1500)
    assert made["customer_id"].isna().mean() == pytest.approx(0.2, abs=0.03)
    assert made.groupby("customer_id").size().mean() > 2


def test_ids_that_no_row_has_stay_missing(tmp_path: Path) -> None:
    orders()[["paid", "count"]].assign(customer_id="").to_csv(tmp_path / "t.csv", index=False)
    options = ReadOptions(columns={"customer_id": "reference"})
    table = source.read(str(tmp_path / "t.csv"), options).table
    fitted = fit_model(
        registry.engine("independent", {}), table, Job(Seed(1), tmp_path), True, len(table)
    )
    assert sample(TableModel.restore(fitted.stored()), 900)["customer_id"].isna().all()


KEY = ["year", "month", "day", "hour"]


@pytest.mark.parametrize("engine", ["independent", "bootstrap"])
@pytest.mark.parametrize("rows", [400, 1500])
def test_keys_do_not_repeat_in_any_block(folder: Path, engine: str, rows: int) -> None:
    fitted = model(folder / "hours.csv", engine, protect=False)  # it moves the ends of dates
    made = sample(fitted, rows)
    assert len(made) == rows and not made.duplicated(KEY).any()
    assert len(pd.to_datetime(made[KEY])) == rows  # no 30 February
    assert fitted.notes(rows, Condition()) == ()
    if rows == 1500:
        assert set(map(tuple, made[KEY].to_numpy())) == set(map(tuple, hours()[KEY].to_numpy()))
    if engine == "bootstrap":
        day = 10 * np.sin(made["hour"] / 24 * 2 * np.pi)
        assert np.corrcoef(day.astype(float), made["warm"].astype(float))[0, 1] > 0.8


def test_more_rows_than_keys_repeat_as_few_as_can_be_and_are_told_of(folder: Path) -> None:
    fitted = model(folder / "hours.csv", protect=False)
    made = sample(fitted, 2000)
    assert made.duplicated(KEY).sum() == 500
    (note,) = fitted.notes(2000, Condition())
    assert "1,500 different values" in note and "2,000 rows" in note
    given = fitted.condition(Ask(where=("hour = 7",)))
    assert fitted.notes(62, given) == ()
    assert fitted.notes(64, given)
    morning = sample(fitted, 62, Ask(where=("hour = 7",)))
    assert (morning["hour"] == 7).all() and not morning.duplicated(KEY).any()
    assert "shares" in fitted.notes(10, Condition(mix=("hour", {})))[0]


def test_ids_that_are_drawn_differ_between_blocks(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    ids = rng.choice(np.arange(10**5, 10**6), 300, replace=False)
    pd.DataFrame({"id": ids, "x": rng.integers(0, 9, 300)}).to_csv(tmp_path / "t.csv", index=False)
    made = sample(model(tmp_path / "t.csv"), 20_000)
    assert made["id"].is_unique


def test_a_relation_gives_way_where_it_would_change_what_is_constant(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    end = rng.integers(100, 200, 200)
    frame = pd.DataFrame({"patient_id": np.repeat(np.arange(200), 3), "end": np.repeat(end, 3)})
    frame["start"] = frame["end"] - rng.integers(0, 90, 600)
    frame["days"] = frame["end"] - frame["start"]
    frame.to_csv(tmp_path / "t.csv", index=False)
    made = sample(model(tmp_path / "t.csv", "bootstrap"), 600)
    assert (made.groupby("patient_id")["end"].nunique() == 1).all()


def test_a_split_cuts_no_entity(folder: Path) -> None:
    table = source.read(str(folder / "orders.csv"), ReadOptions()).table
    train, unseen = (part.to_pandas() for part in split(table, 0.2, Seed(1)))
    assert not set(train["customer_id"]) & set(unseen["customer_id"])
    assert len(unseen) / len(table) == pytest.approx(0.2, abs=0.02)
    assert len(train) + len(unseen) == len(table)


@pytest.mark.parametrize("name", TABLES)
def test_a_damaged_identity_is_bad_input(folder: Path, name: str) -> None:
    stored = model(folder / f"{name}.csv").stored()
    config: dict[str, Any] = dict(stored.state.config)
    broken = 0
    for path in _paths(config["identity"]):
        for value in (None, -1, "x", [], 10**30, {"a": 1}):
            changed = _changed(config["identity"], path, value)
            state = State({**config, "identity": changed}, stored.state.tensors)
            try:
                fitted = TableModel.restore(Stored("table", stored.engine, state, stored.facts))
                sample(fitted, 5)
            except BadInput:
                broken += 1
    assert broken > 20


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield (*at, key)
        if isinstance(inner, (dict, list)):
            yield from _paths(inner if isinstance(inner, dict) else inner[:2], (*at, key))


def _changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = _changed(copy[path[0]], path[1:], value)
    return copy


def _head(shared: Path, name: str, rows: int, tmp_path: Path) -> Table:
    """The first rows of a shared table."""
    path = shared / "data" / "related" / name
    if not path.is_file():
        pytest.skip(f"the shared table {name} is not on this machine")
    lines = path.read_text().splitlines()[: rows + 1]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    return source.read(str(tmp_path / "t.csv"), ReadOptions()).table


@pytest.mark.parametrize(
    ("name", "rows", "column", "key"),
    [
        ("cdnow/purchases.csv", 6000, "users_id", ()),
        ("berka/disp.csv", 5369, "account_id", ("account_id", "type")),
    ],
)
def test_child_tables_of_others(
    shared: Path, tmp_path: Path, name: str, rows: int, column: str, key: tuple[str, ...]
) -> None:
    real = _head(shared, name, rows, tmp_path)
    assert real.schema[column].role == "reference" and real.schema.key == key
    made = sample(model(tmp_path / "t.csv"), len(real))
    assert ks(sizes(made, column), sizes(real.to_pandas(), column)) < 0.05
    assert not (key and made.duplicated(list(key)).any())
