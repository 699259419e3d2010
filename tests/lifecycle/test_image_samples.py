"""Samples of images as folders: shards, resumption, and options on the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from augment.cli.app import app
from augment.core.errors import UsageError
from augment.core.fitted import Ask
from augment.core.types import Tick, silent
from augment.lifecycle import fitting, generation, opened_model, run
from augment.lifecycle.plan import RunRequest
from augment.testing import simple_images
from augment.work.manifest import verify
from tests.cli.child import environment
from tests.kinds.images import pictures
from tests.places import ROOT

QUICK = {"steps": "6", "batch": "8", "width": "8", "latent": "4", "prior": "gaussian"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("source") / "set"
    data = simple_images(40)
    for row, label in enumerate(data.labels() or ()):
        path = root / str(label) / f"{row}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pictures.file_of(data.pixels[row, :, :, 0]))
    return root


@pytest.fixture(scope="module")
def model(source: Path) -> Path:
    out = source.parent / "model"
    request = RunRequest(str(source), engine="cvae", parameters=QUICK, seed=1)
    fitting.fit(request, out, force=False, dry_run=False, tell=silent)
    return out


def made(
    model: Path,
    out: Path,
    n: int = 250,
    seed: int | None = 5,
    shard: str | None = None,
    tell: Callable[[Tick], None] = silent,
    **ask: str,
) -> dict[str, bytes]:
    """A sample's images by their paths."""
    asked = Ask(balance=ask.get("balance"), where=tuple(filter(None, [ask.get("where")])))
    order = generation.Order(str(n), seed, asked, shard)
    generation.sample(opened_model.open_model(model), order, out, force=False, tell=tell)
    return files(out)


def called(*words: str | Path) -> tuple[int, str]:
    """The exit code of a command in this process, and what it told."""
    done = CliRunner().invoke(app, list(map(str, words)))
    return done.exit_code, " ".join(done.output.split())


def stop(tick: Tick) -> None:
    """As a user who interrupts when some blocks of a sample are made."""
    if tick.phase == "sample" and tick.step >= 75:
        raise KeyboardInterrupt


def files(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.png")}


def lines(out: Path) -> list[dict[str, object]]:
    return [json.loads(text) for text in (out / "manifest.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("shards", [2, 3, 5])
def test_shards_are_disjoint_and_together_the_whole(
    model: Path, tmp_path: Path, shards: int
) -> None:
    whole = made(model, tmp_path / "whole")
    parts = [made(model, tmp_path / str(i), shard=f"{i}/{shards}") for i in range(1, shards + 1)]
    assert sum(map(len, parts)) == len(whole) == 250
    assert {len(part) for part in parts} <= {250 // shards, -(-250 // shards)}
    assert {name: data for part in parts for name, data in part.items()} == whole


def test_an_unfinished_shard_lends_its_seed_and_any_other_needs_one(
    model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="--seed"):
        made(model, out, seed=None, shard="2/2")
    whole = made(model, tmp_path / "whole", shard="2/2")
    assert len(whole) == 125
    with pytest.raises(KeyboardInterrupt):
        made(model, out, shard="2/2", tell=stop)
    assert made(model, out, seed=None, shard="2/2") == whole
    assert len(lines(out)) == 125


def test_each_image_has_its_provenance_and_the_folder_its_manifest(
    model: Path, tmp_path: Path
) -> None:
    made(model, tmp_path / "out", n=7)
    found = lines(tmp_path / "out")
    assert [line["number"] for line in found] == list(range(7))
    assert all(
        line["file"] == f"{line['label']}/made__cvae__{line['number']:06d}.png" for line in found
    )
    assert {(line["engine"], line["seed"]) for line in found} == {("cvae", 5)}
    assert len({str(line["model"]) for line in found}) == 1
    checked = verify(tmp_path / "out")
    assert len(checked.whole) == 7 + 2 and not checked.changed and not checked.unknown


def test_balance_is_exact_and_where_leaves_only_what_is_asked(model: Path, tmp_path: Path) -> None:
    made(model, tmp_path / "a", balance="label")
    counts = Counter(line["label"] for line in lines(tmp_path / "a"))
    assert sorted(counts.values()) == [83, 83, 84]
    made(model, tmp_path / "b", n=20, where="label=kind 1")
    assert {line["label"] for line in lines(tmp_path / "b")} == {"kind 1"}


def test_a_killed_sample_keeps_its_images_and_goes_on_by_its_own_seed(
    model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    words = ["sample", str(model), "-n", "600", "-o", str(out), "--log-format", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "augment", *words],
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    )
    assert process.stderr is not None
    while b'"step": 200' not in (line := process.stderr.readline()):
        assert line, "the sample ended early"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    kept = {path.name: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert 100 <= len(kept) < 600
    assert {path.name for path in out.iterdir()} <= {".partial", ".lock"}
    (out / ".partial" / ".augment-torn.tmp").write_bytes(b"half")
    seed = json.loads((out / ".partial" / "plan.json").read_text())["seed"]
    resumed = made(model, out, 600, seed=None)
    assert resumed == made(model, tmp_path / "whole", 600, seed=seed)
    after = {path.name: path.stat().st_mtime_ns for path in out.rglob("*.png")}
    assert after | kept == after
    assert not (out / ".partial").exists() and not [*out.rglob(".augment-*")]
    with pytest.raises(UsageError, match="--force"):  # a whole one is not mistaken for a begun one
        made(model, out, 600, seed=None)


def test_an_interrupted_run_keeps_its_images(source: Path, tmp_path: Path) -> None:
    request = RunRequest(
        str(source), engine="cvae", parameters=QUICK, seed=3, count="250", holdout=0, gate="none"
    )

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run.run(request, out, force=False, dry_run=False, tell=stop)
    kept = {p.name: p.stat().st_mtime_ns for p in (out / ".partial" / "images").rglob("*.png")}
    assert len(kept) == 100  # a block of three
    run.run(request, out, force=False, dry_run=False, tell=silent)
    after = {path.name: path.stat().st_mtime_ns for path in (out / "images").rglob("*.png")}
    assert len(after) == 250 and after | kept == after


def test_a_sample_is_taken_for_what_it_is(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sample = ("sample", model, "-o", out)
    assert called(*sample, "-n", "5", "--seed", "1")[0] == 0
    code, text = called(*sample, "-n", "5", "--seed", "1")
    assert code == 0 and "Up to date" in text and len(files(out)) == 5
    assert called(*sample, "-n", "6", "--seed", "1")[0] == 2
    assert called(*sample, "-n", "3", "--seed", "2", "--force")[0] == 0
    assert len(files(out)) == 3


USAGE = {
    "a table's option": (("inspect", "{images}", "--delimiter", ","), "--delimiter is no option"),
    "an image's option": (("inspect", "{table}", "--canvas", "32"), "--canvas is no option"),
    "a canvas": (("inspect", "{images}", "--canvas", "4"), "between 8 and 128"),
    "channels": (("inspect", "{images}", "--channels", "grey"), "Did you mean 'gray'"),
    "quarantine alone": (("inspect", "{images}", "--on-error", "quarantine"), "go together"),
    "rejects alone": (("inspect", "{images}", "--rejects", "x"), "--on-error skip"),
    "columns": (("inspect", "{images}", "--label-column", "kind"), "class folders"),
    "a root": (("inspect", "{images}", "--root", "/nowhere/at/all"), "no such folder"),
    "excel": (
        ("run", "{images}", "-o", "{out}", "--excel-safe", *["-p", "steps=1"]),
        "for table data",
    ),
    "both": (("sample", "{model}", "--weights", "w", "-o", "{out}"), "either MODEL or --weights"),
    "neither": (("sample", "-o", "{out}"), "either MODEL or --weights"),
    "prompts": (("sample", "{model}", "-o", "{out}", "--prompt", "x", "--prompts", "y"), "exclude"),
    "weights and engine": (
        ("fit", "{images}", "--weights", "w", "-e", "flow", "-o", "{out}"),
        "Leave out -e flow",
    ),
}


@pytest.mark.parametrize("name", USAGE)
def test_options_that_cannot_be_followed(
    source: Path, model: Path, tmp_path: Path, name: str
) -> None:
    words, reason = USAGE[name]
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n3,4\n")
    places = {"images": source, "table": table, "model": model, "out": tmp_path / "out"}
    code, text = called(*(word.format(**places) for word in words))
    assert code == 2, text
    assert reason in text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "words",
    [("run",), ("fit",), ("transform",), ("transform", "--dry-run"), ("edit", "{model}")],
    ids=" ".join,
)
def test_nothing_is_written_below_the_images_that_are_read(
    source: Path, model: Path, words: tuple[str, ...]
) -> None:
    code, text = called(*(word.format(model=model) for word in words), source, "-o", source / "a")
    assert code == 2 and "lies inside" in text
    assert not (source / "a").exists()


def test_bad_images_are_left_out_and_listed(source: Path, tmp_path: Path) -> None:
    bad = source / "kind 0" / "bad.png"
    bad.write_bytes(b"no image at all")
    try:
        assert called("inspect", source)[0] == 4
        skip = ("--on-error", "skip", "--rejects", tmp_path / "rejects.jsonl")
        code, text = called("inspect", source, *skip)
        assert code == 0 and "1 bad images were left out" in text
        listed = json.loads((tmp_path / "rejects.jsonl").read_text())
        assert listed["name"] == "kind 0/bad.png" and "none of PNG" in listed["error"]
        assert called("inspect", source, "--on-error", "skip", "--max-bad", "0")[0] == 4
        inside = ("--on-error", "quarantine", "--quarantine", source / "aside")
        assert called("inspect", source, *inside)[0] == 2
        aside = ("--on-error", "quarantine", "--quarantine", tmp_path / "aside")
        assert called("inspect", source, *aside)[0] == 0
        assert (tmp_path / "aside" / "000001_bad.png").read_bytes() == b"no image at all"
    finally:
        bad.unlink()


def test_an_option_of_writing_that_images_lack_is_refused_before_any_image_is_made(
    model: Path, tmp_path: Path
) -> None:
    order = generation.Order("50", 5, write={"mark": True})
    told: list[Tick] = []
    with pytest.raises(UsageError, match="--mark"):
        generation.sample(
            opened_model.open_model(model), order, tmp_path / "o", force=False, tell=told.append
        )
    assert not told and not (tmp_path / "o").exists()
