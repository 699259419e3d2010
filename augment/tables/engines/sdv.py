"""SDV 2.0's Gaussian copula, CTGAN and TVAE behind one model. Licence of SDV: BUSL-1.1.

Ours are the columns and their kinds (`sdv_frame`), the seeds, the progress, the limit of time
and the stored form (`sdv_state`); SDV's are its transformers, networks and sampling.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from augment.base.errors import BadInput, UsageError
from augment.base.seeds import Seed, seeded_globals
from augment.base.types import About, Condition, Engine, Job, Json, Model, State, Tick, silent
from augment.tables.dataset import Table, require_rows
from augment.tables.engines.sdv_frame import Face, face_of
from augment.tables.engines.sdv_state import Fitted, damaged, dismantle, rebuild
from augment.tables.rejection import reject

if TYPE_CHECKING:
    import pandas as pd

BLOCK_ROWS = 20_000  # drawn at a time: bounds the memory of sampling
MAX_CELLS = 1 << 27  # of the matrix that ctgan makes of the table: 1 GiB of float64
NUMBER_WIDTH = 11  # its columns for a number: a value and up to ten modes
LEAST_LEVELS = 8
TABLE = "table"


class SdvModel(Model[Table]):
    """A fitted SDV synthesizer, reduced to what sampling reads."""

    def __init__(self, face: Face, fitted: Fitted, state: State) -> None:
        self._face, self._fitted, self._state = face, fitted, state

    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> Table:
        if given is not None and (given.mix is not None or given.partial is not None):
            raise UsageError(
                "SDV's engines take --where only. Fit an engine that fills partial rows "
                "(`augment engines` shows which)."
            )
        if given is not None and given.clauses:
            return reject(self._plain, given.clauses, n, seed.child("where"), tick=tick)
        return self._plain(n, seed)

    def _plain(self, n: int, seed: Seed) -> Table:
        """Rows without a condition, in blocks that each have a stream of their own."""
        blocks = []
        for number, start in enumerate(range(0, max(n, 1), BLOCK_ROWS)):
            rows, stream = min(BLOCK_ROWS, n - start), seed.child("block", number)
            frame = _draw(self._fitted, max(rows, 1), stream).iloc[:rows]
            blocks.append(self._face.table(frame, stream))
        return Table.join(blocks)

    def state(self) -> State:
        return self._state

    @classmethod
    def from_state(cls, state: State) -> Self:
        face = Face.from_json(state.config.get("face"))
        fitted = rebuild(state.config.get("fitted"), state.tensors)
        model = cls(face, fitted, state)
        try:
            model._plain(2, Seed(0))
        except Exception as error:  # parts that are sound by themselves but do not fit together
            raise damaged(f"it cannot be sampled ({type(error).__name__})") from None
        return model


def _draw(fitted: Fitted, rows: int, seed: Seed) -> pd.DataFrame:
    """Rows of the frame; one thread, since sums in another order have other last digits."""
    import torch

    with _quiet(), _threads(1), seeded_globals(seed), torch.no_grad():
        return fitted.draw(rows)


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

    default_distribution: Literal["beta", "norm", "truncnorm", "uniform", "gamma"] = field(
        default="beta", metadata={"help": "marginal distribution of the numbers"}
    )
    max_levels: int = field(
        default=1000, metadata={"help": "categories of a column that are told apart"}
    )

    def __post_init__(self) -> None:
        _positive(self, "max_levels")

    def fit(self, data: Table, job: Job) -> SdvModel:
        face, rows = _shape(data, job, 1.0, self.max_levels)
        frame = face.frame(rows, job.seed.child("frame"))
        job.tick(Tick("fit", step=0, steps=1))
        with _quiet(), _threads(1), seeded_globals(job.seed.child("fit")):
            fitted = _fit_copula(face, frame, self.default_distribution)
        job.tick(Tick("fit", step=1, steps=1))
        return _published(face, fitted, {"rows": len(rows)})


def _fit_copula(face: Face, frame: pd.DataFrame, distribution: str) -> Fitted:
    from rdt.transformers import OrderedUniformEncoder
    from sdv.single_table import GaussianCopulaSynthesizer

    labels = face.labels()
    synthesizer = GaussianCopulaSynthesizer(
        _metadata(face),
        default_distribution=distribution,
        numerical_distributions=dict.fromkeys(labels, "uniform"),  # what the encoder makes
    )
    encoders = {name: OrderedUniformEncoder(order=found) for name, found in labels.items()}
    processed = _processed(synthesizer, frame, {**dict.fromkeys(frame), **encoders})
    synthesizer.fit_processed_data({TABLE: processed})
    transformers = synthesizer.get_transformers()
    return Fitted(synthesizer._model, tuple(transformers[name] for name in labels))


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

    epochs: int = field(default=300, metadata={"help": "passes over the training rows"})
    batch_size: int = field(default=500, metadata={"help": "rows per step; a multiple of pac"})
    embedding_dim: int = field(default=128, metadata={"help": "width of the noise"})
    generator_dim: tuple[int, ...] = field(
        default=(256, 256), metadata={"help": "widths of the generator's layers"}
    )
    discriminator_dim: tuple[int, ...] = field(
        default=(256, 256), metadata={"help": "widths of the critic's layers"}
    )
    generator_lr: float = field(default=2e-4, metadata={"help": "generator's step size"})
    generator_decay: float = field(default=1e-6, metadata={"help": "generator's weight decay"})
    discriminator_lr: float = field(default=2e-4, metadata={"help": "critic's step size"})
    discriminator_decay: float = field(default=1e-6, metadata={"help": "critic's weight decay"})
    discriminator_steps: int = field(
        default=1, metadata={"help": "critic updates per generator update"}
    )
    log_frequency: bool = field(
        default=True, metadata={"help": "condition on log frequencies of categories"}
    )
    pac: int = field(default=10, metadata={"help": "rows that the critic judges together"})
    max_levels: int = field(
        default=256, metadata={"help": "categories of a column that are told apart"}
    )

    def __post_init__(self) -> None:
        _positive(
            self, "epochs", "batch_size", "embedding_dim", "discriminator_steps", "pac",
            "max_levels",
        )  # fmt: skip
        _layers(self, "generator_dim", "discriminator_dim")
        if self.batch_size % 2 or self.batch_size % self.pac:
            raise UsageError(
                f"ctgan: batch_size ({self.batch_size}) must be even and a multiple of pac "
                f"({self.pac}). Try -p batch_size={2 * self.pac * 25}."
            )

    def fit(self, data: Table, job: Job) -> SdvModel:
        from sdv.single_table import CTGANSynthesizer

        settings = _settings(self)
        return _fit_net(CTGANSynthesizer, settings, self.epochs, self.max_levels, data, job)


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

    epochs: int = field(default=300, metadata={"help": "passes over the training rows"})
    batch_size: int = field(default=500, metadata={"help": "rows per step"})
    embedding_dim: int = field(default=128, metadata={"help": "width of the latent space"})
    compress_dims: tuple[int, ...] = field(
        default=(128, 128), metadata={"help": "widths of the encoder's layers"}
    )
    decompress_dims: tuple[int, ...] = field(
        default=(128, 128), metadata={"help": "widths of the decoder's layers"}
    )
    l2scale: float = field(default=1e-5, metadata={"help": "weight decay"})
    loss_factor: float = field(default=2, metadata={"help": "weight of the reconstruction"})
    max_levels: int = field(
        default=256, metadata={"help": "categories of a column that are told apart"}
    )

    def __post_init__(self) -> None:
        _positive(self, "epochs", "batch_size", "embedding_dim", "max_levels")
        _layers(self, "compress_dims", "decompress_dims")

    def fit(self, data: Table, job: Job) -> SdvModel:
        from sdv.single_table import TVAESynthesizer

        settings = _settings(self)
        return _fit_net(TVAESynthesizer, settings, self.epochs, self.max_levels, data, job)


def _settings(recipe: Ctgan | Tvae) -> Json:
    """The recipe's fields that SDV's synthesizer takes under the same name."""
    from dataclasses import asdict

    return {name: value for name, value in asdict(recipe).items() if name != "max_levels"}


def _positive(recipe: Engine[Table], *names: str) -> None:
    for name in names:
        if getattr(recipe, name) < 1:
            raise UsageError(f"-p {name}={getattr(recipe, name)}: expected 1 or more.")


def _layers(recipe: Engine[Table], *names: str) -> None:
    for name in names:
        if any(width < 1 for width in getattr(recipe, name)):
            raise UsageError(f"-p {name}: each width must be 1 or more, as in -p {name}=256,256.")


def _shape(data: Table, job: Job, span: float, max_levels: int) -> tuple[Face, Table]:
    """The face of a table and the rows to fit on.

    ctgan and tvae hold a dense matrix with one column per label. Where that would pass
    `MAX_CELLS`, columns keep fewer labels, and a table that is still too large is fitted on a
    random part of its rows.
    """
    import numpy as np

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


def _metadata(face: Face) -> Any:
    """Metadata written by us, never detected: SDV has nothing to guess."""
    from sdv.metadata import Metadata

    labels = face.labels()
    columns = {
        name: {"sdtype": "categorical" if name in labels else "numerical"} for name in face.names()
    }
    return Metadata.load_from_dict({"tables": {TABLE: {"columns": columns}}})


def _processed(synthesizer: Any, frame: pd.DataFrame, transformers: Json) -> pd.DataFrame:
    """The frame through SDV's preprocessing with these transformers in place of its choice."""
    import io
    from contextlib import redirect_stdout

    with redirect_stdout(io.StringIO()):  # SDV prints its advice
        synthesizer.auto_assign_transformers({TABLE: frame})
        synthesizer.update_transformers(transformers)
        processed: pd.DataFrame = synthesizer.preprocess({TABLE: frame})[TABLE]
    return processed


class _TimeIsUp(Exception):
    """Leaves ctgan's loop between two epochs; the weights are those of the last whole one."""


def _fit_net(
    kind: Any, settings: Json, epochs: int, max_levels: int, data: Table, job: Job
) -> SdvModel:
    """Fit CTGAN or TVAE, as far as the budget reaches.

    The limit of time is kept between epochs: another one is begun only if the mean epoch so far
    still fits. Nothing else depends on the clock, so fitting again with the recorded
    number of epochs and the same seed gives the same weights.
    """
    import joblib
    import torch

    face, rows = _shape(data, job, 1e6, max_levels)
    frame = face.frame(rows, job.seed.child("frame"))
    threads = torch.get_num_threads()
    watch, seed = _Watch(job, epochs), job.seed.child("fit")
    with _quiet(), _threads(threads), seeded_globals(seed), _seeded_device(job.device, seed):
        synthesizer = kind(_metadata(face), enable_gpu=job.device.startswith("cuda"), **settings)
        processed = _processed(synthesizer, frame, dict.fromkeys(frame))
        with joblib.parallel_config(backend="sequential"):  # workers have streams of their own
            model = _trained(synthesizer, processed, list(face.labels()), watch)
    facts = {"rows": len(rows), "epochs": watch.done, "epochs_asked": epochs, "threads": threads}
    return _published(face, Fitted(model), facts)


class _Watch:
    """Told of each epoch's end: passes it on, and stops the fit when the time will not do."""

    def __init__(self, job: Job, epochs: int) -> None:
        self.job, self.epochs, self.done = job, epochs, 0
        self.start = job.budget.clock()

    def begins(self) -> None:
        self.start = self.job.budget.clock()
        self.job.tick(Tick("fit", step=0, steps=self.epochs))

    def ends(self, loss: float) -> None:
        """One more epoch is done. Raises `_TimeIsUp` if another would pass the limit."""
        self.done += 1
        self.job.tick(Tick("fit", step=self.done, steps=self.epochs, loss=loss))
        mean_seconds = (self.job.budget.clock() - self.start) / self.done
        if self.done < self.epochs and mean_seconds > self.job.budget.left():
            raise _TimeIsUp


def _trained(synthesizer: Any, processed: pd.DataFrame, labels: list[str], watch: _Watch) -> Any:
    """SDV's inner model, fitted by ctgan's own loop, seen through the two names it assigns.

    ctgan has no callback, but its loop assigns `loss_values` once before the first epoch and at
    the end of each, and its transformer once. Watching these needs neither a copy of the loop
    nor a change to the module. The transformer is exchanged for one that sorts labels: ctgan's
    keeps them in the order of the rows, so that the first ones spell out the first row.
    """
    from contextlib import suppress

    import torch
    from ctgan import CTGAN, TVAE
    from ctgan.data_transformer import ColumnTransformInfo, DataTransformer

    base: Any = {"CTGANSynthesizer": CTGAN, "TVAESynthesizer": TVAE}[type(synthesizer).__name__]
    loss = "Generator Loss" if base is CTGAN else "Loss"

    class Sorted(DataTransformer):  # type: ignore[misc]
        def _fit_discrete(self, data: pd.DataFrame) -> ColumnTransformInfo:
            info = super()._fit_discrete(data)
            info.transform.dummies.sort()
            info.transform._uniques.sort()
            return info

    class Watched(base):  # type: ignore[misc]
        def __setattr__(self, name: str, value: Any) -> None:
            if name in ("_transformer", "transformer") and value is not None:
                value = Sorted()
            super().__setattr__(name, value)
            if name == "loss_values" and value is not None and "_fitting" in self.__dict__:
                if value.empty:
                    watch.begins()
                else:
                    watch.ends(float(value[loss].iloc[-1]))

    model = Watched(**synthesizer._model_kwargs)
    model._fitting = True
    with suppress(_TimeIsUp):
        model.fit(processed, discrete_columns=labels)
    model.set_device(torch.device("cpu"))
    model.__class__ = base  # the fit is over: plain objects of ctgan's again
    (model._transformer if base is CTGAN else model.transformer).__class__ = DataTransformer
    return model


def _published(face: Face, fitted: Fitted, facts: Json) -> SdvModel:
    """The model as rebuilt from its stored form, once both are seen to draw the same rows."""
    document, tensors = dismantle(fitted)
    state = State({"face": face.to_json(), "fitted": document, "facts": facts}, tensors)
    model = SdvModel.from_state(state)
    seed = Seed(0).child("check")
    drawn = _draw(fitted, 64, seed), _draw(model._fitted, 64, seed)
    assert drawn[0].equals(drawn[1]), "the stored model draws other rows than the fitted one"
    return model


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Run torch and the linear algebra below NumPy on this many threads, then as before."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _seeded_device(device: str, seed: Seed) -> Iterator[None]:
    """Seed a GPU's own generator for the block, and put it back; nothing to do on the CPU."""
    import torch

    devices = [torch.cuda.current_device()] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices, enabled=bool(devices)):
        for number in devices:
            torch.cuda.default_generators[number].manual_seed(seed.child("cuda").integer())
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """No warnings, and no entries in the log file that SDV keeps in the user's home."""
    import warnings

    from sdv.logging import disable_single_table_logger

    with warnings.catch_warnings(), disable_single_table_logger():
        warnings.simplefilter("ignore")
        yield
