"""Whatever bytes or words come in, what comes out is a result or a refusal of our own."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augment.core import condition, model_folder
from augment.core.errors import AugmentError
from augment.core.types import State
from augment.kinds.tables.io import reading
from augment.kinds.tables.io.options import read_options
from augment.kinds.tables.io.reading import ReadOptions
from augment.settings import file

pytestmark = pytest.mark.trust
EXAMPLES = int(os.environ.get("AUGMENT_TRUST_EXAMPLES", "60"))
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
CELLS = st.text(st.sampled_from("ab1,;\"'\t\n\r\0.-é\ufeff 😀"), max_size=60)
SUFFIXES = ["csv", "tsv", "json", "jsonl", "parquet", "arrow", "xlsx", "csv.gz", "csv.zst", "zip"]
PARTS = ["config", "facts", "weights", "kind", "engine", "format"]


def refused_or_not(call: Any) -> None:
    with suppress(AugmentError):
        call()


def read_by(options: Any, path: Path) -> None:
    reading.read(str(path), read_options(options))


@thorough
@given(data=st.binary(max_size=200) | CELLS.map(str.encode), suffix=st.sampled_from(SUFFIXES))
def test_readers(data: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(data)
    refused_or_not(lambda: reading.read(str(path), ReadOptions()))


@thorough
@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), max_size=6))
def test_documents_of_rows(rows: list[Any], tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    refused_or_not(lambda: reading.read(str(path), ReadOptions()))


@thorough
@given(found=JSON, column=JSON)
def test_schemas(found: Any, column: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + "1,x\n2,y\n" * 20)
    document = {"schema": "augment.schema/1", "columns": [{"name": "a", "role": column}, found]}
    for each in (document, found):
        (tmp_path / "schema.json").write_text(json.dumps(each))
        options = {"schema": str(tmp_path / "schema.json")}
        refused_or_not(partial(read_by, options, tmp_path / "t.csv"))


@thorough
@given(text=st.text(max_size=60) | st.lists(st.sampled_from(
    ["a", "=", ">=", "in", "(", ")", "and", "or", "not", "between", "is", "null", "1", "'x'", '"',
     ",", "like", "!", "\\"]), max_size=12).map(" ".join))  # fmt: skip
def test_conditions(text: str) -> None:
    refused_or_not(lambda: condition.parse(text, "--where"))


@thorough
@given(text=st.text(max_size=60) | JSON.map(lambda v: f"[fitting]\nengine = {json.dumps(v)}\n"))
def test_settings_files(text: str, tmp_path: Path) -> None:
    path = tmp_path / "augment.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    refused_or_not(lambda: list(file.read(path)))


@thorough
@given(document=JSON, part=st.sampled_from(PARTS), weights=st.binary(max_size=80))
def test_models(document: Any, part: str, weights: bytes, tmp_path: Path) -> None:
    from augment.lifecycle import opened_model

    stored = model_folder.Stored("table", "independent", State({}, {}), {})
    model_folder.save(tmp_path, stored)
    held = json.loads((tmp_path / "model.json").read_text()) | {part: document}
    (tmp_path / "model.json").write_text(json.dumps(held))
    if part == "weights":
        (tmp_path / "weights.safetensors").write_bytes(weights)
    refused_or_not(lambda: opened_model.open_model(tmp_path))


def test_what_is_refused_is_a_refusal_and_no_other_error() -> None:
    """The control: an error of another class is not swallowed."""
    with pytest.raises(pa.ArrowInvalid):
        refused_or_not(lambda: pa.array([1, "x"]))
