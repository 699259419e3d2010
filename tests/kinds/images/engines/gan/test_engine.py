"""What only `gan` promises: a killed fit goes on; what it trains on keeps its label."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from augment.core.seeds import Seed
from augment.core.types import Job
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.engines.closeness import Closeness
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.engines.gan import diffaugment, engine
from augment.kinds.images.engines.gan import losses as duel
from augment.kinds.images.engines.gan.engine import Gan
from augment.kinds.images.engines.gan.model import GanModel
from augment.kinds.images.engines.gan.networks import DiscriminatorNetwork, GeneratorNetwork
from augment.nets.player import Player
from augment.nets.schedule import Schedule
from augment.nets.streams import torch_stream
from augment.nets.training import play
from augment.testing import simple_images

DATA = simple_images(40)
RECIPE = Gan(steps=30, batch=4, width=8, latent=4)


class Killed(Exception):
    pass


def fit(scratch: Path) -> GanModel:
    return RECIPE.fit(DATA, Job(Seed(1), scratch))


def saved_every_20_steps(
    players: Sequence[Player],
    distance: Callable[[], float],
    schedule: Schedule,
    job: Job,
    recipe: str,
) -> Any:
    often = dataclasses.replace(schedule, checkpoint_every=20)
    return play(players, distance, often, job, recipe)


def test_a_killed_fit_resumed_gives_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "play", saved_every_20_steps)
    whole = fit(tmp_path / "whole").state().tensors
    varied, calls = diffaugment.varied, [0]

    def deadly(x: torch.Tensor, share: float, stream: torch.Generator) -> torch.Tensor:
        calls[0] += 1
        if calls[0] == 3 * 25:  # each step varies real pictures once and made ones twice
            raise Killed
        return varied(x, share, stream)

    with monkeypatch.context() as patch:
        patch.setattr(duel, "varied", deadly)
        with pytest.raises(Killed):
            fit(tmp_path / "killed")
        calls[0] = 3 * 25
        resumed = fit(tmp_path / "killed").state().tensors
    assert calls[0] == 3 * 35  # ten steps were left to do
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def test_a_picture_is_varied_alike_for_the_same_stream_and_slopes_pass_through() -> None:
    x = torch.rand(64, 1, 28, 28, generator=torch_stream(1)).requires_grad_()
    one, two = (diffaugment.varied(x, 0.8, torch_stream(2)) for _ in range(2))
    assert torch.equal(one, two) and one.shape == x.shape
    one.sum().backward()
    assert x.grad is not None and (x.grad != 0).float().mean() > 0.7


def test_a_varied_picture_is_neither_mirrored_nor_mostly_hidden() -> None:
    dot = torch.zeros(500, 1, 28, 28)
    dot[:, :, 14, 8] = 50.0  # so bright that it can be found again
    varied = diffaugment.varied(dot, 1.0, torch_stream(3)).flatten(1)
    found = varied.argmax(1)[varied.max(1).values > 40]
    assert len(found) > 400  # hidden by the hole now and then
    rows, columns = found // 28, found % 28
    assert (rows - 14).abs().max() <= 4 and (columns - 8).abs().max() <= 4


def test_closeness_falls_with_noise_and_with_wrong_classes() -> None:
    conditions = np.eye(3, dtype=np.float32)[DATA.label_codes]
    pixels = np.array(DATA.pixels)
    real = Closeness.of(pixels, conditions)
    noisy = np.random.default_rng(0).integers(0, 256, pixels.shape).astype(np.uint8)
    assert real.distance(pixels, conditions) == pytest.approx(0.0, abs=1e-6)
    assert real.distance(pixels, conditions[:, [1, 2, 0]]) > 0.01
    assert real.distance(noisy, conditions) > 0.01


def test_both_players_are_told_captions_with_words_left_out() -> None:
    schema = dataclasses.replace(DATA.schema, vocabulary=("a", "b", "c"))
    spoken = Images.of_arrays(DATA.pixels, DATA.label_codes, schema, ["a b c"] * len(DATA))
    conditions = torch.from_numpy(Conditioning.of(spoken, False).matrix_of(spoken))
    word_columns = Conditioning.of(spoken, False).word_columns
    maker = GeneratorNetwork(schema.shape, conditions.shape[1], 8, 4)
    critic = DiscriminatorNetwork(schema.shape, conditions.shape[1], 8)
    found = duel.Duel(
        maker, critic, spoken, conditions, word_columns, 40, 4, 0.0, 0.0, Seed(1), "cpu"
    )
    for _, c in (found._real(torch_stream(1)), found._made(torch_stream(1))):
        left = (c[:, word_columns] > 0).sum(1)
        assert 0 < (left < 3).float().mean() < 1
        assert torch.equal(c[:, : word_columns.start].sum(1), torch.ones(40))
