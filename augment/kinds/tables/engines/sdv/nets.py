"""ctgan's CTGAN and TVAE as JSON and arrays, and back: what their `sample` reads, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.engines.sdv.source import Source, damaged

if TYPE_CHECKING:
    from numpy.typing import NDArray

Tensors = dict[str, "NDArray[Any]"]


def net_out(model: Any, kind: str) -> tuple[Json, Tensors]:
    from ctgan import CTGAN, TVAE
    from ctgan.data_transformer import DataTransformer
    from ctgan.synthesizers.ctgan import Generator
    from ctgan.synthesizers.tvae import Decoder

    gan = kind == "CTGAN"
    assert type(model) is (CTGAN if gan else TVAE)
    transformer = model._transformer if gan else model.transformer
    net = model._generator if gan else model.decoder
    assert type(transformer) is DataTransformer and type(net) is (Generator if gan else Decoder)
    document: Json = {
        "kind": kind,
        "batch_size": model._batch_size if gan else model.batch_size,
        "embedding": model._embedding_dim if gan else model.embedding_dim,
        "layers": list(model._generator_dim if gan else model.decompress_dims),
    }
    columns, tensors = _transformer_out(transformer)
    document["columns"] = columns
    for name, value in net.state_dict().items():
        tensors[f"net.{name}"] = value.detach().cpu().numpy().copy()
    if gan:
        sampler = model._data_sampler
        tensors["frequencies"] = sampler._discrete_column_category_prob.copy()
    return document, tensors


def net_in(source: Source, kind: str) -> Any:
    from ctgan import CTGAN, TVAE
    from ctgan.synthesizers.ctgan import Generator
    from ctgan.synthesizers.tvae import Decoder

    transformer = _transformer_in(source)
    embedding, layers = source.size("embedding"), source.sizes("layers")
    batch, width = source.size("batch_size"), transformer.output_dimensions
    levels = [spans[0].dim for spans in transformer.output_info_list if len(spans) == 1]
    if kind == "TVAE":
        tvae = TVAE(embedding, (), layers, batch_size=batch, enable_gpu=False)
        tvae.transformer = transformer
        _check_layers(source, embedding, layers, width, residual=False)
        tvae.decoder = _load(lambda: Decoder(embedding, layers, width), source)
        return tvae
    if batch % 2:
        raise damaged("'batch_size' is odd")
    gan = CTGAN(embedding, layers, batch_size=batch, enable_gpu=False)
    gan._transformer = transformer
    _check_layers(source, embedding + sum(levels), layers, width, residual=True)
    gan._generator = _load(lambda: Generator(embedding + sum(levels), layers, width), source)
    sampler = _sampler(levels)
    shape = (len(levels), max(levels, default=0))
    frequencies = np.array(source.tensor("frequencies", shape))
    inside = np.arange(shape[1])[None, :] < np.array(levels)[:, None]
    if levels and not ((frequencies > 0) == inside).all():
        raise damaged("the array 'frequencies' does not fit the columns")
    sampler._discrete_column_category_prob = frequencies
    gan._data_sampler = sampler
    return gan


def _sampler(levels: list[int]) -> Any:
    """ctgan's sampler of conditions, for these numbers of levels, without rows."""
    from ctgan.data_sampler import DataSampler
    from ctgan.data_transformer import SpanInfo

    rows = np.ones((1, sum(levels)))  # constant: only its width is read
    return DataSampler(rows, [[SpanInfo(dim, "softmax")] for dim in levels], True)


def _check_layers(
    source: Source, into: int, layers: tuple[int, ...], out: int, *, residual: bool
) -> None:
    """Refuse sizes that the stored weights do not bear out, before anything is allocated."""
    for number, layer in enumerate(layers):
        name = f"net.seq.{number}.fc.weight" if residual else f"net.seq.{2 * number}.weight"
        source.tensor(name, (layer, into))
        into = into + layer if residual else layer
    last = len(layers) if residual else 2 * len(layers)
    source.tensor(f"net.seq.{last}.weight", (out, into))


def _load(make: Callable[[], Any], source: Source) -> Any:
    """A torch module with the stored weights, all of them, each of its shape and type."""
    import torch

    with torch.random.fork_rng(devices=[]):  # its first weights are drawn, and then replaced
        net = make()
    state = {}
    for name, value in net.state_dict().items():
        kind = "f" if value.dtype.is_floating_point else "i"
        array = source.tensor(f"net.{name}", tuple(value.shape), kind)
        state[name] = torch.from_numpy(np.array(array)).to(value.dtype).reshape(value.shape)
    net.load_state_dict(state, strict=True)
    return net


def _transformer_out(transformer: Any) -> tuple[list[Json], Tensors]:
    from rdt.transformers import ClusterBasedNormalizer, OneHotEncoder

    columns: list[Json] = []
    tensors: Tensors = {}
    for info in transformer._column_transform_info_list:
        name, encoder = info.column_name, info.transform
        if info.column_type == "discrete":
            assert type(encoder) is OneHotEncoder
            columns.append({"name": name, "labels": list(encoder.dummies)})
            continue
        assert type(encoder) is ClusterBasedNormalizer
        valid = encoder.valid_component_indicator
        mixture = encoder._bgm_transformer
        columns.append({"name": name, "components": int(valid.sum())})
        tensors[f"mixture.{name}"] = np.stack(
            [mixture.means_.reshape(-1)[valid], mixture.covariances_.reshape(-1)[valid]]
        )  # (2, components): means, variances
    return columns, tensors


def _transformer_in(source: Source) -> Any:
    import pandas as pd
    from ctgan.data_transformer import ColumnTransformInfo, DataTransformer, SpanInfo

    transformer = DataTransformer()
    transformer.output_info_list, transformer._column_transform_info_list = [], []
    transformer.dataframe, transformer.output_dimensions = True, 0
    dtypes = {}
    for column in source.each("columns"):
        name = column.text("name")
        if "labels" in column.node:
            labels = column.texts("labels")
            encoder, spans = _one_hot(name, labels), [SpanInfo(len(labels), "softmax")]
            kind, dtypes[name] = "discrete", np.dtype(object)
            if not labels:
                raise damaged("a column has no labels")
        else:
            count = column.size("components")
            encoder = _mixture(name, source.tensor(f"mixture.{name}", (2, count)))
            spans = [SpanInfo(1, "tanh"), SpanInfo(count, "softmax")]
            kind, dtypes[name] = "continuous", np.dtype(np.float64)
        width = sum(span.dim for span in spans)
        transformer.output_info_list.append(spans)
        transformer._column_transform_info_list.append(
            ColumnTransformInfo(name, kind, encoder, spans, width)
        )
        transformer.output_dimensions += width
    if len(dtypes) != len(transformer.output_info_list) or not dtypes:
        raise damaged("its columns are not distinct")
    transformer._column_raw_dtypes = pd.Series(dtypes)
    return transformer


def _one_hot(name: str, labels: list[str]) -> Any:
    """RDT's encoder in the state that fitting on these labels leaves, for the way back."""
    import pandas as pd
    from rdt.transformers import OneHotEncoder

    encoder = OneHotEncoder()
    encoder.fit(pd.DataFrame({name: pd.Series(labels, dtype=object)}), name)
    return encoder


def _mixture(name: str, mixture: NDArray[np.float64]) -> Any:
    """RDT's mode-specific normalizer with these means and variances, for the way back."""
    import pandas as pd
    from rdt.transformers import ClusterBasedNormalizer

    if not (mixture[1] > 0).all():
        raise damaged(f"the array 'mixture.{name}' holds a variance that is not positive")
    encoder = ClusterBasedNormalizer(missing_value_generation="from_column", max_clusters=1)
    encoder.fit(pd.DataFrame({name: [0.0, 1.0]}), name)
    encoder.max_clusters = mixture.shape[1]
    encoder._bgm_transformer.means_ = np.array(mixture[0]).reshape(-1, 1)
    encoder._bgm_transformer.covariances_ = np.array(mixture[1]).reshape(-1, 1, 1)
    encoder.valid_component_indicator = np.ones(mixture.shape[1], dtype=bool)
    return encoder
