"""Numbers are learnt along their line before any of their ranges is learnt by heart."""

from __future__ import annotations

import numpy as np
import torch

from augment.kinds.tables.codecs.spans import Spans
from augment.kinds.tables.engines.anyorder.layout import TokenLayout
from augment.kinds.tables.engines.anyorder.network import Features, TokenNetwork
from augment.kinds.tables.engines.anyorder.presets import Shape


def vectors(values: np.ndarray) -> tuple[torch.Tensor, np.ndarray]:
    """The embeddings of a column's tokens before any training, and which are ranges."""
    span = Spans.fit(values, 64, protect=True)
    layout = TokenLayout((span.size,), (0,))
    features = Features.of(layout, [span.features()], span.binned(), "cpu")
    torch.manual_seed(0)
    network = TokenNetwork(layout, Shape(), np.ones(span.size), features)
    embeddings, _ = network.matrices()
    return embeddings[: span.size].detach(), span.binned()


def alike(first: torch.Tensor, second: torch.Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(first, second, dim=1).mean())


def test_neighbouring_ranges_begin_alike_and_distant_ones_do_not() -> None:
    found, ranges = vectors(np.random.default_rng(0).normal(size=4000))
    assert ranges.all()
    assert alike(found[:-1], found[1:]) > 0.9
    assert alike(found[:-24], found[24:]) < 0.4


def test_frequent_values_are_told_apart_from_the_start() -> None:
    found, ranges = vectors(np.repeat(np.arange(40.0), 50))
    assert not ranges.any()
    assert alike(found[:-1], found[1:]) < 0.75


def test_coordinates_fade_with_their_roughness() -> None:
    table = Spans.fit(np.random.default_rng(0).normal(size=4000), 64, protect=True).features()
    assert table is not None
    sizes = np.abs(table[:, 2:]).max(axis=0).reshape(-1, 2).max(axis=1)
    assert (sizes[1:] < sizes[:-1]).all()
    assert sizes[-1] < 0.2
