"""The weights that a fit which goes on from an older model starts from.

Tokens, columns and interactions that both know start from the older embeddings and heads, the
trunk from the older trunk; what is new starts afresh. How often a token comes may have changed
since, and bins hold other shares, so that the heads' biases are set to meet the newer shares, as
posteriors are adjusted to new priors (Saerens, Latinne and Decaestecker 2002, doi
10.1162/089976602753284446).

Import it only where torch is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.kinds.tables.codecs.vocabulary import UNKNOWN, Vocabulary
from augment.kinds.tables.engines.anyorder.layout import TokenLayout
from augment.kinds.tables.engines.anyorder.masked_loss import MaskedLoss
from augment.kinds.tables.engines.anyorder.network import CELL_SCALE, TokenNetwork
from augment.kinds.tables.engines.anyorder.tokenmodel import AnyorderModel
from augment.nets.weights import take_over

MOST_ROWS = 2_048  # on which shares are compared
PSEUDO_ROWS = 10.0  # added to both sides of a ratio of rows: the newer shares of few rows are noise


@dataclass(frozen=True)
class Shared:
    """What a new layout and an older model have in common.

    `column` (columns,) is the place of each new column in the older model, and `token` (per column,
    tokens) that of each of its tokens among the older column's; `UNKNOWN` where there is none.
    """

    column: tuple[int, ...]
    token: tuple[NDArray[np.int64], ...]

    @staticmethod
    def of(vocabularies: Mapping[str, Vocabulary], older: AnyorderModel) -> Shared:
        known = older.vocabularies
        places = {name: place for place, name in enumerate(known)}
        tokens = [
            new.tokens_of(known[name]) if name in known else np.full(new.size, UNKNOWN)
            for name, new in vocabularies.items()
        ]
        return Shared(tuple(places.get(name, UNKNOWN) for name in vocabularies), tuple(tokens))

    def cells(
        self, layout: TokenLayout, i: int, older: TokenLayout
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The cells of set i that both know: their numbers in it, and the rows of the older
        embedding matrix."""
        members = layout.joint[i]
        columns = [self.column[j] for j in members]
        mine = _alike(layout, set(members))
        theirs = _alike(older, set(columns))
        if i not in mine[: len(theirs)]:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        same = theirs[mine.index(i)]
        grid = np.indices([layout.sizes[j] for j in members]).reshape(len(members), -1)
        token = {q: self.token[j][row] for q, j, row in zip(columns, members, grid, strict=True)}
        known = np.all([tokens >= 0 for tokens in token.values()], axis=0)
        cells, first = np.unique(layout.cell_number(i, list(grid[:, known])), return_index=True)
        old = older.cell_number(same, [token[q][known][first] for q in older.joint[same]])
        return np.asarray(cells), np.asarray(older.cells[same] + old)


def _alike(layout: TokenLayout, members: set[int]) -> list[int]:
    """The sets of cells of these columns, in order."""
    return [i for i, columns in enumerate(layout.joint) if {*columns} == members]


def start_from(
    older: AnyorderModel,
    network: TokenNetwork,
    lesson: MaskedLoss,
    hidden: Tensor,
    vocabularies: Mapping[str, Vocabulary],
) -> None:
    """Set the weights of a fresh network; `hidden` (rows, columns) is of the lesson's rows."""
    device = network.bias.device
    shared, layout = Shared.of(vocabularies, older), lesson.layout
    known, old = older.network.on(str(device)), older.network.layout
    take_over(network.trunk, known.trunk)
    with torch.no_grad():
        for j, (q, tokens) in enumerate(zip(shared.column, shared.token, strict=True)):
            if q == UNKNOWN:
                continue
            mine = torch.from_numpy(layout.starts[j] + np.flatnonzero(tokens >= 0)).to(device)
            theirs = torch.from_numpy(old.starts[q] + tokens[tokens >= 0]).to(device)
            network.tokens[mine] = known.embeddings[theirs]
            network.heads[mine] = known.heads[theirs].float()
            network.bias[mine] = known.bias[theirs]
            network.masks[j] = known.embeddings[old.tokens + q]
        _leave_out_smooth(network, shared, vocabularies)
        if network.cells is not None:
            for i in range(len(layout.joint)):
                cells, rows = shared.cells(layout, i, old)
                at = torch.from_numpy(layout.cells[i] - layout.cells[0] + cells).to(device)
                found = known.embeddings[torch.from_numpy(rows).to(device)]
                network.cells[at] = found / CELL_SCALE
        part = replace(lesson, rows=lesson.rows[:MOST_ROWS])
        expected, stand = part.expected(network, hidden[:MOST_ROWS])
        network.bias.add_(((stand + PSEUDO_ROWS) / (expected + PSEUDO_ROWS)).log())


def _leave_out_smooth(
    network: TokenNetwork, shared: Shared, vocabularies: Mapping[str, Vocabulary]
) -> None:
    """What coordinates say of a token is in its older embedding already."""
    if network.features is None or network.smooth_in is None:
        return
    k = network.features.blocks.shape[2]
    ordered = [j for j, each in enumerate(vocabularies.values()) if each.features() is not None]
    for i, j in enumerate(ordered):
        if (shared.token[j] >= 0).any():
            network.smooth_in[i * k : (i + 1) * k] = 0.0
