"""What `flow` is once fitted: it draws pictures, and changes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from augment.core.errors import UsageError
from augment.core.model_folder import restoring
from augment.core.seeds import Seed
from augment.core.types import Condition, Json, State, Tick, silent
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.tensors import to_floats, to_pixels
from augment.kinds.images.engines.conditioning import BLOCK_ROWS, Conditioning, PictureConditions
from augment.kinds.images.engines.drawing import drawn
from augment.kinds.images.engines.editor import Editor
from augment.kinds.images.engines.sizes import require_width
from augment.nets.devices import autocast, copy_to
from augment.nets.flow_matching.heun import heun
from augment.nets.flow_matching.path import point, velocity_towards

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from augment.kinds.images.engines.flow.jumps import See

MADE_AT_ONCE = 250
BLOCK_ROWS_OF_JUMPS = 1_000  # they come fast enough for a killed run to lose as many
MOST_BLOCKS = 64
EDITING_STEPS = 8  # of Heun's rule, at least, where an edit begins between the times of jumps
LATEST = 0.95  # of the times from noise (0) to pictures (1): beyond, velocities would blow up


@dataclass(frozen=True)
class FlowModel(Editor):
    """A network that sees pictures in noise; `config` holds its width, the steps of sampling and
    the guidance, and the number of blocks where it is a `Dit`, which knows jumps."""

    conditioning: Conditioning
    config: Json
    network: nn.Module
    device: str = "cpu"

    @property
    def jumps(self) -> bool:
        """Whether pictures are drawn by jumps and not by Heun's rule."""
        return "blocks" in self.config

    @property
    def block_rows(self) -> int:
        return BLOCK_ROWS_OF_JUMPS if self.jumps else BLOCK_ROWS

    def on(self, device: str) -> Self:
        return replace(self, network=copy_to(self.network, device), device=device)

    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> Images:
        import torch

        from augment.kinds.images.engines.flow.jumps import jumped

        height, width, channels = self.conditioning.schema.shape

        def draw(codes: Tensor, conditions: Tensor, stream: torch.Generator) -> Tensor:
            x = torch.randn(len(conditions), channels, height, width, generator=stream)
            x = x.to(self.device)
            if self.jumps:
                x = jumped(self._seeing(conditions), x, int(self.config["sampling_steps"]))
            else:
                x = self.carried(x, conditions, 0.0)
            return (x + 1) / 2

        at_once = BLOCK_ROWS_OF_JUMPS if self.jumps else MADE_AT_ONCE
        return drawn(self.conditioning, n, seed, given, at_once, draw, self.device, tick)

    def edited(
        self,
        pixels: NDArray[np.uint8],
        shown: PictureConditions,
        wanted: PictureConditions,
        strength: float,
        seeds: Sequence[Seed],
    ) -> NDArray[np.uint8]:
        """Noised part of the way and carried back: Meng et al. 2022, arXiv 2108.01073."""
        import torch

        from augment.nets.streams import torch_stream

        x = 2 * to_floats(pixels, self.device) - 1
        streams = [torch_stream(seed.integer()) for seed in seeds]
        noise = torch.stack([torch.randn(x.shape[1:], generator=each) for each in streams])
        noised = point(noise.to(self.device), x, 1 - strength)
        conditions = torch.from_numpy(wanted.matrix).to(self.device)
        found = self.carried(noised, conditions, 1 - strength)
        return to_pixels((found + 1) / 2)

    def carried(self, x: Tensor, c: Tensor, start: float) -> Tensor:
        """Pictures in [-1, 1] from `x` at time `start` (0: noise, 1: pictures), by Heun's rule.

        The last step is Euler's: the other half would ask beyond the times that were learnt.
        """
        import torch

        see = self._seeing(c)

        def velocity(x: Tensor, t: float) -> Tensor:
            times = torch.full((len(x),), t, device=self.device)
            return velocity_towards(see(x, times, torch.zeros_like(times)), x, min(t, LATEST))

        planned = int(self.config["sampling_steps"])
        planned = max(planned, EDITING_STEPS) if self.jumps else planned
        steps = max(1, round(planned * (1 - start)))
        with torch.inference_mode():
            return heun(velocity, x, start, 1.0, steps, euler_last=True)

    def _seeing(self, c: Tensor) -> See:
        """The picture in x at the times t, for a jump of the lengths, in [-1, 1].

        Guided as x̂(∅) + g (x̂(c) - x̂(∅)). Ho and Salimans 2022, arXiv 2207.12598.
        """
        guidance = float(self.config["guidance"])

        def network(x: Tensor, t: Tensor, c: Tensor, length: Tensor) -> Tensor:
            told = {"length": length} if self.jumps else {}
            found: Tensor = self.network(x, t, c, **told)
            return found

        def see(x: Tensor, t: Tensor, length: Tensor) -> Tensor:
            with autocast(self.device):
                guided = network(x, t, c, length)
                if guidance != 1.0:
                    alone = network(x, t, silenced(c), length)
                    guided = alone + guidance * (guided - alone)
            return guided.clamp(-1, 1)

        return see

    def state(self) -> State:
        from augment.nets.weights import to_arrays

        config = {"conditioning": self.conditioning.to_json(), **self.config}
        return State(config, to_arrays(self.network, "network/"))

    @classmethod
    def from_state(cls, state: State) -> Self:
        import torch

        from augment.nets.weights import load

        with restoring("flow"):
            conditioning = Conditioning.from_json(state.config["conditioning"])
            known = ("width", "blocks", "sampling_steps")  # without blocks it is a `Unet`
            named = [name for name in known if name != "blocks" or name in state.config]
            config: Json = {name: int(state.config[name]) for name in named}
            config["guidance"] = float(state.config["guidance"])
            config["facts"] = dict(state.config.get("facts", {}))
            require_sampling(config["width"], config["sampling_steps"], config["guidance"])
            with torch.device("meta"):
                network = network_of(conditioning, config["width"], config.get("blocks"))
            network = load(network, state.tensors, "network/")
        return cls(conditioning, config, network)


def network_of(conditioning: Conditioning, width: int, blocks: int | None) -> nn.Module:
    """A `Dit` of so many blocks, or a `Unet`. Raises `UsageError`."""
    from augment.kinds.images.engines.flow.dit import Dit
    from augment.kinds.images.engines.flow.unet import Unet

    shape, conditions = conditioning.schema.shape, conditioning.condition_width
    if blocks is None:
        return Unet(shape, conditions, width)
    if not 1 <= blocks <= MOST_BLOCKS:
        raise UsageError(f"a network of {blocks} blocks: there are from 1 to {MOST_BLOCKS}.")
    return Dit(shape, conditions, width, blocks)


def silenced(c: Tensor) -> Tensor:
    """The condition (n, condition_width) with all but its constant hidden."""
    import torch

    hidden = torch.zeros_like(c)
    hidden[:, -1] = c[:, -1]
    return hidden


def require_sampling(width: int, sampling_steps: int, guidance: float) -> None:
    require_width(width)
    if not 1 <= sampling_steps <= 1_000:
        raise UsageError(f"-p sampling_steps={sampling_steps}: choose a number from 1 to 1000.")
    if not 0 <= guidance <= 100:
        raise UsageError(f"-p guidance={guidance}: choose a number from 0 to 100.")
