"""What `cvae` is once fitted: it draws pictures, changes them, and finds what lies between two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from augment.core.model_folder import restoring
from augment.core.seeds import Seed
from augment.core.types import Condition, Json, State, Tick, silent
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.tensors import to_floats, to_pixels
from augment.kinds.images.engines.conditioning import BLOCK_ROWS, Conditioning, PictureConditions
from augment.kinds.images.engines.drawing import drawn
from augment.kinds.images.engines.editor import Blender
from augment.kinds.images.engines.sizes import require_latent, require_width
from augment.nets.devices import copy_to

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from augment.kinds.images.engines.cvae.autoencoder import Autoencoder
    from augment.kinds.images.engines.cvae.prior import Asked, Gaussians, VelocityField

MADE_AT_ONCE = 500


@dataclass(frozen=True)
class CvaeModel(Blender):
    """Decoder, encoder (for edits) and prior; `config` holds the network's sizes."""

    block_rows: ClassVar[int] = BLOCK_ROWS
    conditioning: Conditioning
    config: Json
    network: Autoencoder
    around: Gaussians
    flow: VelocityField | None
    device: str = "cpu"

    def on(self, device: str) -> Self:
        return replace(
            self,
            network=copy_to(self.network, device),
            around=self.around.on(device),
            flow=None if self.flow is None else copy_to(self.flow, device),
            device=device,
        )

    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> Images:
        import torch

        def draw(codes: Tensor, conditions: Tensor, stream: torch.Generator) -> Tensor:
            u = torch.randn(len(conditions), self.latent, generator=stream).to(self.device)
            return self.network.decode(self.latents(u, codes, conditions), conditions).sigmoid()

        return drawn(self.conditioning, n, seed, given, MADE_AT_ONCE, draw, self.device)

    @property
    def latent(self) -> int:
        return int(self.around.means.shape[1])

    def latents(self, u: Tensor, codes: Tensor, conditions: Tensor) -> Tensor:
        """Standard normal noise (n, latent) to latents of these classes."""
        latents = u if self.flow is None else self.flow.latents_of(u, self._asked(conditions))
        return self.around.coloured(latents, codes)

    def edited(
        self,
        pixels: NDArray[np.uint8],
        shown: PictureConditions,
        wanted: PictureConditions,
        strength: float,
        seeds: Sequence[Seed],
    ) -> NDArray[np.uint8]:
        """The noise that a picture's code comes from, moved towards fresh noise."""
        import torch

        from augment.kinds.images.engines.cvae.prior import between
        from augment.nets.streams import torch_stream

        streams = [torch_stream(seed.integer()) for seed in seeds]
        with torch.inference_mode():
            drawn = [torch.randn(self.latent, generator=each) for each in streams]
            fresh = torch.stack(drawn).to(self.device)
            return self._pictures(between(self._noise(pixels, shown), fresh, strength), wanted)

    def between(
        self,
        pixels: NDArray[np.uint8],
        others: NDArray[np.uint8],
        shown: PictureConditions,
        share: float,
    ) -> NDArray[np.uint8]:
        import torch

        from augment.kinds.images.engines.cvae.prior import between

        with torch.inference_mode():
            ends = self._noise(pixels, shown), self._noise(others, shown)
            return self._pictures(between(*ends, share), shown)

    def _noise(self, pixels: NDArray[np.uint8], shown: PictureConditions) -> Tensor:
        """The noise (n, latent) that `latents` would make the pictures' codes of."""
        codes, conditions = self._codes_and_conditions(shown)
        mean, _ = self.network.encode(to_floats(pixels, self.device), conditions)
        u = self.around.whitened(mean, codes)
        return u if self.flow is None else self.flow.noise_of(u, self._asked(conditions))

    def _asked(self, conditions: Tensor) -> Asked:
        import torch

        from augment.kinds.images.engines.cvae.prior import Asked

        wordless = conditions.clone()
        wordless[:, self.conditioning.word_columns] = 0
        new = self.conditioning.new_together(conditions.cpu().numpy())
        return Asked(conditions, wordless, torch.from_numpy(new)[:, None].to(self.device))

    def _pictures(self, noise: Tensor, wanted: PictureConditions) -> NDArray[np.uint8]:
        codes, conditions = self._codes_and_conditions(wanted)
        z = self.latents(noise, codes, conditions)
        return to_pixels(self.network.decode(z, conditions).sigmoid())

    def _codes_and_conditions(self, wanted: PictureConditions) -> tuple[Tensor, Tensor]:
        """Classes (n,) and conditions (n, condition_width)."""
        import torch

        codes, conditions = torch.from_numpy(wanted.codes), torch.from_numpy(wanted.matrix)
        return codes.to(self.device), conditions.to(self.device)

    def state(self) -> State:
        from augment.nets.weights import to_array, to_arrays

        tensors = to_arrays(self.network, "network/")
        tensors |= {"means": to_array(self.around.means), "factors": to_array(self.around.factors)}
        if self.flow is not None:
            tensors |= to_arrays(self.flow, "flow/")
        return State({"conditioning": self.conditioning.to_json(), **self.config}, tensors)

    @classmethod
    def from_state(cls, state: State) -> Self:
        import torch

        from augment.kinds.images.engines.cvae.autoencoder import Autoencoder
        from augment.kinds.images.engines.cvae.prior import Gaussians, VelocityField
        from augment.nets.weights import load, to_tensor

        with restoring("cvae"):
            conditioning = Conditioning.from_json(state.config["conditioning"])
            config: Json = {name: int(state.config[name]) for name in ("width", "latent")}
            config["flow"] = bool(state.config["flow"])
            config["facts"] = dict(state.config.get("facts", {}))
            require_width(config["width"])
            require_latent(config["latent"])
            shape, condition_width, latent = (
                conditioning.schema.shape,
                conditioning.condition_width,
                config["latent"],
            )
            with torch.device("meta"):
                network = Autoencoder(shape, condition_width, config["width"], latent)
                flow = VelocityField(latent, condition_width) if config["flow"] else None
            kinds = len(conditioning.schema.classes) + 1
            around = Gaussians(
                to_tensor(state.tensors, "means", (kinds, latent)),
                to_tensor(state.tensors, "factors", (kinds, latent, latent)),
            )
            network = load(network, state.tensors, "network/")
            flow = None if flow is None else load(flow, state.tensors, "flow/")
        return cls(conditioning, config, network, around, flow)
