"""The Python API on tables, as a notebook uses it."""

from __future__ import annotations

import datetime as dt
import filecmp
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import augment
from tests.cli import in_process
from tests.cli.child import ROOT, environment, write_table

pytestmark = pytest.mark.usefixtures("few_trees")

CLINIC = ROOT / "samples" / "clinic.csv"


def typed_frame(rows: int = 240) -> pd.DataFrame:
    """A column of each dtype that people have."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "whole": rng.integers(18, 90, rows),
            "small": rng.integers(0, 50, rows).astype("int16"),
            "single": np.round(rng.normal(70, 9, rows), 1).astype("float32"),
            "text": rng.choice(["red", "green", "blue"], rows),
            "string": pd.Series(rng.choice(["up", "down"], rows), dtype="string"),
            "level": pd.Categorical(rng.choice(["low", "mid", "high"], rows), ordered=True),
            "flag": rng.random(rows) < 0.3,
            "gaps": pd.Series(rng.integers(0, 9, rows), dtype="Int64").mask(rng.random(rows) < 0.2),
            "stamp": pd.date_range("2021-03-01", periods=rows, freq="h"),
            "zoned": pd.date_range("2021-03-01", periods=rows, freq="D", tz="UTC"),
            "day": [dt.date(2020, 1, 1) + dt.timedelta(int(d)) for d in rng.integers(0, 900, rows)],
        }
    )


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return typed_frame()


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> augment.Model:
    return augment.fit(frame, "independent", seed=1)


def test_importing_the_package_loads_no_library() -> None:
    heavy = "{'torch', 'pandas', 'numpy', 'pyarrow', 'sklearn', 'typer'}"
    line = (
        f"import augment, sys; assert 'fit' in dir(augment); found = {heavy} & set(sys.modules); "
        "assert not found, found; from augment import read, errors, Model; assert errors.BadInput"
    )
    done = subprocess.run(
        [sys.executable, "-c", line], capture_output=True, env=environment(), timeout=120
    )
    assert done.returncode == 0, done.stderr.decode()


def test_the_types_ship_with_the_package() -> None:
    assert (Path(augment.__file__).parent / "py.typed").is_file()


@pytest.mark.slow  # it fits, races and scores
def test_the_page_on_python_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs" / "python.md").read_text("utf-8")
    table = pd.read_csv(write_table(tmp_path / "t.csv", 200)).rename(columns={"member": "churned"})
    table.to_csv(tmp_path / "customers.csv", index=False)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, names)
    assert (tmp_path / "report" / "report.html").is_file() and (tmp_path / "model").is_dir()
    assert "'fidelity'" in capsys.readouterr().out


def test_every_public_name_is_there_and_an_unknown_one_is_not() -> None:
    for name in augment.__all__:
        assert getattr(augment, name) is not None
    assert augment.errors.BadInput is augment.BadInput
    assert set(augment.__all__) <= set(dir(augment))
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        _ = augment.fitt  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_same_seed_gives_the_bytes_of_the_command_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = augment.fit(augment.read(CLINIC), engine="independent", seed=1)
    made = model.sample(500, seed=2)
    made.write(tmp_path / "api.csv")
    made.write(tmp_path / "api.parquet")
    model.save(tmp_path / "api")
    assert capfd.readouterr() == ("", "")

    assert not in_process.augment(
        "fit", CLINIC, "-e", "independent", "--seed", "1", "-o", tmp_path / "cli"
    ).returncode
    for suffix in ("csv", "parquet"):
        done = in_process.augment(
            "sample", tmp_path / "cli", "-n", "500", "--seed", "2", "-o", tmp_path / f"cli.{suffix}"
        )
        assert not done.returncode, done.stderr
        assert filecmp.cmp(tmp_path / f"api.{suffix}", tmp_path / f"cli.{suffix}", shallow=False)
    for name in ("model.json", "weights.safetensors"):
        assert (tmp_path / "api" / name).read_bytes() == (tmp_path / "cli" / name).read_bytes()
    assert not in_process.augment("verify", tmp_path / "api").returncode


def test_a_dataframe_comes_back_with_its_dtypes_and_a_plain_index(
    frame: pd.DataFrame, model: augment.Model
) -> None:
    shuffled = frame.sample(frac=1, random_state=3)
    data = augment.read(shuffled)
    assert any("index is left out" in note for note in data.notes)
    pd.testing.assert_frame_equal(data.to_pandas(), shuffled.reset_index(drop=True))
    made = model.sample(70, seed=5).to_pandas()
    pd.testing.assert_series_equal(made.dtypes, frame.dtypes)
    pd.testing.assert_index_equal(made.index, pd.RangeIndex(70))
    assert isinstance(made["day"][0], dt.date)


def test_an_arrow_table_comes_back_with_its_types(frame: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    read = augment.read(table).to_arrow()
    assert read.schema.types == table.schema.types and read.to_pylist() == table.to_pylist()
    model = augment.fit(table, "independent", seed=1)
    assert model.sample(30, seed=1).to_arrow().schema.types == table.schema.types


def test_a_dataframe_and_its_file_give_the_same_rows(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_parquet(tmp_path / "t.parquet")
    of_file = augment.fit(tmp_path / "t.parquet", "independent", seed=4).sample(40, seed=4)
    of_frame = augment.fit(frame, "independent", seed=4).sample(40, seed=4)
    assert of_file.to_arrow().equals(of_frame.to_arrow())


def test_seeds_repeat_and_none_is_a_fresh_one(model: augment.Model) -> None:
    first = model.sample(50, seed=9)
    assert first.seed == 9 and first.rows == len(first) == 50
    assert first.to_arrow().equals(model.sample(50, seed=9).to_arrow())
    other = model.sample(50)
    assert other.seed not in (None, 9)
    assert other.to_arrow().equals(model.sample(50, seed=other.seed).to_arrow())
    assert len(model.sample("2x")) == 2 * model.rows == 2 * len(model.sample())


def test_a_saved_model_gives_the_same_rows_and_is_not_replaced_unasked(
    model: augment.Model, tmp_path: Path
) -> None:
    model.save(tmp_path / "m")
    found = augment.load(tmp_path / "m")
    assert (found.engine, found.rows, found.seed, found.notes) == (
        "independent",
        240,
        1,
        model.notes,
    )
    assert found.sample(30, seed=2).to_arrow().equals(model.sample(30, seed=2).to_arrow())
    found.save(tmp_path / "again")
    again, once = (tmp_path / name / "model.json" for name in ("again", "m"))
    assert again.read_bytes() == once.read_bytes()
    with pytest.raises(augment.UsageError, match="--force"):
        model.save(tmp_path / "m")
    model.save(tmp_path / "m", force=True)


def test_conditions_and_given_rows(tmp_path: Path) -> None:
    table = augment.read(write_table(tmp_path / "t.csv", 200))
    model = augment.fit(table, "anyorder", seed=1, parameters={"preset": "fast", "epochs": 2})
    where = model.sample(20, seed=1, where=["age >= 40", "job = cook"]).to_pandas()
    assert (where["age"] >= 40).all() and (where["job"] == "cook").all()
    even = model.sample(30, seed=1, balance="job").to_pandas()
    assert even["job"].value_counts().tolist() == [10, 10, 10]
    gaps = pd.DataFrame({"job": ["nurse", None, "cook"], "age": [30, 40, None]})
    filled = model.sample(given=gaps, seed=1).to_pandas()
    assert filled["job"][0] == "nurse" and filled["job"][2] == "cook"
    assert filled["age"][:2].tolist() == [30, 40] and not filled[["job", "age"]].isna().any().any()
    with pytest.raises(augment.BadInput, match=r"the DataFrame, row 1"):
        model.sample(given=pd.DataFrame({"job": ["pilot"]}))
    with pytest.raises(augment.BadInput, match="no column 'jobs'"):
        model.sample(given=pd.DataFrame({"jobs": ["cook"]}))


def test_an_evaluation_of_dataframes(frame: pd.DataFrame, tmp_path: Path) -> None:
    real = augment.read(frame[["whole", "text", "flag"]], target="flag")
    made = augment.fit(real, "independent", seed=1).sample(240, seed=1)
    found = augment.evaluate(real, made.to_pandas(), seed=1)
    assert found.verdict.keys() == {"fidelity", "utility", "privacy", "validity"}
    assert found.passed("none")
    failing = {group for group, state in found.verdict.items() if state == "fail"}
    assert found.passed() == (not failing)
    assert all(found.passed(group) == (group not in failing) for group in found.verdict)
    shapes = next(score for score in found.scores if score.metric == "shapes")
    assert shapes.value is not None and shapes.ceiling is not None
    with pytest.raises(augment.UsageError, match=r"fidelty.*Did you mean 'fidelity'"):
        found.passed("fidelty")
    found.write(tmp_path / "report")
    assert (tmp_path / "report" / "report.html").is_file()
    assert not in_process.augment("verify", tmp_path / "report").returncode
    with pytest.raises(augment.UsageError, match="--force"):
        found.write(tmp_path / "report")

    of_sample = augment.evaluate(real, made, seed=1)
    assert of_sample.scores == found.scores


@pytest.mark.slow
def test_an_evaluation_gives_the_scores_of_the_command_line(tmp_path: Path) -> None:
    real = write_table(tmp_path / "t.csv", 150)
    made = augment.fit(real, "independent", seed=1).sample(150, seed=1)
    made.write(tmp_path / "made.csv")
    found = augment.evaluate(real, tmp_path / "made.csv", seed=3)
    done = in_process.augment(
        "evaluate", real, tmp_path / "made.csv", "--seed", "3", "-o", tmp_path / "e", "-q"
    )
    assert not done.returncode, done.stderr
    found.write(tmp_path / "api")
    read = [augment.core.files.read_json(tmp_path / name / "report.json") for name in ("api", "e")]
    assert read[0]["scores"] == read[1]["scores"] and read[0]["verdict"] == read[1]["verdict"]


def test_rows_of_a_file_are_spelt_as_in_it_beside_texts_of_a_frame(tmp_path: Path) -> None:
    rows = [f"{n},{'yes' if n % 3 else 'no'}" for n in range(100)]
    (tmp_path / "t.csv").write_text("\n".join(["n,left", *rows]) + "\n")
    made = augment.fit(tmp_path / "t.csv", "independent", seed=1).sample(100, seed=1)
    assert made.to_pandas()["left"].dtype == "boolean"
    found = augment.evaluate(pd.read_csv(tmp_path / "t.csv"), made, seed=1)
    unknown = [score.value for score in found.scores if score.metric == "validity.unknown"]
    assert unknown and not any(unknown)


def test_unlike_tables_are_not_compared(frame: pd.DataFrame) -> None:
    other = pd.DataFrame({"a": range(50), "b": range(50)})
    with pytest.raises(augment.BadInput, match="too few to compare the two") as caught:
        augment.evaluate(frame, other)
    assert caught.value.where == "the DataFrame"


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"x": ["secret", 1, 2.5]}), r"column 'x' holds values of several types"),
        (pd.DataFrame({"x": [{"a": 1}, {"a": 2}]}), r"column 'x' is of type struct"),
        (pd.DataFrame({"x": [1 + 2j]}), r"column 'x' holds values"),
        (pd.DataFrame({"x": pd.to_timedelta([1, 2], "D")}), r"column 'x' is of type duration"),
        (pd.DataFrame({"x": [1.0, float("inf")]}), r"infinite"),
        (pd.DataFrame([[1, 2]]), r"called by a int"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r"'a' stands twice"),
        (pd.DataFrame({"x": []}), r"the table has no rows"),
        (pd.DataFrame(), r"the table has no rows"),
    ],
)
def test_a_dataframe_that_is_no_table_is_refused(frame: pd.DataFrame, words: str) -> None:
    with pytest.raises(augment.BadInput, match=words) as caught:
        augment.read(frame)
    assert caught.value.where.startswith("the DataFrame")
    assert "secret" not in str(caught.value)


def test_a_column_that_no_table_can_hold_may_be_dropped() -> None:
    frame = pd.DataFrame({"x": ["a", 1], "y": [1.5, 2.5]})
    assert list(augment.read(frame, columns={"x": "drop"}).to_pandas()) == ["y"]


def test_wrong_arguments_are_refused_as_usage(frame: pd.DataFrame, model: augment.Model) -> None:
    def refused(words: str, call: object, *args: object, **named: object) -> None:
        assert callable(call)
        with pytest.raises(augment.UsageError, match=words):
            call(*args, **named)

    refused("the list is no table", augment.read, [[1, 2], [3, 4]])
    refused("--delimiter is for files", augment.read, frame, options={"delimiter": ";"})
    refused(
        "no reading option 'delimeter'. Did you mean 'delimiter'",
        augment.read, CLINIC, options={"delimeter": 1},
    )  # fmt: skip
    refused("'max_bad': expected a whole number", augment.read, CLINIC, options={"max_bad": -1})
    refused("NAME=ROLE", augment.read, CLINIC, options={"column": ["age"]})
    refused("--canvas is no option for table data", augment.read, CLINIC, options={"canvas": 32})
    refused("no such column.*'whole'", augment.read, frame, columns={"hole": "id"})
    refused("no engine 'indepndent'.*'independent'", augment.fit, frame, "indepndent")
    refused("no parameter 'epoch'", augment.fit, frame, "anyorder", parameters={"epoch": 1})
    refused("whole number", augment.fit, frame, "anyorder", parameters={"epochs": "many"})
    refused("is for images data", augment.fit, frame, "cvae")
    refused("seed=-1", augment.fit, frame, seed=-1)
    refused("seed='1'", model.sample, 5, seed="1")
    refused("max_seconds=0", augment.fit, frame, max_seconds=0)
    refused("holdout=2", augment.run, frame, "out", holdout=2)
    refused("--gate privcy.*'privacy'", augment.run, frame, "out", gate="privcy")
    refused("n=2.5", model.sample, 2.5)
    refused("at least 1", model.sample, 0)
    refused("no column 'wole'.*'whole'", model.sample, 5, where="wole > 3")
    refused("read already", augment.read, augment.read(frame), target="text")


def test_errors_are_our_own_and_none_ends_the_process(tmp_path: Path) -> None:
    with pytest.raises(augment.BadInput, match="no such file"):
        augment.read(tmp_path / "missing.csv")
    with pytest.raises(augment.BadInput, match="no model folder"):
        augment.load(tmp_path)
    assert issubclass(augment.BadInput, augment.AugmentError)


def test_progress_is_told(frame: pd.DataFrame) -> None:
    ticks: list[augment.Tick] = []
    model = augment.fit(frame, "independent", seed=1, tell=ticks.append)
    model.sample(10, tell=ticks.append)
    assert {"read", "fit", "sample"} <= {tick.phase for tick in ticks}


def test_a_run_is_that_of_the_command_line(tmp_path: Path) -> None:
    source = write_table(tmp_path / "t.csv", 150)
    options = ("-e", "independent", "--seed", "3", "--gate", "none")
    done = augment.run(source, tmp_path / "api", engine="independent", seed=3, gate="none")
    assert not in_process.augment("run", source, *options, "-o", tmp_path / "cli").returncode
    api, cli = (tmp_path / name / "synthetic.csv" for name in ("api", "cli"))
    assert api.read_bytes() == cli.read_bytes()
    assert done.folder == tmp_path / "api" and done.seed == 3
    assert done.data().rows == 150 and done.data().kind == "table"
    assert done.model().engine == "independent"
    assert done.evaluation.verdict
    again = in_process.augment("run", source, *options, "-o", tmp_path / "api", "--json")
    assert b'"up_to_date": true' in again.stdout


def test_a_run_of_other_rows_in_memory_is_another_run(
    model: augment.Model, frame: pd.DataFrame, tmp_path: Path
) -> None:
    options = {"engine": "independent", "seed": 1, "holdout": 0, "gate": "none"}
    first = model.sample(60, seed=1)
    augment.run(first, tmp_path / "out", **options)
    augment.run(first, tmp_path / "out", **options)
    for other in (model.sample(60, seed=2), frame):
        with pytest.raises(augment.UsageError, match="another source, plan or seed"):
            augment.run(other, tmp_path / "out", **options)


def test_a_run_of_a_dataframe_whose_gate_fails_is_kept_aside(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    frame = pd.DataFrame({f"x{i}": x + rng.normal(size=400) / 50 for i in range(4)})
    with pytest.raises(augment.GateFailed, match=r"fidelity.*out\.rejected"):
        augment.run(frame, tmp_path / "out", engine="independent", seed=1, gate="fidelity")
    assert augment.load(tmp_path / "out.rejected").engine == "independent"
