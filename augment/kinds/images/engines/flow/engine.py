"""`flow`: class-conditional flow matching in pixel space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from augment.core.errors import BadInput
from augment.core.parameters import Between, parameter
from augment.core.remedy import Remedy, Symptom, by_length
from augment.core.types import About, Costs, Engine, Job
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.tensors import pictures, split_rows, to_floats
from augment.kinds.images.engines import training_parameters
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.engines.costs import network_costs
from augment.kinds.images.engines.flow.model import LATEST, FlowModel, require_sampling, silenced
from augment.kinds.images.engines.sizes import FEWEST_STEPS, or_a_smaller_canvas
from augment.nets.devices import autocast
from augment.nets.flow_matching.path import point
from augment.nets.schedule import Schedule
from augment.nets.training import TrainingOutcome, facts, train
from augment.work import environment

if TYPE_CHECKING:
    from torch import Tensor

    from augment.kinds.images.engines.flow.unet import Unet

JUDGED = 512
JITTER_BELOW = 50_000
CENTRE, SPREAD = -0.4, 1.0  # of the normal distribution whose logistic times are drawn
SILENCED = 0.1  # share of training pictures whose condition is hidden, so that guidance can work


@dataclass(frozen=True)
class Flow(Engine[Images]):
    """Straight paths x_t = (1 - t) ε + t x, and a network that sees the picture x in x_t.

    Flow matching: Lipman et al. 2023 (arXiv 2210.02747). The network gives x, not the velocity
    (x - x_t) / (1 - t) whose error is what it learns from, since a small network cannot carry the
    noise through (Li and He 2025, arXiv 2511.13720): velocities left more grey on grounds that
    are black. Times are drawn by the logistic of a normal (Esser et al. 2024, arXiv 2403.03206),
    more of them near the noise, where pictures take shape. Guidance stays at 1 unless asked for:
    more of it buys purity and loses diversity and usefulness.
    """

    about: ClassVar[About] = About(
        name="flow",
        kind="images",
        summary="flow matching in pixel space: slower to learn and to sample than cvae",
        licence="Apache-2.0",
        needs=("torch",),
        conditions=frozenset({"where"}),
        exact=True,
        continues=True,
    )
    model: ClassVar[type[FlowModel]] = FlowModel

    steps: int = parameter(
        6_000, "training steps", least=1, most=10_000_000, search=Between(2_000, 20_000, log=True)
    )
    batch: int = training_parameters.batch()
    width: int = training_parameters.width(32)
    learning_rate: float = training_parameters.learning_rate(2e-3, 1e-2)
    sampling_steps: int = parameter(
        8, "steps of Heun's rule", least=1, most=1_000, search=Between(4, 64, log=True)
    )
    guidance: float = parameter(
        1.0, "how far beyond the condition to go", least=0, most=100, search=Between(1, 4)
    )

    def costs(self, data: Images, device: str) -> Costs:
        wide = data.schema, self.steps, self.batch, self.width, device
        calls = self.sampling_steps * (1 if self.guidance == 1.0 else 2)
        return network_costs(*wide, 8.0e-6, 3.4e-6 * calls)

    def remedies(self, symptom: Symptom, data: Images) -> Iterator[Remedy]:
        return by_length(self, "steps", self.steps, symptom)

    def fit(self, data: Images, job: Job) -> FlowModel:
        environment.settle()
        import torch

        from augment.kinds.images.engines.flow.unet import Unet
        from augment.nets.streams import initialised
        from augment.nets.weights import take_over

        if not len(data):
            raise BadInput("there are 0 images; `flow` needs at least 1.")
        older = FlowModel.older(job, data)
        require_sampling(self.width, self.sampling_steps, self.guidance)
        conditioning = Conditioning.of(data, job.protect)
        conditions = torch.from_numpy(conditioning.matrix_of(data))
        with initialised(job.seed.child("weights").integer()):
            network = Unet(data.schema.shape, conditioning.condition_width, self.width)
        if older is not None:
            take_over(network, older.network)
        with or_a_smaller_canvas(data.schema):
            outcome = self._train(
                network.to(job.device), data, conditions, conditioning.word_columns, job
            )
        config = {
            "width": self.width,
            "sampling_steps": self.sampling_steps,
            "guidance": self.guidance,
            "facts": facts({"network": outcome}, job.device, torch.get_num_threads()),
        }
        network = network.eval().requires_grad_(False)
        return FlowModel(conditioning, config, network, job.device)

    def _train(
        self, network: Unet, data: Images, conditions: Tensor, word_columns: slice, job: Job
    ) -> TrainingOutcome:
        """Fit the network in place."""
        import torch

        from augment.kinds.images.engines.thinning import thinned
        from augment.nets.random_affine import MOVES, draw_moves, move
        from augment.nets.streams import torch_stream

        kept, learnt = split_rows(len(data), job.seed.child("held out"))
        device, few = job.device, len(data) < JITTER_BELOW

        def loss_on(rows: Tensor, stream: torch.Generator, learning: bool) -> Tensor:
            x, c = to_floats(pictures(data, rows), device), conditions[rows]
            by = torch.zeros(len(x), MOVES)
            if learning:
                half = len(x) // 2 if few else 0
                by[:half] = draw_moves(half, stream)
                x = torch.cat([move(x[:half], by[:half]), x[half:]]) if half else x
                c = thinned(c, word_columns, stream)
                hidden = torch.rand(len(x), 1, generator=stream) < SILENCED
                c = torch.where(hidden, silenced(c), c)
            x = 2 * x - 1
            noise = torch.randn(x.shape, generator=stream).to(device)
            t = (CENTRE + SPREAD * torch.randn(len(x), generator=stream)).sigmoid().to(device)
            noised = point(noise, x, t[:, None, None, None])
            with autocast(device):
                found: Tensor = network(noised, t, c.to(device), by.to(device))
            apart = (found - x).square().flatten(1).mean(1)
            return (apart / (1 - t.clamp(max=LATEST)) ** 2).mean()

        def loss(step: int) -> Tensor:
            stream = torch_stream(job.seed.child("step", step).integer())
            rows = learnt[torch.randint(len(learnt), (self.batch,), generator=stream)]
            return loss_on(rows, stream, True)

        def held_out() -> float:
            stream = torch_stream(job.seed.child("held out").integer())
            copies = -(-JUDGED // len(kept))
            return float(loss_on(kept.repeat(copies)[:JUDGED], stream, False))

        schedule = Schedule(
            steps=self.steps,
            learning_rate=self.learning_rate,
            warmup=100,
            weight_decay=0.01,
            average=0.998,
            check_every=200,
            patience=10,
            checkpoint_every=200,
            fewest=FEWEST_STEPS,
        )
        schedule = schedule if job.start is None else schedule.continued()
        parameters: dict[str, Tensor] = dict(network.named_parameters())
        return train(parameters, loss, held_out, schedule, job, f"flow {self} {data.digest()}")
