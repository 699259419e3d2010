"""The benchmarks run: fit, draw and score one engine each."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image

from augment.core.seeds import Seed
from augment.testing.simulated import mixed_table
from tests.places import ROOT


def measured(script: str, data: Path, engine: str, *options: str) -> dict[str, Any]:
    """What a benchmark prints of one engine, seed 0."""
    command = [str(ROOT / "benchmarks" / script), "--one", str(data), engine, "0", *options]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["rows_per_second"] > 0
    assert found["peak_mb"] > 10
    scores: dict[str, Any] = found["scores"]
    return scores


@pytest.mark.slow  # fits and scores of two engines
def test_the_benchmark_of_tables_fits_draws_and_scores(tmp_path: Path) -> None:
    lines = (ROOT / "samples" / "clinic.csv").read_text().splitlines(keepends=True)
    (tmp_path / "few.csv").write_text("".join(lines[:300]))
    scores = measured("tables.py", tmp_path / "few.csv", "independent")
    assert 0.5 < scores["detection"]["value"] <= 1


@pytest.mark.slow
def test_the_benchmark_of_gpus_runs_where_there_is_none(tmp_path: Path) -> None:
    lines = (ROOT / "samples" / "clinic.csv").read_text().splitlines(keepends=True)
    (tmp_path / "few.csv").write_text("".join(lines[:300]))
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), str(tmp_path / "few.csv")]
    command += ["--device", "cpu", "--presets", "fast", "--epochs", "1", "--drawn", "200"]
    command += ["--again", "--made", str(tmp_path / "made.csv")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["again"] and found["steps"] > 0
    assert found["fit_seconds"] > found["training"] > 0
    assert found["drawn_200"] > 0 and found["rows"] > 0
    assert len((tmp_path / "made.csv").read_text().splitlines()) > 200


@pytest.mark.slow
def test_the_benchmark_of_gates_scores_fresh_rows_once_and_judges_them_again(
    tmp_path: Path,
) -> None:
    lines = (ROOT / "samples" / "clinic.csv").read_text().splitlines(keepends=True)
    (tmp_path / "few.csv").write_text("".join(lines[:300]))
    kept = tmp_path / "kept.jsonl"
    command = [sys.executable, str(ROOT / "benchmarks" / "gates.py"), "--tables", str(tmp_path)]
    command += ["--sizes", "60,80", "--runs", "2", "--keep", str(kept)]
    texts = []
    for _ in range(2):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert [json.loads(line)["rows"] for line in kept.read_text().splitlines()] == [60, 80]
        texts.append(done.stdout)
    assert texts[0] == texts[1]
    shares = {line.split()[0]: line.split()[1:] for line in texts[0].splitlines()[1:]}
    assert shares["copies"][0] == "2" and shares["shapes"][2] in ("0", "1", "2")


@pytest.mark.slow
def test_the_benchmark_of_images_fits_draws_and_scores(tmp_path: Path) -> None:
    for label in ("3", "7"):
        sources = sorted((ROOT / "samples" / "digits" / label).iterdir())
        for side, some in (("train", sources[:20]), ("test", sources[20:30])):
            (tmp_path / side / label).mkdir(parents=True)
            for source in some:
                shutil.copy(source, tmp_path / side / label)
    quick = ["-p", "gan.steps=2", "-p", "gan.width=8"]
    assert 0 <= measured("images.py", tmp_path, "gan", *quick)["agreement"]["value"] <= 1


@pytest.mark.slow
def test_the_benchmark_of_sampling_tells_speed_memory_and_the_writers_own(tmp_path: Path) -> None:
    table, model = ROOT / "samples" / "clinic.csv", tmp_path / "m"
    fit = [sys.executable, "-m", "augment", "fit", str(table), "-e", "independent", "-o"]
    subprocess.run([*fit, str(model), "-q"], check=True)
    command = [sys.executable, str(ROOT / "benchmarks" / "sampling_scale.py"), str(model)]
    command += ["--rows", "500", "--formats", "parquet,csv", "--workers", "1,2"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()[1:]]
    assert [(each["format"], each["workers"]) for each in found] == [
        ("parquet", 1),
        ("parquet", 2),
        ("csv", 1),
        ("csv", 2),
    ]
    for each in found:
        assert each["writer_alone_rows_per_cpu_second"] > each["rows_per_cpu_second"] > 0
        assert each["peak_mb"] > 10


@pytest.mark.slow  # eight ways of drawing, in a process of its own
def test_the_benchmark_of_colour_pictures_fits_draws_and_asks_a_classifier(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)

    def picture(path: Path, *shape: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, shape, np.uint8)).save(path)

    for side in ("train", "test"):
        for digit in range(10):
            picture(tmp_path / "digits" / side / str(digit) / "1.png", 28, 28)
    boxes = "".join(
        f"<object><name>{kind}</name><bndbox><xmin>{left}</xmin><ymin>20</ymin>"
        f"<xmax>{left + 40}</xmax><ymax>60</ymax></bndbox></object>"
        for kind, left in (("RBC", 5), ("WBC", 60), ("Platelets", 120))
    )
    (tmp_path / "cells" / "annotations").mkdir(parents=True)
    for name in "abcdefghi":
        picture(tmp_path / "cells" / "images" / f"{name}.jpg", 180, 200, 3)
        (tmp_path / "cells" / "annotations" / f"{name}.xml").write_text(f"<a>{boxes}</a>")
    script, out = str(ROOT / "benchmarks" / "gpu_pictures.py"), tmp_path / "out"
    command = [
        sys.executable,
        script,
        "--device",
        "cpu",
        "--judge-steps",
        "5",
        "--pictures",
        "13",
        "--out",
        str(out),
    ]
    command += ["--digits", str(tmp_path / "digits"), "--photographs", str(tmp_path / "cells")]
    for text in ("width=8", "batch=8", "steps=3"):
        command += ["-p", text]
    subprocess.run(command, capture_output=True, text=True, check=True)
    figures = json.loads((out / "figures.json").read_text())
    assert figures["training"]["steps"] == 3 and figures["jumps 1"]["pictures_per_second"] > 0
    assert 0 <= figures["recognised"]["real, unseen"]["all"] <= 1
    assert {path.name for path in out.glob("*.png")} >= {"real.png", "jumps-4.png"}


@pytest.mark.slow
def test_the_benchmark_of_scale_tells_how_each_stage_grows() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "scale.py"), "grow"]
    command += ["--rows", "300,400", "--columns", "4,6", "--engine", "independent"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line.strip("| ").split(" | ") for line in done.stdout.splitlines()[2:]]
    assert [line[:2] for line in lines] == [["300", "4"], ["400", "4"], ["300", "6"]]
    for line in lines:
        for cell in line[2:]:
            seconds, peak = (float(part.split()[0]) for part in cell.split(", "))
            assert seconds > 0 and peak > 50


def test_unseen_rows_drawn_by_shares_have_the_shares_of_the_learnt_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    with patch.dict(sys.modules):  # its neighbours have names that others may want
        attacks = importlib.import_module("attacks")
    pool, apart = mixed_table(6_000, seed=1), mixed_table(3_000, seed=2)
    member = np.asarray(apart.column("member").to_pylist(), dtype=bool)
    learnt = apart.take(np.flatnonzero(member)[:600])  # older than the pool, all of them members
    made = attacks.with_shares(learnt, pool, Seed(0))
    assert len(made) == len(learnt)
    assert all(made.column("member").to_pylist())
    ages = [np.mean(rows.column("age").to_numpy()) for rows in (learnt, made, pool)]
    assert abs(ages[1] - ages[0]) < 2 < ages[0] - ages[2]
