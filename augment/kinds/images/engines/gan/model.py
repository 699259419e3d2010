"""What `gan` is once fitted: a generator that draws pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from augment.core.model_folder import restoring
from augment.core.seeds import Seed
from augment.core.types import Condition, Json, State, Tick, silent
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.engines.conditioning import BLOCK_ROWS, ConditionedModel, Conditioning
from augment.kinds.images.engines.drawing import drawn
from augment.kinds.images.engines.sizes import require_latent, require_width
from augment.nets.devices import copy_to

if TYPE_CHECKING:
    from torch import Tensor

    from augment.kinds.images.engines.gan.networks import GeneratorNetwork

MADE_AT_ONCE = 500


@dataclass(frozen=True)
class GanModel(ConditionedModel):
    """The generator alone; `config` holds its sizes and how its training went."""

    block_rows: ClassVar[int] = BLOCK_ROWS
    conditioning: Conditioning
    config: Json
    network: GeneratorNetwork
    device: str = "cpu"

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

        latent = int(self.config["latent"])

        def draw(codes: Tensor, conditions: Tensor, stream: torch.Generator) -> Tensor:
            z = torch.randn(len(conditions), latent, generator=stream).to(self.device)
            pictures: Tensor = (self.network(z, conditions) + 1) / 2
            return pictures

        return drawn(self.conditioning, n, seed, given, MADE_AT_ONCE, draw, self.device)

    def state(self) -> State:
        from augment.nets.weights import to_arrays

        config = {"conditioning": self.conditioning.to_json(), **self.config}
        return State(config, to_arrays(self.network, "network/"))

    @classmethod
    def from_state(cls, state: State) -> Self:
        import torch

        from augment.kinds.images.engines.gan.networks import GeneratorNetwork
        from augment.nets.weights import load

        with restoring("gan"):
            conditioning = Conditioning.from_json(state.config["conditioning"])
            config: Json = {name: int(state.config[name]) for name in ("width", "latent")}
            config["facts"] = dict(state.config.get("facts", {}))
            require_width(config["width"])
            require_latent(config["latent"])
            shape, condition_width = conditioning.schema.shape, conditioning.condition_width
            with torch.device("meta"):
                network = GeneratorNetwork(
                    shape, condition_width, config["width"], config["latent"]
                )
            network = load(network, state.tensors, "network/")
        return cls(conditioning, config, network)
