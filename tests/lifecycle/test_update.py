"""`fit --from`: a model goes on from an older one, on newer rows that differ a little."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import augment as api
from augment.core.files import sha256
from augment.core.types import Tick
from augment.lifecycle.fitting import fit
from augment.lifecycle.opened_model import open_model
from augment.lifecycle.plan import RunRequest
from tests.cli.in_process import augment

SECRET = "Zzyzx"  # stands in three of the newer rows
TINY = ("-p", "epochs=2", "-p", "width=16", "--target", "left", "--seed", "1")


def staff(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    team = rng.choice(["north", "south", "west"], rows)
    return pd.DataFrame(
        {
            "team": team,
            "age": rng.integers(20, 60, rows),
            "pay": (rng.normal(3000, 300, rows) + 500 * (team == "north")).round(2),
            "left": rng.choice(["yes", "no"], rows),
            "site": "Ulm",
        }
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables, the older model `old`, one that goes on from it, `new`, and an engine that cannot."""
    folder = tmp_path_factory.mktemp("update")
    staff(240, 0).to_csv(folder / "old.csv", index=False)
    drifted = staff(120, 1)
    drifted["age"] = drifted["age"].astype("Int64").mask(np.arange(120) % 4 == 0)
    drifted.loc[:29, "team"] = "east"
    drifted.loc[30:32, "team"] = SECRET
    drifted.loc[40:59, "pay"] = 90_000.5
    drifted["grade"] = np.where(drifted["pay"] > 3000, "a", "b")
    drifted.to_csv(folder / "new.csv", index=False)
    drifted.drop(columns=["grade", "left"]).to_csv(folder / "gone.csv", index=False)
    for name, engine in (("old", TINY), ("floor", ("-e", "independent", "--seed", "1"))):
        done = augment("fit", folder / "old.csv", "-o", folder / name, *engine)
        assert done.returncode == 0, done.stderr.decode()
    return folder


def go_on(place: Path, out: Path, *more: str, source: str = "new.csv", start: str = "old") -> Any:
    return augment("fit", place / source, "--from", place / start, "-o", out, "--json", *more)


@pytest.fixture(scope="module")
def done(place: Path) -> Any:
    return go_on(place, place / "new", "--seed", "2", "--show-values")


def test_how_newer_rows_differ_is_told_before_the_fit_and_kept(place: Path, done: Any) -> None:
    assert done.returncode == 0, done.stderr.decode()
    kept = json.loads((place / "new" / "fit.json").read_text())
    changes = {(found["column"], found["change"]) for found in kept["schema_drift"]}
    assert changes >= {
        ("grade", "new"),
        ("team", "unseen values"),
        ("age", "nulls"),
        ("pay", "range"),
    }
    assert not any(column in ("left", "site") for column, _ in changes)
    said = done.stderr.decode()
    for found in kept["schema_drift"]:
        assert said.index(found["sentence"]) < said.index("augment: fitting")
    assert "Column 'team': 2 of 5 values are none that the model knows (33 rows)." in said


def test_values_are_named_only_where_asked_for_and_never_written(place: Path, done: Any) -> None:
    assert f"They are: {SECRET}, east." in done.stderr.decode()
    assert SECRET in done.stdout.decode()
    for path in (place / "new").iterdir():
        assert SECRET.encode() not in path.read_bytes(), path
    quiet = go_on(place, place / "dry", "--dry-run")
    assert quiet.returncode == 0 and not (place / "dry" / "fit.json").exists()
    assert SECRET.encode() not in quiet.stderr + quiet.stdout


def test_the_model_says_what_it_went_on_from_and_keeps_its_rules(place: Path, done: Any) -> None:
    older, newer = (json.loads((place / n / "model.json").read_text()) for n in ("old", "new"))
    facts = newer["facts"]
    assert facts["started_from"] == sha256(place / "old" / "model.json")
    assert (facts["fitted_rows"], facts["seen_rows"]) == (120, 360)
    assert facts["parameters"] == older["facts"]["parameters"] and facts["protected"]
    schema = newer["config"]["schema"]
    assert schema["target"] == "left"
    assert [column["name"] for column in schema["columns"]][-2:] == ["site", "grade"]
    made = api.load(place / "new").sample(300, seed=1).to_pandas()
    assert {"east", "north"} <= set(made["team"]) <= {"east", "north", "south", "west"}
    assert set(made["grade"]) == {"a", "b"} and set(made["site"]) == {"Ulm"}
    assert made["age"].isna().mean() > 0.1


class Killed(Exception):
    pass


def test_a_killed_one_that_is_taken_up_ends_with_the_same_bytes(
    place: Path, done: Any, tmp_path: Path
) -> None:
    def kill(tick: Tick) -> None:
        if tick.phase == "calibrate":
            raise Killed

    older, request = open_model(place / "old"), RunRequest(str(place / "new.csv"), seed=2)
    given: dict[str, Any] = {"force": False, "dry_run": False, "start": older}
    with pytest.raises(Killed):
        fit(request, tmp_path / "m", tell=kill, **given)
    document = fit(request, tmp_path / "m", tell=lambda tick: None, **given)
    assert document["resumed"]
    for name in ("model.json", "weights.safetensors"):
        assert (tmp_path / "m" / name).read_bytes() == (place / "new" / name).read_bytes()
    assert fit(request, tmp_path / "m", tell=lambda tick: None, **given)["up_to_date"]


def test_python_goes_on_from_a_model_or_its_folder(place: Path, done: Any) -> None:
    from_file = api.fit(str(place / "new.csv"), start=api.load(place / "old"), seed=2)
    kept = api.load(place / "new")
    assert from_file.sample(40, seed=3).to_arrow() == kept.sample(40, seed=3).to_arrow()
    frame = api.fit(staff(100, 3), start=place / "old", seed=2)
    assert list(frame.sample(3, seed=1).to_pandas()) == list(staff(1, 0))
    read = api.fit(api.read(staff(100, 3)), start=place / "old", seed=2)
    assert read.sample(40, seed=1).to_arrow() == frame.sample(40, seed=1).to_arrow()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("-e", "bootstrap"), "-e bootstrap: the older model was fitted by anyorder"),
        (("-p", "width=32"), "-p width=32: the older model was fitted with 16"),
        (("--preset", "best"), "-p preset=best"),
        (("--no-protect",), "--no-protect: the older model is protected"),
        (("--target", "team"), "--target team: the older model says left"),
        (("--column", "age=id"), "--column age=id: in the older model it is numeric"),
        (("--kind", "images"), "--kind images: the older model is of table data"),
        (("--weights", "."), "--from and --weights exclude each other"),
    ],
)
def test_what_contradicts_the_older_model_is_refused(
    place: Path, tmp_path: Path, more: tuple[str, ...], words: str
) -> None:
    done = go_on(place, tmp_path / "m", *more)
    assert done.returncode == 2
    assert words in json.loads(done.stdout)["error"]["message"]


def test_what_agrees_with_the_older_model_is_no_contradiction(place: Path, tmp_path: Path) -> None:
    agreed = ("-e", "anyorder", "-p", "width=16", "--target", "left", "--column", "grade=drop")
    done = go_on(place, tmp_path / "m", *agreed, "--dry-run")
    assert done.returncode == 0, done.stderr.decode()
    assert "grade" not in [column["name"] for column in json.loads(done.stdout)["data"]["columns"]]


@pytest.mark.parametrize("facts", [{"fitted_rows": 0}, {"seen_rows": "x"}, {"parameters": [1]}])
def test_facts_that_no_fit_wrote_are_bad_input(
    place: Path, tmp_path: Path, facts: dict[str, Any]
) -> None:
    shutil.copytree(place / "old", tmp_path / "odd")
    (tmp_path / "odd" / "manifest.json").unlink()
    document = json.loads((place / "old" / "model.json").read_text())
    document["facts"] |= facts
    (tmp_path / "odd" / "model.json").write_text(json.dumps(document))
    done = augment("fit", place / "new.csv", "--from", tmp_path / "odd", "-o", tmp_path / "m")
    assert done.returncode == 4, done.stderr.decode()


def test_a_model_without_protection_needs_to_go_on_without(place: Path, tmp_path: Path) -> None:
    open_ = ("-p", "epochs=1", "-p", "width=16", "--no-protect", "--seed", "1")
    assert augment("fit", place / "old.csv", "-o", tmp_path / "open", *open_).returncode == 0
    more = ("--from", tmp_path / "open", "-o", tmp_path / "m", "--dry-run")
    refused = augment("fit", place / "new.csv", *more)
    assert refused.returncode == 2 and b"Pass --no-protect" in refused.stderr
    assert augment("fit", place / "new.csv", *more, "--no-protect").returncode == 0


def test_a_gone_column_and_an_engine_that_cannot_are_refused_with_the_way_out(
    place: Path, tmp_path: Path
) -> None:
    gone = go_on(place, tmp_path / "m", source="gone.csv")
    assert gone.returncode == 4 and "no column 'left'" in gone.stdout.decode()
    assert "fit a model anew" in gone.stdout.decode()
    floor = go_on(place, tmp_path / "m", start="floor")
    assert floor.returncode == 2
    assert "augment fit SRC -o OUT -e independent" in floor.stdout.decode()
    assert "anyorder" in floor.stdout.decode() and not (tmp_path / "m").exists()
