"""What the network of preset `gpu` learns from: pictures that lie on the device, drawn and changed
there. Import it only where torch is needed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from augment.kinds.images.engines.flow.dit import TOLD, Dit, Through, passed
from augment.kinds.images.engines.flow.jumps import Jumps, draw_jumps, picture_of_two
from augment.kinds.images.engines.flow.model import LATEST, silenced
from augment.kinds.images.engines.flow.presets import CENTRE, JUDGED, SILENCED, SPREAD
from augment.kinds.images.engines.thinning import thinned
from augment.nets.devices import autocast
from augment.nets.flow_matching.path import point
from augment.nets.random_affine import MOVES, draw_moves, move

EVEN = 0.1  # share of times that are drawn evenly, so that none is new to a jump
JUMPS = 0.25  # share of a batch that learns long steps
LEAST_JUDGED = 128  # at a time: as many as the jumps of the largest batch, which is compiled


@dataclass(frozen=True)
class DeviceLoss:
    """`pixels` are bytes (n, height, width, channels), `conditions` (n, condition_width); both and
    the network lie on `device`. Of each batch of a `moved` set half is moved, and half of that
    mirrored."""

    network: Dit
    pixels: Tensor
    conditions: Tensor
    word_columns: slice
    batch: int
    moved: bool
    device: str
    through: Through = passed

    @property
    def jumps(self) -> int:
        """How many of a batch, the first of them, learn long steps."""
        return int(JUMPS * self.batch)

    def draw(self, stream: torch.Generator) -> tuple[Tensor, ...]:
        """A batch: pictures, the same in noise, times, lengths of jumps, conditions, and what was
        done to the pictures. Shapes are the same whatever is drawn."""
        where = self.device
        rows = torch.randint(len(self.pixels), (self.batch,), generator=stream, device=where)
        x, c = self._floats(self.pixels[rows]), self.conditions[rows]
        told = torch.zeros(self.batch, TOLD, device=where)
        if self.moved:
            x, told = changed(x, stream)
        c = thinned(c, self.word_columns, stream)
        hidden = torch.rand(self.batch, 1, generator=stream, device=where) < SILENCED
        c = torch.where(hidden, silenced(c), c)
        jumps = draw_jumps(self.jumps, stream)
        times = draw_times(self.batch - self.jumps, stream)
        t, length = torch.cat([jumps.start, times]), torch.cat([jumps.length, 0 * times])
        return x, self._noised(x, t, stream), t, length, c, told

    def loss(
        self, x: Tensor, noised: Tensor, t: Tensor, length: Tensor, c: Tensor, told: Tensor
    ) -> Tensor:
        """Of what `draw` gives. A jump's goal is where the network itself comes in two of them."""
        goal, few = x, self.jumps
        if few:
            with torch.no_grad():
                two = picture_of_two(
                    lambda x, t, length: self._see(x, t, length, c[:few], told[:few]).clamp(-1, 1),
                    noised[:few],
                    Jumps(t[:few], length[:few]),
                )
            goal = torch.cat([two, x[few:]])
        return weighed(self._see(noised, t, length, c, told), goal, t).mean()

    def held_out(self, stream: torch.Generator) -> float:
        """On slopes alone, of these pictures as they are, over and over to `JUDGED` of them."""
        at_once, found = max(LEAST_JUDGED, self.jumps), []
        with torch.no_grad():
            for first in range(0, JUDGED, at_once):
                rows = (first + torch.arange(at_once, device=self.device)) % len(self.pixels)
                x, t = self._floats(self.pixels[rows]), draw_times(at_once, stream)
                told = torch.zeros(at_once, TOLD, device=self.device)
                seen = self._see(self._noised(x, t, stream), t, 0 * t, self.conditions[rows], told)
                found.append(weighed(seen, x, t).mean())
        return float(torch.stack(found).mean())

    def _see(self, x: Tensor, t: Tensor, length: Tensor, c: Tensor, told: Tensor) -> Tensor:
        with autocast(self.device):  # one a call: its copies of weights know of a slope or not
            found: Tensor = self.network(x, t, c, told, length, self.through)
        return found

    def _floats(self, pixels: Tensor) -> Tensor:
        return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1

    def _noised(self, x: Tensor, t: Tensor, stream: torch.Generator) -> Tensor:
        noise = torch.randn(x.shape, generator=stream, device=self.device)
        return point(noise, x, t[:, None, None, None])


def weighed(found: Tensor, goal: Tensor, t: Tensor) -> Tensor:
    """(n,): the squared error of the velocity, pixel by pixel on average."""
    apart = (found - goal).square().flatten(1).mean(1)
    return apart / (1 - t.clamp(max=LATEST)) ** 2


def draw_times(n: int, stream: torch.Generator) -> Tensor:
    where = stream.device
    middling = (CENTRE + SPREAD * torch.randn(n, generator=stream, device=where)).sigmoid()
    even, which = torch.rand(2, n, generator=stream, device=where).unbind()
    return torch.where(which < EVEN, even, middling)


def changed(x: Tensor, stream: torch.Generator) -> tuple[Tensor, Tensor]:
    """Half of the pictures in [-1, 1] moved and half of these mirrored, and what was done to each
    (n, TOLD): a network that is told of it draws neither (Karras et al. 2022, arXiv 2206.00364)."""
    half = len(x) // 2
    told = torch.zeros(len(x), TOLD, device=x.device)
    if not half:
        return x, told
    by = draw_moves(half, stream)
    mirrored = (torch.rand(half, generator=stream, device=x.device) < 0.5).float()
    some = move(x[:half], by)
    some = torch.where(mirrored[:, None, None, None] > 0, some.flip(3), some)
    told[:half, :MOVES] = by
    told[:half, MOVES] = mirrored
    return torch.cat([some, x[half:]]), told
