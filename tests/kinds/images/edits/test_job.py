"""`augment edit`: counts, names, redraws, resuming, and refusals."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from augment.cli.app import app
from augment.core import model_folder as store
from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.core.seeds import Seed
from augment.core.types import Condition, Job, State, Tick, silent
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.edits import label_judge
from augment.kinds.images.edits.job import edit_job
from augment.kinds.images.engines.conditioning import Conditioning, PictureConditions
from augment.kinds.images.engines.editor import Editor
from augment.kinds.images.generator.model import ImageModel
from augment.kinds.images.io import image_files
from augment.testing import simple_images
from augment.work.executors.inline import Inline
from augment.work.folder_job import LINES, perform
from tests.cli import child

DATA = simple_images(60)
JUDGES: dict[tuple[str, tuple[str, ...], Seed], label_judge.LabelJudge] = {}


@dataclass(frozen=True)
class Painter(Editor):
    """Shows what is wanted, but for a known share of its draws, which show the next class."""

    block_rows: ClassVar[int] = 16
    conditioning: Conditioning
    wrong: float

    def edited(
        self,
        pixels: NDArray[np.uint8],
        shown: PictureConditions,
        wanted: PictureConditions,
        strength: float,
        seeds: Sequence[Seed],
    ) -> NDArray[np.uint8]:
        made = np.zeros_like(pixels)
        for row, seed in enumerate(seeds):
            rng = seed.rng()
            made[row] = rng.integers(0, 60, made[row].shape)
            code = (int(wanted.codes[row]) + (rng.random() < self.wrong)) % 3
            made[row, 2 * code : 2 * code + 2] += np.uint8(150)
        return made

    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> Images:
        raise NotImplementedError

    def state(self) -> State:
        return State({"wrong": self.wrong}, {})

    @classmethod
    def from_state(cls, state: State) -> Self:
        raise NotImplementedError


class PromptPainter(Painter):
    """Shows the class whose number ends the prompt."""

    def edited(
        self,
        pixels: NDArray[np.uint8],
        shown: PictureConditions,
        wanted: PictureConditions,
        strength: float,
        seeds: Sequence[Seed],
    ) -> NDArray[np.uint8]:
        codes = np.array([int(caption[-1]) for caption in wanted.captions])
        other = dataclasses.replace(wanted, codes=codes)
        return super().edited(pixels, shown, other, strength, seeds)


def painter(wrong: float, data: Images = DATA) -> ImageModel:
    inner = Painter(Conditioning.of(data, False), wrong)
    return ImageModel("painter", len(data), data.schema, inner, {})


def saved(data: Images, folder: Path) -> Path:
    """The pictures as files, with nothing of ours beside them."""
    labels = data.labels()
    for row, name in enumerate(data.sources):
        path = folder / ("" if labels is None else str(labels[row])) / f"{name}.png"
        image_files.put(path, image_files.encoded(data.pixels[row]))
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(DATA, tmp_path_factory.mktemp("pictures") / "in")


@pytest.fixture(autouse=True)
def quick_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judges of few steps, who are the same wherever they learn the same."""
    monkeypatch.setattr(label_judge, "STEPS", 120)

    def of_halves(edited: Images, seed: Seed) -> label_judge.LabelJudge:
        key = edited.digest(), edited.sources, seed
        if key not in JUDGES:
            JUDGES[key] = trained(edited, seed)
        return JUDGES[key]

    trained = label_judge.of_halves
    monkeypatch.setattr(label_judge, "of_halves", of_halves)


def made(model: ImageModel, source: Path, out: Path, **changes: Any) -> dict[str, Any]:
    tell = changes.pop("tell", silent)
    job = edit_job(model, str(model.inner.state().config), str(source), changes, tell)
    return perform(job, out, seed=7, executor=Inline(), force=False, dry_run=False, tell=tell)


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / LINES).read_text().splitlines()]


def contents(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def shown(path: Path) -> int:
    """The class whose bar a picture shows."""
    from PIL import Image

    rows = np.asarray(Image.open(path)).mean(1)
    return int(np.argmax([rows[2 * k : 2 * k + 2].mean() for k in range(3)]))


def test_what_lost_its_label_is_drawn_again_and_counted(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    document = made(painter(0.4), source, out, per_image=2, tries=20)
    assert document["made"] == document["planned"] == 120 and document["missing"] == 0
    assert document["judge_accuracy"] == 1.0 and document["unjudged"] == 0
    assert 0.3 < document["rejection_rate"] < 0.5
    for line in lines(out):
        assert line["label"] == line["source_label"] == f"kind {shown(out / line['file'])}"
        assert line["file"].startswith(f"{line['label']}/") and "__painter__" in line["file"]
    assert [line["number"] for line in lines(out)] == list(range(120))
    tries = [line["tries"] for line in lines(out)]
    assert document["rejected"] == sum(tries) - 120 and max(tries) > 1


def test_without_the_filter_wrong_labels_come_through(source: Path, tmp_path: Path) -> None:
    document = made(painter(0.4), source, tmp_path / "out", filtered=False)
    assert document["made"] == 60 and document["rejection_rate"] is None
    wrong = [
        x["label"] != f"kind {shown(tmp_path / 'out' / x['file'])}" for x in lines(tmp_path / "out")
    ]
    assert 0.2 < np.mean(wrong) < 0.6


def test_draws_are_bounded_and_too_few_are_said(source: Path, tmp_path: Path) -> None:
    document = made(painter(1.0), source, tmp_path / "none", tries=3)
    assert document["made"] == 0 and document["missing"] == 60 and document["too_few"]
    assert document["rejected"] == 180 and document["rejection_rate"] == 1.0
    some = made(painter(0.4), source, tmp_path / "some", tries=1)
    assert 20 < some["made"] < 50 and some["made"] + some["missing"] == 60


@pytest.mark.slow  # three commands with networks
def test_a_killed_run_goes_on_to_the_same_bytes(source: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    first = made(painter(0.4), source, whole, tries=2)
    JUDGES.clear()

    def killed(tick: Tick) -> None:
        if tick.phase == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(painter(0.4), source, out, tries=2, tell=killed)
    done = out / ".partial" / "done.jsonl"
    kept = len(json.loads(done.read_text())["result"]["lines"])
    JUDGES.clear()
    again = made(painter(0.4), source, out, tries=2)
    assert contents(out) == contents(whole)
    assert again["fresh"] == first["fresh"] - kept and 0 < kept < first["fresh"]
    assert {**again, "output": "", "fresh": 0} == {**first, "output": "", "fresh": 0}


def test_what_one_model_began_no_other_goes_on_with(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made(painter(0.0), source, out, filtered=False)
    before = contents(out)
    made(painter(0.0), source, out, filtered=False)
    assert contents(out) == before
    with pytest.raises(UsageError, match="--force"):
        made(painter(0.4), source, out, filtered=False)
    assert contents(out) == before


def test_a_class_can_be_changed_and_the_judge_asks_for_the_new_one(
    source: Path, tmp_path: Path
) -> None:
    document = made(painter(0.3), source, tmp_path, to=("label=kind 1",), tries=20)
    assert document["made"] == 60
    assert {line["label"] for line in lines(tmp_path)} == {"kind 1"}
    assert {line["source_label"] for line in lines(tmp_path)} == {"kind 0", "kind 1", "kind 2"}
    assert all(shown(tmp_path / line["file"]) == 1 for line in lines(tmp_path))


@pytest.mark.parametrize("opened", [False, True])
def test_a_prompt_that_names_another_class_is_judged_by_that_class(
    source: Path, tmp_path: Path, opened: bool
) -> None:
    if opened:  # a model that knows every word and no class
        alone = Conditioning.alone(dataclasses.replace(DATA.schema, classes=())).opened()
        model = ImageModel("painter", 1, alone.schema, PromptPainter(alone, 0.0), {})
    else:
        model = painter(0.2)
    document = made(model, source, tmp_path, prompts=("kind 1",), tries=20)
    assert document["made"] == 60
    assert {line["label"] for line in lines(tmp_path)} == {"kind 1"}
    assert {line["source_label"] for line in lines(tmp_path)} == {"kind 0", "kind 1", "kind 2"}
    assert all(shown(tmp_path / line["file"]) == 1 for line in lines(tmp_path))


def test_a_prompt_that_names_no_class_leaves_the_label(source: Path, tmp_path: Path) -> None:
    made(painter(0.0), source, tmp_path, prompts=("kind",), tries=20)
    assert all(line["label"] == line["source_label"] for line in lines(tmp_path))


def test_few_pictures_are_judged_by_what_others_teach(source: Path, tmp_path: Path) -> None:
    few = saved(DATA.take(np.arange(4)), tmp_path / "few")
    unjudged = made(painter(0.4), few, tmp_path / "a")
    assert unjudged["rejection_rate"] is None and "--judge" in unjudged["notes"][-1]
    with pytest.raises(UsageError, match="--judge"):
        made(painter(0.4), few, tmp_path / "b", filtered=True)
    judged = made(painter(0.4), few, tmp_path / "c", judge=str(source), per_image=9, tries=20)
    assert judged["made"] == 36 and judged["rejection_rate"] > 0.2
    assert all(
        x["label"] == f"kind {shown(tmp_path / 'c' / x['file'])}" for x in lines(tmp_path / "c")
    )


def test_pictures_the_model_cannot_place_are_refused(tmp_path: Path) -> None:
    strange = dataclasses.replace(DATA.schema, classes=("kind 0", "kind 1", "kind 9"))
    other = Images.of_arrays(DATA.pixels, DATA.label_codes, strange)
    with pytest.raises(BadInput, match="kind 9"):
        made(painter(0.0), saved(other, tmp_path / "strange"), tmp_path / "a")
    bare = Images.of_arrays(DATA.pixels[:3], None, simple_images(classes=0).schema)
    flat = saved(bare, tmp_path / "flat")
    with pytest.raises(BadInput, match="--to label=NAME"):
        made(painter(0.0), flat, tmp_path / "b")
    assert made(painter(0.0), flat, tmp_path / "c", to=("label=kind 2",))["made"] == 3


def test_notes_and_bad_files_are_as_in_other_readings(source: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(source, tmp_path / "in")
    (copy / "kind 0" / "bad.png").write_bytes(b"none")
    with pytest.raises(BadInput, match="bad"):
        made(painter(0.0), copy, tmp_path / "a")
    listed = tmp_path / "bad.jsonl"
    skip = {"on_error": "skip", "rejects": str(listed)}
    document = made(painter(0.0), copy, tmp_path / "b", **skip, filtered=False)
    assert document["images"] == 60 and "kind 0/bad.png" in listed.read_text()
    assert any("(the model's)" in note for note in document["notes"])


def fitted(engine: str, parameters: dict[str, str], folder: Path) -> str:
    recipe = registry.engine(engine, parameters)
    model = ImageModel.fit(recipe, DATA, Job(Seed(1), folder / "scratch"), False, len(DATA))
    store.save(folder / engine, model.stored())
    return str(folder / engine)


@pytest.mark.slow
def test_the_command(source: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    small = {"steps": "4", "batch": "8", "width": "8"}
    flow = fitted("flow", {**small, "sampling_steps": "2"}, tmp_path)
    out = str(tmp_path / "out")
    asked = ["edit", flow, str(source), "-o", out, "--strength", "0.3", "-n", "2", "--no-filter"]
    first = run(app, [*asked, "--json", "--seed", "3"])
    assert first.exit_code == 0 and json.loads(first.stdout)["made"] == 120
    assert run(app, ["verify", out]).exit_code == 0
    assert json.loads(run(app, [*asked, "--json"]).stdout)["up_to_date"] is True
    dry = run(app, ["edit", flow, str(source), "-o", out + "2", "--dry-run", "--json"])
    assert json.loads(dry.stdout)["planned"] == 60 and not Path(out + "2").exists()
    assert "--force" in run(app, [*asked, "--tries", "2"]).output
    moved = str(shutil.copytree(flow, tmp_path / "moved"))
    assert json.loads(run(app, ["edit", moved, *asked[2:], "--json"]).stdout)["up_to_date"] is True
    other = fitted("flow", {**small, "sampling_steps": "1"}, tmp_path / "other")
    assert "--force" in run(app, ["edit", other, *asked[2:]]).output
    cvae = fitted("cvae", {**small, "latent": "4"}, tmp_path)
    blend = ["edit", cvae, str(source), "-o", out + "3", "--interpolate", "--no-filter"]
    assert run(app, blend).exit_code == 0
    line = lines(Path(out + "3"))[0]
    assert line["towards"] not in (None, line["source"])
    full = ["edit", cvae, str(source), "-o", out + "4", "--strength", "1", "--tries", "1"]
    for _ in range(2):  # the second time it is up to date, and as short as before
        lost = run(app, full)
        assert lost.exit_code == 6 and "--tries" in lost.output
    assert run(app, ["verify", out + "4"]).exit_code == 0
    for bad, why in (
        (["--strength", "0"], "above 0"),
        (["--strength", "nan"], "above 0"),
        (["--interpolate"], "cvae"),
        (["--to", "label=kind 9"], "--to label=kind 9: there is no class"),
        (["--to", "kind 1"], "--to 'kind 1' is not understood. Write it as 'label = NAME'"),
        (["--to", "label not in (kind 0, kind 1, kind 2)"], "--to: no class is left"),
        (["--to", "prompt=kind 9"], "prompt 'kind 9'"),
        (["--interpolate", "--to", "label=kind 1"], "Choose one"),
        (["--prompt", "kind", "--interpolate"], "Choose one"),
        (["-p", "steps=3"], "--weights"),
        (["--weights", flow], "IMAGES alone"),
        (["--quarantine", "bad"], "go together"),
    ):
        refused = run(app, ["edit", flow, str(source), "-o", out + "5", *bad])
        assert refused.exit_code == 2 and why in refused.output, refused.output
        assert "--where" not in refused.output


def test_models_that_cannot_edit_are_refused(source: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    gan = fitted("gan", {"steps": "2", "batch": "4", "width": "8"}, tmp_path)
    refused = run(app, ["edit", gan, str(source), "-o", str(tmp_path / "out")])
    assert refused.exit_code == 2 and "'gan'" in refused.output and "flow" in refused.output
    assert not (tmp_path / "out").exists()
    table, model = child.write_table(tmp_path / "table.csv"), str(tmp_path / "rows")
    assert run(app, ["fit", str(table), "-e", "independent", "-o", model]).exit_code == 0
    refused = run(app, ["edit", model, str(source), "-o", str(tmp_path / "out")])
    assert refused.exit_code == 2 and "table" in refused.output
