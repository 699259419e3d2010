"""Laws of jumps: where a line leads, one jump and two of half the length come alike."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from augment.kinds.images.engines.flow.jumps import (
    LENGTHS,
    Jumps,
    draw_jumps,
    jumped,
    picture_of_two,
)


def noise(n: int, seed: int = 0) -> Tensor:
    return torch.randn(n, 1, 3, 2, generator=torch.Generator().manual_seed(seed))


def test_drawn_jumps_stay_on_the_path_and_begin_where_those_of_their_length_do() -> None:
    jumps = draw_jumps(4_000, torch.Generator().manual_seed(1))
    assert (jumps.start >= 0).all() and (jumps.start + jumps.length <= 1).all()
    assert set(jumps.length.tolist()) == {2.0**-level for level in range(LENGTHS)}
    assert ((jumps.start / jumps.length) % 1 == 0).all()
    assert (jumps.start[jumps.length == 0.5] == 0.5).float().mean().sub(0.5).abs() < 0.1


@pytest.mark.parametrize("count", [1, 2, 4, 7, 32])
def test_towards_one_picture_any_number_of_jumps_ends_there(count: int) -> None:
    goal = noise(5, seed=1)
    found = jumped(lambda x, t, length: goal, noise(5), count)
    assert torch.allclose(found, goal, atol=1e-5)


def test_two_jumps_towards_one_picture_are_one() -> None:
    goal, jumps = noise(64, seed=1), draw_jumps(64, torch.Generator().manual_seed(2))
    found = picture_of_two(lambda x, t, length: goal, noise(64), jumps)
    assert torch.allclose(found, goal, atol=1e-4)


def test_the_picture_of_two_leads_where_two_jumps_lead() -> None:
    def see(x: Tensor, t: Tensor, length: Tensor) -> Tensor:  # of curved paths
        return torch.sin(3 * x) + (t + length)[:, None, None, None]

    jumps = Jumps(torch.tensor([0.0, 0.5]), torch.tensor([0.5, 0.5]))
    x = noise(2)
    goal = picture_of_two(see, x, jumps)
    t, half = jumps.start, jumps.length / 2
    two = x
    for _ in range(2):
        seen = see(two, t, half)
        two = two + (half / (1 - t))[:, None, None, None] * (seen - two)
        t = t + half
    one = x + (jumps.length / (1 - jumps.start))[:, None, None, None] * (goal - x)
    assert torch.allclose(one, two, atol=1e-5)


def test_the_shortest_jumps_are_made_of_slopes() -> None:
    told: list[Tensor] = []

    def see(x: Tensor, t: Tensor, length: Tensor) -> Tensor:
        told.append(length)
        return x

    lengths = torch.tensor([1.0, 2.0 ** (1 - LENGTHS)])
    picture_of_two(see, noise(2), Jumps(torch.zeros(2), lengths))
    assert len(told) == 2 and all(each.tolist() == [0.5, 0.0] for each in told)
