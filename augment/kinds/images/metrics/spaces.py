"""Feature spaces in which pictures are compared.

None of them is known to be the canonical Inception space, so no distance is ever called "FID".

Import it only where torch is needed.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import Tensor
from torch.nn import functional

from augment.core.errors import BadInput
from augment.kinds.images.data.tensors import parts, to_floats
from augment.kinds.images.metrics.classifier import AT_ONCE, Judge, small
from augment.nets.streams import torch_stream

RANDOM_SEED = 20_260  # fixed for ever: the space is the same for every run and every data set
PCA_DIMENSIONS = 32
PCA_ROWS = 5_000
GIVEN_AT_ONCE = 100  # pictures through a user's network, which may be large

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class Space:
    """`embed` takes pictures (n, height, width, channels) to points (n, dimensions)."""

    name: str
    note: str
    embed: Embed


@dataclass(frozen=True, eq=False)
class RandomConvolutions:
    """Means and deviations over places of three layers of fixed random convolutions."""

    weights: tuple[Tensor, ...]  # (channels out, channels in, 3, 3) each

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        device = self.weights[0].device
        with torch.inference_mode():
            made = [
                self._layers(small(pixels[rows.numpy()]).to(device))
                for rows in parts(len(pixels), AT_ONCE)
            ]
        return np.concatenate([part.cpu().numpy() for part in made])

    def _layers(self, x: Tensor) -> Tensor:
        for i, weight in enumerate(self.weights):
            x = functional.relu(functional.conv2d(2 * x - 1 if i == 0 else x, weight, padding=1))
            if min(x.shape[2:]) >= 4:
                x = functional.avg_pool2d(x, 2)
        return torch.cat([x.mean((2, 3)), x.flatten(2).std(2, correction=0)], 1)


def random_space(channels: int, device: str = "cpu") -> Space:
    """The space of `RandomConvolutions`, the same for every run and every data set."""
    stream = torch_stream(RANDOM_SEED)
    widths = (channels, 32, 64, 64)
    weights = tuple(
        (torch.randn(b, a, 3, 3, generator=stream) * (2 / (9 * a)) ** 0.5).to(device)
        for a, b in zip(widths[:-1], widths[1:], strict=True)  # noqa: RUF007
    )
    note = f"random convolutions, seed {RANDOM_SEED}"
    return Space("random", note, RandomConvolutions(weights))


def encoder_space(judge: Judge) -> Space:
    """The last hidden layer of a classifier trained on a part of train."""
    return Space(
        "encoder", f"classifier {judge.digest[:12]}, trained on half of train", judge.features
    )


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    """Pixels by components that were found before."""

    found: PCA

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        made = [
            self.found.transform(small(pixels[rows.numpy()]).flatten(1).numpy())
            for rows in parts(len(pixels), AT_ONCE)
        ]
        return np.concatenate(made).astype(np.float32)


def pca_space(pixels: NDArray[np.uint8]) -> Space:
    """Principal components of the pixels of train."""
    flat = small(pixels[:PCA_ROWS]).flatten(1).numpy()
    dimensions = min(PCA_DIMENSIONS, *flat.shape)
    solver = "full" if min(flat.shape) < 64 else "covariance_eigh"
    with np.errstate(invalid="ignore"):  # one picture has no variance
        found = PCA(dimensions, svd_solver=solver).fit(flat)
    note = f"first {dimensions} principal components of the pixels"
    return Space("pixels", note, PrincipalComponents(found))


@dataclass(frozen=True)
class GivenNetwork:
    """A network that the user has: a TorchScript file, which holds no Python.

    It takes float32 (n, 3, height, width) from 0 to 255 at the size of the canvas, does its own
    resizing and scaling, and gives (n, dimensions).
    """

    path: Path
    digest: str

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        network, made = _network(self.path, self.digest), []
        with torch.inference_mode():
            for rows in parts(len(pixels), GIVEN_AT_ONCE):
                x = 255 * to_floats(np.ascontiguousarray(pixels[rows.numpy()]), "cpu")
                made.append(_answer(network, x.expand(-1, 3, -1, -1), self.path))
        return np.concatenate(made)


def given_space(path: Path) -> Space:
    """The space of a `GivenNetwork`. Raises `BadInput` where there is none."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from None
    _network(path, digest)
    return Space("given", f"{path.name}, SHA-256 {digest[:12]}", GivenNetwork(path, digest))


@lru_cache(maxsize=1)
def _network(path: Path, digest: str) -> torch.jit.ScriptModule:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return torch.jit.load(str(path), map_location="cpu").eval()  # type: ignore[no-any-return, no-untyped-call]
    except (OSError, RuntimeError, ValueError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> BadInput:
    first = str(error).strip().splitlines()[:1]
    return BadInput(
        f"--features {path}: no TorchScript network can be read there "
        f"({first[0][:200] if first else type(error).__name__}). Write one with "
        "torch.jit.trace(network, example).save(path)."
    )


def _answer(network: torch.jit.ScriptModule, x: Tensor, path: Path) -> NDArray[np.float32]:
    wants = "It must take (n, 3, height, width) from 0 to 255 and give (n, dimensions)."
    try:
        found = network(x)
    except RuntimeError as error:
        last = str(error).strip().splitlines()[-1][:200]
        raise BadInput(
            f"--features {path}: the network fails on pictures ({last}). {wants}"
        ) from None
    if not isinstance(found, Tensor) or found.ndim != 2 or len(found) != len(x):
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        raise BadInput(f"--features {path}: the network gives {shape}. {wants}")
    if not bool(found.isfinite().all()):
        raise BadInput(f"--features {path}: the network gives numbers that are not finite.")
    return np.asarray(found.float(), np.float32)
