"""What a column of text holds is told by its content, and by its name in several languages."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from faker import Faker

from augment.kinds.tables.io import inference
from augment.kinds.tables.io.formats import header
from augment.kinds.tables.personal import detection as personal
from augment.kinds.tables.personal import gazetteer
from augment.kinds.tables.personal.column_names import kind_of

DRAW = random.Random(6)
N = 300


def made(locale: str, method: str, rows: int = N) -> list[str]:
    faker = Faker(locale)
    faker.seed_instance(3)
    return [str(getattr(faker, method)()).replace("\n", ", ") for _ in range(rows)]


def role(name: str, values: list[str]) -> tuple[str, str]:
    column = inference.from_text(name, pa.array(values, pa.string()))
    return column.role, column.pii


NAMES = {
    "last_name": "nameLast lastname last_name LASTNAME lastName customerLastName surname Surname "
    "Nachname nachname kunden_nachname Familienname nom_de_famille NomDeFamille apellidos "
    "apellido1 cognome sobrenome achternaam efternamn nazwisko příjmení фамилия",
    "first_name": "nameFirst first_name firstName Vorname prénom Prenom voornaam förnamn imię",
    "name": "name fullName full_name customer_name patientName NomComplet nombre_completo",
    "phone": "phone Phone1 Telefonnummer customer.phone téléphone teléfono móvil cellPhone fax_no",
    "email": "email eMail e-mail customer_email emailAddress",
    "street": "street strasse Straße rue",
    "city": "city homeTown Wohnort ville ciudad città cidade woonplaats",
    "company": "company companyName employer Firma Unternehmen empresa azienda",
    "postcode": "zip zipCode PLZ postal_code codePostal",
    "": "phone_calls capacity filename fileName product_name workclass model species renown",
}


@pytest.mark.parametrize("kind", NAMES)
def test_names_of_columns_in_several_languages_and_spellings(kind: str) -> None:
    assert {name: kind_of(name) for name in NAMES[kind].split()} == dict.fromkeys(
        NAMES[kind].split(), kind
    )


def test_surnames_under_a_name_that_says_so_become_surnames_and_no_words() -> None:
    names = made("de_DE", "last_name")
    for name in ("nameLast", "lastname", "Nachname"):
        assert role(name, names) == ("text", "last_name")


BY_CONTENT = {
    "last_name": [("en_US", "last_name"), ("de_DE", "last_name"), ("it_IT", "last_name")],
    "first_name": [("en_US", "first_name"), ("fr_FR", "first_name")],
    "name": [("en_US", "name"), ("es_ES", "name"), ("pl_PL", "name")],
    "city": [("de_DE", "city"), ("it_IT", "city")],
    "country": [("en_US", "country")],
    "company": [("en_US", "company"), ("de_DE", "company")],
    "phone": [("en_US", "phone_number"), ("de_DE", "phone_number")],
    "iban": [("de_DE", "iban"), ("fr_FR", "iban")],
    "street": [("en_US", "street_address"), ("de_DE", "street_address")],
    "address": [("en_US", "address"), ("de_DE", "address")],
    "email": [("en_US", "email")],
    "url": [("en_US", "url")],
    "ip": [("en_US", "ipv4")],
    "ipv6": [("en_US", "ipv6")],
    "job": [("en_US", "job")],
}


@pytest.mark.parametrize("kind", BY_CONTENT)
def test_content_tells_the_kind_where_the_name_tells_nothing(kind: str) -> None:
    for locale, method in BY_CONTENT[kind]:
        assert role("x9", made(locale, method)) == ("text", kind), locale


def test_numbers_with_check_digits_are_taken_at_them() -> None:
    cards = made("en_US", "credit_card_number")
    long = [card for card in cards if len(card) == 16]
    assert inference.from_text("x9", pa.array(long)).role == "id"
    other = [str(DRAW.randrange(10**15, 10**16)) for _ in range(N)]
    assert inference.from_text("x9", pa.array(other)).role == "numeric"
    shaped = [
        f"AB{DRAW.randrange(10, 99)} {DRAW.randrange(10**3, 10**4)} 1234 56" for _ in range(N)
    ]
    assert role("x9", shaped)[1] != "iban"


NO_PERSONS = {
    "makes": "Acura Audi Bentley BMW Buick Cadillac Chevrolet Chrysler Dodge Ferrari Fiat Ford "
    "Honda Hyundai Infiniti Jaguar Jeep Kia Lexus Lincoln Maserati Mazda Nissan Porsche Tesla",
    "colours": "Red Green Blue Black White Grey Brown Silver Gold Orange Yellow Purple Pink Beige "
    "Navy Maroon Violet Teal Olive Coral Ivory Amber Ruby Scarlet Rose Jade",
    "flowers": "Rose Lily Daisy Iris Violet Holly Ivy Heather Fern Jasmine Poppy Hazel Willow "
    "Laurel Rowan Basil Rosemary Sage Ginger Olive Myrtle",
    "counties": "Washington Jefferson Franklin Jackson Lincoln Madison Montgomery Union Monroe "
    "Wayne Clay Marion Greene Grant Warren Adams Calhoun Johnson Lee Polk Lake Fulton Carroll",
}


@pytest.mark.parametrize("values", NO_PERSONS)
def test_categories_that_are_called_like_persons_stay_categories(values: str) -> None:
    assert role("x9", NO_PERSONS[values].split() * 20) == ("categorical", "")


TITLES = {
    True: "Dr. Weber|Prof. Dr. K. Huber|Ms Lee|Mr. De-Vries|J. R. Smith|H.Müller|Herr Kunz",
    False: "MsWord|Sigma|St. Gallen|E. coli|A. 5|Dr|DrWeber|U. S.|Prof. of law|Mr. x",
}


@pytest.mark.parametrize("names", TITLES)
def test_titles_and_initials_tell_names(names: bool) -> None:
    for text in TITLES[names].split("|"):
        assert (personal.kind("x9", pa.array([text])) == "name") == names, text


NO_NUMBERS = {
    "dates": [f"{y % 12 + 1:02d}/{DRAW.randrange(1, 29):02d}/{y}" for y in range(1900, 2020)],
    "versions": [f"{DRAW.randrange(9)}.{n}.{DRAW.randrange(30)}" for n in range(N)],
    "parts": [f"0{DRAW.randrange(1000, 9999)}-{DRAW.randrange(100, 999)}" for _ in range(N)],
    "ranges": [f"{DRAW.randrange(1000)}-{DRAW.randrange(1000, 9000)}" for _ in range(N)],
    "places": [f"{DRAW.uniform(-90, 90):.4f},{DRAW.uniform(-90, 90):.4f}" for _ in range(N)],
    "goods": [f"Light {n} W, part {n}" for n in range(N)],
}  # fmt: skip


@pytest.mark.parametrize("values", NO_NUMBERS)
def test_what_is_formed_a_little_like_telephones_and_streets_is_neither(values: str) -> None:
    texts = pa.array([*NO_NUMBERS[values], "n. a."], pa.string())
    assert personal.kind("x9", texts) == ""


def test_telephones_of_a_land_are_known_by_its_numbering_plan() -> None:
    french = [f"01 4{DRAW.randrange(10)} {DRAW.randrange(10, 99)} 27 34" for _ in range(N)]
    assert personal.kind("x9", pa.array(french)) == "phone"


@pytest.mark.parametrize("locale", ["de_DE", "it_IT", "pl_PL"])
def test_a_locale_that_names_fit_is_found(locale: str) -> None:
    for kind in ("last_name", "name"):
        texts = pa.array(made(locale, kind)).unique()
        assert gazetteer.fitting_locale(kind, texts, "en_US") == locale
    english = pa.array(made("en_US", "last_name")).unique()
    assert gazetteer.fitting_locale("last_name", english, "en_US") == ""


SINGLE = {
    "email": "ann@example.org",
    "url": "https://example.org/a",
    "ip": "10.0.0.1",
    "ipv6": "2001:db8::1",
    "mac": "00:1b:44:11:3a:b7",
    "iban": "GB82 WEST 1234 5698 7654 32",
    "ssn": "123-45-6789",
    "card": "4111 1111 1111 1111",
}


@pytest.mark.parametrize("kind", SINGLE)
def test_a_single_text_shows_a_kind_and_times_and_numbers_show_none(kind: str) -> None:
    assert personal.looks_like([SINGLE[kind]], kind) == [True]
    for text in ("12:30", "08:30:15", "a:b", "999.1.1.1", "4111111111111111", "age", "K1A 0B1"):
        assert personal.looks_like([text], kind) == [False]
    assert header.kinds_of(["12:30", "4111111111111111"]) == ["a time", "a number"]
