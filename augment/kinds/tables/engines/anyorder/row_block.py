"""Rows that are being drawn: what is known of them, and what the network makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.errors import UsageError
from augment.kinds.tables.engines.anyorder.fitted_network import FittedNetwork
from augment.nets.threads import torch_threads

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

CHUNK = 8192  # rows a trunk pass takes at once: fits the cache, and is one task of a thread
DISTINCT_SHARE = 0.7  # contexts per row above which sharing them no longer pays
THREADS = 2

Hook = Callable[[int, "Tensor", "Tensor"], "Tensor"]
EachPart = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


class RowBlock:
    """The rows being drawn: their tokens, their embedding sums, and their distinct contexts.

    `known` are the tokens on the CPU, which is where rows are sorted and laws looked up; `tokens`
    the same ones on the network's device. On the CPU they are one memory.
    """

    def __init__(
        self, network: FittedNetwork, known: NDArray[np.int64], each_part: EachPart
    ) -> None:
        import torch
        from torch.nn.functional import embedding_bag

        self.network, self.known, self.each_part = network, known, each_part
        self.device = network.bias.device
        self.tokens = tokens = torch.from_numpy(known).to(self.device)
        slots = network.layout.slots(tokens)
        self.h = embedding_bag(slots, network.embeddings, mode="sum")
        self.context: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
        if bool((tokens < 0).all()):
            self._share(np.zeros(len(tokens), dtype=np.int64))

    def _share(self, mixed: NDArray[np.int64]) -> None:
        """Keep one row per distinct number and each row's place among them, while that pays."""
        _, first, place = np.unique(mixed, return_index=True, return_inverse=True)
        pays = len(first) < DISTINCT_SHARE * len(mixed)
        self.context = (first, place) if pays else None

    def put(self, j: int, rows: NDArray[np.int64], drawn: NDArray[np.int64]) -> None:
        """Set column j of these rows, and add it and what it completes to their sums."""
        import torch

        layout, at = self.network.layout, self._placed(rows)
        whole = len(rows) == len(self.tokens)
        self.known[rows, j] = drawn
        self.tokens[at, j] = self._placed(drawn)
        embeddings = self.network.embeddings
        change = embeddings[layout.starts[j] : layout.starts[j + 1]] - embeddings[layout.tokens + j]
        completed = [i for i, members in enumerate(layout.interactions) if j in members]

        def add(part: slice) -> None:
            with torch.inference_mode():
                mine = part if whole else at[part]
                tokens = self.tokens[mine]
                more = change[tokens[:, j]]
                for i in completed:
                    more += embeddings[layout.cell(tokens, i)]
                self.h[mine] += more

        list(self.each_part(add, _steps(len(rows))))
        if self.context is not None:
            assert whole, "shared contexts need every row to know the same columns"
            self._share(self.context[1] * layout.sizes[j] + self.known[:, j])

    def _placed(self, numbers: NDArray[Any]) -> Tensor:
        import torch

        return torch.from_numpy(numbers).to(self.device)

    def drawn(
        self,
        j: int,
        rows: NDArray[np.int64],
        u: NDArray[np.float64],
        limits: Tensor | None,
        hook: Hook | None,
    ) -> NDArray[np.int64]:
        """(rows,) tokens of column j drawn at the uniforms u."""
        import torch

        if self.context is not None and hook is None and (limits is None or len(limits) == 1):
            first, place = self.context
            parts = self._map(lambda at: self._cumulated(j, at, limits), first)
            table = torch.cat(parts)[self._placed(place)]
            return np.asarray(_pick(table, self._placed(u)).cpu().numpy())
        if hook is not None:
            logits = torch.cat(self._map(lambda at: self._logits(j, at), rows))
            logits = hook(j, logits, self.tokens)
            cumulated = logits.softmax(1).cumsum(1)
            return np.asarray(_pick(cumulated, self._placed(u)).cpu().numpy())
        spread = self._placed(u)

        def pick(at: slice) -> Tensor:
            part = limits if limits is None or len(limits) == 1 else limits[at]
            return _pick(self._cumulated(j, rows[at], part), spread[at])

        return np.asarray(torch.cat(list(self.each_part(pick, _steps(len(rows))))).cpu().numpy())

    def kept(self, j: int, rows: NDArray[np.int64], weight: Tensor) -> NDArray[np.float64]:
        """(rows,) the share of column j's probability that `weight` (tokens,) leaves."""
        import torch

        def share(at: NDArray[np.int64]) -> Tensor:
            with torch.inference_mode():
                return self._logits(j, at).softmax(1) @ weight

        if self.context is None:
            return np.asarray(torch.cat(self._map(share, rows)).double().cpu().numpy())
        first, place = self.context
        return np.asarray(torch.cat(self._map(share, first)).double().cpu().numpy()[place])

    def _map(
        self, work: Callable[[NDArray[np.int64]], Tensor], rows: NDArray[np.int64]
    ) -> list[Tensor]:
        return list(self.each_part(work, [rows[part] for part in _steps(len(rows))]))

    def _logits(self, j: int, rows: NDArray[np.int64]) -> Tensor:
        import torch

        with torch.inference_mode():
            at = self._placed(rows)
            return self.network.logits(j, self.tokens[at], self.h[at])

    def _cumulated(self, j: int, rows: NDArray[np.int64], limits: Tensor | None) -> Tensor:
        """(rows, tokens) cumulated probabilities. Raises `UsageError` where nothing is left."""
        import torch

        with torch.inference_mode():
            logits = self._logits(j, rows)
            if limits is not None:
                logits = logits + limits
                if bool(torch.isinf(logits.amax(1)).any()):
                    raise UsageError(
                        "The conditions contradict each other: in the training rows no value of "
                        "one fits what another asks for. Ask for fewer of them at once."
                    )
            return logits.softmax(1).cumsum(1)


def _steps(n: int) -> list[slice]:
    return [slice(start, min(start + CHUNK, n)) for start in range(0, n, CHUNK)]


def _pick(cumulated: Tensor, u: Tensor) -> Tensor:
    """(rows,) the first token whose cumulated probability passes u of the whole."""
    import torch

    with torch.inference_mode():
        goal = u.float()[:, None] * cumulated[:, -1:]
        found = torch.searchsorted(cumulated, goal, right=True)[:, 0]
        # A rounded u can reach the very end; the last token with any mass is then meant.
        last = (cumulated < cumulated[:, -1:]).sum(1)
        return torch.minimum(found, last)


@contextmanager
def parts_on(device: torch.device) -> Iterator[EachPart]:
    """What applies a function to each part of the rows.

    On the CPU it is a small pool whose threads run one torch operation each, so that results do
    not depend on how torch would split an operation; torch's own number of threads is put back
    afterwards. Other devices have many threads of their own, and take the parts one by one.
    """
    import torch

    if device.type != "cpu":
        yield map
        return
    workers = min(THREADS, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    with torch_threads(1), pool:
        yield pool.map
