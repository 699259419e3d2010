"""Measurements as numbers and forms: putting the parts together gives the texts back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.core.errors import AugmentError, BadInput
from augment.kinds.tables.data import measurements
from augment.kinds.tables.data.conditions import mask, parse
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.data.values import numbers
from augment.kinds.tables.io import form_inference, reading

ROWS = 400


def table(**columns: tuple[list[str | None], tuple[str, ...]]) -> Table:
    schema = Schema(
        tuple(
            Column(name, "measurement", "string", null="" if None in texts else None, forms=forms)
            for name, (texts, forms) in columns.items()
        )
    )
    data = pa.table({name: pa.array(texts) for name, (texts, _) in columns.items()})
    return Table(data, schema)


def mixed() -> Table:
    rng = np.random.default_rng(0)
    x = rng.normal(70, 12, ROWS)
    weight: list[str | None] = [
        None if i % 11 == 0 else f"{v:.1f} kg" if i % 3 else f"{v * 2.2:.0f} lb"
        for i, v in enumerate(x)
    ]
    lab: list[str | None] = ["ND" if v < 50 else f"<{60:.1f}" if v < 60 else f"{v:.1f}" for v in x]
    height: list[str | None] = [f"{5 + i % 2}'{i % 12}\"" for i in range(ROWS)]
    return table(
        weight=(weight, ("0.0 kg", "0 lb")),
        lab=(lab, ("0.0", "<0.0", "ND")),
        height=(height, ("0'0\"",)),
    )


def test_parts_put_together_are_the_texts() -> None:
    texts = mixed()
    parts = measurements.parted(texts)
    names = ["weight", "weight: form", "lab", "lab: form", "height", "height: second"]
    assert parts.schema.names == names == measurements.parted_schema(texts.schema).names
    assert [parts.schema[name].storage for name in names[:3]] == ["float", "string", "float"]
    assert parts.schema["height: second"].storage == "integer"
    assert measurements.joined(parts, texts.schema).digest() == texts.digest()
    empty = measurements.parted(texts.slice(0, 0))
    assert len(measurements.joined(empty, texts.schema)) == 0


def test_missing_texts_words_and_other_forms_have_no_number() -> None:
    texts = table(x=(["5 kg", None, "ND", "5 st"], ("0 kg", "ND")))
    parts = measurements.parted(texts)
    assert parts.column("x").to_pylist() == [5, None, None, None]
    assert parts.column("x: form").to_pylist() == ["0 kg", None, "ND", measurements.OTHER]
    assert measurements.joined(parts, texts.schema).column("x").to_pylist() == [
        "5 kg", None, "ND", None,
    ]  # fmt: skip


def test_a_table_without_measurements_is_itself() -> None:
    plain = Table(pa.table({"x": [1.5]}), Schema((Column("x", "numeric", "float"),)))
    assert measurements.parted(plain) is plain
    assert measurements.joined(plain, plain.schema) is plain
    assert measurements.parted_schema(plain.schema) is plain.schema


def test_names_that_are_taken_are_not_taken_again() -> None:
    texts = table(x=(["5 kg", "6 lb"], ("0 kg", "0 lb")))
    beside = Column("x: form", "numeric", "integer")
    data = texts.data.append_column("x: form", pa.array([1, 2]))
    both = Table(data, Schema((*texts.schema, beside)))
    parts = measurements.parted(both)
    assert parts.schema.names == ["x", "x: form …", "x: form"]
    assert measurements.joined(parts, both.schema).digest() == both.digest()


def test_rows_to_learn_from_have_every_number_and_no_other_form() -> None:
    texts = table(x=(["5-9 h", "7 h", None, "ND", "soon"] * 40, ("0-0 h", "0 h", "ND")))
    parts = measurements.parted(texts)
    filled = measurements.filled(parts, texts.schema, np.random.default_rng(0))
    forms = filled.column("x: form").to_pylist()
    known = parts.column("x: form").to_pylist()
    assert all(a == b for a, b in zip(forms, known, strict=True) if b != measurements.OTHER)
    assert measurements.OTHER not in forms
    assert len({f for f, k in zip(forms, known, strict=True) if k == measurements.OTHER}) > 1
    first, second = (numbers(filled, name) for name in ("x", "x: second"))
    assert np.isfinite(first).all() and (second >= first).all()
    made = measurements.joined(filled, texts.schema).column("x").to_pylist()
    whole = texts.column("x").to_pylist()
    assert all(a == b for a, b in zip(made, whole, strict=True) if b != "soon")
    assert set(made) == {"5-9 h", "7 h", None, "ND"}


def test_conditions_on_numbers_are_about_forms_that_have_some() -> None:
    texts = mixed()
    schema = measurements.parted_schema(texts.schema)
    parts = measurements.filled(measurements.parted(texts), texts.schema, np.random.default_rng(0))

    def rows(*said: str) -> list[str | None]:
        asked = parse(said, schema, None, lambda name: measurements.null_column(name, texts.schema))
        asked = measurements.asked(asked, texts.schema)
        kept = np.flatnonzero(mask(parts, asked.clauses, asked.branches))
        return list(texts.take(kept).column(said[0].split()[0]).to_pylist())

    low = rows("lab < 60.5")
    assert low and all(text is not None and text.startswith(("<", "60", "5")) for text in low)
    heavy = rows("weight > 120 and 'weight: form' = '0 lb'")
    assert heavy and all(text is not None and text.endswith(" lb") for text in heavy)
    gaps = rows("weight is null")
    assert len(gaps) == texts.column("weight").null_count and set(gaps) == {None}
    assert None not in rows("weight is not null")
    either = rows("lab > 100 or lab < 60.5")
    assert "ND" not in either and len(either) >= len(low)


@pytest.mark.parametrize(
    "changes",
    [
        {"forms": []}, {"role": "text"}, {"storage": "float"}, {"forms": ["0-0-0"]},
        {"forms": [5]}, {"forms": "0 kg"}, {"forms": ["ND"]}, {"forms": ["0 kg", "0 kg"]},
    ],
)  # fmt: skip
def test_a_schema_without_fitting_forms_is_refused(changes: dict[str, object]) -> None:
    document = table(x=(["5 kg"], ("0 kg", "0 lb"))).schema.to_json()
    assert Schema.from_json(document).to_json() == document
    document["columns"][0] |= changes
    with pytest.raises(AugmentError):
        Schema.from_json(document)


def written(folder: Path, texts: list[str], name: str = "x") -> str:
    path = folder / "table.csv"
    lines = [f'{i % 7},"{text}"' for i, text in enumerate(texts)]
    path.write_text("\n".join([f"n,{name}", *lines]) + "\n")
    return str(path)


WEIGHTS = [f"{50 + 0.1 * (i * 7 % 400):.1f} {'kg' if i % 3 else 'lb'}" for i in range(600)]


def test_a_column_of_mixed_units_is_read_and_written_as_it_was(tmp_path: Path) -> None:
    source = written(tmp_path, WEIGHTS)
    found = reading.read(source, reading.ReadOptions()).table
    assert found.schema["x"].forms == ("0.0 kg", "0.0 lb")
    reading.write(found, tmp_path / "again.csv", "csv")
    assert found.column("x").to_pylist() == WEIGHTS
    again = reading.read(str(tmp_path / "again.csv"), reading.ReadOptions(schema=found.schema))
    assert again.table.digest() == found.digest()


@pytest.mark.parametrize(
    ("said", "role"),
    [("text", "text"), ("category", "categorical"), ("drop", None), ("measurement", "measurement")],
)
def test_users_say_otherwise(said: str, role: str | None, tmp_path: Path) -> None:
    options = reading.ReadOptions(columns={"x": said})
    found = reading.read(written(tmp_path, WEIGHTS), options).table.schema
    assert (found["x"].role if "x" in found.names else None) == role
    assert role == "measurement" or role is None or not found["x"].forms


def test_few_values_are_a_category_unless_they_are_called_a_measurement(tmp_path: Path) -> None:
    source = written(
        tmp_path, [f"{i % 5} bedrooms" if i % 2 else f"{i % 5} rooms" for i in range(200)]
    )
    assert reading.read(source, reading.ReadOptions()).table.schema["x"].role == "categorical"
    options = reading.ReadOptions(columns={"x": "measurement"})
    assert len(reading.read(source, options).table.schema["x"].forms) == 2
    with pytest.raises(BadInput, match="has no few forms"):
        reading.read(written(tmp_path, [f"{chr(65 + i % 26)}{i}" for i in range(200)]), options)


def test_a_column_named_like_an_id_is_none(tmp_path: Path) -> None:
    found = reading.read(written(tmp_path, WEIGHTS, "order_no"), reading.ReadOptions()).table
    assert found.schema["order_no"].role != "measurement"


def test_a_typed_file_with_gaps_keeps_them_apart_from_the_numbers(tmp_path: Path) -> None:
    texts = [None if i % 10 == 0 else f"{60 + i % 90}/{40 + i % 37}" for i in range(500)]
    pq.write_table(pa.table({"bp": pa.array(texts, pa.string())}), tmp_path / "t.parquet")
    found = reading.read(str(tmp_path / "t.parquet"), reading.ReadOptions()).table
    assert found.schema["bp"].forms == ("0/0",)
    parts = measurements.parted(found)
    assert parts.schema.names == ["bp", "bp: second", "bp: form"]
    assert parts.column("bp: form").null_count == 50
    assert measurements.joined(parts, found.schema).column("bp").to_pylist() == texts


def test_what_is_not_learnt_is_said(tmp_path: Path) -> None:
    odd = [*WEIGHTS[:-3], "seventy kg", "70 stone", "n.k."]
    found = reading.read(written(tmp_path, odd), reading.ReadOptions()).table
    assert found.schema["x"].forms == ("0.0 kg", "0.0 lb")
    assert "3 rows of others are not learnt" in found.schema["x"].note
    assert [said for said in form_inference.notes(found) if "3 rows hold texts" in said]
    lost = [f"{i * 7 % 991} {chr(97 + i % 26)}{chr(97 + i % 25)}" for i in range(600)]
    found = reading.read(written(tmp_path, lost), reading.ReadOptions()).table
    assert found.schema["x"].role == "text"
    assert [said for said in form_inference.notes(found) if "too many ways" in said]
    plain = reading.read(written(tmp_path, WEIGHTS), reading.ReadOptions()).table
    assert list(form_inference.notes(plain)) == []
