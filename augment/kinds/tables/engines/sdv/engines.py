"""SDV 2.0's Gaussian copula, CTGAN and TVAE behind one model. Licence of SDV: BUSL-1.1.

Ours are the columns and their kinds (`frame.py`), the seeds, the progress, the limit of time
and the stored form (`state.py`); SDV's are its transformers, networks and sampling.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from augment.core.errors import BadInput, UsageError
from augment.core.parameters import Between, OneOf, parameter
from augment.core.remedy import Remedy, Symptom, by_length
from augment.core.types import About, Costs, Engine, Job, Model, Tick
from augment.kinds.tables.data.dataset import Table, require_rows
from augment.kinds.tables.engines.costs import SDV_SECONDS, net_costs, plain_costs
from augment.kinds.tables.engines.sdv.frame import Face, face_of
from augment.kinds.tables.engines.sdv.model import SdvModel, stored_and_restored
from augment.kinds.tables.engines.sdv.training import fit_copula, fit_net, single_table

MAX_CELLS = 1 << 27  # of the matrix that ctgan makes of the table: 1 GiB of float64
NUMBER_WIDTH = 11  # its columns for a number: a value and up to ten modes
LEAST_LEVELS = 8
NET_SPAN = 1e6  # sklearn's mixtures add 1e-6 to a variance: nothing at this scale


LAYERS = ((128, 128), (256, 256), (512, 512))


def _max_levels(default: int) -> Any:
    return parameter(
        default,
        "categories of a column that are told apart",
        least=1,
        most=1_000_000,
        search=Between(64, 1_024, log=True),
    )


def _epochs() -> Any:
    return parameter(
        300,
        "passes over the training rows",
        least=1,
        most=100_000,
        search=Between(100, 1_000, log=True),
    )


@dataclass(frozen=True)
class Copula(Engine[Table]):
    """SDV's GaussianCopulaSynthesizer: a parametric marginal per column, one correlation matrix.

    SDV's `gaussian_kde` is left out, since it keeps the training column itself.
    """

    about: ClassVar[About] = About(
        "copula",
        "table",
        "SDV's Gaussian copula: fits in seconds, knows linear dependence only",
        licence="BUSL-1.1",
        needs=("sdv",),
        conditions=frozenset({"where"}),
    )
    model: ClassVar[type[Model[Any]]] = SdvModel

    default_distribution: Literal["beta", "norm", "truncnorm", "uniform", "gamma"] = parameter(
        "beta", "marginal distribution of the numbers"
    )
    max_levels: int = _max_levels(1000)

    def costs(self, data: Table, device: str) -> Costs:
        plain = plain_costs(data, 2e-5)
        return dataclasses.replace(plain, fit_seconds=SDV_SECONDS + plain.fit_seconds)

    def fit(self, data: Table, job: Job) -> SdvModel:
        face, rows = _shape(data, job, 1.0, self.max_levels)
        frame = face.frame(rows, job.seed.child("frame"))
        job.tick(Tick("fit", step=0, steps=1))
        fitted = fit_copula(face, frame, self.default_distribution, job.seed.child("fit"))
        job.tick(Tick("fit", step=1, steps=1))
        return stored_and_restored(face, fitted, {"trained_rows": len(rows)})


@dataclass(frozen=True)
class Ctgan(Engine[Table]):
    """SDV's CTGANSynthesizer, with SDV's defaults (Xu et al. 2019, arXiv 1907.00503)."""

    about: ClassVar[About] = About(
        "ctgan",
        "table",
        "SDV's conditional GAN: slow to fit, mixed columns",
        licence="BUSL-1.1",
        needs=("sdv",),
        conditions=frozenset({"where"}),
    )
    model: ClassVar[type[Model[Any]]] = SdvModel

    epochs: int = _epochs()
    batch_size: int = parameter(
        500,
        "rows per step; a multiple of pac",
        least=1,
        most=1_000_000,
        search=OneOf((200, 500, 1_000, 2_000)),
    )
    embedding_dim: int = parameter(
        128, "width of the noise", least=1, most=4_096, search=Between(32, 256, log=True)
    )
    generator_dim: tuple[int, ...] = parameter(
        (256, 256), "widths of the generator's layers", least=1, most=4_096, search=OneOf(LAYERS)
    )
    discriminator_dim: tuple[int, ...] = parameter(
        (256, 256), "widths of the critic's layers", least=1, most=4_096, search=OneOf(LAYERS)
    )
    generator_lr: float = parameter(
        2e-4, "generator's step size", above=0, search=Between(2e-5, 2e-3, log=True)
    )
    generator_decay: float = parameter(
        1e-6, "generator's weight decay", least=0, most=1, search=Between(1e-8, 1e-3, log=True)
    )
    discriminator_lr: float = parameter(
        2e-4, "critic's step size", above=0, search=Between(2e-5, 2e-3, log=True)
    )
    discriminator_decay: float = parameter(
        1e-6, "critic's weight decay", least=0, most=1, search=Between(1e-8, 1e-3, log=True)
    )
    discriminator_steps: int = parameter(
        1, "critic updates per generator update", least=1, most=100, search=Between(1, 5)
    )
    log_frequency: bool = parameter(True, "condition on log frequencies of categories")
    pac: int = parameter(
        10,
        "rows that the critic judges together",
        least=1,
        most=1_000,
        search=OneOf((1, 5, 10, 20)),
    )
    max_levels: int = _max_levels(256)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.batch_size % 2 or self.batch_size % self.pac:
            raise UsageError(
                f"ctgan: batch_size ({self.batch_size}) must be even and a multiple of pac "
                f"({self.pac}). Try -p batch_size={2 * self.pac * 25}."
            )

    def costs(self, data: Table, device: str) -> Costs:
        return net_costs(data, self.epochs, self.batch_size, 0.04)

    def remedies(self, symptom: Symptom, data: Table) -> Iterator[Remedy]:
        return by_length(self, "epochs", self.epochs, symptom)

    def fit(self, data: Table, job: Job) -> SdvModel:
        return _fit_net(self, single_table().CTGANSynthesizer, self.max_levels, data, job)


@dataclass(frozen=True)
class Tvae(Engine[Table]):
    """SDV's TVAESynthesizer, with SDV's defaults (Xu et al. 2019, arXiv 1907.00503)."""

    about: ClassVar[About] = About(
        "tvae",
        "table",
        "SDV's variational autoencoder: faster than ctgan, misses rare categories",
        licence="BUSL-1.1",
        needs=("sdv",),
        conditions=frozenset({"where"}),
    )
    model: ClassVar[type[Model[Any]]] = SdvModel

    epochs: int = _epochs()
    batch_size: int = parameter(
        500, "rows per step", least=1, most=1_000_000, search=OneOf((200, 500, 1_000, 2_000))
    )
    embedding_dim: int = parameter(
        128, "width of the latent space", least=1, most=4_096, search=Between(32, 256, log=True)
    )
    compress_dims: tuple[int, ...] = parameter(
        (128, 128), "widths of the encoder's layers", least=1, most=4_096, search=OneOf(LAYERS)
    )
    decompress_dims: tuple[int, ...] = parameter(
        (128, 128), "widths of the decoder's layers", least=1, most=4_096, search=OneOf(LAYERS)
    )
    l2scale: float = parameter(
        1e-5, "weight decay", least=0, most=1, search=Between(1e-7, 1e-3, log=True)
    )
    loss_factor: float = parameter(
        2, "weight of the reconstruction", above=0, most=1_000, search=Between(0.5, 8, log=True)
    )
    max_levels: int = _max_levels(256)

    def costs(self, data: Table, device: str) -> Costs:
        return net_costs(data, self.epochs, self.batch_size, 0.012)

    def remedies(self, symptom: Symptom, data: Table) -> Iterator[Remedy]:
        return by_length(self, "epochs", self.epochs, symptom)

    def fit(self, data: Table, job: Job) -> SdvModel:
        return _fit_net(self, single_table().TVAESynthesizer, self.max_levels, data, job)


def _fit_net(recipe: Ctgan | Tvae, kind: Any, max_levels: int, data: Table, job: Job) -> SdvModel:
    """Fit with SDV's class `kind`, which takes the recipe's fields under the same names."""
    settings = dataclasses.asdict(recipe)
    del settings["max_levels"]  # ours
    face, rows = _shape(data, job, NET_SPAN, max_levels)
    frame = face.frame(rows, job.seed.child("frame"))
    fitted, facts = fit_net(kind, settings, face, frame, job)
    model = stored_and_restored(face, fitted, {"trained_rows": len(rows), **facts})
    return model.on(job.device)


def _shape(data: Table, job: Job, span: float, max_levels: int) -> tuple[Face, Table]:
    """The face of a table and the rows to fit on.

    ctgan and tvae hold a dense matrix with one column per label. Where that would pass
    `MAX_CELLS`, columns keep fewer labels, and a table that is still too large is fitted on a
    random part of its rows.
    """
    require_rows(data, 2, "the training table")
    if not len(data.schema):
        raise BadInput(
            "no column is left to model.",
            hint="Every column is an id, text or constant; give one a role with --column.",
        )
    wordy = sum(c.role in ("categorical", "boolean") for c in data.schema)
    numeric = NUMBER_WIDTH * (len(data.schema) - wordy)
    room = (MAX_CELLS // len(data) - numeric) // max(wordy, 1)
    face = face_of(data, span, max(2, min(max_levels, max(room, LEAST_LEVELS))))
    width = numeric + sum(len(labels) for labels in face.labels().values())
    most = max(2, MAX_CELLS // width)
    if len(data) > most:
        chosen = job.seed.child("rows").rng().choice(len(data), most, replace=False)
        data = data.take(np.sort(chosen).astype(np.int64))
    return face, data
