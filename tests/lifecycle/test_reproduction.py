"""`augment reproduce`: the same bytes from a run's own run.json, or what differs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import BadInput
from augment.core.files import write_json
from augment.core.fitted import Ask
from augment.core.types import Json, silent
from augment.evaluation.gates import parse
from augment.kinds.tables.kind import TableGenerator
from augment.lifecycle import reproduction, run
from augment.lifecycle.plan import RunRequest
from augment.work.manifest import write_manifest
from tests.cli import in_process

ROWS = 60


def write(path: Path, rows: int = ROWS) -> Path:
    lines = [f"{i % 25},{'abc'[i % 3]},K-{i:03d}" for i in range(rows)]
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["n;letter;key", *(x.replace(",", ";") for x in lines)]) + "\n")
    return path


def start(request: RunRequest, out: Path) -> Json:
    return run.run(request, out, force=False, dry_run=False, tell=silent)


def again(folder: Path, source: Path | None = None, out: Path | None = None) -> Json:
    where = None if source is None else str(source)
    return reproduction.reproduce(folder, where, out, workers=1, tell=silent)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of all that a request can hold: a chosen engine, a drawn seed, options, conditions."""
    monkeypatch.setattr(TableGenerator, "choose", lambda self, data: ("independent", "quick"))
    request = RunRequest(
        str(write(tmp_path / "data" / "t.csv")),
        count="3x",
        append=True,
        ask=Ask(where=("n >= 3",), balance="letter"),
        holdout=0.0,
        gate="none",
        read={"delimiter": ";", "columns": {"key": "id"}, "rejects": str(tmp_path / "bad.txt")},
        write={"mark": True},
    )
    start(request, tmp_path / "out")
    return tmp_path / "out"


def test_a_run_is_the_same_from_its_own_document_wherever_the_data_are_now(
    made: Path, tmp_path: Path
) -> None:
    found = again(made)
    assert found["same"] and found["compared"] == 5
    (tmp_path / "data").rename(tmp_path / "moved")
    with pytest.raises(BadInput, match="--source"):
        again(made)
    kept = again(made, tmp_path / "moved" / "t.csv", tmp_path / "kept")
    assert kept["same"] and kept["folder"] == str(tmp_path / "kept")
    assert (tmp_path / "kept" / "augmented.csv").read_bytes() == (
        made / "augmented.csv"
    ).read_bytes()


def test_what_differs_is_named_with_the_likely_reason(made: Path, tmp_path: Path) -> None:
    document = json.loads((made / "run.json").read_text())
    document["seed"] += 1
    document["versions"]["numpy"] = "1.0"
    (made / "run.json").write_text(json.dumps(document))
    found = again(made)
    assert not found["same"] and "augmented.csv" in found["differing"]
    assert any(name.startswith("numpy: 1.0 then") for name in found["sentences"])
    done = in_process.augment("reproduce", made, "-q")
    assert done.returncode == 3 and b"gave other bytes" in done.stderr


def test_a_file_that_was_changed_since_is_named_though_the_bytes_made_are_the_same(
    made: Path,
) -> None:
    done = in_process.augment("reproduce", made)
    assert done.returncode == 0 and b"changed" not in done.stderr
    with (made / "augmented.csv").open("a") as stream:
        stream.write("1;a;K-001\n")
    done = in_process.augment("reproduce", made)
    said = " ".join(done.stderr.decode().split())
    assert done.returncode == 0 and "since it was written, augmented.csv in" in said
    found = again(made)
    assert found["same"] and found["changed_since"] == ["augmented.csv"]


def test_nothing_is_fitted_where_the_source_changed(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "data" / "t.csv", ROWS + 1)
    monkeypatch.setattr(reproduction, "run", None)
    found = again(made)
    assert found["source"]["rows"] == {"was": ROWS, "now": ROWS + 1} and not found["same"]
    done = in_process.augment("reproduce", made, "--json", "-q")
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["type"] == "NotReproduced"


def test_what_is_no_finished_run_is_refused(made: Path, tmp_path: Path) -> None:
    assert in_process.augment("reproduce", tmp_path).returncode == 4
    document = json.loads((made / "run.json").read_text())
    del document["planned"]["count"]
    (made / "run.json").write_text(json.dumps(document))
    with pytest.raises(BadInput, match="version"):
        again(made)


def test_images_are_the_same_too(tmp_path: Path) -> None:
    source, rng = tmp_path / "pictures", np.random.default_rng(1)
    for number in range(12):
        place = source / "ab"[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (8, 8), np.uint8)).save(place)
    request = RunRequest(
        str(source),
        engine="gan",
        parameters={"steps": "1"},
        count="5",
        holdout=0.0,
        gate="none",
        read={"canvas": "8"},
    )
    made = start(request, tmp_path / "out")
    assert made["plan"]["parameters"]["steps"] == 1
    found = again(tmp_path / "out")
    assert found["same"] and found["compared"] > 5


@pytest.mark.parametrize(
    "gate", ["none", "all", "copies <= 1%", "privacy and (validity or not fidelity)", "a or b < 1"]
)
def test_gates_are_asked_as_they_were(gate: str) -> None:
    gate = gate.replace("a or", "validity or")
    texts = [each.text for each in parse(gate)]
    assert [each.text for each in parse(reproduction.gate_of(texts))] == texts


def test_the_seconds_of_rounds_are_no_difference(tmp_path: Path) -> None:
    for name, seconds, value in (("a", 1.0, 5), ("b", 2.0, 5), ("c", 1.0, 6)):
        folder = tmp_path / name
        row = {"seconds": {"fit": seconds}, "value": value}
        write_json(folder / "report.json", {"about": {"rounds": {"history": [row]}}})
        write_json(folder / "rounds" / "1" / "manifest.json", {"seconds": seconds})
        (folder / "report.html").write_text(str(seconds))
        write_manifest(folder)
    first, same, other = (tmp_path / name for name in "abc")
    assert reproduction.compared(first, same, rounds=True) == {"compared": 1, "differing": []}
    assert reproduction.compared(first, other, rounds=True)["differing"] == ["report.json"]
    assert len(reproduction.compared(first, same, rounds=False)["differing"]) == 2
