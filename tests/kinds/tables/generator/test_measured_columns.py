"""Columns of numbers in a few forms: drawn in these forms, where real ones lie, beside the rest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, Json, State, silent
from augment.kinds.tables.data import measurements
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.engines.bootstrap import Bootstrap
from augment.kinds.tables.generator.fitting import fit_model
from augment.kinds.tables.generator.form_ranges import FormRanges
from augment.kinds.tables.generator.model import TableModel
from augment.kinds.tables.metrics.scoring import score

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENGINES = {
    "anyorder": {"epochs": "12", "width": "48", "blocks": "1", "bins": "24"},
    "independent": {},
    "bootstrap": {},
}
ROWS = 1_500
CANARY, RARE_UNIT, HEAVIEST = "see J. Quigley", "zogs", "399.9 kg"
FORMS = {"weight": ("0.0 kg", "0.0 lb"), "lab": ("0.00", "<0.00", "ND"), "span": ("0-0",)}


def patients() -> Table:
    """Simulated: pounds in one country alone; a lab's values under its limit; ranges of hours."""
    rng = np.random.default_rng(1)
    us = rng.random(ROWS) < 0.4
    height = rng.normal(172, 9, ROWS)
    kg = 72 + 0.9 * (height - 172) + rng.normal(0, 6, ROWS)
    lab = np.exp(rng.normal(-1.5, 1, ROWS))
    low = rng.integers(1, 40, ROWS)
    weight: list[str | None] = [
        f"{k * 2.2046:.1f} lb" if u else f"{k:.1f} kg" for k, u in zip(kg, us, strict=True)
    ]
    weight[0] = HEAVIEST
    weight[1:4] = [CANARY] * 3
    weight[4:8] = [f"{k} {RARE_UNIT}" for k in range(4)]
    weight[8:48] = [None] * 40
    data = {
        "country": np.where(us, "US", "FR").tolist(),
        "height": np.round(height, 1),
        "weight": weight,
        "lab": [
            "ND" if i % 40 == 0 else "<0.05" if v < 0.05 else f"{v:.2f}" for i, v in enumerate(lab)
        ],
        "span": [f"{a}-{a + b}" for a, b in zip(low, rng.integers(0, 9, ROWS), strict=True)],
    }  # fmt: skip
    columns = [
        Column("country", "categorical", "string"),
        Column("height", "numeric", "float", max_decimals=1),
    ]
    columns += [
        Column(name, "measurement", "string", null="" if name == "weight" else None, forms=forms)
        for name, forms in FORMS.items()
    ]  # fmt: skip
    return Table(pa.table(data), Schema(tuple(columns)))


@pytest.fixture(scope="module", params=ENGINES)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TableModel:
    recipe = registry.engine(request.param, ENGINES[request.param])
    job = Job(Seed(1), tmp_path_factory.mktemp("scratch"))
    return fit_model(recipe, patients(), job, True, ROWS)


def sampled(model: TableModel, n: int = 3_000, **ask: Any) -> Table:
    given = model.condition(Ask(**ask)) if ask else Condition()
    return model.sample(0, n, Seed(3), given, silent)


def of_form(table: Table, name: str, form: str) -> NDArray[np.float64]:
    """The first numbers of the rows that have this form."""
    parts = measurements.parted(table)
    forms = parts.column(f"{name}: form").to_pylist()
    return numbers(parts, name)[[own == form for own in forms]]


def test_every_made_text_is_of_a_form_and_where_real_ones_are(model: TableModel) -> None:
    real, made = patients(), sampled(model)
    assert made.schema == real.schema
    assert list(measurements.odd_rows(made)) == []
    assert made.column("weight").null_count / 3_000 == pytest.approx(40 / ROWS, abs=0.02)
    for name, form in (("weight", "0.0 kg"), ("weight", "0.0 lb"), ("lab", "0.00")):
        known, found = of_form(real, name, form), of_form(made, name, form)
        assert len(found) / 3_000 == pytest.approx(len(known) / ROWS, abs=0.06)
        assert known.min() <= found.min() and found.max() <= known.max()
        near = 0.2 if model.engine == "independent" else 0.05  # of it, a number knows no form
        assert np.median(found) == pytest.approx(np.median(known), rel=near)
    assert set(of_form(made, "lab", "<0.00")) == {0.05}
    spans = [tuple(map(int, text.split("-"))) for text in made.column("span").to_pylist()]
    assert all(low <= high for low, high in spans)


def test_units_follow_other_columns(model: TableModel) -> None:
    if model.engine == "independent":
        pytest.skip("it draws every column apart")
    made = sampled(model)
    country = np.array(made.column("country").to_pylist())
    form = np.array(measurements.parted(made).column("weight: form").to_pylist())
    assert ((country == "US") == (form == "0.0 lb"))[form != None].mean() > 0.97  # noqa: E711
    for own in ("0.0 kg", "0.0 lb"):
        rows = form == own
        heights = numbers(made, "height")[rows]
        assert np.corrcoef(heights, of_form(made, "weight", own))[0, 1] > 0.4


def test_rare_literals_and_extremes_are_neither_kept_nor_made(model: TableModel) -> None:
    stored = json.dumps(model.stored().state.config) + json.dumps(model.stored().facts)
    texts = sampled(model).column("weight").to_pylist()
    for secret in (CANARY, RARE_UNIT, HEAVIEST):
        assert not any(secret in str(text) for text in texts)
    assert CANARY not in stored and RARE_UNIT not in stored and "399.9" not in stored


def test_a_stored_model_draws_the_same_rows(model: TableModel) -> None:
    again = TableModel.restore(model.stored())
    assert again.sample(0, 500, Seed(5), Condition(), silent).digest() == (
        model.sample(0, 500, Seed(5), Condition(), silent).digest()
    )


def test_rows_are_asked_for_by_number_and_form(model: TableModel) -> None:
    if model.engine == "bootstrap":
        heavy = sampled(model, 200, where=("weight > 180",))
        assert all(text.endswith(" lb") for text in heavy.column("weight").to_pylist())
        return
    made = sampled(model, 200, where=("weight > 160", "'weight: form' = '0.0 lb'"))
    assert (of_form(made, "weight", "0.0 lb") > 160).sum() == 200
    empty = sampled(model, 50, where=("weight is null",))
    assert empty.column("weight").null_count == 50
    assert sampled(model, 50, where=("weight is not null",)).column("weight").null_count == 0
    words = sampled(model, 300, where=("lab < 0.2",)).column("lab").to_pylist()
    assert "ND" not in words and all(float(word.strip("<")) < 0.2 for word in words)
    even = sampled(model, 400, balance="weight: form")
    assert len(of_form(even, "weight", "0.0 lb")) == 200
    with pytest.raises(UsageError, match="has 2 values"):
        sampled(model, 5, where=("'weight: form' = '0.0 st'",))


def test_given_texts_stay_and_gaps_get_one(model: TableModel, tmp_path: Path) -> None:
    if model.engine == "bootstrap":
        pytest.skip("it fills no rows")
    given = tmp_path / "given.csv"
    given.write_text("weight,lab,span\n71.8 kg,,\n,ND,\n150.0 lb,<0.05,3-9\n,,\n" + ",,\n" * 200)
    made = sampled(model, 204, given=str(given))
    assert made.column("weight").to_pylist()[:3:2] == ["71.8 kg", "150.0 lb"]
    assert made.column("lab").to_pylist()[1:3] == ["ND", "<0.05"]
    assert made.column("span").to_pylist()[2] == "3-9"
    assert made.column("span").null_count == 0 and list(measurements.odd_rows(made)) == []
    assert set(of_form(made, "lab", "<0.00")) == {0.05}
    given.write_text("weight\n5 st\n")
    with pytest.raises(BadInput, match="weight: form"):
        sampled(model, 1, given=str(given))


def bootstrapped(folder: Path, **options: Any) -> TableModel:
    return fit_model(Bootstrap(), patients(), Job(Seed(1), folder), **options)


def test_of_a_table_without_protection_the_outermost_numbers_stay(tmp_path: Path) -> None:
    model = bootstrapped(tmp_path, protected=False, source_rows=ROWS)
    assert model.ranges.ends["weight"]["0.0 kg"][0][1] == 399.9
    made = sampled(model, 6_000).column("weight").to_pylist()
    assert HEAVIEST in made and CANARY not in made


@pytest.mark.parametrize(
    "damage",
    [
        {"ends": {"height": {}}}, {"ends": {"weight": {"0 st": [[1, 2]]}}},
        {"ends": {"weight": {"0.0 kg": [[1, float("nan")]]}}}, {"below": ["country"]}, {"ends": 5},
    ],
)  # fmt: skip
def test_damaged_ranges_are_refused(damage: Json, tmp_path: Path) -> None:
    stored = bootstrapped(tmp_path, protected=True, source_rows=ROWS).stored()
    assert FormRanges.from_json(stored.state.config["ranges"], patients().schema).ends
    config = {**stored.state.config, "ranges": {**stored.state.config["ranges"], **damage}}
    with pytest.raises(BadInput):
        TableModel.restore(replace(stored, state=State(config, stored.state.tensors)))


def test_a_model_of_other_tables_says_nothing_of_forms(tmp_path: Path) -> None:
    plain = patients().select(["country", "height"])
    model = fit_model(Bootstrap(), plain, Job(Seed(1), tmp_path), True, ROWS)
    assert "ranges" not in model.stored().state.config
    assert model.facts["kept"] == []
    assert TableModel.restore(model.stored()).ranges == FormRanges()


def test_scores_compare_numbers_and_see_wrong_forms() -> None:
    real = patients()
    train, test = real.take(np.arange(0, ROWS, 2)), real.take(np.arange(1, ROWS, 2))

    def scored(made: Table, metric: str, where: str | None = None) -> float:
        found = score(train, test, made, Seed(0), metrics=["shapes", "validity"])
        return next(s.value or 0.0 for s in found if s.metric == metric and s.where == where)

    wrong = [f"{text} !" for text in test.column("lab").to_pylist()]
    shifted = [
        text if text in (None, CANARY) else f"{float(text.split()[0]) * 2:.1f} {text.split()[1]}"
        for text in test.column("weight").to_pylist()
    ]
    places = {name: place for place, name in enumerate(real.schema.names)}
    for name, texts in (("lab", wrong), ("weight", shifted)):
        data = test.data.set_column(places[name], name, pa.array(texts))
        made = Table(data, test.schema)
        assert scored(made, "shapes", name) < scored(test, "shapes", name) - 0.1
        if name == "lab":
            assert scored(made, "validity.unknown", "lab: form") == 1.0
            assert scored(test, "validity.unknown", "lab: form") == 0.0
