"""Heun's rule: of second order, undone by going back, and exact on straight paths."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from augment.nets.flow_matching.heun import heun
from augment.nets.flow_matching.path import point, velocity, velocity_towards

START = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)


def growth(x: Tensor, t: float) -> Tensor:
    return (1 + t) * x  # x(1) = x(0) exp(1.5)


def error(steps: int) -> float:
    return float((heun(growth, START, 0.0, 1.0, steps) - START * math.exp(1.5)).abs().max())


def test_twice_the_steps_leave_a_quarter_of_the_error() -> None:
    assert error(40) / error(80) == pytest.approx(4, rel=0.1)


def test_going_back_undoes_going_there() -> None:
    there = heun(growth, START, 0.0, 1.0, 100)
    assert torch.allclose(heun(growth, there, 1.0, 0.0, 100), START, atol=1e-3)


@pytest.mark.parametrize("euler_last", [False, True])
def test_the_velocity_of_a_straight_path_carries_its_points_along_it(euler_last: bool) -> None:
    stream = torch.Generator().manual_seed(0)
    noise, data = torch.randn(2, 5, 3, generator=stream, dtype=torch.float64)
    carried = heun(lambda x, t: velocity(noise, data), noise, 0.0, 0.3, 4, euler_last=euler_last)
    assert torch.allclose(carried, point(noise, data, 0.3))
    towards = velocity_towards(data, carried, 0.3)
    assert torch.allclose(towards, velocity(noise, data))


def test_with_euler_last_no_velocity_is_asked_for_at_the_end() -> None:
    times: list[float] = []

    def asked(x: Tensor, t: float) -> Tensor:
        times.append(t)
        return x

    heun(asked, START, 0.0, 1.0, 4, euler_last=True)
    assert len(times) == 7 and max(times) == 0.75
