"""Sampling a row column by column, with the uniform numbers laid out to cancel noise.

Three things make it fast and even. Rows that know the same tokens share one evaluation while
their distinct contexts are few. The embedding sum is carried along, so that a step costs one
trunk pass. And the uniforms of a step are not independent: rows are kept sorted by what has been
drawn so far, and neighbours get the next number of a golden-ratio sequence, so that the drawn
shares follow the predicted ones closely within any group of alike rows (array-RQMC: L'Ecuyer,
Lécot and Tuffin 2008, doi 10.1287/opre.1080.0556). Each row by itself is still a fair draw.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.errors import UsageError
from augment.kinds.tables.engines.anyorder.network import Layout
from augment.kinds.tables.engines.anyorder.structure import Dependency
from augment.nets.attention import attends, attention
from augment.nets.machine import torch_threads
from augment.nets.trunk import trunk

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

GOLDEN = 0.6180339887498949  # (√5 − 1) / 2
CHUNK = 8192  # rows a trunk pass takes at once: fits the cache, and is one task of a thread
DISTINCT_SHARE = 0.7  # contexts per row above which sharing them no longer pays
THREADS = 2


@dataclass(frozen=True)
class Correction:
    """Added to a column's logits: `bias` (tokens,), and rows of `table` by groups of tokens.

    `columns` are looked at; `group[i]` (tokens of columns[i],) are rows of `table` (groups,
    tokens). It was fitted where all of them are known, and is used only there.
    """

    bias: Tensor
    columns: tuple[int, ...]
    group: tuple[Tensor, ...]
    table: Tensor

    def on(self, device: str) -> Correction:
        group = tuple(each.to(device) for each in self.group)
        return replace(self, bias=self.bias.to(device), group=group, table=self.table.to(device))

    def of(self, tokens: Tensor) -> Tensor:
        """(rows, tokens of the column) what to add for rows with these `tokens`."""
        import torch
        from torch.nn.functional import embedding_bag

        if not self.columns:
            return self.bias.expand(len(tokens), -1)
        drawn = tokens[:, list(self.columns)]
        known = (drawn >= 0).all(1)
        rows = torch.stack([g[drawn[:, i]] for i, g in enumerate(self.group)], dim=1)
        change = embedding_bag(rows, self.table, mode="sum").add_(self.bias)
        return change if bool(known.all()) else change * known[:, None]

    def about(self, j: int, drawn: Tensor) -> Tensor:
        """(rows, tokens of j) what this column's tokens `drawn`, -1 where not known, say of j.

        The change was found for this column given j. By Bayes' rule the same factor, a property
        of the two values together, bears on j where this column is known first.
        """
        import torch

        table = self.table[self.group[self.columns.index(j)]]  # (tokens of j, own tokens)
        return torch.where((drawn >= 0)[:, None], table.t()[drawn.clamp(min=0)], 0.0)


Hook = Callable[[int, "Tensor", "Tensor"], "Tensor"]
EachPart = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True)
class Chain:
    """A trained network, ready to be sampled from."""

    layout: Layout
    embeddings: Tensor  # (rows of the layout, width), float32
    heads: Tensor  # (tokens, width), in the precision of the trunk
    bias: Tensor  # (tokens,)
    weights: dict[str, Tensor]  # of the trunk
    laws: tuple[Dependency, ...]
    corrections: dict[int, Correction]

    def on(self, device: str) -> Chain:
        """The same chain, drawing on `device`."""
        return replace(
            self,
            embeddings=self.embeddings.to(device),
            heads=self.heads.to(device),
            bias=self.bias.to(device),
            weights={name: weight.to(device) for name, weight in self.weights.items()},
            corrections={j: correction.on(device) for j, correction in self.corrections.items()},
        )

    def draw(
        self,
        n: int,
        rng: np.random.Generator,
        allowed: dict[int, NDArray[np.float64]] | None = None,
        known: NDArray[np.int64] | None = None,
        first: frozenset[int] = frozenset(),
        hook: Hook | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(n, columns) tokens, and a permutation that puts alike rows side by side.

        `allowed[j]` (tokens,) weighs column j's tokens, 0 for never. The columns in `first` are
        drawn before the others. `known` (n, columns) holds tokens that stand already, -1 for the
        others. `hook` (column, logits, tokens) may change a column's logits before it is drawn;
        both lie on the chain's device.
        """
        import torch

        allowed = {} if allowed is None else allowed
        tokens = np.full((n, self.layout.columns), -1) if known is None else known.copy()
        order = self._order(first)
        with torch.inference_mode(), _parts(self.bias.device) as each_part:
            state = _Block(self, tokens, each_part)
            alike = np.arange(n)
            for j in order:
                rows = np.flatnonzero(tokens[:, j] < 0)
                if not len(rows):
                    continue
                u = spread_uniforms(rng, alike)
                law = self._law_for(j, tokens)
                if law is not None:
                    state.put(j, rows, law.child_of[tokens[rows, law.parent]])
                else:
                    limits = self._limits(j, allowed.get(j), tokens[rows])
                    state.put(j, rows, state.drawn(j, rows, u[rows], limits, hook))
                alike = resorted(alike, tokens[:, j])
        return tokens, alike

    def _order(self, first: frozenset[int]) -> list[int]:
        """The columns in the order in which they are drawn."""
        return sorted(self.layout.order, key=lambda j: j not in first)

    def chances(
        self,
        tokens: NDArray[np.int64],
        allowed: dict[int, NDArray[np.float64]],
        first: frozenset[int],
    ) -> NDArray[np.float64]:
        """(rows,) the product of the shares that `allowed` left of each column in `first`.

        For rows drawn with these limits its mean is the probability that a row drawn without
        them keeps to them (importance sampling, one column after another).
        """
        import torch

        chance = np.ones(len(tokens))
        rows, known = np.arange(len(tokens)), np.full_like(tokens, -1)
        with torch.inference_mode(), _parts(self.bias.device) as each_part:
            state = _Block(self, known, each_part)
            for j in self._order(first)[: len(first)]:
                if self._law_for(j, known) is None:
                    weight = torch.from_numpy(allowed[j]).float().to(self.bias.device)
                    chance *= state.kept(j, rows, weight)
                state.put(j, rows, tokens[:, j])
        return chance

    def _law_for(self, j: int, tokens: NDArray[np.int64]) -> Dependency | None:
        """The law that settles column j, where its parent is known on every row."""
        for law in self.laws:
            if law.child == j and bool((tokens[:, law.parent] >= 0).all()):
                return law
        return None

    def _limits(
        self, j: int, allowed: NDArray[np.float64] | None, tokens: NDArray[np.int64]
    ) -> Tensor | None:
        """(1 or rows, tokens of j) log-weights: what is asked for, and what the laws leave open."""
        import torch

        limits: Tensor | None = None
        if allowed is not None:
            with np.errstate(divide="ignore"):
                limits = torch.from_numpy(np.log(allowed)).to(self.bias.device)[None].float()
        for law in self.laws:
            if law.parent == j and bool((tokens[:, law.child] >= 0).any()):
                child = tokens[:, law.child]
                fits = (law.child_of[None, :] == child[:, None]) | (child < 0)[:, None]
                fits |= ~fits.any(axis=1, keepdims=True)
                open_ = torch.from_numpy(np.where(fits, 0.0, -np.inf)).to(self.bias.device).float()
                limits = open_ if limits is None else limits + open_
        return limits


def spread_uniforms(rng: np.random.Generator, alike: NDArray[np.int64]) -> NDArray[np.float64]:
    """(rows,) uniforms in [0, 1), spread evenly along the order `alike` by one random shift."""
    u = np.empty(len(alike))
    u[alike] = (rng.random() + np.arange(len(alike)) * GOLDEN) % 1.0
    return u


def resorted(alike: NDArray[np.int64], tokens: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order `alike`, sorted by one column's tokens; ties stay as they were."""
    # Sixteen bits hold any column's tokens, and make this a radix sort.
    return np.asarray(alike[np.argsort(tokens[alike].astype(np.int16), kind="stable")])


class _Block:
    """The rows being drawn: their tokens, their embedding sums, and their distinct contexts.

    `known` are the tokens on the CPU, which is where rows are sorted and laws looked up; `tokens`
    the same ones on the chain's device. On the CPU they are one memory.
    """

    def __init__(self, chain: Chain, known: NDArray[np.int64], each_part: EachPart) -> None:
        import torch
        from torch.nn.functional import embedding_bag

        self.chain, self.known, self.each_part = chain, known, each_part
        self.device = chain.bias.device
        self.tokens = tokens = torch.from_numpy(known).to(self.device)
        slots = chain.layout.slots(tokens)
        self.h = embedding_bag(slots, chain.embeddings, mode="sum")
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

        layout, at = self.chain.layout, self._placed(rows)
        whole = len(rows) == len(self.tokens)
        self.known[rows, j] = drawn
        self.tokens[at, j] = self._placed(drawn)
        embeddings = self.chain.embeddings
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

        chain, layout = self.chain, self.chain.layout
        with torch.inference_mode():
            at = self._placed(rows)
            mine = slice(layout.starts[j], layout.starts[j + 1])
            h = self._hidden(j, at)
            logits = (h @ chain.heads[mine].t()).float() + chain.bias[mine]
            if j in chain.corrections:
                logits += chain.corrections[j].of(self.tokens[at])
            for q in layout.order[layout.rank[j] + 1 :]:  # known before its turn: conditions
                if q in chain.corrections and j in chain.corrections[q].columns:
                    drawn = self.tokens[at, q]
                    if bool((drawn >= 0).any()):
                        logits += chain.corrections[q].about(j, drawn)
            return logits

    def _hidden(self, j: int, at: Tensor) -> Tensor:
        """(rows, width) what the network makes of these rows for column j."""
        chain = self.chain
        if not attends(chain.weights):
            return trunk(chain.weights, self.h[at].to(chain.heads.dtype))
        x = chain.embeddings[chain.layout.slots(self.tokens[at])].to(chain.heads.dtype)
        return attention(chain.weights, x)[:, j]

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
def _parts(device: torch.device) -> Iterator[EachPart]:
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
