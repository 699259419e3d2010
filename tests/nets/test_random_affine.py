"""Moves of training pictures, and networks that are told of them."""

from __future__ import annotations

import torch

from augment.kinds.images.engines.cvae.prior import VelocityField
from augment.kinds.images.engines.flow.unet import Unet
from augment.nets.random_affine import MOVES, draw_moves, jitter, move

PICTURES = torch.rand(5, 1, 12, 9, generator=torch.Generator().manual_seed(0))


def stream() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_no_move_leaves_pictures_as_they_are() -> None:
    assert torch.allclose(move(PICTURES, torch.zeros(5, MOVES)), PICTURES, atol=1e-5)


def test_jitter_is_a_move_by_chance_within_the_canvas() -> None:
    found = jitter(PICTURES, stream())
    assert torch.equal(found, move(PICTURES, draw_moves(5, stream())))
    assert found.shape == PICTURES.shape
    assert found.min() >= 0
    assert found.max() <= 1
    assert not torch.allclose(found, PICTURES, atol=0.05)


def test_networks_that_are_told_of_no_move_make_pictures_as_they_stand() -> None:
    """And hear of it when there is one."""
    c, by = torch.ones(5, 3), draw_moves(5, stream())
    flow, unet = VelocityField(4, 3), Unet((12, 9, 1), 3, 8)
    u, t = torch.randn(5, 4, generator=stream()), torch.full((5, 1), 0.5)
    for weights in unet.parameters():  # its blocks begin as their skip paths
        weights.data.normal_(std=0.1, generator=stream())
    for network, place, time in ((flow, u, t), (unet, PICTURES, t[:, 0])):
        still = network(place, time, c)
        assert torch.equal(still, network(place, time, c, torch.zeros(5, MOVES)))
        assert not torch.equal(still, network(place, time, c, by))
