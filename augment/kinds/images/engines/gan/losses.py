"""The losses of `gan`: what either network goes down by, step by step.

Import it only where torch is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from augment.core.seeds import Seed
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.tensors import pictures, to_floats
from augment.kinds.images.engines.gan.diffaugment import varied
from augment.kinds.images.engines.gan.networks import DiscriminatorNetwork, GeneratorNetwork
from augment.kinds.images.engines.thinning import thinned
from augment.nets.devices import autocast
from augment.nets.streams import torch_stream

R1_EVERY = 4  # steps: the penalty then counts as many times as much


@dataclass(frozen=True)
class Duel:
    """Who plays, on which pictures.

    `conditions` (n, condition_width) say what each picture shows; of its `word_columns` some are
    left out at random. A `share` of the pictures is varied before the critic sees them.
    """

    maker: GeneratorNetwork
    critic: DiscriminatorNetwork
    data: Images
    conditions: Tensor
    word_columns: slice
    batch: int
    latent: int
    r1: float
    share: float
    seed: Seed
    device: str

    def critics_loss(self, step: int) -> Tensor:
        """The hinge loss, and at times R1."""
        stream = torch_stream(self.seed.child("critic", step).integer())
        x, c = self._real(stream)
        with torch.no_grad():
            fake, fake_c = self._made(stream)
        smooth = self.r1 > 0 and step % R1_EVERY == 0
        x.requires_grad_(smooth)
        with autocast(self.device):
            found = self.critic(torch.cat([x, fake]), torch.cat([c, fake_c]))
        on_real, on_fake = found.chunk(2)
        loss = functional.relu(1 - on_real).mean() + functional.relu(1 + on_fake).mean()
        if not smooth:
            return loss
        (slope,) = torch.autograd.grad(on_real.sum(), x, create_graph=True)
        penalty = slope.square().flatten(1).sum(1).mean()
        return loss + R1_EVERY * self.r1 / 2 * penalty

    def makers_loss(self, step: int) -> Tensor:
        fake, c = self._made(torch_stream(self.seed.child("maker", step).integer()))
        with autocast(self.device):
            found: Tensor = self.critic(fake, c)
        return -found.mean()

    def _real(self, stream: torch.Generator) -> tuple[Tensor, Tensor]:
        rows = torch.randint(len(self.data), (self.batch,), generator=stream)
        x = 2 * to_floats(pictures(self.data, rows), self.device) - 1
        c = thinned(self.conditions[rows], self.word_columns, stream).to(self.device)
        return varied(x, self.share, stream), c

    def _made(self, stream: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures of conditions drawn as often as they occur."""
        rows = torch.randint(len(self.data), (self.batch,), generator=stream)
        z = torch.randn(self.batch, self.latent, generator=stream).to(self.device)
        c = thinned(self.conditions[rows], self.word_columns, stream).to(self.device)
        with autocast(self.device):
            return varied(self.maker(z, c), self.share, stream), c
