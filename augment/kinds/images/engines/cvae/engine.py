"""`cvae`: a convolutional conditional VAE whose prior is learnt after the fact."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from augment.core.errors import BadInput
from augment.core.parameters import Between, parameter
from augment.core.remedy import Remedy, Symptom, by_length
from augment.core.types import About, Costs, Engine, Job, Json, Tick
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.tensors import HeldOutSplit, parts, pictures, split_rows, to_floats
from augment.kinds.images.engines import training_parameters
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.engines.costs import network_costs
from augment.kinds.images.engines.cvae.model import CvaeModel
from augment.kinds.images.engines.cvae.sizes import beta_for, latent_for
from augment.kinds.images.engines.sizes import (
    FEWEST_STEPS,
    or_a_smaller_canvas,
    require_latent,
    require_width,
)
from augment.nets.devices import autocast
from augment.nets.schedule import Schedule
from augment.nets.threads import threads
from augment.nets.training import TooLittleTime, TrainingOutcome, facts, train
from augment.work import environment

if TYPE_CHECKING:
    from torch import Tensor

    from augment.kinds.images.engines.cvae.autoencoder import Autoencoder
    from augment.kinds.images.engines.cvae.prior import Latents

SEEN_AT_ONCE = 500  # pictures in one pass of the network without slopes
JUDGED = 1_000  # held-out pictures that each check looks at, at the most
FEWEST_FOR_FLOW = 500  # below, the classes' normal distributions are all that can be learnt
FEWEST_FOR_WORDS = 100  # the same with captions, which the classes' normals know nothing of
SHARE_OF_TIME = 0.65  # of a budget for the autoencoder; encoding and the prior have the rest
SHARE_WITHOUT_FLOW = 0.9
ENCODED_SECONDS, PRIOR_SECONDS = 6e-7, 40.0  # of a pixel of one view; of all steps (see `costs`)
ENCODING = 0.4  # of what is then left, for the moved views
JITTER_BELOW = 50_000  # pictures; above, there are enough to learn shifts from
ALONE = 32 * 32  # pixels up to which a second thread saves no time
PASSES = 120  # over the pictures, where the number of steps is not given
LEAST_STEPS, MOST_STEPS = 600, 3_000
MOST_VIEWS = 16  # moved views of a picture that the prior learns from


@dataclass(frozen=True)
class Cvae(Engine[Images]):
    """Encoder and decoder by the evidence lower bound with a small β, then the prior.

    Kingma and Welling 2014 (arXiv 1312.6114); β of Higgins et al. 2017, here below 1, which
    keeps pictures sharp and leaves N(0, I) behind; the prior is learnt on the latents, as in
    two-stage VAEs (Dai and Wipf 2019, arXiv 1903.05789), here by flow matching.
    """

    about: ClassVar[About] = About(
        name="cvae",
        kind="images",
        summary="conditional variational autoencoder with a learned prior: fast, for every size",
        licence="Apache-2.0",
        needs=("torch",),
        conditions=frozenset({"where"}),
        exact=True,
        continues=True,
    )
    model: ClassVar[type[CvaeModel]] = CvaeModel

    steps: int | None = parameter(
        None,
        "training steps of the autoencoder; by the number of pictures, to 3000",
        least=1,
        most=10_000_000,
        search=Between(500, 10_000, log=True),
    )
    batch: int = training_parameters.batch()
    width: int = training_parameters.width(32)
    latent: int | None = parameter(
        None,
        "latent dimensions; by the canvas where not given",
        least=1,
        most=4_096,
        search=Between(8, 256, log=True),
    )
    beta: float | None = parameter(
        None,
        "weight of the KL term in nats; 0.25, less where pixels are few",
        least=0,
        most=1_000,
        search=Between(0.02, 2, log=True),
        changes_loss=True,
    )
    learning_rate: float = training_parameters.learning_rate(2e-3, 1e-2)
    prior: Literal["auto", "gaussian", "flow"] = parameter(
        "auto", "per-class normals, or a flow on top of them"
    )

    def costs(self, data: Images, device: str) -> Costs:
        steps = self._steps(data)
        pixels = data.schema.height * data.schema.width
        encoded = ENCODED_SECONDS * _views(len(data)) * len(data) * pixels
        prior = PRIOR_SECONDS if self._learns_flow(data) else 0.0
        wide = data.schema, steps, self.batch, self.width, device
        return network_costs(*wide, 3.0e-6, 6.5e-7, encoded + prior)

    def _learns_flow(self, data: Images) -> bool:
        fewest = FEWEST_FOR_WORDS if data.schema.vocabulary else FEWEST_FOR_FLOW
        return self.prior == "flow" or (self.prior == "auto" and len(data) >= fewest)

    def _steps(self, data: Images) -> int:
        """As asked for, else `PASSES` over the pictures, within bounds."""
        if self.steps is not None:
            return self.steps
        return min(max(PASSES * len(data) // self.batch, LEAST_STEPS), MOST_STEPS)

    def remedies(self, symptom: Symptom, data: Images) -> Iterator[Remedy]:
        return by_length(self, "steps", self._steps(data), symptom)

    def fit(self, data: Images, job: Job) -> CvaeModel:
        environment.settle()
        import torch

        from augment.kinds.images.engines.cvae.autoencoder import Autoencoder
        from augment.kinds.images.engines.cvae.prior import fit_velocity_field, gaussians
        from augment.nets.streams import initialised
        from augment.nets.weights import take_over

        if not len(data):
            raise BadInput("there are 0 images; `cvae` needs at least 1.")
        older = CvaeModel.older(job, data)
        latent = latent_for(data) if self.latent is None else self.latent
        require_width(self.width)
        require_latent(latent)
        conditioning = Conditioning.of(data, job.protect)
        conditions = torch.from_numpy(conditioning.matrix_of(data))
        split = split_rows(len(data), job.seed.child("held out"))
        with initialised(job.seed.child("weights").integer()):
            network = Autoencoder(
                data.schema.shape, conditioning.condition_width, self.width, latent
            )
        if older is not None:
            take_over(network, older.network)
        word_columns = conditioning.word_columns
        count = 1 if data.schema.height * data.schema.width <= ALONE else torch.get_num_threads()
        prior = None if older is None else older.flow
        learnt = prior is not None or self._learns_flow(data)
        share = SHARE_OF_TIME if learnt else SHARE_WITHOUT_FLOW
        early = dataclasses.replace(job, budget=job.budget.part(share))
        with threads(count):
            with or_a_smaller_canvas(data.schema):
                outcome = self._train(
                    network.to(job.device), data, conditions, word_columns, split, early
                )
            latents = _encoded(network, data, conditions, job)
        codes = torch.from_numpy(data.label_codes).to(job.device)
        around = gaussians(
            latents.mean[0], latents.log_variance[0], codes, len(data.schema.classes)
        )
        outcomes = {"autoencoder": outcome}
        flow = None
        if learnt:
            later = dataclasses.replace(
                job, seed=job.seed.child("prior"), scratch=job.scratch / "prior"
            )
            try:
                with threads(1):  # a second one makes steps this small slower
                    flow, outcomes["prior"] = fit_velocity_field(
                        around, latents, codes, conditions, word_columns, split, later, prior
                    )
            except TooLittleTime:
                if self.prior == "flow":
                    raise
                cut = "the prior is the classes' normal distributions: no time to learn more"
                job.tick(Tick("prior", shortened=cut))
        config: Json = {"width": self.width, "latent": latent, "flow": flow is not None}
        config["facts"] = facts(outcomes, job.device, count)
        return CvaeModel(conditioning, config, network.eval(), around, flow, job.device)

    def _train(
        self,
        network: Autoencoder,
        data: Images,
        conditions: Tensor,
        word_columns: slice,
        split: HeldOutSplit,
        job: Job,
    ) -> TrainingOutcome:
        """Fit the network in place."""
        import torch

        from augment.kinds.images.engines.thinning import thinned
        from augment.nets.random_affine import jitter
        from augment.nets.streams import torch_stream

        kept, learnt = split
        latent = network.latent
        device, beta = job.device, beta_for(data) if self.beta is None else self.beta
        moves = len(data) < JITTER_BELOW

        def loss(step: int) -> Tensor:
            stream = torch_stream(job.seed.child("step", step).integer())
            rows = learnt[torch.randint(len(learnt), (self.batch,), generator=stream)]
            x = to_floats(pictures(data, rows), device)
            if moves:  # every other picture: the prior is for pictures as they are
                x = torch.cat([jitter(x[::2], stream), x[1::2]])
                rows = torch.cat([rows[::2], rows[1::2]])
            noise = torch.randn(self.batch, latent, generator=stream).to(device)
            c = thinned(conditions[rows], word_columns, stream).to(device)
            with autocast(device):
                lost, kl = network.parts(x, c, noise)
            return (lost + beta * kl).mean()

        def held_out() -> float:
            stream = torch_stream(job.seed.child("held out").integer())
            rows = kept[:JUDGED]
            noise = torch.randn(len(rows), latent, generator=stream).to(device)
            total = 0.0
            for part in parts(len(rows), SEEN_AT_ONCE):
                x = to_floats(pictures(data, rows[part]), device)
                with autocast(device):
                    lost, kl = network.parts(x, conditions[rows[part]].to(device), noise[part])
                total += float((lost + beta * kl).sum())
            return total / len(rows)

        schedule = Schedule(
            steps=self._steps(data),
            learning_rate=self.learning_rate,
            warmup=100,
            weight_decay=0.01,
            clip=100.0,
            average=0.998,
            patience=8,
            checkpoint_every=200,
            fewest=FEWEST_STEPS,
        )
        schedule = schedule if job.start is None else schedule.continued()
        parameters: dict[str, Tensor] = dict(network.named_parameters())
        label = f"cvae {self} {data.digest()}"
        return train(parameters, loss, held_out, schedule, job, label, "autoencoder")


def _encoded(network: Autoencoder, data: Images, conditions: Tensor, job: Job) -> Latents:
    """What the encoder makes of all pictures, and of moved ones where pictures are few.

    As many views as a part of the budget has time for, by how long the first pictures take.
    """
    import torch

    from augment.kinds.images.engines.cvae.prior import Latents
    from augment.nets.random_affine import MOVES, draw_moves, move
    from augment.nets.streams import torch_stream

    n, budget = len(data), job.budget.part(ENCODING)
    views = _views(n)
    by = torch.zeros(views, n, MOVES)
    for view in range(1, views):
        by[view] = draw_moves(n, torch_stream(job.seed.child("view", view).integer()))
    mean = torch.empty(views, n, network.latent, device=job.device)
    log_variance = torch.empty_like(mean)
    affordable = views
    with torch.inference_mode():
        for rows in parts(n, SEEN_AT_ONCE):
            x, c = to_floats(pictures(data, rows), job.device), conditions[rows].to(job.device)
            before = budget.left()
            for view in range(affordable):
                seen = move(x, by[view, rows]) if view else x
                with autocast(job.device):
                    mean[view, rows], log_variance[view, rows] = network.encode(seen, c)
                if not rows[0] and not view and budget.max_seconds is not None:
                    each = max(before - budget.left(), 1e-9) * n / len(rows)
                    affordable = max(1, min(views, int(before / each)))
            job.tick(Tick("encode", int(rows[-1]) + 1, n))
    if affordable < views:
        cut = f"the prior learns from {affordable} of {views} views of each picture"
        job.tick(Tick("encode", shortened=cut))
    kept = slice(0, affordable)
    return Latents(mean[kept], log_variance[kept], by[kept].to(job.device))


def _views(n: int) -> int:
    """How many views of each of `n` pictures the prior learns from, the unmoved one among them."""
    return 1 + min(MOST_VIEWS, JITTER_BELOW // max(1, n)) * (n < JITTER_BELOW)
