"""What SDV fitted as JSON and arrays, and back: no pickle, no import path in a file.

Taken apart by exact class, one pair of functions per class; a class that is not named here is
refused in either direction. Kept is what sampling reads and nothing else: not the training
matrix, CTGAN's row numbers per category (`_rid_by_cat_cols`), the critic or encoder, the
optimisers, losses, or RDT's seeds (hashes of the first rows).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augment.base.errors import BadInput
from augment.base.types import Json

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Tensors = dict[str, "NDArray[Any]"]
MAX_SIZE = 1 << 20  # of a batch or a layer
MARGINALS = {
    "BetaUnivariate": ("a", "b", "loc", "scale"),
    "GammaUnivariate": ("a", "loc", "scale"),
    "GaussianUnivariate": ("loc", "scale"),
    "TruncatedGaussian": ("a", "b", "loc", "scale"),
    "UniformUnivariate": ("loc", "scale"),
}  # parametric ones only: SDV's gaussian_kde holds the training column itself


@dataclass(frozen=True)
class Fitted:
    """The inner model of a fitted SDV synthesizer and RDT's encoders of its labels."""

    model: Any  # ctgan's CTGAN or TVAE, or copulas' GaussianMultivariate
    encoders: tuple[Any, ...] = ()

    def draw(self, rows: int) -> pd.DataFrame:
        """`rows` rows by the global generators, as SDV draws them."""
        frame: pd.DataFrame = self.model.sample(rows)
        for encoder in self.encoders:
            frame = encoder.reverse_transform(frame)
        return frame


def dismantle(fitted: Fitted) -> tuple[Json, Tensors]:
    """The fitted objects as a document and arrays."""
    kind = type(fitted.model).__name__
    if kind == "GaussianMultivariate":
        return _copula_out(fitted)
    assert kind in ("CTGAN", "TVAE") and not fitted.encoders, kind
    return _net_out(fitted.model, kind)


def rebuild(document: Any, tensors: Mapping[str, NDArray[Any]]) -> Fitted:
    """Undo `dismantle`. Raises `BadInput` for anything that it cannot have written."""
    source = _Source(document, tensors)
    kind = source.text("kind")
    if kind == "GaussianMultivariate":
        return _copula_in(source)
    if kind in ("CTGAN", "TVAE"):
        return Fitted(_net_in(source, kind))
    raise damaged("it names an unknown kind of model")


def damaged(why: str) -> BadInput:
    return BadInput(f"the model is damaged: {why}.", hint="Fit it again, or restore a copy.")


@dataclass(frozen=True)
class _Source:
    """Checked reads of an untrusted document and its arrays."""

    node: Any
    tensors: Mapping[str, NDArray[Any]]

    def get(self, name: str) -> Any:
        if not isinstance(self.node, dict) or name not in self.node:
            raise damaged(f"{name!r} is missing")
        return self.node[name]

    def text(self, name: str) -> str:
        value = self.get(name)
        if not isinstance(value, str):
            raise damaged(f"{name!r} is no text")
        return value

    def size(self, name: str) -> int:
        value = self.get(name)
        if type(value) is not int or not 0 < value <= MAX_SIZE:
            raise damaged(f"{name!r} is no size")
        return value

    def sizes(self, name: str) -> tuple[int, ...]:
        nodes = self.each(name)
        if any(type(node.node) is not int or not 0 < node.node <= MAX_SIZE for node in nodes):
            raise damaged(f"{name!r} are no sizes")
        return tuple(node.node for node in nodes)

    def texts(self, name: str) -> list[str]:
        nodes = self.each(name)
        if any(not isinstance(node.node, str) for node in nodes):
            raise damaged(f"{name!r} are no texts")
        found = [node.node for node in nodes]
        if len(set(found)) != len(found):
            raise damaged(f"{name!r} are not distinct")
        return found

    def number(self, name: str) -> float:
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise damaged(f"{name!r} is no number")
        if not math.isfinite(value):
            raise damaged(f"{name!r} is not finite")
        return float(value)

    def each(self, name: str) -> list[_Source]:
        values = self.get(name)
        if not isinstance(values, list):
            raise damaged(f"{name!r} is no list")
        return [_Source(value, self.tensors) for value in values]

    def tensor(self, name: str, shape: tuple[int, ...], kind: str = "f") -> NDArray[Any]:
        import numpy as np

        value = self.tensors.get(name)
        if value is None or tuple(value.shape) != shape or value.dtype.kind != kind:
            raise damaged(f"the array {name!r} is missing or has another shape")
        if kind == "f" and not np.isfinite(value).all():
            raise damaged(f"the array {name!r} is not finite")
        return value


# CTGAN and TVAE


def _net_out(model: Any, kind: str) -> tuple[Json, Tensors]:
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


def _net_in(source: _Source, kind: str) -> Any:
    import numpy as np
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
        tvae.decoder = _load(Decoder(embedding, layers, width), source)
        return tvae
    if batch % 2:
        raise damaged("'batch_size' is odd")
    gan = CTGAN(embedding, layers, batch_size=batch, enable_gpu=False)
    gan._transformer = transformer
    _check_layers(source, embedding + sum(levels), layers, width, residual=True)
    gan._generator = _load(Generator(embedding + sum(levels), layers, width), source)
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
    import numpy as np
    from ctgan.data_sampler import DataSampler
    from ctgan.data_transformer import SpanInfo

    rows = np.ones((1, sum(levels)))  # constant: only its width is read
    return DataSampler(rows, [[SpanInfo(dim, "softmax")] for dim in levels], True)


def _check_layers(
    source: _Source, into: int, layers: tuple[int, ...], out: int, *, residual: bool
) -> None:
    """Refuse sizes that the stored weights do not bear out, before anything is allocated."""
    for number, layer in enumerate(layers):
        name = f"net.seq.{number}.fc.weight" if residual else f"net.seq.{2 * number}.weight"
        source.tensor(name, (layer, into))
        into = into + layer if residual else layer
    last = len(layers) if residual else 2 * len(layers)
    source.tensor(f"net.seq.{last}.weight", (out, into))


def _load(net: Any, source: _Source) -> Any:
    """Fill a torch module with the stored weights, all of them, each of its shape and type."""
    import numpy as np
    import torch

    state = {}
    for name, value in net.state_dict().items():
        kind = "f" if value.dtype.is_floating_point else "i"
        array = source.tensor(f"net.{name}", tuple(value.shape), kind)
        state[name] = torch.from_numpy(np.array(array)).to(value.dtype).reshape(value.shape)
    net.load_state_dict(state, strict=True)
    return net


def _transformer_out(transformer: Any) -> tuple[list[Json], Tensors]:
    import numpy as np
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


def _transformer_in(source: _Source) -> Any:
    import numpy as np
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
    import numpy as np
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


# The Gaussian copula


def _copula_out(fitted: Fitted) -> tuple[Json, Tensors]:
    import numpy as np
    from copulas import univariate
    from copulas.multivariate import GaussianMultivariate
    from rdt.transformers import OrderedUniformEncoder

    assert type(fitted.model) is GaussianMultivariate
    columns: list[Json] = []
    for name, marginal in zip(fitted.model.columns, fitted.model.univariates, strict=True):
        kind = type(marginal).__name__
        assert kind in MARGINALS and type(marginal) is getattr(univariate, kind), kind
        values = {key: float(marginal._params[key]) for key in MARGINALS[kind]}
        columns.append({"name": name, "marginal": kind, "parameters": values})
    tensors: Tensors = {"correlation": np.array(fitted.model.correlation, dtype=np.float64)}
    encoders: list[Json] = []
    for encoder in fitted.encoders:
        assert type(encoder) is OrderedUniformEncoder
        name = encoder.columns[0]
        encoders.append({"name": name, "labels": list(encoder.intervals)})
        tensors[f"intervals.{name}"] = np.array(list(encoder.intervals.values()), dtype=np.float64)
    return {"kind": "GaussianMultivariate", "columns": columns, "encoders": encoders}, tensors


def _copula_in(source: _Source) -> Fitted:
    import numpy as np
    import pandas as pd
    from copulas.multivariate import GaussianMultivariate

    columns = source.each("columns")
    names = [column.text("name") for column in columns]
    if len(set(names)) != len(names) or not names:
        raise damaged("its columns are not distinct")
    model = GaussianMultivariate()
    model.columns = names
    model.univariates = [_marginal(column) for column in columns]
    correlation = np.array(source.tensor("correlation", (len(names), len(names))))
    if not np.allclose(correlation, correlation.T, atol=1e-6):
        raise damaged("the array 'correlation' is not symmetric")
    model.correlation = pd.DataFrame(correlation, index=names, columns=names)
    model.fitted = True
    return Fitted(model, tuple(_uniform(encoder) for encoder in source.each("encoders")))


def _marginal(column: _Source) -> Any:
    from copulas import univariate

    classes = {
        "BetaUnivariate": univariate.BetaUnivariate,
        "GammaUnivariate": univariate.GammaUnivariate,
        "GaussianUnivariate": univariate.GaussianUnivariate,
        "TruncatedGaussian": univariate.TruncatedGaussian,
        "UniformUnivariate": univariate.UniformUnivariate,
    }
    kind = column.text("marginal")
    if kind not in classes:
        raise damaged("it names an unknown distribution")
    parameters = _Source(column.get("parameters"), {})
    marginal = classes[kind]()
    marginal._set_params({name: parameters.number(name) for name in MARGINALS[kind]})
    marginal.fitted = True
    return marginal


def _uniform(source: _Source) -> Any:
    """RDT's encoder of labels as parts of [0, 1], in the state that fitting leaves."""
    import numpy as np
    from rdt.transformers import OrderedUniformEncoder

    name, labels = source.text("name"), source.texts("labels")
    bounds = source.tensor(f"intervals.{name}", (len(labels), 2))
    ends = np.concatenate([[0.0], bounds[:, 1]])
    if not labels or not (np.diff(ends) > 0).all() or ends[-1] != 1.0:
        raise damaged(f"the array 'intervals.{name}' does not part [0, 1]")
    encoder = OrderedUniformEncoder(order=labels)
    intervals = {
        label: [float(low), float(high)] for label, (low, high) in zip(labels, bounds, strict=True)
    }
    encoder._set_fitted_parameters(name, intervals, np.dtype(object))
    return encoder
