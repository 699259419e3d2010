"""One-hot groups are found, taken out, put back exactly, and take conditions on their members."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job, silent
from augment.kinds.tables import relations
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers, table_of
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.relations import Relations

SOILS = [f"soil_{i}" for i in range(5)]


def flag(name: str, storage: str = "integer") -> Column:
    return Column(name, "boolean" if storage == "boolean" else "numeric", storage)  # type: ignore[arg-type]


def table(columns: dict[str, np.ndarray], storage: str = "integer") -> Table:
    """Flags as `storage`, other arrays as floats."""
    made = [
        flag(name, storage)
        if set(np.unique(v[~np.isnan(v)])) <= {0.0, 1.0}
        else flag(name, "float")
        for name, v in columns.items()
    ]
    return table_of(made, [from_numbers(c, columns[c.name]) for c in made], None)


def onehot(place: np.ndarray, names: list[str]) -> dict[str, np.ndarray]:
    return {name: (place == i).astype(float) for i, name in enumerate(names)}


def grounds(rows: int = 800, storage: str = "integer", rare: int = 0) -> Table:
    """A height, five kinds of soil that follow it, a stray flag, a colour that may be none."""
    rng = np.random.default_rng(0)
    height = rng.normal(0, 1, rows)
    soil = np.clip(np.round(height + 2), 0, 4)
    if rare:
        soil[soil == 4] = 3
        soil[:rare] = 4
    colour = rng.integers(0, 4, rows)
    columns = {"height": height, **onehot(soil, SOILS), "stray": rng.integers(0, 2, rows) * 1.0}
    return table({**columns, **onehot(colour, ["red hue", "green hue", "blue hue"])}, storage)


def ones(made: Table, names: list[str]) -> np.ndarray:
    return np.sum([numbers(made, name) for name in names], axis=0)


def members(found: Relations) -> list[tuple[str, ...]]:
    return [group.members for group in found.groups]


@pytest.mark.parametrize("storage", ["integer", "boolean", "float"])
def test_groups_are_found_and_putting_back_undoes_taking_out(storage: str) -> None:
    data = grounds(storage=storage)
    found = relations.mined(data)
    assert members(found) == [tuple(SOILS), ("red hue", "green hue", "blue hue")]
    assert found.sentences[0] == "exactly one of soil_0, …, soil_4 (5 columns) is 1"
    assert found.put_back(found.taken_out(data), list(data.schema), None).digest() == data.digest()


def test_at_most_one_needs_a_shared_stem_or_pairs_that_chance_would_have_joined() -> None:
    rng = np.random.default_rng(1)
    kind = rng.integers(0, 4, 600)
    common = onehot(kind, ["north", "south", "east"])
    assert members(relations.mined(table(common))) == [("north", "south", "east")]
    seldom = onehot(rng.integers(0, 40, 600), ["north", "south", "east"])
    assert not members(relations.mined(table(seldom)))
    named = {
        f"at_{name}": values
        for name, values in onehot(kind * (rng.random(600) < 0.3), ["a", "b", "c", "d"]).items()
    }
    assert members(relations.mined(table(named)))


def with_cell(name: str, value: float, rows: slice) -> Table:
    """The grounds with a value in some cells that hold a zero."""
    columns = {name: numbers(grounds(), name).copy() for name in grounds().schema.names}
    columns[name][np.flatnonzero(columns[name] == 0)[rows]] = value
    return table(columns)


def test_one_row_with_two_ones_is_enough_and_told_of() -> None:
    found = relations.mined(with_cell("soil_2", 1.0, slice(1)))
    assert tuple(SOILS) not in members(found)
    (near,) = found.near
    assert near.sentence == "exactly one of soil_0, …, soil_4 (5 columns) is 1"
    assert (near.rows, near.broken) == (800, 1)


def test_a_group_is_found_although_some_rows_lack_some_members(tmp_path: Path) -> None:
    data = with_cell("soil_2", np.nan, slice(0, 300, 2))
    found = relations.mined(data)
    assert members(found) == [tuple(SOILS), ("red hue", "green hue", "blue hue")]
    assert found.put_back(found.taken_out(data), list(data.schema), None).digest() == data.digest()
    made = fitted(data, tmp_path).sample(0, 2000, Seed(2), Condition(), silent)
    missing = np.isnan(numbers(made, "soil_2"))
    assert abs(missing.mean() - 150 / 800) < 0.04
    assert (ones(made, SOILS)[~missing] == 1).all()
    others = [name for name in SOILS if name != "soil_2"]
    assert (ones(made, others)[missing] <= 1).all()
    assert not np.isnan([numbers(made, name) for name in others]).any()


def test_gaps_that_all_members_share_stay_gaps() -> None:
    columns = {name: numbers(grounds(), name).copy() for name in SOILS}
    for values in columns.values():
        values[::7] = np.nan
    data = table(columns)
    found = relations.mined(data)
    assert members(found) == [tuple(SOILS)]
    assert found.put_back(found.taken_out(data), list(data.schema), None).digest() == data.digest()


def test_members_that_stand_apart_under_any_name_are_found() -> None:
    rng = np.random.default_rng(2)
    noise = {f"n{i}": (rng.random(700) < 0.4) * 1.0 for i in range(6)}
    kind = onehot(rng.integers(0, 4, 700), ["kappa", "omega", "zeta", "rho"])
    order = ["kappa", "n0", "omega", "n1", "n2", "zeta", "n3", "rho", "n4", "n5"]
    mixed = {name: {**noise, **kind}[name] for name in order}
    assert members(relations.mined(table(mixed))) == [("kappa", "omega", "zeta", "rho")]


def test_independent_flags_and_small_tables_make_no_group() -> None:
    rng = np.random.default_rng(3)
    flags = {f"flag_{i}": (rng.random(500) < p) * 1.0 for i, p in enumerate([0.5, 0.02, 0.02, 0.3])}
    assert not members(relations.mined(table(flags)))
    assert not members(relations.mined(grounds(60)))


def fitted(
    data: Table, tmp_path: Path, engine: str = "independent", protect: bool = True
) -> TableModel:
    recipe = registry.engine(engine)
    model = fit_model(recipe, data, Job(Seed(1), tmp_path), protect, len(data))
    return TableModel.restore(model.stored())


@pytest.mark.parametrize("engine", ["independent", "bootstrap"])
def test_every_made_row_keeps_the_groups(engine: str, tmp_path: Path) -> None:
    made = fitted(grounds(), tmp_path, engine).sample(0, 500, Seed(2), Condition(), silent)
    assert (ones(made, SOILS) == 1).all()
    assert set(ones(made, ["red hue", "green hue", "blue hue"])) == {0.0, 1.0}
    assert made.schema == grounds().schema


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("soil_3 = 1", {3}),
        ("soil_3 != 1", {0, 1, 2, 4}),
        ("soil_3 = 0 and soil_1 = 0", {0, 2, 4}),
        ("soil_3 >= 0.5", {3}),
        ("soil_3 in (0, 1)", {0, 1, 2, 3, 4}),
    ],
)
def test_conditions_on_members_hold(where: str, holds: set[int], tmp_path: Path) -> None:
    model = fitted(grounds(), tmp_path)
    made = model.sample(0, 200, Seed(3), model.condition(Ask((where,))), silent)
    assert len(made) == 200
    soils = np.argmax([numbers(made, name) for name in SOILS], axis=0)
    assert set(soils.tolist()) == holds


def test_contradictions_are_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    model = fitted(grounds(), tmp_path)
    with pytest.raises(UsageError, match=r"'soil_1', 'soil_3'.*exactly one of soil_0"):
        model.condition(Ask(("soil_1 = 1 and soil_3 = 1",)))


def test_a_rare_member_is_never_one_under_protection(tmp_path: Path) -> None:
    data = grounds(rare=3)
    model = fitted(data, tmp_path)
    made = model.sample(0, 2000, Seed(2), Condition(), silent)
    assert (ones(made, SOILS) == 1).all()
    assert not numbers(made, "soil_4").any()
    with pytest.raises(UsageError):
        model.condition(Ask(("soil_4 = 1",)))
    open_model = fitted(data, tmp_path, protect=False)
    asked = open_model.condition(Ask(("soil_4 = 1",)))
    assert numbers(open_model.sample(0, 20, Seed(2), asked, silent), "soil_4").all()


@pytest.mark.parametrize("storage", ["boolean", "integer"])
def test_balance_on_a_member(tmp_path: Path, storage: str) -> None:
    model = fitted(grounds(storage=storage), tmp_path)
    asked = model.condition(Ask(balance="soil_1"))
    made = model.sample(0, 400, Seed(3), asked, silent)
    assert numbers(made, "soil_1").sum() == 200
    assert (ones(made, SOILS) == 1).all()


def test_an_or_over_members_of_groups(tmp_path: Path) -> None:
    model = fitted(grounds(), tmp_path)
    asked = model.condition(Ask(("soil_1 = 1 or soil_3 = 1", "not soil_4 = 1")))
    made = model.sample(0, 300, Seed(3), asked, silent)
    assert (numbers(made, "soil_1") + numbers(made, "soil_3") == 1).all()
    assert (ones(made, SOILS) == 1).all()
    assert 0 < numbers(made, "soil_1").sum() < 300
    with pytest.raises(UsageError, match="No row of this model"):
        model.condition(Ask(("soil_1 = 1 and soil_3 = 1 or soil_2 = 1 and soil_3 = 1",)))


def test_given_ones_and_zeros_are_kept_and_the_rest_of_a_group_is_filled(tmp_path: Path) -> None:
    data = grounds()
    model = fitted(data, tmp_path)
    given = {name: np.full(90, np.nan) for name in data.schema.names}
    given["soil_2"][:30] = 1
    for name in ("soil_1", "soil_2"):
        given[name][30:60] = 0
    rows = table_of(list(data.schema), [from_numbers(c, given[c.name]) for c in data.schema], None)
    made = model.sample(0, 90, Seed(4), Condition(partial=rows), silent)
    assert (ones(made, SOILS) == 1).all()
    assert numbers(made, "soil_2")[:30].all()
    assert not numbers(made, "soil_2")[30:60].any() and not numbers(made, "soil_1")[30:60].any()
    asked = Condition((Clause("soil_0", "in", (1,)),), partial=rows.slice(60, 30))
    assert numbers(model.sample(0, 30, Seed(4), asked, silent), "soil_0").all()


def test_given_cells_that_break_a_group_stand(tmp_path: Path) -> None:
    data = grounds()
    given = {name: np.full(4, np.nan) for name in data.schema.names}
    given["soil_1"][:2] = given["soil_2"][:2] = 1
    for name in SOILS:
        given[name][2:] = 0
    rows = table_of(list(data.schema), [from_numbers(c, given[c.name]) for c in data.schema], None)
    made = fitted(data, tmp_path).sample(0, 4, Seed(4), Condition(partial=rows), silent)
    assert ones(made, SOILS).tolist() == [2, 2, 0, 0]


def test_a_target_in_a_group_makes_the_group_the_target(tmp_path: Path) -> None:
    data = grounds().with_target("soil_2")
    found = relations.mined(data)
    assert found.taken_out(data).schema.target == found.groups[0].name
    assert fitted(data, tmp_path).sample(0, 50, Seed(2), Condition(), silent).schema == data.schema


def test_damaged_groups_are_refused() -> None:
    data = grounds()
    document = relations.mined(data).to_json()
    assert Relations.from_json(document, data.schema.names) == relations.mined(data)
    group = document["groups"][0]
    for broken in (
        {**group, "members": ["soil_0", "soil_0"]},
        {**group, "members": ["soil_0", "nowhere"]},
        {**group, "members": [*group["members"], "red hue"]},
        {**group, "levels": [9]},
        {**group, "levels": [True]},
        {**group, "name": "height"},
        {"name": "x"},
        7,
    ):
        with pytest.raises(BadInput):
            Relations.from_json(
                {**document, "groups": [broken, *document["groups"][1:]]}, data.schema.names
            )


def test_a_group_is_named_unlike_every_column() -> None:
    columns = {name: numbers(grounds(), name) for name in SOILS}
    clash = table({**columns, "soil_0 … soil_4": np.random.default_rng(0).normal(size=800)})
    found = relations.mined(clash)
    assert found.groups[0].name not in clash.schema.names
