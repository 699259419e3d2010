"""A small classifier that judges pictures; also the encoder of one feature space.

Import it only where torch is needed.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from augment.core.budget import UNLIMITED, Budget
from augment.core.seeds import Seed
from augment.core.types import Job, Tick, silent
from augment.kinds.images.data.tensors import parts, to_floats
from augment.nets.devices import autocast
from augment.nets.random_affine import jitter
from augment.nets.schedule import Schedule
from augment.nets.streams import initialised, torch_stream
from augment.nets.threads import threads
from augment.nets.training import train

SEEN_SIDE = 32  # pixels: larger pictures are shrunk before they are judged
STEPS = 300
BATCH = 64
AT_ONCE = 1_000
FEATURES = 64
GROUPS = 4  # of channels that are normalised together


class Network(nn.Module):
    """Three convolutions with group norm, two of them pooled, and a hidden layer.

    Strong enough for ten pictures a class: without the norms, the pooling and the halved features
    (dropout, Srivastava et al. 2014) it lost eleven points there on handwritten digits. Group norm
    (arXiv 1803.08494) keeps no running figures, so that weights may be averaged.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolved(channels, 16),
            nn.MaxPool2d(2, ceil_mode=True),
            *_convolved(16, 32),
            nn.MaxPool2d(2, ceil_mode=True),
            *_convolved(32, 64),
            nn.AdaptiveAvgPool2d(4),
            nn.Flatten(),
            nn.Linear(64 * 16, FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURES, classes)
        for layer in self.body:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.constant_(layer.get_parameter("bias"), 0.0)

    def forward(self, x: Tensor, dropout: torch.Generator | None = None) -> Tensor:
        """Logits (n, classes); with `dropout`, half of the features are left out by chance."""
        features = self.body(x)
        if dropout is not None:
            features = features * 2 * (torch.rand(features.shape, generator=dropout) < 0.5)
        logits: Tensor = self.head(features)
        return logits


def _convolved(channels: int, width: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, width, 3, padding=1), nn.GroupNorm(GROUPS, width), nn.ReLU()]


@dataclass(frozen=True)
class Judge:
    """A trained network; `digest` names its weights."""

    network: Network
    digest: str

    def classes_of(self, pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
        """(n,) the class that each picture looks like."""
        return np.asarray(self._through(self.network, pixels).argmax(1), np.int64)

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, classes) logarithms of odds, up to a constant of each picture."""
        return self._through(self.network, pixels)

    def features(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, FEATURES) what the head sees."""
        return self._through(self.network.body, pixels)

    @staticmethod
    def _through(network: nn.Module, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            made = [network(small(pixels[rows.numpy()])) for rows in parts(len(pixels), AT_ONCE)]
        return np.concatenate([part.float().numpy() for part in made])


def small(pixels: NDArray[np.uint8]) -> Tensor:
    """Bytes (n, height, width, channels) to (n, channels, h, w) in [0, 1], at most SEEN_SIDE."""
    x = to_floats(np.ascontiguousarray(pixels), "cpu")
    share = SEEN_SIDE / max(x.shape[2:])
    if share >= 1:
        return x
    size = [max(4, round(side * share)) for side in x.shape[2:]]
    return functional.interpolate(x, size, mode="area")


def trained_judge(
    pixels: NDArray[np.uint8],
    codes: NDArray[np.int64],
    classes: int,
    seed: Seed,
    steps: int = STEPS,
    extra: tuple[NDArray[np.uint8], NDArray[np.int64]] | None = None,
    classical: float = 0.0,
    budget: Budget = UNLIMITED,
    tick: Callable[[Tick], None] = silent,
    weights: NDArray[np.float64] | None = None,
) -> Judge:
    """A judge after `steps` steps, whatever the number of pictures, or as many as there is time
    for, which `tick` is then told of.

    With `extra`, half of every batch comes from there. With `classical`, pictures are shifted
    and turned as they are drawn, a little (1) or so many times as far. `weights` (classes,) say
    how much a picture of each class counts.
    """
    x, y = small(pixels), torch.from_numpy(codes)
    counted = None if weights is None else torch.from_numpy(weights).float()
    more = None if extra is None else (small(extra[0]), torch.from_numpy(extra[1]))
    with initialised(seed.child("weights").integer()):
        network = Network(x.shape[1], classes)

    def loss(step: int) -> Tensor:
        stream = torch_stream(seed.child("step", step).integer())
        size = BATCH if more is None else BATCH // 2
        rows = torch.randint(len(x), (size,), generator=stream)
        seen, labels = x[rows], y[rows]
        if more is not None:
            others = torch.randint(len(more[0]), (BATCH - size,), generator=stream)
            seen, labels = torch.cat([seen, more[0][others]]), torch.cat([labels, more[1][others]])
        if classical:
            seen = jitter(seen, stream, float(classical))
        with autocast("cpu"):
            logits = network(seen, stream)
        return functional.cross_entropy(logits.float(), labels, weight=counted)

    parameters: dict[str, Tensor] = dict(network.named_parameters())
    # One check, at the end: every judge has the same steps, and none is picked by its score.
    plan = Schedule(steps, check_every=steps, checkpoint_every=steps + 1, average=0.98)
    # One thread: handing out pieces this small costs more than it brings.
    with threads(1), tempfile.TemporaryDirectory(prefix="augment-") as scratch:
        job = Job(seed, Path(scratch), budget=budget, tick=tick)
        train(parameters, loss, lambda: 0.0, plan, job, "judge", "judge")
    digest = hashlib.sha256()
    for tensor in parameters.values():
        digest.update(tensor.detach().numpy().tobytes())
    return Judge(network.eval(), digest.hexdigest())
