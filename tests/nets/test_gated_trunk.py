"""The gated trunk: how it draws, and what it takes to put a stored one together."""

from __future__ import annotations

import subprocess
import sys

import torch

from augment.nets.gated_trunk import GatedTrunk

STORED = """
import sys, torch
from augment.nets.gated_trunk import GatedTrunk
with torch.device("meta"):
    GatedTrunk(8, 12, 2)
print("torch._dynamo" in sys.modules, "sympy" in sys.modules)
"""


def test_rows_are_drawn_by_the_numbers_that_are_trained() -> None:
    torch.manual_seed(0)
    trunk, x = GatedTrunk(16, 24, 2).requires_grad_(False), torch.randn(300, 16)
    for dtype in (torch.float32, torch.bfloat16):
        trunk, x = trunk.to(dtype), x.to(dtype)
        before = x.clone()
        with torch.inference_mode():
            drawn = trunk(x)
        assert torch.allclose(drawn, trunk(x))
        assert torch.equal(x, before)  # what is in place is the trunk's own


def test_a_stored_trunk_is_put_together_without_the_compiler_of_torch() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORED], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]
