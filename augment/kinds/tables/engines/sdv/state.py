"""What SDV fitted as JSON and arrays, and back: no pickle, no import path in a file.

Taken apart by exact class, one pair of functions per class; a class that is not named here is
refused in either direction. Kept is what sampling reads and nothing else: not the training
matrix, CTGAN's row numbers per category (`_rid_by_cat_cols`), the critic or encoder, the
optimisers, losses, or RDT's seeds (hashes of the first rows).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Json
from augment.kinds.tables.engines.sdv.nets import Tensors, net_in, net_out
from augment.kinds.tables.engines.sdv.source import Source, damaged

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

MARGINALS = {
    "BetaUnivariate": ("a", "b", "loc", "scale"),
    "GammaUnivariate": ("a", "loc", "scale"),
    "GaussianUnivariate": ("loc", "scale"),
    "TruncatedGaussian": ("a", "b", "loc", "scale"),
    "UniformUnivariate": ("loc", "scale"),
}  # parametric ones only: SDV's gaussian_kde holds the training column itself


@dataclass(frozen=True)
class FittedSynthesizer:
    """The inner model of a fitted SDV synthesizer and RDT's encoders of its labels."""

    model: Any  # ctgan's CTGAN or TVAE, or copulas' GaussianMultivariate
    encoders: tuple[Any, ...] = ()

    def on(self, device: str) -> FittedSynthesizer:
        """The same, drawing on `device`: a network moves, a copula is of no device."""
        import torch

        if type(self.model).__name__ not in ("CTGAN", "TVAE"):
            return self
        model = copy.deepcopy(self.model)
        model.set_device(torch.device(device))
        return FittedSynthesizer(model, self.encoders)

    def draw(self, rows: int) -> pd.DataFrame:
        """`rows` rows by the global generators, as SDV draws them."""
        frame: pd.DataFrame = self.model.sample(rows)
        for encoder in self.encoders:
            frame = encoder.reverse_transform(frame)
        return frame


def dismantle(fitted: FittedSynthesizer) -> tuple[Json, Tensors]:
    """The fitted objects as a document and arrays."""
    kind = type(fitted.model).__name__
    if kind == "GaussianMultivariate":
        return _copula_out(fitted)
    assert kind in ("CTGAN", "TVAE") and not fitted.encoders, kind
    return net_out(fitted.model, kind)


def rebuild(document: Any, tensors: Mapping[str, NDArray[Any]]) -> FittedSynthesizer:
    """Undo `dismantle`. Raises `BadInput` for anything that it cannot have written."""
    source = Source(document, tensors)
    kind = source.text("kind")
    if kind == "GaussianMultivariate":
        return _copula_in(source)
    if kind in ("CTGAN", "TVAE"):
        return FittedSynthesizer(net_in(source, kind))
    raise damaged("it names an unknown kind of model")


def _copula_out(fitted: FittedSynthesizer) -> tuple[Json, Tensors]:
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


def _copula_in(source: Source) -> FittedSynthesizer:
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
    return FittedSynthesizer(model, tuple(_uniform(encoder) for encoder in source.each("encoders")))


def _marginal(column: Source) -> Any:
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
    parameters = Source(column.get("parameters"), {})
    marginal = classes[kind]()
    marginal._set_params({name: parameters.number(name) for name in MARGINALS[kind]})
    marginal.fitted = True
    return marginal


def _uniform(source: Source) -> Any:
    """RDT's encoder of labels as parts of [0, 1], in the state that fitting leaves."""
    from rdt.transformers import OrderedUniformEncoder

    name, labels = source.text("name"), source.texts("labels")
    bounds = source.tensor(f"intervals.{name}", (len(labels), 2))
    ends = np.concatenate([[0.0], bounds[:, 1]])
    if not labels or not (np.diff(ends) > 0).all() or ends[-1] != 1.0:
        raise damaged(f"the array 'intervals.{name}' does not part [0, 1]")
    encoder = OrderedUniformEncoder(order=labels)
    intervals = dict(zip(labels, bounds.tolist(), strict=True))
    encoder._set_fitted_parameters(name, intervals, np.dtype(object))
    return encoder
