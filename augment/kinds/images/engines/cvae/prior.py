"""The learned prior of `cvae`: where in latent space the pictures of each class lie.

With N(0, I), as in textbooks, decoded noise is far from any picture: the encoder never fills it.
Import it only where torch is needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from augment.core.types import Job
from augment.kinds.images.data.tensors import HeldOutSplit
from augment.kinds.images.engines.thinning import thinned
from augment.nets.devices import autocast
from augment.nets.flow_matching.heun import heun
from augment.nets.flow_matching.path import point, velocity
from augment.nets.random_affine import MOVES
from augment.nets.schedule import Schedule
from augment.nets.streams import initialised, torch_stream
from augment.nets.training import TrainingOutcome, train
from augment.nets.weights import take_over

HIDDEN = 256
BLOCKS = 4
WAVES = 16
EMBEDDED_WIDTH = 64
BATCH = 256
JUDGED = 2_000  # draws that each check looks at
STEPS = 10  # of Heun's rule from noise to latents
NEW_GUIDANCE = 4.0  # how far words that were never seen together are followed; others: as learnt
MOVED = 0.5  # share of the pictures in a step that are shown moved
SCHEDULE = Schedule(
    steps=4_500,
    learning_rate=2e-3,
    average=0.998,
    check_every=200,
    patience=8,
    weight_decay=0.01,
    checkpoint_every=1_000,
    fewest=300,
)


@dataclass(frozen=True)
class Latents:
    """Moments of q(z | x), (views, n, latent) each: of the pictures as they are, then of the same
    ones moved by `moves` (views, n, MOVES)."""

    mean: Tensor
    log_variance: Tensor
    moves: Tensor

    def drawn(self, rows: Tensor, view: Tensor, noise: Tensor) -> Tensor:
        """(rows, latent) from q(z | x) of these rows in these views."""
        spread = (0.5 * self.log_variance[view, rows]).exp()
        return self.mean[view, rows] + spread * noise


@dataclass(frozen=True)
class Gaussians:
    """One normal distribution per class: `means` (classes + 1, latent) and lower triangular
    `factors` (classes + 1, latent, latent). The last one stands for pictures without a class."""

    means: Tensor
    factors: Tensor

    def on(self, device: str) -> Gaussians:
        return Gaussians(self.means.to(device), self.factors.to(device))

    def whitened(self, z: Tensor, codes: Tensor) -> Tensor:
        """(n, latent) with mean 0 and covariance 1 within each class; codes -1 for no class."""
        apart = (z - self.means[codes])[:, :, None]
        solved: Tensor = torch.linalg.solve_triangular(self.factors[codes], apart, upper=False)
        return solved[:, :, 0]

    def coloured(self, u: Tensor, codes: Tensor) -> Tensor:
        """Undo `whitened`."""
        return self.means[codes] + (self.factors[codes] @ u[:, :, None])[:, :, 0]


def gaussians(mean: Tensor, log_variance: Tensor, codes: Tensor, classes: int) -> Gaussians:
    """The normal distributions of the aggregate posteriors, from q's (n, latent) moments.

    A class of n pictures is shrunk towards all of them: its mean by one picture's worth, its
    covariance by as many pictures' worth of the pooled within-class covariance as there are
    dimensions, so that a class of three pictures has a covariance of full rank.
    """
    latent = mean.shape[1]
    noise = log_variance.exp()
    everywhere = mean.mean(0)
    centres = everywhere.repeat(classes + 1, 1)
    for code in range(classes):
        mine = mean[codes == code]
        centres[code] = (mine.sum(0) + everywhere) / (len(mine) + 1)
    pooled = _scatter(mean - centres[codes], noise) / max(1, len(mean))
    pooled += 1e-4 * torch.eye(latent, device=mean.device)
    covariances = pooled.repeat(classes + 1, 1, 1)
    for code in range(classes):
        mine = codes == code
        scatter = _scatter(mean[mine] - centres[code], noise[mine])
        covariances[code] = (scatter + latent * pooled) / (int(mine.sum()) + latent)
    return Gaussians(centres, torch.linalg.cholesky(covariances))


def _scatter(apart: Tensor, noise: Tensor) -> Tensor:
    return apart.T @ apart + torch.diag(noise.sum(0))


@dataclass(frozen=True)
class Asked:
    """What pictures shall show: conditions `c` (n, condition_width), the same without words, and
    `new` (n, 1), whether no training picture had the class and all of the words.

    A network that learnt words apart follows them together only half-heartedly; classifier-free
    guidance (Ho and Salimans 2022, arXiv 2207.12598) goes further where the words lead. It would
    make what was learnt less varied, so pictures of known combinations do without.
    """

    c: Tensor
    wordless: Tensor
    new: Tensor


class VelocityField(nn.Module):
    """It carries N(0, I) to the whitened latents of a condition c (n, condition_width).

    It is also told how a training picture was moved, so that it learns from many more pictures
    than there are and still makes them as they stand: as in Karras et al. 2022, appendix F.2,
    arXiv 2206.00364.
    """

    def __init__(self, latent: int, condition_width: int) -> None:
        super().__init__()
        known = EMBEDDED_WIDTH + 2 * WAVES
        self.embed = nn.Linear(condition_width + MOVES, EMBEDDED_WIDTH, bias=False)
        self.first = nn.Linear(latent + known, HIDDEN)
        self.norms = nn.ModuleList(nn.LayerNorm(HIDDEN) for _ in range(BLOCKS))
        self.tells = nn.ModuleList(nn.Linear(known, 2 * HIDDEN) for _ in range(BLOCKS))
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN))
            for _ in range(BLOCKS)
        )
        self.last = nn.Linear(HIDDEN, latent)

    def forward(self, u: Tensor, t: Tensor, c: Tensor, moves: Tensor | None = None) -> Tensor:
        """Velocity (n, latent) at the places `u` and times `t` (n, 1) in [0, 1]."""
        by = torch.zeros(len(u), MOVES, device=u.device) if moves is None else moves
        angle = t * torch.arange(1, WAVES + 1, device=u.device)
        known = torch.cat([self.embed(torch.cat([c, by], 1)), angle.cos(), angle.sin()], 1)
        h = self.first(torch.cat([u, known], 1))
        for norm, tell, block in zip(self.norms, self.tells, self.blocks, strict=True):
            scale, shift = tell(known).chunk(2, 1)
            h = h + block(norm(h) * (1 + scale) + shift)
        found: Tensor = self.last(h)
        return found.float()

    def latents_of(self, noise: Tensor, asked: Asked) -> Tensor:
        """Noise (n, latent) carried to latents."""
        return self._carried(noise, asked, 0.0, 1.0)

    def noise_of(self, latents: Tensor, asked: Asked) -> Tensor:
        """Undo `latents_of`, up to the error of Heun's rule."""
        return self._carried(latents, asked, 1.0, 0.0)

    def _carried(self, u: Tensor, asked: Asked, start: float, end: float) -> Tensor:
        guided = bool(asked.new.any())

        def at(place: Tensor, t: float) -> Tensor:
            times = torch.full((len(u), 1), t, device=u.device)
            found: Tensor = self(place, times, asked.c)
            if not guided:
                return found
            bare = self(place, times, asked.wordless)
            return torch.where(asked.new, bare + NEW_GUIDANCE * (found - bare), found)

        return heun(at, u, start, end, STEPS)


def between(a: Tensor, b: Tensor, share: float) -> Tensor:
    """From noise `a` to noise `b` (n, latent) along the arc, so that the middle is as long."""
    lengths = a.norm(dim=1, keepdim=True) * b.norm(dim=1, keepdim=True)
    cosine = (a * b).sum(1, keepdim=True) / lengths.clamp_min(1e-12)
    angle = cosine.clamp(-0.999, 0.999).arccos()
    met: Tensor = (((1 - share) * angle).sin() * a + (share * angle).sin() * b) / angle.sin()
    return met


def fit_velocity_field(
    around: Gaussians,
    latents: Latents,
    codes: Tensor,
    c: Tensor,
    word_columns: slice,
    split: HeldOutSplit,
    job: Job,
    older: VelocityField | None,
) -> tuple[VelocityField, TrainingOutcome]:
    """Flow matching on fresh draws of q(z | x); `word_columns` are those of `c` that prompts may
    leave out. `around`, `latents` and `codes` lie on the job's device, `c` and `split` on the CPU.

    Straight paths, see `flow_matching.path`; the loss is on the velocity. It goes on from an
    `older` field where there is one.
    """
    (views, _, latent), device = latents.mean.shape, job.device
    with initialised(job.seed.child("weights").integer()):
        field = VelocityField(latent, c.shape[1]).to(device)
    if older is not None:
        take_over(field, older)
    kept, learnt = split

    def loss_on(rows: Tensor, conditions: Tensor, view: Tensor, stream: torch.Generator) -> Tensor:
        noise = torch.randn(2, len(rows), latent, generator=stream).to(device)
        t = torch.rand(len(rows), 1, generator=stream).to(device)
        u = around.whitened(latents.drawn(rows, view, noise[0]), codes[rows])
        place, by = point(noise[1], u, t), latents.moves[view, rows]
        with autocast(device):
            found = field(place, t, conditions.to(device), by)
        return functional.mse_loss(found, velocity(noise[1], u))

    def loss(step: int) -> Tensor:
        stream = torch_stream(job.seed.child("step", step).integer())
        rows = torch.randint(len(learnt), (BATCH,), generator=stream)
        view = torch.zeros(BATCH, dtype=torch.long)
        if views > 1:
            some = torch.rand(BATCH, generator=stream) < MOVED
            view = some * torch.randint(1, views, (BATCH,), generator=stream)
        return loss_on(learnt[rows], thinned(c[learnt[rows]], word_columns, stream), view, stream)

    def held_out() -> float:
        stream = torch_stream(job.seed.child("held out").integer())
        rows = kept.repeat(math.ceil(JUDGED / len(kept)))[:JUDGED]
        return float(loss_on(rows, c[rows], torch.zeros_like(rows), stream))

    parameters: dict[str, Tensor] = dict(field.named_parameters())
    schedule = SCHEDULE if older is None else SCHEDULE.continued()
    outcome = train(parameters, loss, held_out, schedule, job, "flow prior", "prior")
    return field, outcome
