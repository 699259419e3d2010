"""Optuna's part of `augment tune`: a study of trials in a database, which says what to try next.

Only this module names Optuna, which is an extra; it is imported where a search begins.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.importance import FanovaImportanceEvaluator
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, Trial, TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from augment.core.errors import DiskFailed, MissingExtra, OutOfResources, UsageError
from augment.core.files import PRIVATE_MODE
from augment.core.parameters import OneOf
from augment.core.seeds import Seed
from augment.core.types import Json
from augment.lifecycle.search_space import Dimension, Space

ROW = "augment"  # the attribute of a trial that holds its row
CUT_SHORT = {"state": "failed"}  # the row of a trial that has none
DEFAULTS = "defaults"
DRIVER_PACKAGES = {  # where a package is not called as its driver is
    "psycopg2": "psycopg2-binary",
    "psycopg": "'psycopg[binary]'",
    "mysqldb": "mysqlclient",
}
FEWEST_TO_RANK = 10  # trials that ended, below which importance is mostly chance (docs/log.md)


@dataclass(frozen=True)
class AskedTrial:
    """A trial that has begun, and the values that it is to try."""

    trial: Trial
    parameters: Json
    defaults: bool


@dataclass(frozen=True)
class Study:
    """A study whose objectives are all to be raised.

    What is tried next depends on `seed` and on the trials that are finished, so that a search that
    was killed goes on to the trials that it would have made; where machines `share` a study, on
    who is first. A trial that was cut short counts for nothing.
    """

    inner: optuna.Study
    database: RDBStorage
    space: Space
    seed: Seed
    shared: bool

    def rows(self) -> list[Json]:
        """The finished trials of all machines, in their order, numbered from 1."""
        found = [trial.user_attrs[ROW] for trial in self._trials() if ROW in trial.user_attrs]
        return [{"number": number, **row} for number, row in enumerate(found, 1)]

    def unfinished(self) -> int:
        """How many trials were begun and not ended: elsewhere, where the study is shared."""
        return sum(trial.state == TrialState.RUNNING for trial in self._trials())

    def begin(self, defaults: Json) -> None:
        """End trials that a kill cut short, those with a row as it says, and try the engine's
        defaults first."""
        trials = self._trials()
        if not self.shared:
            for trial in trials:
                if trial.state == TrialState.RUNNING:
                    self._end(trial.number, trial.user_attrs.get(ROW, CUT_SHORT))
        tried = any(
            DEFAULTS in trial.user_attrs and (ROW in trial.user_attrs or _open(trial, self.shared))
            for trial in trials
        )
        if not tried:
            start = {
                name: dimension.label(defaults[name])
                for name, dimension in self.space.items()
                if dimension.has(defaults[name])
            }
            self.inner.enqueue_trial(start, user_attrs={DEFAULTS: list(start)})

    def ask(self) -> AskedTrial:
        """What to try next."""
        number = None if self.shared else self.seed.child("trial", len(self.rows())).integer(32)
        self.inner.sampler = TPESampler(seed=number)
        trial = self.inner.ask()
        if DEFAULTS in trial.user_attrs:
            for name in trial.user_attrs[DEFAULTS]:
                _suggested(trial, name, self.space[name])
            return AskedTrial(trial, {}, True)
        values = {name: _suggested(trial, name, each) for name, each in self.space.items()}
        return AskedTrial(trial, values, False)

    def report(self, asked: AskedTrial, loss: float, step: int) -> None:
        """A held-out loss in training, of which less is better; Optuna takes it for one objective
        only."""
        if len(self.inner.directions) == 1:
            asked.trial.report(-loss, step)

    def tell(self, asked: AskedTrial, row: Json) -> None:
        """End a trial; `row` is what is kept of it, and says all that is left to do if a kill comes
        between."""
        if row["violation"] is not None:
            asked.trial.set_constraint("privacy", row["violation"])
        asked.trial.set_user_attr(ROW, row)
        self._end(asked.trial.number, row)

    def _end(self, number: int, row: Json) -> None:
        """End a trial as its row says."""
        if row["state"] == "done":
            self.inner.tell(number, row["worth"])
        else:
            state = TrialState.PRUNED if row["state"] == "pruned" else TrialState.FAIL
            self.inner.tell(number, state=state)

    def importance(self, objective: int) -> dict[str, float]:
        """How much of an objective's differences each parameter explains by itself (fANOVA, Hutter
        et al. 2014), the most first; shares of 1. Empty where too few trials ended to tell."""
        done = [trial for trial in self._trials() if trial.state == TrialState.COMPLETE]
        if len(done) < FEWEST_TO_RANK:
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parameters that hardly vary
            try:
                found = optuna.importance.get_param_importances(
                    self.inner,
                    params=list(self.space),  # the defaults may name some of them only
                    evaluator=FanovaImportanceEvaluator(seed=0),
                    target=lambda trial: trial.values[objective],
                )
            except (ValueError, RuntimeError):  # nothing that varies
                return {}
        shares = {name: float(share) for name, share in found.items()}
        return dict(sorted(shares.items(), key=lambda pair: -pair[1]))

    def close(self) -> None:
        """Let go of the database."""
        self.database.remove_session()
        self.database.engine.dispose()

    def _trials(self) -> list[FrozenTrial]:
        return self.inner.get_trials(deepcopy=False)


def opened(
    storage: str | None, file: Path, name: str, space: Space, objectives: int, seed: Seed
) -> Study:
    """The study of that name in the database at a URL, or in `file` where None; made if missing.

    Raises `UsageError` for a URL that leads nowhere and `MissingExtra` where its driver is not
    installed.
    """
    if storage is None:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, PRIVATE_MODE))
        url = URL.create("sqlite", database=str(file))
    else:
        url = _url(storage)
    try:
        database = RDBStorage(url.render_as_string(hide_password=False))
        study = optuna.create_study(
            storage=database,
            study_name=name,
            directions=["maximize"] * objectives,
            load_if_exists=True,
        )
    except NoSuchModuleError:
        raise UsageError(
            f"--storage: SQLAlchemy knows no database {url.drivername!r}. "
            "Write sqlite:///FILE, postgresql://USER@HOST/NAME or mysql://USER@HOST/NAME."
        ) from None
    except ImportError:
        driver = url.get_driver_name()
        raise MissingExtra(
            f"--storage {url.drivername}: its driver is not installed. "
            f"Install it with: pip install {DRIVER_PACKAGES.get(driver, driver)}"
        ) from None
    except SQLAlchemyError as error:
        if storage is None:
            raise DiskFailed(
                f"{file}: the database of the trials cannot be written ({type(error).__name__}). "
                "Free some space and run again."
            ) from None
        raise UsageError(
            f"--storage {shown(storage)}: the database cannot be used "
            f"({type(error).__name__}). Check the URL, and that it can be reached."
        ) from None
    return Study(study, database, space, seed, storage is not None)


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna says nothing of each trial; what a host program has asked of it holds again after."""
    asked = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(asked)


@contextmanager
def reachable(storage: str | None) -> Iterator[None]:
    """Say of a database that goes away what to do. Raises `OutOfResources`."""
    try:
        yield
    except (SQLAlchemyError, StorageInternalError) as error:
        place = "the file of the trials" if storage is None else f"--storage {shown(storage)}"
        raise OutOfResources(
            f"{place} cannot be read or written any more ({type(error).__name__}). "
            "The same command goes on once it can."
        ) from None


def shown(storage: str | None) -> str | None:
    """A URL without its password."""
    return None if storage is None else _url(storage).render_as_string(hide_password=True)


def _url(storage: str) -> URL:
    try:
        return make_url(storage)
    except (ArgumentError, ValueError):
        raise UsageError(
            "--storage: that is no URL of a database. Write sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/NAME."
        ) from None


def _open(trial: FrozenTrial, shared: bool) -> bool:
    """Whether a trial is still to come, or runs elsewhere."""
    return trial.state == TrialState.WAITING or (shared and trial.state == TrialState.RUNNING)


def _suggested(trial: Trial, name: str, dimension: Dimension) -> Any:
    search = dimension.search
    if isinstance(search, OneOf):
        labels = [dimension.label(value) for value in search.values]
        chosen = trial.suggest_categorical(name, labels)
        return search.values[labels.index(chosen)]
    if dimension.whole:
        low, high = dimension.whole_ends()
        step = 1 if search.log else dimension.multiple
        return trial.suggest_int(name, low, high, step=step, log=search.log)
    return trial.suggest_float(name, search.low, search.high, log=search.log)
