"""Rows that are drawn on a GPU, from nothing: what they know never leaves it until all is drawn.

The rows are those of `row_block`: the same uniforms in the same order. There a processor's cache
decides how many rows are computed at once, and sorting and counting are the processor's; here
they are the device's, and it is asked back once a column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.core.errors import UsageError
from augment.kinds.tables.engines.anyorder.fitted_network import FittedNetwork
from augment.kinds.tables.engines.anyorder.laws import limits
from augment.kinds.tables.engines.anyorder.row_block import (
    CONTRADICTION,
    DISTINCT_SHARE,
    Hook,
    pick,
    steps,
)
from augment.kinds.tables.engines.anyorder.structure import Dependency
from augment.kinds.tables.engines.anyorder.uniforms import GOLDEN

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

PART = 16_384  # rows that the network takes at once
ROUND = 1_024  # contexts are filled up to a multiple: libraries plan anew for every other number


class DeviceRows:
    """`n` rows, of which columns are drawn one after another.

    `tokens` (columns, rows), and `slots` (places, rows) where their embeddings lie; `alike`
    (rows,) puts alike rows side by side. While rows share contexts, `first` (contexts,) is a row
    of each, or one more of the first, and `place` (rows,) the context of each row.
    """

    def __init__(self, n: int, network: FittedNetwork, laws: tuple[Dependency, ...]) -> None:
        import torch

        self.network, self.laws, self.n = network, laws, n
        self.device = network.bias.device
        self.known: frozenset[int] = frozenset()
        layout = network.layout
        self.tokens = torch.full((layout.columns, n), -1, device=self.device)
        self.slots = layout.slots(self.tokens[:, :1].t()).t().repeat(1, n)
        self.alike = torch.arange(n, device=self.device)
        self.place = torch.zeros_like(self.alike)
        self.first: Tensor | None = self.place[:1]

    def draw(
        self, j: int, shift: float, weight: NDArray[np.float64] | None, hook: Hook | None
    ) -> None:
        """Draw column j of all rows by uniforms that begin at `shift`, of tokens by their
        `weight` (tokens of j,). Raises `UsageError` where no token is left."""
        import torch

        with torch.inference_mode():
            law = self._law_for(j)
            if law is not None:
                drawn = self._placed(law.child_of)[self.tokens[law.parent]]
            else:
                drawn = self._drawn(j, self._uniforms(shift), self._limits(j, weight), hook)
            self._put(j, drawn)
            self._sort(j)
            if law is None:
                self._part(j)

    def fetched(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(rows, columns) the tokens, and (rows,) the order in which rows are alike."""
        import torch

        tokens = self.tokens.to(torch.int16).cpu().numpy().astype(np.int64)
        return tokens.T, self.alike.to(torch.int32).cpu().numpy().astype(np.int64)

    def _put(self, j: int, drawn: Tensor) -> None:
        """Set column j of all rows, and the cells that it completes."""
        layout = self.network.layout
        self.tokens[j] = drawn
        self.slots[j] = drawn + layout.starts[j]
        self.known |= {j}
        for i, members in enumerate(layout.joint):
            if j in members and self.known.issuperset(members):
                self.slots[layout.columns + i] = layout.cell(self.tokens.t(), i)

    def _law_for(self, j: int) -> Dependency | None:
        return next((law for law in self.laws if law.child == j and law.parent in self.known), None)

    def _uniforms(self, shift: float) -> Tensor:
        """(rows,) as `uniforms.spread_uniforms`."""
        import torch

        spread = torch.arange(self.n, device=self.device, dtype=torch.float64) * GOLDEN + shift
        u = torch.empty_like(spread)
        u[self.alike] = spread - spread.floor()
        return u

    def _limits(self, j: int, weight: NDArray[np.float64] | None) -> Tensor | None:
        """(1 or contexts, tokens of j) log-weights: what is asked for, and what laws leave open."""
        at = slice(None) if self.first is None else self.first
        settled = (law for law in self.laws if law.parent == j and law.child in self.known)
        return limits(weight, ((law, self.tokens[law.child][at]) for law in settled), self.device)

    def _drawn(self, j: int, u: Tensor, left_open: Tensor | None, hook: Hook | None) -> Tensor:
        """(rows,) tokens of column j."""
        import torch

        if hook is not None:
            logits = torch.cat([self._logits(j, part) for part in self._parts()])
            logits = logits if self.first is None else logits[self.place]
            return pick(hook(j, logits, self.tokens.t()).softmax(1).cumsum(1), u)

        def cumulated(part: slice) -> Tensor:
            logits = self._logits(j, part)
            if left_open is not None:
                logits = logits + (left_open if len(left_open) == 1 else left_open[part])
                if bool(torch.isinf(logits.amax(1)).any()):
                    raise UsageError(CONTRADICTION)
            return logits.softmax(1).cumsum(1)

        if self.first is None:
            return torch.cat([pick(cumulated(part), u[part]) for part in self._parts()])
        table = torch.cat([cumulated(part) for part in self._parts()])
        rows = steps(0, self.n, PART)
        return torch.cat([pick(table[self.place[part]], u[part]) for part in rows])

    def _logits(self, j: int, part: slice) -> Tensor:
        """(contexts or rows of the part, tokens of j)."""
        at = part if self.first is None else self.first[part]
        return self.network.logits_knowing(j, self.tokens[:, at], self.slots[:, at], self.known)

    def _parts(self) -> list[slice]:
        return steps(0, self.n if self.first is None else len(self.first), PART)

    def _sort(self, j: int) -> None:
        """As `uniforms.resorted`."""
        import torch

        keys = self.tokens[j][self.alike].to(torch.int16)
        self.alike = self.alike[torch.sort(keys, stable=True).indices]

    def _part(self, j: int) -> None:
        """Tell contexts apart by column j too, as long as enough rows share them.

        Rows of one context lie side by side in `alike`, which was sorted by all that they know.
        """
        import torch

        if self.first is None:
            return
        place, tokens = self.place[self.alike], self.tokens[j][self.alike]
        differs = torch.ones_like(place, dtype=torch.bool)
        differs[1:] = (place[1:] != place[:-1]) | (tokens[1:] != tokens[:-1])
        first = self.alike[differs]
        if len(first) >= DISTINCT_SHARE * self.n:
            self.first = None
            return
        filling = -len(first) % min(ROUND, self.n)
        self.first = torch.cat([first, first[:1].expand(filling)])
        self.place = torch.empty_like(place)
        self.place[self.alike] = differs.cumsum(0) - 1

    def _placed(self, numbers: NDArray[np.generic]) -> Tensor:
        import torch

        return torch.from_numpy(numbers).to(self.device)
