"""What SDV's engines are once fitted."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from augment.core.errors import UsageError
from augment.core.model_folder import restoring
from augment.core.seeds import Seed, seeded_globals
from augment.core.types import Condition, Json, Model, State, Tick, silent
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.engines.rejection import reject
from augment.kinds.tables.engines.sdv.frame import Face
from augment.kinds.tables.engines.sdv.state import FittedSynthesizer, dismantle, rebuild
from augment.nets.threads import threads

if TYPE_CHECKING:
    import pandas as pd

BLOCK_ROWS = 20_000  # drawn at a time: bounds the memory of sampling


class SdvModel(Model[Table]):
    """A fitted SDV synthesizer, reduced to what sampling reads."""

    def __init__(self, face: Face, fitted: FittedSynthesizer, state: State) -> None:
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

    def on(self, device: str) -> Self:
        return type(self)(self._face, self._fitted.on(device), self._state)

    def state(self) -> State:
        return self._state

    @classmethod
    def from_state(cls, state: State) -> Self:
        with restoring("sdv"):
            face = Face.from_json(state.config.get("face"))
            fitted = rebuild(state.config.get("fitted"), state.tensors)
            model = cls(face, fitted, state)
            model._plain(64, Seed(0))  # parts that are sound by themselves may not fit together
        return model


def _draw(fitted: FittedSynthesizer, rows: int, seed: Seed) -> pd.DataFrame:
    """Rows of the frame; one thread, since sums in another order have other last digits."""
    import torch

    with warnings.catch_warnings(), threads(1), seeded_globals(seed), torch.no_grad():
        warnings.simplefilter("ignore")
        return fitted.draw(rows)


def stored_and_restored(face: Face, fitted: FittedSynthesizer, facts: Json) -> SdvModel:
    """The model as rebuilt from its stored form, once both are seen to draw the same rows."""
    document, tensors = dismantle(fitted)
    state = State({"face": face.to_json(), "fitted": document, "facts": facts}, tensors)
    model = SdvModel.from_state(state)
    seed = Seed(0).child("check")
    drawn = _draw(fitted, 64, seed), _draw(model._fitted, 64, seed)
    assert drawn[0].equals(drawn[1]), "the stored model draws other rows than the fitted one"
    return model
