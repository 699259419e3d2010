"""Of large tables what can be counted is counted in all rows, whatever the sample holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pytest

from augment.core.seeds import Seed
from augment.core.types import Score
from augment.evaluation.comparison import Comparison
from augment.kinds.tables.io import large_sources
from augment.kinds.tables.io.formats import arrow_csv
from augment.kinds.tables.kind import TABLES
from augment.kinds.tables.metrics import all_rows, counting, scoring
from augment.kinds.tables.metrics.copies import Copies
from augment.kinds.tables.metrics.row_hashes import RowHashes
from augment.kinds.tables.metrics.shapes import Shapes, ks, tvd
from augment.kinds.tables.metrics.validity import Validity
from tests.cli.in_process import augment

ROWS = 6_000
FIT = {"fit_rows": 300, "scored": True}


def table(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    found: dict[str, np.ndarray] = {
        "x": np.round(rng.normal(50, 5 + seed, ROWS), 3),
        "n": rng.integers(0, 40, ROWS),
        "city": rng.choice(["Rome", "Oslo", "Bern"], ROWS, p=[0.6, 0.3, 0.1]),
        "zip": rng.choice([f"z{i:04d}" for i in range(1_500)], ROWS),
        "note": np.array(
            [f"said {word} {i}" for i, word in enumerate(rng.integers(0, 9**9, ROWS))]
        ),
    }
    return found


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Made rows of which 60 repeat real ones, 30 have a city that no real row has, 12 lie beyond
    the real numbers, and 200 have no `n`."""
    folder = tmp_path_factory.mktemp("all")
    real, made = table(1), table(2)
    made["x"] = np.clip(made["x"], real["x"].min(), real["x"].max())
    for name in made:
        made[name][:60] = real[name][100:160]
    made["city"] = made["city"].astype("<U8")
    made["city"][1_000:1_030] = "Atlantis"
    made["x"][2_000:2_012] = 1e4
    made["n"] = made["n"].astype(object)
    made["n"][3_000:3_200] = None
    for name, columns in (("real", real), ("made", made)):
        pc.write_csv(pa.table({k: pa.array(v) for k, v in columns.items()}), folder / f"{name}.csv")
    return str(folder / "real.csv"), str(folder / "made.csv")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_csv, "BLOCK_BYTES", 1 << 15)


def compared(sources: tuple[str, str], **options: object) -> Comparison:
    given = {"columns": {"zip": "category", "note": "text"}, **options}
    real = TABLES.read(sources[0], given).data
    made = TABLES.reader.read_like(sources[1], real, given).data
    return Comparison.of(real, None, made, Seed(3))


def by_name(scores: list[Score]) -> dict[tuple[str, str], float | None]:
    return {(score.metric, score.where): score.value for score in scores}


def test_counts_are_those_of_the_whole_tables(sources: tuple[str, str]) -> None:
    drawn, whole = compared(sources, **FIT), compared(sources)
    assert len(drawn.real) < 500 < len(whole.real)
    sides = scoring.sides(drawn)
    shapes = by_name(Shapes().score(sides.real, sides.made, Seed(0)))
    real, made = whole.real.to_pandas(), whole.made.to_pandas()
    assert shapes["shapes", "n"] == pytest.approx(
        1 - ks(real["n"].to_numpy(float), made["n"].to_numpy(float, na_value=-np.inf))
    )
    names = sorted({*real["city"], *made["city"]})
    codes = [side["city"].map(names.index).to_numpy() for side in (real, made)]
    assert shapes["shapes", "city"] == pytest.approx(1 - tvd(*codes, len(names)))
    exact = ks(real["x"].to_numpy(float), made["x"].to_numpy(float))
    place = [axis.name for axis in sides.real.axes].index("x")
    columns = (each.whole.columns[place] for each in (sides.real, sides.made))
    least, more = all_rows.distance(sides.real.axes[place], *columns)
    assert least <= exact + 1e-9 and exact <= least + more + 1e-9 and more < 0.02

    validity = by_name(Validity().score(sides.real, sides.made, Seed(0)))
    assert validity["validity.missing", "n"] == pytest.approx(200 / ROWS)
    assert validity["validity.range", "x"] == pytest.approx(12 / ROWS)
    assert validity["validity.unknown", "city"] == pytest.approx(30 / ROWS)
    known = set(real["zip"])
    assert validity["validity.unknown", "zip"] == pytest.approx(
        sum(zip not in known for zip in made["zip"]) / ROWS
    )  # most codes are in no sample

    copies = by_name(Copies().score(sides.real, sides.made, Seed(0)))
    assert copies["copies", ""] == copies["copies.texts", ""] == 60 / ROWS
    ceiling = by_name(Copies().ceiling(sides.real, ROWS, Seed(0)))
    assert ceiling["copies", ""] == 0.0 == ceiling["copies.texts", ""]


def test_values_too_many_to_remember_are_counted_as_one(
    sources: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MOST_OTHERS", 20)
    sides = scoring.sides(compared(sources, **FIT))
    place = [axis.name for axis in sides.real.axes].index("zip")
    for side in (sides.real, sides.made):
        assert side.whole.columns[place].others is None
        assert side.whole.columns[place].present == ROWS
    scores = by_name(Validity().score(sides.real, sides.made, Seed(0)))
    assert ("validity.unknown", "zip") not in scores and ("validity.unknown", "city") in scores


def test_small_tables_are_scored_as_ever(sources: tuple[str, str]) -> None:
    plain, asked = compared(sources), compared(sources, scored=True)
    assert asked.real.whole is None and asked.made.whole is None
    assert (asked.real.digest(), asked.made.digest()) == (plain.real.digest(), plain.made.digest())
    assert counting.counted(asked, ()) is None
    assert "all_rows" not in scoring.extras(asked).document


def test_only_large_files_are_drawn_from(
    sources: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_sources, "SCORED_ROWS", 200)
    monkeypatch.setattr(large_sources, "SCORED_BYTES", 10_000)
    found = compared(sources, scored=True)
    assert 200 <= len(found.real) < 400 and found.real.whole is not None
    assert sum(len(part) for part in found.real.whole.parts()) == found.real.whole.rows == ROWS
    assert len(compared(sources).real) == ROWS  # a fit takes all that memory holds


def test_evaluate_says_how_many_rows_of_how_many(
    sources: tuple[str, str], tmp_path: Path, few_trees: None
) -> None:
    out = tmp_path / "out"
    asked = ("--fit-rows", "150", "--gate", "none", "--seed", "1", "--workers", "1")
    said = augment("evaluate", *sources, "-o", out, *asked)
    assert said.returncode == 0
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert report["all_rows"] == {"real": ROWS, "synthetic": ROWS}
    words = " ".join((said.stdout + said.stderr).decode().split())
    assert f"of {ROWS:,} synthetic and" in words
    assert f"of {ROWS:,} rows are scored" in (out / "report.html").read_text("utf-8")


def test_hashes_are_counted_as_in_memory(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    few = rng.integers(0, 2**64, 300, dtype=np.uint64)
    left, right = rng.choice(few, 500), np.concatenate([few[:20], rng.choice(few, 30)])
    sides = RowHashes(tmp_path, "left"), RowHashes(tmp_path, "right")
    for side, hashes in zip(sides, (left, right), strict=True):
        for part in np.array_split(hashes, 7):
            side.add(part)
    _, counts = np.unique(left, return_counts=True)
    assert sides[0].repeated() == counts[counts > 1].sum()
    assert sides[0].beyond_first() == len(left) - len(counts)
    assert sides[0].among(sides[1]) == np.isin(left, right).sum() > 0
    assert sides[0].among(RowHashes(tmp_path, "none")) == 0
