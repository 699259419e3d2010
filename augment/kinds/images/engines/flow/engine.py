"""`flow`: class-conditional flow matching in pixel space."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from augment.core.errors import BadInput
from augment.core.parameters import Between, parameter
from augment.core.remedy import Remedy, Symptom, by_length
from augment.core.types import About, Costs, Engine, Job, Tick
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.data.tensors import pictures, split_rows, to_floats
from augment.kinds.images.engines import training_parameters
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.engines.costs import network_costs, transformer_costs
from augment.kinds.images.engines.flow.model import (
    FlowModel,
    network_of,
    require_sampling,
    silenced,
)
from augment.kinds.images.engines.flow.presets import (
    CENTRE,
    JUDGED,
    PRESETS,
    SILENCED,
    SPREAD,
    Sizes,
    batch_for,
    places_of,
)
from augment.kinds.images.engines.sizes import FEWEST_STEPS, or_a_smaller_canvas
from augment.nets.devices import autocast, bytes_of
from augment.nets.flow_matching.path import point
from augment.nets.micro_batches import micro_batches_parameter
from augment.nets.schedule import Schedule
from augment.nets.threads import torch_threads
from augment.nets.training import TrainingOutcome, facts, train
from augment.work import environment

if TYPE_CHECKING:
    from torch import Tensor, nn

JITTER_BELOW = 50_000
SLOW = "preset gpu on a CPU: hours in the place of minutes; a GPU is asked for by --device cuda"


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

    preset: Literal["cpu", "gpu"] = parameter(
        "cpu",
        "a small network, or a transformer of 39 million weights that needs a GPU",
        searched=False,
    )
    steps: int | None = parameter(
        None,
        "training steps: 6,000",
        least=1,
        most=10_000_000,
        search=Between(2_000, 20_000, log=True),
    )
    batch: int | None = training_parameters.batch(
        None, "pictures in a step: 64, with preset gpu as many as fit its memory, up to 512"
    )
    micro_batches: int = micro_batches_parameter()
    width: int | None = training_parameters.width(
        None, "32 channels at half the canvas, times 8; preset gpu: 512 at each place"
    )
    learning_rate: float | None = training_parameters.learning_rate(
        None, 1e-2, "highest rate of the schedule: .002, with preset gpu .0006"
    )
    sampling_steps: int | None = parameter(
        None,
        "8 steps of Heun's rule; preset gpu: 4 jumps",
        least=1,
        most=1_000,
        search=Between(4, 64, log=True),
    )
    guidance: float = parameter(
        1.0, "how far beyond the condition to go", least=0, most=100, search=Between(1, 4)
    )

    def costs(self, data: Images, device: str) -> Costs:
        whole = self._sized(data.schema, device)
        calls = whole.sampling_steps * (1 if self.guidance == 1.0 else 2)
        if whole.blocks:
            sizes = whole.width, whole.blocks, whole.batch
            return transformer_costs(data.schema, *sizes, whole.steps, calls, device)
        wide = data.schema, whole.steps, whole.batch, whole.width, device
        return network_costs(*wide, 8.0e-6, 3.4e-6 * calls)

    def most_ranks(self) -> int:
        return self.micro_batches

    def remedies(self, symptom: Symptom, data: Images) -> Iterator[Remedy]:
        steps = PRESETS[self.preset].steps if self.steps is None else self.steps
        return by_length(self, "steps", steps, symptom)

    def _sized(self, schema: ImageSchema, device: str) -> Sizes:
        """What is left at None comes from the preset, and its batch from the device's memory."""
        preset = PRESETS[self.preset]
        width = preset.width if self.width is None else self.width
        batch = preset.batch if self.batch is None else self.batch
        if batch is None:
            batch = batch_for(bytes_of(device), places_of(schema), width, preset.blocks)
        return Sizes(
            preset.steps if self.steps is None else self.steps,
            batch,
            width,
            preset.blocks,
            preset.learning_rate if self.learning_rate is None else self.learning_rate,
            preset.sampling_steps if self.sampling_steps is None else self.sampling_steps,
        )

    def fit(self, data: Images, job: Job) -> FlowModel:
        environment.settle()
        import torch

        from augment.nets.streams import initialised
        from augment.nets.weights import take_over

        if not len(data):
            raise BadInput("there are 0 images; `flow` needs at least 1.")
        older = FlowModel.older(job, data)
        sizes = self._sized(data.schema, job.device)
        require_sampling(sizes.width, sizes.sampling_steps, self.guidance)
        conditioning = Conditioning.of(data, job.protect)
        with initialised(job.seed.child("weights").integer()):
            network = network_of(conditioning, sizes.width, sizes.blocks or None)
        if older is not None:
            take_over(network, older.network)
        trained = self._trained_on_device if sizes.blocks else self._trained
        if sizes.blocks and job.device == "cpu":
            job.tick(Tick("fit", note=SLOW))
        # A micro-batch is the same wherever it is computed: on one thread, as cores share them.
        threads = torch.get_num_threads() if self.micro_batches == 1 else 1
        with or_a_smaller_canvas(data.schema), torch_threads(threads):
            outcome = trained(network.to(job.device), data, conditioning, sizes, job)
        config = {
            "width": sizes.width,
            **({"blocks": sizes.blocks} if sizes.blocks else {}),
            "sampling_steps": sizes.sampling_steps,
            "guidance": self.guidance,
            "facts": facts({"network": outcome}, job.device, threads),
        }
        network = network.eval().requires_grad_(False)
        return FlowModel(conditioning, config, network, job.device)

    def _trained_on_device(
        self, network: nn.Module, data: Images, conditioning: Conditioning, sizes: Sizes, job: Job
    ) -> TrainingOutcome:
        from augment.kinds.images.engines.flow.device_training import train_on_device
        from augment.kinds.images.engines.flow.dit import Dit

        assert isinstance(network, Dit), "of so many blocks"
        moved, label = len(data) < JITTER_BELOW, f"flow {self} {sizes} {data.digest()}"
        schedule = self._schedule(sizes, job)
        micro_batch = max(1, sizes.batch // self.micro_batches)
        return train_on_device(
            network, data, conditioning, micro_batch, moved, schedule, label, job
        )

    def _trained(
        self, network: nn.Module, data: Images, conditioning: Conditioning, sizes: Sizes, job: Job
    ) -> TrainingOutcome:
        """Fit the network in place."""
        import torch

        from augment.kinds.images.engines.flow.device_loss import weighed
        from augment.kinds.images.engines.thinning import thinned
        from augment.nets.random_affine import MOVES, draw_moves, move
        from augment.nets.streams import torch_stream

        conditions = torch.from_numpy(conditioning.matrix_of(data))
        word_columns = conditioning.word_columns
        kept, learnt = split_rows(len(data), job.seed.child("held out"))
        micro_batch = max(1, sizes.batch // self.micro_batches)
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
            return weighed(found, x, t).mean()

        def loss(step: int) -> Tensor:
            stream = torch_stream(job.seed.child("step", step).integer())
            rows = learnt[torch.randint(len(learnt), (micro_batch,), generator=stream)]
            return loss_on(rows, stream, True)

        def held_out() -> float:
            stream = torch_stream(job.seed.child("held out").integer())
            copies = -(-JUDGED // len(kept))
            return float(loss_on(kept.repeat(copies)[:JUDGED], stream, False))

        schedule = self._schedule(sizes, job)
        parameters: dict[str, Tensor] = dict(network.named_parameters())
        return train(parameters, loss, held_out, schedule, job, f"flow {self} {data.digest()}")

    def _schedule(self, sizes: Sizes, job: Job) -> Schedule:
        schedule = Schedule(
            steps=sizes.steps,
            learning_rate=sizes.learning_rate,
            warmup=100,
            weight_decay=0.01,
            average=0.998,
            check_every=200,
            patience=10,
            checkpoint_every=1_000 if sizes.blocks else 200,
            fewest=FEWEST_STEPS,
            micro_batches=self.micro_batches,
        )
        return schedule if job.start is None else schedule.continued()
