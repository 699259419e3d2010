"""A pipeline of random weights: it draws by prompts and seeds; hostile folders are refused."""

from __future__ import annotations

import json
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from augment.cli.app import app
from augment.core.errors import BadInput, MissingExtra, UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Job, silent
from augment.kinds.images.data.schema import Mode
from augment.kinds.images.engines.diffusers.engine import Diffusers, DiffusionModel
from augment.kinds.images.engines.diffusers.folder import (
    PipelineSettings,
    drawn,
    load,
    looked_at,
    redrawn,
)
from augment.kinds.images.io.image_files import encoded, put
from augment.lifecycle import generation, opened_model
from augment.testing import simple_images
from augment.work.folder_job import LINES
from tests.cli.in_process import augment
from tests.conftest import Unreachable

CHARACTERS = "abcdefghijklmnopqrstuvwxyz"
HOW = PipelineSettings(steps=3, guidance=3.0, negative="", width=16, height=16)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Stable Diffusion pipeline of about 90,000 random weights; it learnt at 16 x 16 pixels."""
    pytest.importorskip("diffusers", reason="the extra [diffusers] is not installed")
    pytest.importorskip("transformers", reason="the extra [diffusers] is not installed")
    import diffusers
    import torch
    import transformers

    root = tmp_path_factory.mktemp("weights")
    tokens = [*CHARACTERS, *(f"{c}</w>" for c in CHARACTERS), "<|startoftext|>", "<|endoftext|>"]
    (root / "vocab.json").write_text(json.dumps({token: at for at, token in enumerate(tokens)}))
    (root / "merges.txt").write_text("#version: 0.2\n")
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(1)
        text = transformers.CLIPTextConfig(
            vocab_size=len(tokens), hidden_size=16, intermediate_size=16, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=16, projection_dim=16,
            bos_token_id=len(tokens) - 2, eos_token_id=len(tokens) - 1,
        )  # fmt: skip
        pipe = diffusers.StableDiffusionPipeline(
            vae=diffusers.AutoencoderKL(
                block_out_channels=(8, 8), norm_num_groups=4, sample_size=16,
                down_block_types=("DownEncoderBlock2D",) * 2,
                up_block_types=("UpDecoderBlock2D",) * 2,
            ),
            text_encoder=transformers.CLIPTextModel(text),
            tokenizer=transformers.CLIPTokenizer(
                str(root / "vocab.json"), str(root / "merges.txt"), model_max_length=16
            ),
            unet=diffusers.UNet2DConditionModel(
                sample_size=8, layers_per_block=1, block_out_channels=(8, 16), norm_num_groups=4,
                cross_attention_dim=16, attention_head_dim=4,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
                up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            ),
            scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
            safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        )  # fmt: skip
        pipe.save_pretrained(root / "pipeline", safe_serialization=True)
    return root / "pipeline"


@pytest.mark.slow
def test_text_to_image_follows_prompt_and_seed_and_nothing_else(weights: Path) -> None:
    pipe = load(looked_at(weights), "cpu")
    first = drawn(pipe, ["red", "blue"], [Seed(1), Seed(2)], HOW)
    assert first.shape == (2, 16, 16, 3) and first.dtype == np.uint8
    assert np.array_equal(first, drawn(pipe, ["red", "blue"], [Seed(1), Seed(2)], HOW))
    assert not np.array_equal(first[:1], drawn(pipe, ["blue"], [Seed(1)], HOW))
    assert not np.array_equal(first[:1], drawn(pipe, ["red"], [Seed(3)], HOW))


@pytest.mark.slow
def test_image_to_image_leaves_more_to_chance_at_more_strength(weights: Path) -> None:
    pipe = load(looked_at(weights), "cpu")
    how = PipelineSettings(steps=20, guidance=1.0, negative="", width=16, height=16)
    pictures = drawn(pipe, ["red"] * 4, [Seed(row) for row in range(4)], how)

    def changed(strength: float) -> tuple[float, float]:
        """How much another seed, and another picture, change what is made."""
        seeds, others = [Seed(row) for row in range(4)], [Seed(row + 9) for row in range(4)]
        made = redrawn(pipe, pictures, ["red"] * 4, seeds, how, strength).astype(float)
        assert made.shape == pictures.shape
        by_seed = redrawn(pipe, pictures, ["red"] * 4, others, how, strength)
        by_picture = redrawn(pipe, pictures[::-1].copy(), ["red"] * 4, seeds, how, strength)
        return np.abs(made - by_seed).mean(), np.abs(made - by_picture).mean()

    weak, strong = changed(0.1), changed(0.95)
    assert weak[0] < strong[0] and weak[1] > strong[1]
    for strength in (0.0, 1.5, 0.01):
        with pytest.raises(UsageError, match="--strength"):
            redrawn(pipe, pictures[:1], ["red"], [Seed(1)], how, strength)


def test_a_model_draws_captions_and_classes_onto_its_canvas(weights: Path, tmp_path: Path) -> None:
    data = simple_images(12)
    recipe = Diffusers(str(weights), steps=2, template="a photo of {}")
    model = recipe.fit(data, Job(Seed(1), tmp_path))
    made = model.sample(5, Seed(2))
    assert len(made) == 5 and made.schema == data.schema
    for label, caption in zip(made.labels() or [], made.captions or (), strict=True):
        assert caption == f"a photo of {label}"
    again = DiffusionModel.from_state(model.state())
    assert again.sample(5, Seed(2)).digest() == made.digest()


@pytest.mark.parametrize("mode", ["gray", "rgb"])
def test_a_model_redraws_pictures_of_its_canvas(weights: Path, tmp_path: Path, mode: Mode) -> None:
    data = simple_images(5, (12, 8), mode)
    recipe = Diffusers(str(weights), steps=4, guidance=1.0, batch=2)
    model = recipe.fit(data, Job(Seed(1), tmp_path))
    wanted = model.conditioning.wanted(5, Seed(2), None)
    seeds = [Seed(row) for row in range(5)]
    made = model.edited(data.pixels, wanted, wanted, 0.5, seeds)
    assert made.shape == data.pixels.shape and made.dtype == np.uint8
    assert np.array_equal(made, model.edited(data.pixels, wanted, wanted, 0.5, seeds))
    assert not np.array_equal(made, model.edited(data.pixels, wanted, wanted, 0.5, seeds[::-1]))


def sampled(weights: Path, out: Path, shard: str | None = None) -> dict[str, bytes]:
    opened = opened_model.open_weights(weights, {"steps": "2"}, "cpu")
    order = generation.Order("5", 7, Ask(prompts=("red shoe", "blue hat")), shard)
    generation.sample(opened, order, out, force=False, tell=silent)
    return {path.name: path.read_bytes() for path in out.glob("*.png")}


def test_samples_from_weights_are_the_same_in_shards(weights: Path, tmp_path: Path) -> None:
    whole = sampled(weights, tmp_path / "whole")
    assert sorted(whole)[4] == "made__diffusers__000004.png"
    parts = [sampled(weights, tmp_path / str(i), f"{i}/2") for i in (1, 2)]
    assert not set(parts[0]) & set(parts[1])
    assert parts[0] | parts[1] == whole


def edited(weights: Path, source: Path, out: Path, *words: str) -> list[dict[str, Any]]:
    """The lines of the manifest of edits by the command."""
    asked = ["edit", str(source), "--weights", str(weights), "-p", "steps=4", "--device", "cpu"]
    done = CliRunner().invoke(app, [*asked, "--seed", "3", "-o", str(out), *words])
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in (out / LINES).read_text().splitlines()]


def test_edits_by_weights_alone(weights: Path, tmp_path: Path) -> None:
    source = tmp_path / "in"
    data = simple_images(3, (20, 12))
    for row, label in enumerate(data.labels() or ()):
        put(source / str(label) / f"{row}.png", encoded(data.pixels[row]))
    by_class = edited(weights, source, tmp_path / "a")
    kinds = sorted(map(str, data.labels() or ()))
    assert [(x["label"], x["caption"]) for x in by_class] == [(kind, kind) for kind in kinds]
    turned = edited(weights, source, tmp_path / "b", "--prompt", "red", "--prompt", "blue", "-n2")
    assert [x["caption"] for x in turned] == ["red", "blue"] * 3
    assert [x["label"] for x in turned] == [kind for kind in kinds for _ in range(2)]
    again = edited(weights, source, tmp_path / "c", "--prompt", "red", "--prompt", "blue", "-n2")
    assert [x["sha256"] for x in again] == [x["sha256"] for x in turned]
    assert by_class[0]["sha256"] != turned[0]["sha256"]
    flat = tmp_path / "flat"
    put(flat / "0.png", encoded(data.pixels[0]))
    words = ["edit", str(flat), "--weights", str(weights), "-o", str(tmp_path / "d")]
    refused = CliRunner().invoke(app, words)
    assert refused.exit_code == 4 and "--prompt" in refused.output


def test_weights_need_a_prompt(weights: Path, tmp_path: Path) -> None:
    opened = opened_model.open_weights(weights, {"steps": "2"}, "cpu")
    with pytest.raises(UsageError, match="--prompt"):
        generation.sample(opened, generation.Order("2"), tmp_path / "o", force=False, tell=silent)


def test_changed_weights_are_noticed(weights: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(weights, tmp_path / "copy")
    state = Diffusers(str(copy), steps=2).fit(simple_images(3), Job(Seed(1), tmp_path)).state()
    with (copy / "unet" / "diffusion_pytorch_model.safetensors").open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(BadInput, match="not those"):
        DiffusionModel.from_state(state)


def pickled(folder: Path) -> None:
    part = folder / "unet" / "diffusion_pytorch_model"
    part.with_suffix(".safetensors").rename(part.with_suffix(".bin"))


def own_code(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    index["unet"] = ["evil", "Model"]
    (folder / "evil.py").write_text("raise SystemExit(99)")
    (folder / "model_index.json").write_text(json.dumps(index))


def other_pipeline(folder: Path) -> None:
    (folder / "model_index.json").write_text('{"_class_name": "EvilPipeline"}')


def without_unet(folder: Path) -> None:
    shutil.rmtree(folder / "unet")


def damaged(folder: Path) -> None:
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"\0" * 99)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (pickled, "diffusion_pytorch_model.bin, which is read by running code"),
        (own_code, "code of its own"),
        (other_pipeline, "EvilPipeline"),
        (without_unet, "missing"),
        (damaged, "cannot be loaded"),
    ],
)
def test_a_folder_that_is_no_safe_pipeline_is_refused(
    weights: Path, tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    folder = shutil.copytree(weights, tmp_path / "copy")
    spoil(folder)
    with pytest.raises(BadInput, match=reason):
        load(looked_at(folder), "cpu")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"model_index\.json"):
        looked_at(tmp_path)


def test_without_the_extra_the_install_line_is_printed(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(MissingExtra, match=r"pip install 'augment-synth\[diffusers\]'") as found:
        load(looked_at(weights), "cpu")
    assert found.value.exit_code == 5


def test_nothing_reaches_for_the_network(weights: Path, tmp_path: Path) -> None:
    """In a process in which no connection can be made, from before the libraries are loaded."""
    with pytest.raises(Unreachable):
        socket.create_connection(("localhost", 9))
    words = ["sample", "--weights", weights, "--prompt", "red", "-n", "1", "-p", "steps=1"]
    done = augment(*words, "-o", tmp_path / "o")
    assert done.returncode == 0, done.stderr
    assert b"%|" not in done.stderr  # no foreign progress bars
