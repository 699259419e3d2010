"""Rows that are being drawn: what is known of them, and what the network makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.errors import UsageError
from augment.kinds.tables.engines.anyorder.fitted_network import FittedNetwork
from augment.kinds.tables.engines.anyorder.uniforms import resorted
from augment.nets.threads import torch_threads
from augment.work.pool import cores

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

# Rows that a trunk pass takes at once, twice as many of two bytes a number: what it makes of them,
# 6 MB at the usual width, stays in a cache.
CHUNK = 2_500
DISTINCT_SHARE = 0.9  # contexts per row above which sharing them no longer pays
THREADS = 2
CONTRADICTION = (
    "The conditions contradict each other: in the training rows no value of one fits what another "
    "asks for. Ask for fewer of them at once."
)

Hook = Callable[[int, "Tensor", "Tensor"], "Tensor"]
EachPart = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Contexts:
    """Rows that know the same tokens, as one: `first` (contexts,) is a row of each, `place`
    (rows,) the context of each row. Contexts are numbered as their rows come in `RowBlock.alike`,
    where those of context c are from `begins[c]` to `begins[c + 1]`."""

    first: NDArray[np.int64]
    place: NDArray[np.int64]
    begins: NDArray[np.int64]


class RowBlock:
    """The rows being drawn: their tokens, their embedding sums, and their distinct contexts.

    `known` are the tokens on the CPU, which is where rows are sorted and laws looked up; `tokens`
    the same ones on the network's device. On the CPU they are one memory. `h` holds the sum of
    each context while contexts are shared, and of each row after that. `alike` (rows,) puts rows
    that were drawn alike side by side.
    """

    def __init__(
        self, network: FittedNetwork, known: NDArray[np.int64], each_part: EachPart
    ) -> None:
        import torch
        from torch.nn.functional import embedding_bag

        self.network, self.known, self.each_part = network, known, each_part
        short = network.heads.itemsize == 2 and not network.by_places
        self.at_once = CHUNK * (2 if short else 1)
        self.device = network.bias.device
        self.alike = np.arange(len(known))
        self.tokens = tokens = torch.from_numpy(known).to(self.device)
        self.contexts: Contexts | None = None
        if len(tokens) and bool((tokens < 0).all()):
            nothing = np.zeros(len(tokens), dtype=np.int64)
            self.contexts = Contexts(nothing[:1], nothing, np.array([0, len(tokens)]))
            tokens = tokens[:1]
        self.h = embedding_bag(network.layout.slots(tokens), network.embeddings, mode="sum")
        # Where sums lie in turn: memory that is asked of the system anew has to be cleared first.
        room = 0 if self.contexts is None else len(known)
        self.turns = [self.h.new_empty(room, self.h.shape[1]) for _ in range(2)]

    def put(self, j: int, rows: NDArray[np.int64], drawn: NDArray[np.int64]) -> None:
        """Set column j of these rows, and add it and what it completes to their sums."""
        whole = len(rows) == len(self.known)
        self.known[slice(None) if whole else rows, j] = drawn
        if self.device.type != "cpu":
            self.tokens[slice(None) if whole else self._placed(rows), j] = self._placed(drawn)
        self.alike = resorted(self.alike, self.known[:, j])
        if self.contexts is None:
            self._add(j, rows)
            return
        assert whole, "shared contexts need every row to know the same"
        before = self.contexts.place
        found = _parted(before, self.known[:, j], self.alike)
        pays = len(found.first) < DISTINCT_SHARE * len(rows)
        self.contexts = found if pays else None
        self._move(before[found.first] if pays else before)
        self._add(j, found.first if pays else rows)

    def _move(self, places: NDArray[np.int64]) -> None:
        """Put the sums at these places one after another."""
        import torch

        self.turns.reverse()
        room = self.turns[0][: len(places)]
        self.h = torch.index_select(self.h, 0, self._placed(places), out=room)

    def _add(self, j: int, rows: NDArray[np.int64]) -> None:
        """Add to the sums of these rows what column j and the cells that it completes say."""
        import torch

        layout, embeddings = self.network.layout, self.network.embeddings
        change = embeddings[layout.starts[j] : layout.starts[j + 1]] - embeddings[layout.tokens + j]
        completed = [i for i, members in enumerate(layout.joint) if j in members]

        def add(part: Part) -> None:
            with torch.inference_mode():
                tokens = _rows_of(self.tokens, part.rows)
                more = change.index_select(0, tokens[:, j])
                for i in completed:
                    more += embeddings.index_select(0, layout.cell(tokens, i))
                if isinstance(part.sums, slice):
                    self.h[part.sums].add_(more)
                else:
                    self.h.index_add_(0, part.sums, more)

        list(self.each_part(add, self._parts(rows)))

    def _placed(self, numbers: NDArray[Any]) -> Tensor:
        import torch

        return torch.from_numpy(numbers).to(self.device)

    def _parts(self, rows: NDArray[np.int64]) -> list[Part]:
        """Where the tokens and the sums of these rows lie, so many rows at a time; of contexts
        that are shared, `rows` is one of each."""
        parts = steps(0, len(rows), self.at_once)
        if len(rows) == len(self.tokens):
            return [Part(step, step, step) for step in parts]
        at = [self._placed(rows[step]) for step in parts]
        shared = self.contexts is not None
        return [
            Part(tokens, step if shared else tokens, step)
            for tokens, step in zip(at, parts, strict=True)
        ]

    def drawn(
        self,
        j: int,
        rows: NDArray[np.int64],
        u: NDArray[np.float64],
        limits: Tensor | None,
        hook: Hook | None,
    ) -> NDArray[np.int64]:
        """(rows,) tokens of column j drawn at the uniforms u."""
        spread = self._placed(u)
        if hook is not None:
            logits = self._for_rows(rows, lambda part: self._logits(j, part))
            cumulated = hook(j, logits, self.tokens).softmax(1).cumsum(1)
            return np.asarray(pick(cumulated, spread).cpu().numpy())
        if limits is not None and len(limits) > 1 and self.contexts is not None:
            # They are alike in all rows of a context.
            limits = limits.index_select(0, self._placed(self.contexts.first))

        def picked(part: Part) -> Tensor:
            own = limits if limits is None or len(limits) == 1 else limits[part.step]
            cumulated = self._cumulated(j, part, own)
            if self.contexts is None:
                return pick(cumulated, spread[part.step])
            return self._picked_of(self.contexts, part.step, cumulated, spread)

        if self.contexts is None:
            return np.asarray(self._each(picked, rows).cpu().numpy())
        found = np.empty_like(rows)
        found[self.alike] = self._each(picked, self.contexts.first).cpu().numpy()
        return found

    def _picked_of(
        self, contexts: Contexts, some: slice, cumulated: Tensor, spread: Tensor
    ) -> Tensor:
        """The tokens of all rows of some contexts, in the order `alike`."""
        import torch

        with torch.inference_mode():
            found = []
            first, end = contexts.begins[[some.start, some.stop]].tolist()
            for step in steps(first, end, self.at_once):
                rows = self.alike[step]
                own = cumulated.index_select(0, self._placed(contexts.place[rows] - some.start))
                found.append(pick(own, spread.index_select(0, self._placed(rows))))
            return torch.cat(found)

    def kept(self, j: int, rows: NDArray[np.int64], weight: Tensor) -> NDArray[np.float64]:
        """(rows,) the share of column j's probability that `weight` (tokens,) leaves."""
        import torch

        def share(part: Part) -> Tensor:
            with torch.inference_mode():
                return self._logits(j, part).softmax(1) @ weight

        return np.asarray(self._for_rows(rows, share).double().cpu().numpy())

    def log_chances(
        self, j: int, rows: NDArray[np.int64], tokens: NDArray[np.int64], limits: Tensor | None
    ) -> NDArray[np.float64]:
        """(rows,) the logarithm of the probability that column j is drawn as these tokens."""
        import torch

        def logs(part: Part) -> Tensor:
            with torch.inference_mode():
                return self._logits(j, part)

        logits = self._for_rows(rows, logs)
        logits = logits if limits is None else logits + limits
        own = self._placed(tokens)[:, None]
        return np.asarray(logits.log_softmax(1).gather(1, own)[:, 0].double().cpu().numpy())

    def _for_rows(self, rows: NDArray[np.int64], work: Callable[[Part], Tensor]) -> Tensor:
        """(rows, ...) what `work` makes of rows; once for all of one context."""
        if self.contexts is None:
            return self._each(work, rows)
        place = self._placed(self.contexts.place[rows])
        return self._each(work, self.contexts.first).index_select(0, place)

    def _each(self, work: Callable[[Part], Tensor], rows: NDArray[np.int64]) -> Tensor:
        import torch

        return torch.cat(list(self.each_part(work, self._parts(rows))))

    def _logits(self, j: int, part: Part) -> Tensor:
        import torch

        with torch.inference_mode():
            tokens, sums = _rows_of(self.tokens, part.rows), _rows_of(self.h, part.sums)
            return self.network.logits(j, tokens, sums)

    def _cumulated(self, j: int, part: Part, limits: Tensor | None) -> Tensor:
        """(rows, tokens) cumulated probabilities. Raises `UsageError` where nothing is left."""
        import torch

        with torch.inference_mode():
            logits = self._logits(j, part)
            if limits is not None:
                logits = logits + limits
                if bool(torch.isinf(logits.amax(1)).any()):
                    raise UsageError(CONTRADICTION)
            return logits.softmax(1).cumsum(1)


@dataclass(frozen=True)
class Part:
    """Some of the rows that are at work: the places of their tokens, of their sums, and their
    own numbers among these rows."""

    rows: slice | Tensor
    sums: slice | Tensor
    step: slice


def _parted(
    place: NDArray[np.int64], drawn: NDArray[np.int64], alike: NDArray[np.int64]
) -> Contexts:
    """Contexts that are told apart by what was drawn, too; rows of one lie side by side in `alike`
    by then."""
    place, drawn = place[alike], drawn[alike]
    differs = np.ones(len(alike), dtype=np.bool_)
    differs[1:] = (place[1:] != place[:-1]) | (drawn[1:] != drawn[:-1])
    begins = np.flatnonzero(differs)
    found = np.empty_like(place)
    found[alike] = np.cumsum(differs) - 1
    return Contexts(alike[begins], found, np.append(begins, len(alike)))


def _rows_of(matrix: Tensor, rows: slice | Tensor) -> Tensor:
    """Chosen rows; `matrix[rows]` takes several times as long where they are numbered."""
    return matrix[rows] if isinstance(rows, slice) else matrix.index_select(0, rows)


def steps(first: int, end: int, size: int) -> list[slice]:
    """So many rows at a time, from the first to the end."""
    return [slice(start, min(start + size, end)) for start in range(first, end, size)]


def pick(cumulated: Tensor, u: Tensor) -> Tensor:
    """(rows,) the first token whose cumulated probability passes u of the whole."""
    import torch

    with torch.inference_mode():
        whole = cumulated[:, -1:]
        # A rounded u can reach the very end; the last token with any mass is then meant.
        goal = torch.minimum(u.float()[:, None] * whole, whole.nextafter(torch.zeros_like(whole)))
        return torch.searchsorted(cumulated, goal, right=True)[:, 0]


@contextmanager
def parts_on(device: torch.device) -> Iterator[EachPart]:
    """What applies a function to each part of the rows.

    On the CPU it is a small pool (in a process of many, this thread alone), where an operation of
    torch is on one thread, so that results do not depend on how torch would split it; torch's own
    number of threads is put back afterwards. Other devices have many threads of their own, and take
    the parts one by one.
    """
    import torch

    if device.type != "cpu":
        yield map
        return
    workers = min(THREADS, cores())
    if workers == 1:
        with torch_threads(1):
            yield map
        return
    pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
    with torch_threads(1), pool:
        yield pool.map
