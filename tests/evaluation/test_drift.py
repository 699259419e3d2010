"""Profiles of columns, and how far two of them lie apart."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from augment.core import registry
from augment.core.seeds import Seed
from augment.evaluation.drift import (
    LEAST_ROWS,
    Profile,
    drift,
    of_categories,
    of_missing,
    of_numbers,
)
from tests.places import ROOT


def normal(rows: int, seed: int, shift: float = 0.0, missing: float = 0.0) -> Profile:
    rng = np.random.default_rng(seed)
    values = rng.normal(shift, 1, rows)
    values[rng.random(rows) < missing] = np.nan
    return of_numbers("x", values)


def letters(rows: int, seed: int, a: float = 0.5) -> Profile:
    drawn = np.random.default_rng(seed).choice(list("abc"), rows, p=[a, 0.8 - a, 0.2])
    return of_categories("x", Counter(drawn.tolist()), 0)


@pytest.mark.parametrize("make", [normal, letters])
def test_a_column_lies_at_no_distance_from_itself_and_far_from_another(make) -> None:
    one = make(1000, 1)
    (same,) = drift([one], [one])
    assert same.distance == 0 and not same.moved
    (near,), (far,) = drift([one], [make(1000, 2)]), drift([one], [make(1000, 2, 0.7)])
    assert 0 < near.distance < near.noise and not near.moved
    assert far.distance > far.noise and far.moved


@pytest.mark.parametrize("make", [normal, letters])
def test_sampling_alone_is_hardly_ever_called_drift(make) -> None:
    found = [drift([make(150, seed)], [make(90, seed + 1000)])[0].moved for seed in range(200)]
    assert sum(found) <= 4


def test_the_distance_of_numbers_is_that_of_their_distribution_functions() -> None:
    uniform = of_numbers("x", np.linspace(0, 1, 5000))
    moved = of_numbers("x", np.linspace(0.25, 1.25, 5000))
    assert drift([uniform], [moved])[0].distance == pytest.approx(0.25, abs=0.01)
    (gone,) = drift([normal(1000, 1)], [normal(1000, 2, missing=0.4)])
    assert gone.distance == pytest.approx(0.4, abs=0.05)


def test_no_rare_value_and_no_single_rows_value_is_kept() -> None:
    counts = {"common": 50, "rare": LEAST_ROWS - 1}
    assert of_categories("x", counts, 0).shares == {"common": 50 / 54}
    values = np.random.default_rng(1).random(333)
    kept = of_numbers("x", values).means
    assert kept and not set(kept) & set(values)
    assert of_numbers("x", values[: LEAST_ROWS - 1]).means == ()


def test_new_and_gone_columns_and_other_roles_are_named() -> None:
    before = [normal(100, 1), of_missing("y", 10, 0)]
    now = [letters(100, 1), of_missing("z", 10, 0)]
    notes = {each.column: each.note for each in drift(before, now)}
    assert notes == {"x": "categories now, numbers before", "y": "gone", "z": "new"}


@pytest.mark.parametrize("source", ["samples/clinic.csv", "samples/digits"])
def test_every_kind_of_data_has_profiles_that_survive_as_json(source: str) -> None:
    kind = registry.find("kinds", "table" if source.endswith("csv") else "images")
    data = kind.reader.read(str(ROOT / source), {}).data
    found = registry.find("profiles", kind.name)(data)
    again = [Profile.from_json(json.loads(json.dumps(each.to_json()))) for each in found]
    assert not any(each.moved for each in drift(found, again))
    half = data.take(Seed(1).rng().permutation(len(data))[: len(data) // 2])
    assert not any(each.moved for each in drift(found, registry.find("profiles", kind.name)(half)))
