"""Networks on the device that was asked for, and their weights as arrays again.

Import it only where torch is needed.
"""

from __future__ import annotations

import copy
from typing import Any, TypeVar

from numpy.typing import NDArray
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)


def placed(network: N, device: str) -> N:
    """A copy on `device`; the network itself stays where it is."""
    return copy.deepcopy(network).to(device)


def array(tensor: Tensor) -> NDArray[Any]:
    """The numbers of a tensor on any device."""
    found: NDArray[Any] = tensor.detach().cpu().numpy()
    return found


def arrays(network: nn.Module, prefix: str) -> dict[str, NDArray[Any]]:
    """The weights by their names, each with `prefix` before it."""
    return {prefix + name: array(tensor) for name, tensor in network.state_dict().items()}
