"""Roles follow the evidence, and `--column` is obeyed or refused."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from augment.core.errors import BadInput
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.io import inference, overrides
from augment.kinds.tables.personal.detection import KINDS, kind, named
from tests.places import ROOT

N = 200
DRAW = random.Random(3)
NAMES = ["Ada Berg", "Bo Falk", "Cleo Holm", "Dag O'Neil", "Ebba Ek-Dahl"]


def texts(*values: object) -> pa.Array:
    return pa.array([None if v is None else str(v) for v in values], pa.string())


CASES: dict[str, tuple[list[object], str, str]] = {
    "patient_id": ([f"P-{n:04d}" for n in range(N)], "id", "string"),
    "id": (DRAW.sample(range(10**6), N), "id", "integer"),
    "row": (list(range(1, N + 1)), "id", "integer"),
    "year": (list(range(1900, 1900 + N)), "numeric", "integer"),
    "fnlwgt": (DRAW.sample(range(10**6), N), "numeric", "integer"),
    "latitude": ([f"{DRAW.uniform(-90, 90):.6f}" for _ in range(N)], "numeric", "float"),
    "level": ([n % 5 for n in range(N)], "numeric", "integer"),
    "store_id": ([n % 7 for n in range(N)], "categorical", "integer"),
    "visit_id": ([n // 2 for n in range(N)], "reference", "integer"),
    "member_no": ([f"M-{n // 3:03d}" for n in range(N)], "reference", "string"),
    "patient_nr": ([n // 8 for n in range(N)], "reference", "integer"),
    "patient": ([f"P{n // 4:04d}" for n in range(N)], "reference", "string"),
    "Customer": ([17000 + n // 4 for n in range(N)], "reference", "integer"),
    "user": ([1 + (n * 37) % 150 for n in range(N)], "reference", "integer"),
    "worker": ([1 + n % 60 for n in range(N)], "numeric", "integer"),
    "employee": ([n * n % 4000 for n in range(N)], "numeric", "integer"),
    "account": ([f"Rent, part {chr(65 + n % 25)}" for n in range(N)], "categorical", "string"),
    "InvoiceNo": ([536000 + n // 8 for n in range(N)], "reference", "integer"),
    "customer_id": ([f"{n // 4}.0" for n in range(N)], "reference", "string"),
    "order_id": ([f"{n}.0" for n in range(N)], "id", "string"),
    "shop_id": ([f"{n % 9}.0" for n in range(N)], "categorical", "string"),
    "paid": ([f"{n}.0" for n in range(N)], "numeric", "float"),
    "mrn": (DRAW.sample(range(10**6, 10**7), N), "id", "integer"),
    "district_id": ([n // 8 for n in range(N)], "categorical", "integer"),
    "token_id": ([*range(N - 1), 0], "id", "integer"),
    "zip": ([f"{n % 50:05d}" for n in range(N)], "categorical", "string"),
    "colour": ([("red", "green", None)[n % 3] for n in range(N)], "categorical", "string"),
    "only": (["x"] * N, "constant", "string"),
    "rarely": ([7, None] * (N // 2), "numeric", "integer"),
    "gone": ([None] * N, "constant", "string"),
    "e": ([f"u{n % 40}@example.org" for n in range(N)], "text", "string"),
    "full_name": ([f"{NAMES[n % 5]} {chr(65 + n % 26)}" for n in range(N)], "text", "string"),
    "comment": ([f"word {'abc'[n % 3]}{n} and more" for n in range(N)], "text", "string"),
    "said": ([" ".join(DRAW.choices(NAMES, k=DRAW.randrange(2, 6))) for _ in range(N)], "text",
             "string"),
    "phone": ([DRAW.randrange(10**9, 10**10) for _ in range(N)], "id", "integer"),
    "yes": ([("yes", "no")[n % 2] for n in range(N)], "boolean", "boolean"),
    "bit": ([n % 2 for n in range(N)], "numeric", "integer"),
    "code": (["007", "12", "3"] * 50, "categorical", "string"),
    "huge": (["1" * 40, "2" * 40] * 50, "categorical", "string"),
    "when": ([f"2024-01-{n % 28 + 1:02d}" for n in range(N)], "datetime", "datetime"),
    "date": ([f"202401{n % 28 + 1:02d}" for n in range(N)], "datetime", "datetime"),
    "amount": ([f"202401{n % 28 + 1:02d}" for n in range(N)], "numeric", "integer"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_roles(name: str) -> None:
    values, role, storage = CASES[name]
    column = inference.from_text(name, texts(*values))
    assert (column.role, column.storage) == (role, storage), column


OWNERS = {  # what says whose a row is, and what does not: a staff's, few, or everybody's
    "e": ([f"u{n % 40}@example.org" for n in range(N)], True),
    "caller": ([f"+4179{5550000 + n % 60}" for n in range(N)], True),
    "name": ([f"Ada {'Qxz'[n % 3]}{chr(97 + n % 25)}rg" for n in range(N)], True),
    "browser_cookie": ([f"sid={n % 90:032x}; theme=dark or light" for n in range(N)], True),
    "device": ([f"00:1b:44:11:3a:{n % 8:02x}" for n in range(N)], True),
    "login": ([f"u{n % 50}" for n in range(N)], True),
    "ip": ([f"10.0.0.{n % 5}" for n in range(N)], False),
    "mail": ([f"u{n}@example.org" for n in range(N)], False),
    "teacher": ([f"Ms {chr(65 + n % 25)}erg" for n in range(N)], False),
    "comment": ([f"word {'abc'[n % 3]}{n // 2} and more" for n in range(N)], False),
}  # fmt: skip


@pytest.mark.parametrize("name", OWNERS)
def test_a_text_that_says_whose_a_row_is_is_marked(name: str) -> None:
    values, shared = OWNERS[name]
    column = inference.from_text(name, texts(*values))
    assert (column.role, column.shared) == ("text", shared), column
    said = overrides.obeyed(column, "text", texts(*values), str)
    assert said.shared == shared and column.owned == shared
    assert not overrides.obeyed(column, "category", texts(*values), str).shared


def test_a_schema_file_says_that_a_text_is_no_owner() -> None:
    column = inference.from_text("e", texts(*OWNERS["e"][0]))
    document = Schema((column,)).to_json()
    assert document["columns"][0]["shared"] is True
    assert Schema.from_json(document)["e"] == column
    document["columns"][0]["shared"] = False
    assert not Schema.from_json(document)["e"].owned
    document["columns"][0]["shared"] = "no"
    with pytest.raises(BadInput, match="shared"):
        Schema.from_json(document)


PERSONS = {
    "driver": [
        f"{['Ali', 'Mei', 'Jo', 'Max'][n % 4]} {chr(65 + n % 25)}enkenlei" for n in range(N)
    ],
    "class_teacher": [f"Ms {chr(65 + n % 25)}exmozaux" for n in range(N)],
    "customer": [f" {chr(65 + n % 25)}enka,  Ali " for n in range(N)],
    "last": [f"{chr(65 + n % 25)}autei" for n in range(N)],
    "x9": [f"{['Dr.', 'Ms', 'K.'][n % 3]} {chr(65 + n % 25)}exmozaux" for n in range(N)],
    "first": [f"{chr(65 + n % 25)}ena" for n in range(N)],
}


@pytest.mark.parametrize("name", PERSONS)
def test_names_under_a_column_called_after_persons_are_replaced(name: str) -> None:
    assert inference.from_text(name, texts(*PERSONS[name])).role == "text"


def test_codes_of_persons_are_ids_or_text_and_no_categories() -> None:
    formed = inference.from_text("driver_code", texts(*(f"D-{n % 60:03d}" for n in range(N))))
    assert formed.role == "reference"
    odd = [f"{'ab c'[n % 4]}{n % 30}{'-/x'[n % 3]}{'qrst'[n % 4] * (n % 5)}" for n in range(N)]
    unformed = inference.from_text("client_code", texts(*odd))
    assert unformed.role in ("reference", "text")
    for name in ("profile", "plate"):  # a user's or a car's, in eight rows each
        own = inference.from_text(name, texts(*(f"usr_{n % 25:05d}" for n in range(N))))
        assert own.role == "reference", name
    models = [f"{['Golf', 'Polo', 'Passat'][n % 3]} mark {n % 23}" for n in range(N)]
    assert inference.from_text("vehicle", texts(*models)).role == "categorical"
    product = inference.from_text("product_code", texts(*(f"D-{n % 60:03d}" for n in range(N))))
    assert product.role == "categorical"


def test_addresses_behind_a_name_or_in_a_list_are_addresses() -> None:
    for text in ("Bo Berg <b{}@x.org>", "b{}@x.org; c@y.net", "b{}@x.org, c@y.net, d@z.de"):
        values = texts(*(text.format(n % 60) for n in range(N)))
        column = inference.from_text("to", values)
        assert (column.role, column.pii) == ("text", "email"), text


def test_an_id_that_repeats_is_told_of() -> None:
    for values in ([n // 2 for n in range(N)], [f"M-{n // 3:03d}" for n in range(N)]):
        assert "repeats" in inference.from_text("member_id", texts(*values)).note


def test_doubts_are_told() -> None:
    for values in (["01/02/2024", "02/01/2024"], ["2024-01-01", "1 May 2024"], ["$5", "$1,200.50"]):
        assert inference.from_text("a", texts(*values, values[0])).note


def test_null_tokens_count_only_beside_numbers_and_dates() -> None:
    assert inference.from_text("a", texts(1, "NA", 2)).null == "NA"
    assert inference.from_text("a", texts("2024-01-01", "?", "2024-01-02")).null == "?"
    several = inference.from_text("a", texts(1, "NA", "NA", None, 2))
    assert several.null == "NA" and several.note
    words = inference.from_text("a", texts("NA", "DE", "NA", "None"))
    assert words.null is None and words.storage == "string"
    assert inference.from_text("a", texts("NA", "NA")).role == "constant"


def test_kinds_of_personal_text() -> None:
    assert kind("x", texts("a@b.org", "c@d.net")) == "email"
    assert kind("x", texts("10.0.0.1", "192.168.1.20")) == "ip"
    assert kind("surname", texts("Berg", "de la Cruz")) == "last_name"
    assert kind("phone", texts("+49 30 123456", "(555) 010-9999")) == "phone"
    assert kind("city", texts("Oslo", "Bergen")) == "city"
    assert kind("workclass", texts("Private", "State-gov")) == ""
    assert named("phone_calls") == named("capacity") == named("filename") == ""
    assert {"email", "name", "phone"} <= set(KINDS)


def obeyed(said: str, *values: object) -> Column:
    array = texts(*values)
    column = inference.from_text("a", array)
    return overrides.obeyed(column, said, array, lambda row: f"t:{row + 2}")


OBEYED = {
    "zip, id": ("id", ["01234", "00501"], ("id", "string")),
    "number, category": ("category", [1, 2, 1], ("categorical", "integer")),
    "code, number": ("number", ["007", "012"], ("numeric", "integer")),
    "bit, bool": ("bool", [1, 0, None], ("boolean", "boolean")),
    "number, text": ("text:phone", [5550100, 5550101], ("text", "string")),
    "text, constant": ("constant", ["x", "x"], ("constant", "string")),
    "dates": ("date:%d/%m/%Y", ["01/02/2024", "03/04/2024"], ("datetime", "datetime")),
    "compact dates": ("datetime:%Y%m%d", [20240102, None, 20240103], ("datetime", "datetime")),
    "shared id": ("reference", [7, 7, 8], ("reference", "integer")),
    "sequence": ("number", list(range(1, 40)), ("numeric", "integer")),
    "pattern": ("id:X{number}", ["a", "b"], ("id", "string")),
    "drop": ("drop", [1], ("drop", "string")),
}


@pytest.mark.parametrize("case", OBEYED)
def test_obeyed(case: str) -> None:
    said, values, expected = OBEYED[case]
    column = obeyed(said, *values)
    assert (column.role, column.storage) == expected
    if case == "dates":
        assert column.format == "%d/%m/%Y"


def test_refused_at_the_first_line_that_speaks_against_it() -> None:
    for said, values, line in (
        ("bool", ["yes", "no", "maybe"], "t:4"),
        ("constant", [1, 2], "t:3"),
    ):
        with pytest.raises(BadInput) as refused:
            obeyed(said, *values)
        assert refused.value.where == line
    with pytest.raises(BadInput, match="datetime:"):
        obeyed("date", "01/02/2024", "02/01/2024")


def test_the_sample_is_read_as_it_is_described() -> None:
    from augment.kinds.tables.io import reading as source

    path = ROOT / "samples" / "clinic.csv"
    table = source.read(str(path), source.ReadOptions()).table
    roles = {column.name: column.role for column in table.schema}
    assert roles["patient_id"] == "id" and roles["e_mail"] == "text"
    assert roles["admitted"] == roles["discharged"] == roles["arrival"] == "datetime"
    assert roles["smoker"] == "boolean" and roles["country"] == roles["ward"] == "categorical"
    assert "NA" in table.column("country").to_pylist()
