"""Arrow tables as DataFrames, in the dtypes that a user's own DataFrame had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Dtypes = Mapping[str, Any]


def dtypes_of(content: object) -> Dtypes:
    """The dtypes of a DataFrame by column; none for anything else."""
    import pandas as pd

    if not isinstance(content, pd.DataFrame):
        return {}
    return {str(name): dtype for name, dtype in zip(content.columns, content.dtypes, strict=True)}


def frame_of(table: pa.Table, dtypes: Dtypes) -> pd.DataFrame:
    """The rows as a DataFrame: in `dtypes` as far as every value fits them.

    A column that has none comes in the dtype of its Arrow type; whole numbers and booleans are
    nullable then, so that a missing value does not make floats of them.
    """
    import pandas as pd

    columns = {name: _series(table.column(name), dtypes.get(name)) for name in table.column_names}
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))


def _series(values: pa.ChunkedArray, dtype: Any) -> pd.Series[Any]:
    import pandas as pd

    if isinstance(values.type, pa.FixedShapeTensorType):
        return pd.Series(list(pixels_of(values)), dtype=object)
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return pd.Series(values.to_pandas().astype(object))
    found: pd.Series[Any] = values.to_pandas(types_mapper=_nullable, date_as_object=False)
    if dtype is None or found.dtype == dtype:
        return found
    if isinstance(dtype, pd.CategoricalDtype):
        made = set(found.dropna().unique())
        return found if made - set(dtype.categories) else found.astype(dtype)
    try:
        return found.astype(dtype)
    except (TypeError, ValueError):  # a missing value in a column that had none
        return found


def _nullable(kind: pa.DataType) -> Any:
    """The pandas dtype that holds an Arrow type with its missing values."""
    import pandas as pd

    if pa.types.is_integer(kind):
        return pd.api.types.pandas_dtype(str(kind).replace("uint", "UInt").replace("int", "Int"))
    return pd.BooleanDtype() if pa.types.is_boolean(kind) else None


def pixels_of(values: pa.ChunkedArray) -> NDArray[np.uint8]:
    """(n, height, width, channels) of a column of tensors."""
    return np.concatenate([chunk.to_numpy_ndarray() for chunk in values.chunks])
