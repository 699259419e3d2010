"""Laws of every engine, whatever its kind of data.

A suite for a kind (`TableEngineLaws`, `ImageEngineLaws`) says what its rows are and what can be
asked of them, and adds laws of its own.
"""

from __future__ import annotations

import dataclasses
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Generic

import numpy as np
import pytest

from augment.core import model_folder
from augment.core.errors import AugmentError, BadInput, OutOfResources, UsageError
from augment.core.seeds import Seed
from augment.core.types import PHASES, Condition, D, Engine, Job, Model, Start, State, Tick
from augment.testing.fitting import (
    ROWS,
    Fitting,
    Killed,
    digest_of,
    elsewhere,
    fitted,
    fitted_again,
    sampled_from,
)

NOT_NEEDED = {"facts"}  # what a model says of its training
MOST_TENSORS = 3  # that are damaged, one by one


class EngineLaws(ABC, Generic[D]):
    """What `fit`, `sample`, `on`, `state` and `from_state` of any engine must keep."""

    recipe: ClassVar[Engine[Any]]

    @classmethod
    @abstractmethod
    def simulated(cls, rows: int | None = None) -> D:
        """Rows to fit on; so many of them, or as many as the laws need."""

    @abstractmethod
    def possible(self) -> tuple[Condition, ...]:
        """Conditions that many of the rows fulfil."""

    @abstractmethod
    def impossible(self) -> tuple[Condition, ...]:
        """Conditions that no row can fulfil."""

    @abstractmethod
    def holds(self, condition: Condition, made: D) -> bool:
        """Whether every row fulfils the condition."""

    @pytest.fixture(scope="class")
    @classmethod
    def data(cls) -> D:
        return cls.simulated()

    @pytest.fixture(scope="class")
    @classmethod
    def fitting(cls, data: D, tmp_path_factory: pytest.TempPathFactory) -> Fitting[D]:
        """The one fit that most laws look at."""
        return fitted(cls.recipe, data, tmp_path_factory.mktemp("scratch"))

    @pytest.fixture(scope="class")
    @classmethod
    def model(cls, fitting: Fitting[D]) -> Model[D]:
        return fitting.model

    def test_a_recipe_is_frozen_and_every_parameter_explains_itself(self) -> None:
        assert dataclasses.is_dataclass(self.recipe)
        for field in dataclasses.fields(self.recipe):
            assert field.default is not dataclasses.MISSING, field.name
            assert field.metadata.get("help"), field.name
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(self.recipe, field.name, None)

    def test_an_engine_says_which_kind_of_data_it_is_for(self, data: D) -> None:
        about = self.recipe.about
        assert about.kind == data.kind
        assert about.summary and about.licence

    @pytest.mark.parametrize("n", [0, 1, 7, 300])
    def test_n_asked_is_n_given(self, model: Model[D], n: int) -> None:
        assert len(model.sample(n, Seed(2))) == n

    def test_same_seed_same_rows_and_another_seed_others(self, model: Model[D]) -> None:
        one, same, other = (model.sample(ROWS, Seed(seed)).digest() for seed in (4, 4, 5))
        assert one == same != other

    def test_the_same_seed_gives_the_same_model_in_another_process(
        self, model: Model[D], data: D, tmp_path: Path
    ) -> None:
        again = elsewhere(fitted_again, self.recipe, data, tmp_path)
        assert again == (digest_of(model.state()), model.sample(ROWS, Seed(4)).digest())

    def test_a_killed_fit_that_is_taken_up_gives_the_same_model(
        self, fitting: Fitting[D], data: D, tmp_path: Path
    ) -> None:
        moment = iter(range(len(fitting.ticks) // 2))

        def kill(tick: Tick) -> None:
            if next(moment, None) is None:
                raise Killed

        if fitting.ticks:
            with pytest.raises(Killed):
                fitted(self.recipe, data, tmp_path, tick=kill)
        left = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert left or not fitting.trained
        again = fitted(self.recipe, data, tmp_path)
        assert digest_of(again.model.state()) == digest_of(fitting.model.state())
        assert not left or len(again.ticks) < len(fitting.ticks)

    def test_an_engine_that_continues_goes_on_from_its_own_model(
        self, fitting: Fitting[D], data: D, tmp_path: Path
    ) -> None:
        if not self.recipe.about.continues:
            return
        assert fitting.trained, "what it goes on from are weights"
        start = Start(fitting.model, "the older model", len(data))
        model = fitted(self.recipe, data, tmp_path, start=start).model
        assert digest_of(model.state()) != digest_of(fitting.model.state())
        self.require_restored(model)

    def test_a_fit_leaves_global_generators_alone(self, fitting: Fitting[D]) -> None:
        assert fitting.undisturbed

    def test_progress_is_told_by_known_phases_and_never_falls(self, fitting: Fitting[D]) -> None:
        for phase in {tick.phase for tick in fitting.ticks}:
            steps = [tick.step for tick in fitting.ticks if tick.phase == phase]
            assert phase in PHASES and steps == sorted(steps)

    @pytest.mark.parametrize("device", ["cpu", "cuda"])
    def test_a_model_samples_on_the_device_that_is_asked_for(
        self, model: Model[D], device: str
    ) -> None:
        if device == "cuda":
            torch = pytest.importorskip("torch")
            if not torch.cuda.is_available():
                pytest.skip("no GPU is here")
        moved = model.on(device)
        made = moved.sample(ROWS, Seed(4))
        assert len(made) == ROWS
        assert made.digest() == moved.sample(ROWS, Seed(4)).digest()
        if device == "cpu":
            assert made.digest() == model.sample(ROWS, Seed(4)).digest()

    def test_a_stored_model_samples_the_same_rows_in_another_process(
        self, model: Model[D], data: D, tmp_path: Path
    ) -> None:
        state = model.state()
        json.dumps(state.config, allow_nan=False)
        stored = model_folder.Stored(data.kind, self.recipe.about.name, state, {})
        model_folder.save(tmp_path, stored)
        expected = model.sample(ROWS, Seed(4)).digest()
        again = self.recipe.model.from_state(model_folder.load(tmp_path).state)
        assert again.sample(ROWS, Seed(4)).digest() == expected
        assert digest_of(again.state()) == digest_of(state)
        assert elsewhere(sampled_from, tmp_path, self.recipe.model) == expected

    def test_a_damaged_state_is_refused(self, model: Model[D]) -> None:
        for damaged in self.damaged(model.state()):
            # its parts may be sound and yet not fit together: then that shows as it is used
            with pytest.raises(BadInput), model_folder.using(self.recipe.about.name):
                self.recipe.model.from_state(damaged).sample(4, Seed(0))

    def damaged(self, state: State) -> Iterator[State]:
        """The state with one part of its JSON missing, or one tensor missing or of other shape."""
        for key in state.config.keys() - NOT_NEEDED:
            yield State({k: v for k, v in state.config.items() if k != key}, state.tensors)
        for name in list(state.tensors)[:MOST_TENSORS]:
            yield State(state.config, {k: v for k, v in state.tensors.items() if k != name})
            unfit = np.zeros((1, 2, 3), np.float32)
            yield State(state.config, {**state.tensors, name: unfit})

    def test_a_condition_is_kept_or_refused(self, model: Model[D]) -> None:
        for condition in self.possible():
            if "where" not in self.recipe.about.conditions:
                with pytest.raises(UsageError):
                    model.sample(4, Seed(8), condition)
                continue
            made = model.sample(40, Seed(8), condition)
            assert len(made) == 40
            assert self.holds(condition, made)

    def test_what_can_never_hold_is_an_error_and_not_fewer_rows(self, model: Model[D]) -> None:
        for condition in self.impossible():
            with pytest.raises((UsageError, OutOfResources)):
                model.sample(1, Seed(9), condition)

    @pytest.mark.parametrize("rows", [1, 2, 5])
    def test_few_rows_are_learnt_from_or_refused_with_their_number(
        self, rows: int, tmp_path: Path
    ) -> None:
        self.require_learnt_or_refused(self.simulated(rows), tmp_path)

    def require_learnt_or_refused(self, data: D, scratch: Path) -> None:
        """The law of a few rows: a model, or an error that says how many they are."""
        try:
            model = self.recipe.fit(data, Job(Seed(1), scratch))
        except AugmentError as error:
            assert str(len(data)) in str(error)
        else:
            self.require_restored(model)

    def require_restored(self, model: Model[D]) -> None:
        """The law of a small model: so many rows, and the same after its state was stored."""
        made = model.sample(10, Seed(0))
        assert len(made) == 10
        again = self.recipe.model.from_state(model.state())
        assert again.sample(10, Seed(0)).digest() == made.digest()
