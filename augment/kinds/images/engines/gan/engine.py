"""`gan`: a conditional generative adversarial network that samples in one step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from augment.core.errors import BadInput
from augment.core.parameters import Between, parameter
from augment.core.remedy import Remedy, Symptom, by_length
from augment.core.types import About, Costs, Engine, Job
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.tensors import pictures, to_pixels
from augment.kinds.images.engines import training_parameters
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.engines.costs import network_costs
from augment.kinds.images.engines.gan.model import GanModel
from augment.kinds.images.engines.sizes import (
    FEWEST_STEPS,
    or_a_smaller_canvas,
    require_latent,
    require_width,
)
from augment.nets.player import Player
from augment.nets.schedule import Schedule
from augment.nets.training import TrainingOutcome, facts, play
from augment.work import environment

if TYPE_CHECKING:
    from torch import Tensor

    from augment.kinds.images.engines.gan.networks import DiscriminatorNetwork, GeneratorNetwork

TRIALS = 500  # pictures that each check makes, at the most
# Steps in which a maker that goes on from an older model waits: its critic was not kept, since it
# knows the training pictures by heart (Hayes et al. 2019, arXiv 1705.07663), and begins anew.
CRITIC_ALONE = 200


@dataclass(frozen=True)
class Gan(Engine[Images]):
    """A generator (the maker) against a discriminator (the critic).

    Hinge loss: Lim and Ye 2017, arXiv 1705.02894. R1: Mescheder et al. 2018, arXiv 1801.04406,
    taken every few steps as in Karras et al. 2020, arXiv 1912.04958. Both sides see their
    pictures varied, the more the fewer there are (see `diffaugment`). The generator that is kept
    has averaged weights.
    """

    about: ClassVar[About] = About(
        name="gan",
        kind="images",
        summary="adversarial network: sharp, samples in one step, less varied than cvae",
        licence="Apache-2.0",
        needs=("torch",),
        conditions=frozenset({"where"}),
        exact=True,
        continues=True,
    )
    model: ClassVar[type[GanModel]] = GanModel

    steps: int = parameter(
        3_000,
        "training steps of both networks",
        least=1,
        most=10_000_000,
        search=Between(1_000, 20_000, log=True),
    )
    batch: int = training_parameters.batch()
    width: int = training_parameters.width(24)
    latent: int = parameter(
        64, "dimensions of the noise", least=1, most=4_096, search=Between(16, 256, log=True)
    )
    learning_rate: float = training_parameters.learning_rate(1e-3, 5e-3)
    r1: float = parameter(
        3.0,
        "how smooth the discriminator is kept",
        least=0,
        most=1_000,
        search=Between(0.1, 30, log=True),
    )

    def costs(self, data: Images, device: str) -> Costs:
        wide = data.schema, self.steps, self.batch, self.width, device
        return network_costs(*wide, 7.9e-6, 8.4e-7)

    def remedies(self, symptom: Symptom, data: Images) -> Iterator[Remedy]:
        return by_length(self, "steps", self.steps, symptom)

    def fit(self, data: Images, job: Job) -> GanModel:
        environment.settle()
        import torch

        from augment.kinds.images.engines.gan.networks import DiscriminatorNetwork, GeneratorNetwork
        from augment.nets.streams import initialised
        from augment.nets.weights import take_over

        if not len(data):
            raise BadInput("there are 0 images; `gan` needs at least 1.")
        older = GanModel.older(job, data)
        require_width(self.width)
        require_latent(self.latent)
        conditioning = Conditioning.of(data, job.protect)
        shape, condition_width = data.schema.shape, conditioning.condition_width
        with initialised(job.seed.child("weights").integer()):
            maker = GeneratorNetwork(shape, condition_width, self.width, self.latent).to(job.device)
            critic = DiscriminatorNetwork(shape, condition_width, self.width).to(job.device)
        if older is not None:
            take_over(maker, older.network)
        with or_a_smaller_canvas(data.schema):
            outcome = self._train(maker, critic, data, conditioning, job)
        config = {
            "width": self.width,
            "latent": self.latent,
            "facts": facts({"networks": outcome}, job.device, torch.get_num_threads()),
        }
        return GanModel(conditioning, config, maker.eval().requires_grad_(False), job.device)

    def _train(
        self,
        maker: GeneratorNetwork,
        critic: DiscriminatorNetwork,
        data: Images,
        conditioning: Conditioning,
        job: Job,
    ) -> TrainingOutcome:
        """Fit both networks in place."""
        import torch

        from augment.kinds.images.engines.gan.diffaugment import share_for
        from augment.kinds.images.engines.gan.losses import Duel

        conditions = torch.from_numpy(conditioning.matrix_of(data))
        share = share_for(self.steps * self.batch / len(data))
        sizes = (self.batch, self.latent, self.r1, share)
        word_columns = conditioning.word_columns
        duel = Duel(maker, critic, data, conditions, word_columns, *sizes, job.seed, job.device)
        schedule = Schedule(
            steps=self.steps,
            learning_rate=self.learning_rate,
            warmup=100,
            weight_decay=0.0,
            clip=10.0,
            average=0.998,
            check_every=250,
            patience=1_000,
            checkpoint_every=200,
            betas=(0.0, 0.99),
            fewest=FEWEST_STEPS,
            lowest=1.0,  # falling rates made pictures worse again towards the end
        )
        waits = 0
        if job.start is not None:
            schedule = schedule.continued()
            waits = min(CRITIC_ALONE, schedule.steps // 4)
        makers: dict[str, Tensor] = {f"maker/{k}": v for k, v in maker.named_parameters()}
        players = [
            Player({f"critic/{k}": v for k, v in critic.named_parameters()}, duel.critics_loss),
            Player(makers, duel.makers_loss, waits=waits),
        ]
        distance = self._distance(maker, data, conditions, job)
        return play(players, distance, schedule, job, f"gan {self} {data.digest()}")

    def _distance(
        self, maker: GeneratorNetwork, data: Images, conditions: Tensor, job: Job
    ) -> Callable[[], float]:
        """How far the maker's pictures, of a fixed noise, are from as many real ones."""
        import torch

        from augment.kinds.images.engines.closeness import Closeness
        from augment.nets.streams import torch_stream

        stream = torch_stream(job.seed.child("trials").integer())
        rows = torch.randperm(len(data), generator=stream)[:TRIALS]
        asked = conditions[torch.randint(len(data), (TRIALS,), generator=stream)]
        z = torch.randn(TRIALS, self.latent, generator=stream).to(job.device)
        real = Closeness.of(pictures(data, rows), conditions[rows].numpy(), job.device)

        def distance() -> float:
            with torch.inference_mode():
                made = (maker(z, asked.to(job.device)) + 1) / 2
            return real.distance(to_pixels(made), asked.numpy())

        return distance
