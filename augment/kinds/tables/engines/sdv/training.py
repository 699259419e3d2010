"""SDV's synthesizers fitted under our seeds, in silence, with progress and a limit of time."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING, Any

from augment.core.errors import UsageError
from augment.core.seeds import Seed, seeded_globals
from augment.core.types import Job, Json, Tick
from augment.kinds.tables.engines.sdv.frame import Face
from augment.kinds.tables.engines.sdv.state import FittedSynthesizer
from augment.nets.threads import threads

if TYPE_CHECKING:
    import pandas as pd

TABLE = "table"


def single_table() -> Any:
    """SDV's module of synthesizers, which draws from the global generators as it is loaded."""
    with seeded_globals(Seed(0)):
        return import_module("sdv.single_table")


def fit_copula(face: Face, frame: pd.DataFrame, distribution: str, seed: Seed) -> FittedSynthesizer:
    """SDV's Gaussian copula with this marginal for every number."""
    from rdt.transformers import OrderedUniformEncoder

    synthesizers, labels = single_table(), face.labels()
    with _quiet(), threads(1), seeded_globals(seed):
        synthesizer = synthesizers.GaussianCopulaSynthesizer(
            _metadata(face),
            default_distribution=distribution,
            numerical_distributions=dict.fromkeys(labels, "uniform"),  # what the encoder makes
        )
        encoders = {name: OrderedUniformEncoder(order=found) for name, found in labels.items()}
        processed = _processed(synthesizer, frame, {**dict.fromkeys(face.names()), **encoders})
        synthesizer.fit_processed_data({TABLE: processed})
    transformers = synthesizer.get_transformers()
    return FittedSynthesizer(synthesizer._model, tuple(transformers[name] for name in labels))


def fit_net(
    kind: Any, settings: Json, face: Face, frame: pd.DataFrame, job: Job
) -> tuple[FittedSynthesizer, Json]:
    """CTGAN or TVAE (`kind` is SDV's class), fitted as far as the budget reaches; and its facts.

    The limit of time is kept between epochs: another one is begun only if the mean epoch so far
    still fits. Nothing else depends on the clock, so fitting again with the recorded number of
    epochs and the same seed gives the same weights.
    """
    import joblib
    import torch

    count = torch.get_num_threads()
    watch, seed = _Watch(job, settings["epochs"]), job.seed.child("fit")
    with _quiet(), threads(count), seeded_globals(seed), _seeded_device(job.device, seed):
        synthesizer = kind(_metadata(face), enable_gpu=job.device.startswith("cuda"), **settings)
        processed = _processed(synthesizer, frame, dict.fromkeys(face.names()))
        with joblib.parallel_config(backend="sequential"):  # workers have streams of their own
            model = _trained(synthesizer, processed, list(face.labels()), watch)
    training = {"epochs": watch.done, "planned": watch.epochs}
    facts = {"training": {"network": training}, "device": job.device, "threads": count}
    return FittedSynthesizer(model), facts


class _TimeIsUp(Exception):
    """Leaves ctgan's loop between two epochs; the weights are those of the last whole one."""


def diverged() -> UsageError:
    return UsageError(
        "The fit diverged: its loss is no longer a number. Lower the learning rates or widths "
        "given with -p, or leave them at their defaults."
    )


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
        if not math.isfinite(loss):
            raise diverged()
        self.done += 1
        self.job.tick(Tick("fit", step=self.done, steps=self.epochs, loss=loss))
        mean_seconds = (self.job.budget.clock() - self.start) / self.done
        if self.done < self.epochs and mean_seconds > self.job.budget.left():
            cut = f"the training stopped after {self.done:,} of {self.epochs:,} epochs"
            self.job.tick(Tick("fit", self.done, self.epochs, shortened=cut))
            raise _TimeIsUp


def _trained(synthesizer: Any, processed: pd.DataFrame, labels: list[str], watch: _Watch) -> Any:
    """SDV's inner model, fitted by ctgan's own loop, seen through the two names it assigns.

    ctgan has no callback, but its loop assigns `loss_values` once before the first epoch and at
    the end of each, and its transformer once. Watching these needs neither a copy of the loop
    nor a change to the module. The transformer is exchanged for one that sorts labels: ctgan's
    keeps them in the order of the rows, so that the first ones spell out the first row.
    """
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
    try:
        model.fit(processed, discrete_columns=labels)
    except _TimeIsUp:
        pass  # the weights stand at the end of an epoch
    except ValueError as error:
        if "NaN" not in str(error):  # what ctgan says when its generator's output is none
            raise
        raise diverged() from error
    model.set_device(torch.device("cpu"))
    model.__class__ = base  # the fit is over: plain objects of ctgan's again
    (model._transformer if base is CTGAN else model.transformer).__class__ = DataTransformer
    return model


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
    with redirect_stdout(io.StringIO()):  # SDV prints its advice
        synthesizer.auto_assign_transformers({TABLE: frame})
        synthesizer.update_transformers(transformers)
        processed: pd.DataFrame = synthesizer.preprocess({TABLE: frame})[TABLE]
    return processed


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
    from sdv.logging import disable_single_table_logger

    with warnings.catch_warnings(), disable_single_table_logger():
        warnings.simplefilter("ignore")
        yield
