"""Networks as stored arrays, and back: names and shapes are checked, and nothing stored is run.

Import it only where torch is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from augment.core.errors import UsageError
from augment.work.shared_pages import ALIGNED

N = TypeVar("N", bound=nn.Module)


def to_array(tensor: Tensor) -> NDArray[Any]:
    """The numbers of a tensor on any device; bfloat16, which NumPy lacks, is widened."""
    found = tensor.detach().cpu()
    array: NDArray[Any] = (found.float() if found.dtype == torch.bfloat16 else found).numpy()
    return array


def to_arrays(network: nn.Module, prefix: str) -> dict[str, NDArray[Any]]:
    """The weights by their names, each with `prefix` before it."""
    return {prefix + name: to_array(tensor) for name, tensor in network.state_dict().items()}


def to_tensor(arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> Tensor:
    """The finite float32 array of that name and shape, which is not to be written to: it may be the
    array itself. Raises `KeyError` or `ValueError`."""
    value = arrays[name]
    if value.shape != shape or value.dtype != np.float32:
        raise ValueError(f"{name!r} is {value.dtype} {value.shape}, not float32 {shape}")
    if not np.isfinite(value).all():
        raise ValueError(f"{name!r} holds numbers that are not finite")
    whole = value.flags.c_contiguous and value.flags.writeable and not value.ctypes.data % ALIGNED
    return torch.from_numpy(value if whole else np.array(value))  # shared pages stay shared


def load(network: N, arrays: Mapping[str, NDArray[Any]], prefix: str) -> N:
    """The network, built on the meta device, with its weights; ready to be used, not trained."""
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    weights = {name: to_tensor(arrays, prefix + name, shape) for name, shape in expected.items()}
    network.load_state_dict(weights, assign=True)
    return network.eval().requires_grad_(False)


def take_over(network: nn.Module, older: nn.Module) -> None:
    """Set the network's weights to those of an older one, wherever either lies.

    Raises `UsageError` where their shapes differ.
    """
    mine, theirs = network.state_dict(), older.state_dict()
    if {name: t.shape for name, t in mine.items()} != {name: t.shape for name, t in theirs.items()}:
        raise UsageError(
            "The network of the older model has another shape than the one that is to go on from "
            "it. Fit one anew: augment fit without --from."
        )
    with torch.no_grad():
        for name, tensor in mine.items():
            tensor.copy_(theirs[name])
