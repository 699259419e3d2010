"""What only `gan` promises: what it trains on keeps its label."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from augment.core.seeds import Seed
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.engines.closeness import Closeness
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.engines.gan import diffaugment
from augment.kinds.images.engines.gan import losses as duel
from augment.kinds.images.engines.gan.networks import DiscriminatorNetwork, GeneratorNetwork
from augment.nets.streams import torch_stream
from augment.testing import simple_images

DATA = simple_images(40)


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
