"""Laws of the convolutional blocks."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import conv2d

from augment.nets.convolution import Down
from augment.nets.devices import autocast


@pytest.mark.parametrize("size", [(16, 1), (1, 16), (1, 1), (5, 4)])
def test_slopes_in_short_floats_are_nearly_those_in_long_ones(size: tuple[int, int]) -> None:
    stream = torch.Generator().manual_seed(0)
    x, down = torch.randn(8, 16, *size, generator=stream), Down(16, 24)
    weight, bias = down.conv.weight, down.conv.bias
    long = conv2d(x, weight, bias, stride=2, padding=1)
    (right,) = torch.autograd.grad(long.sum(), weight)
    for _ in range(5):
        spoilt = torch.full((200_000,), 1e30)
        del spoilt  # its memory is what a slope that is not written would show
        with autocast("cpu"):
            short = down(x).float()
        (found,) = torch.autograd.grad(short.sum(), weight)
        assert torch.allclose(short, long, atol=0.1)
        assert torch.allclose(found, right, rtol=0.05, atol=0.3)
