"""Panels: numbers of any name say whose row each is, and each has its rows in every wave."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augment.core import registry
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Job, silent
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.io import reading as source
from augment.kinds.tables.io.formats import ReadOptions
from augment.lifecycle.sampling import Sample, parts_of
from augment.work.executors.inline import Inline

PERSONS, WAVES = 200, (1, 3, 5)


def panel(name: str = "nr") -> pd.DataFrame:
    """Persons of a region, each seen in all waves, with a mood of their own."""
    rng = np.random.default_rng(0)
    numbers = 13 + np.cumsum(rng.integers(1, 40, PERSONS))
    frame = pd.DataFrame(
        {
            name: np.repeat(numbers, len(WAVES)),
            "wave": np.tile(WAVES, PERSONS),
            "region": np.repeat(rng.choice(["n", "s", "w"], PERSONS), len(WAVES)),
            "mood": np.repeat(rng.normal(50, 10, PERSONS), len(WAVES)),
        }
    )
    frame["mood"] = (frame["mood"] + rng.normal(0, 5, len(frame))).round(1)
    return frame


def role(frame: pd.DataFrame, name: str, tmp_path: Path, **options: str) -> str:
    frame.to_csv(tmp_path / "t.csv", index=False)
    read = source.read(str(tmp_path / "t.csv"), ReadOptions(columns=options))
    return read.table.schema[name].role


def fitted(frame: pd.DataFrame, tmp_path: Path, engine: str) -> TableModel:
    frame.to_csv(tmp_path / "t.csv", index=False)
    table = source.read(str(tmp_path / "t.csv"), ReadOptions()).table
    recipe = registry.engine(engine, {})
    made = fit_model(recipe, table, Job(Seed(1), tmp_path), True, len(table))
    return TableModel.restore(made.stored())


def drawn(model: TableModel, rows: int, ask: Ask | None = None) -> pd.DataFrame:
    given = model.condition(Ask() if ask is None else ask)
    parts = parts_of(Sample(model, rows, Seed(3), given), Inline(), silent)
    return pd.concat([part.data.to_pandas() for part in parts], ignore_index=True)


def test_a_number_of_any_name_says_whose_row_each_is(tmp_path: Path) -> None:
    assert role(panel(), "nr", tmp_path) == "reference"
    assert role(panel(), "nr", tmp_path, nr="numeric") == "numeric"
    assert role(panel("score"), "score", tmp_path) == "reference"


@pytest.mark.parametrize("form", ["{:05}", "K{:04}", "{}"])
def test_what_is_called_an_id_and_stands_together_is_one_of_rows(tmp_path: Path, form: str) -> None:
    """Ten rows each, so that it was a category, as a shop is that many rows have."""
    rng = np.random.default_rng(0)
    numbers = rng.permutation(np.arange(300, 340))
    frame = pd.DataFrame({"unit_id": np.repeat([form.format(n) for n in numbers], 10)})
    frame["value"] = rng.normal(size=len(frame)).round(2)
    assert role(frame, "unit_id", tmp_path) == "reference"
    assert role(frame.sample(frac=1, random_state=0), "unit_id", tmp_path) == "categorical"
    assert role(frame.rename(columns={"unit_id": "unit"}), "unit", tmp_path) != "reference"


def test_what_is_called_an_id_and_crosses_another_column_is_one_of_rows(tmp_path: Path) -> None:
    """Answers of 40 persons to ten questions, question by question."""
    rng = np.random.default_rng(0)
    ids, items = np.tile(np.arange(1, 41), 10), np.repeat([f"q{i}" for i in range(10)], 40)
    frame = pd.DataFrame({"id": ids, "item": items, "answer": rng.choice(["y", "n"], 400)})
    assert role(frame, "id", tmp_path) == "reference"
    assert role(frame.iloc[:-40], "id", tmp_path) == "reference"
    assert role(frame.assign(item=rng.permutation(items)), "id", tmp_path) == "categorical"


def test_numbers_without_the_form_of_a_panel_are_no_ids(tmp_path: Path) -> None:
    frame = panel()
    assert role(frame.sample(frac=1, random_state=0), "nr", tmp_path) == "numeric"
    assert role(frame.assign(wave=0), "nr", tmp_path) == "numeric"
    assert role(frame.assign(wave=np.arange(len(frame)) + 0.5), "nr", tmp_path) == "numeric"
    assert role(frame.iloc[: 99 * len(WAVES)], "nr", tmp_path) == "numeric"
    assert role(panel("age"), "age", tmp_path) == "numeric"


@pytest.mark.parametrize("engine", ["anyorder", "bootstrap"])
def test_each_person_has_each_wave_once_in_order(tmp_path: Path, engine: str) -> None:
    made = drawn(fitted(panel(), tmp_path, engine), 3 * 150)
    waves = made.groupby("nr", sort=False)["wave"].apply(tuple)
    assert len(waves) == 150 and set(waves) == {WAVES}
    assert np.count_nonzero(np.diff(made["nr"])) == 149
    assert (made.groupby("nr")["region"].nunique() == 1).all()


def test_rows_in_no_order_stay_in_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frame = panel("person_id")
    frame = frame.iloc[np.lexsort((rng.random(len(frame)), frame["person_id"]))]
    model = fitted(frame, tmp_path, "independent")
    assert model.identity.references[0].together and model.identity.sorted_by == ()


def test_conditions_and_shares_on_waves_hold(tmp_path: Path) -> None:
    model = fitted(panel(), tmp_path, "bootstrap")
    third = drawn(model, 90, Ask(where=("wave = 3",)))
    assert set(third["wave"]) == {3} and third["nr"].is_unique
    two = drawn(model, 90, Ask(where=("wave > 1",)))
    assert set(two["wave"]) == {3, 5} and not two.duplicated(["nr", "wave"]).any()


def test_what_is_constant_within_a_person_may_be_missing(tmp_path: Path) -> None:
    frame = panel("person_id")
    known = frame["person_id"] % 3 > 0
    frame["born"] = (1950 + frame["person_id"] % 40).where(known)
    made = drawn(fitted(frame, tmp_path, "independent"), 300)
    born = made.groupby("person_id")["born"]
    assert (born.nunique(dropna=False) == 1).all() and 0 < made["born"].isna().mean() < 0.6
