"""Surrogates: of the column's kind and locale, never the source's own text, and announced."""

from __future__ import annotations

import random
import re
import subprocess
import sys

import pyarrow as pa
import pytest

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column, Schema
from augment.kinds.tables.io import inference
from augment.kinds.tables.personal import detection as personal
from augment.kinds.tables.personal import surrogates

DRAW = random.Random(4)


def pool(texts: list[str], kind: str = "", locale: str = "en_US", least: int = 1) -> list[str]:
    column = Column("c", "text", "string", pii=kind)
    array = pa.array(texts, pa.string())
    return surrogates.pool(column, array, array, locale, least, Seed(1))


def test_every_kind_that_is_recognised_has_surrogates_and_a_name() -> None:
    assert set(surrogates.METHODS) == set(personal.KINDS)
    assert set(surrogates.NAMED) == {"", *personal.KINDS}


@pytest.mark.parametrize("kind", ["", *sorted(surrogates.METHODS)])
def test_surrogates_are_different_texts_without_line_breaks(kind: str) -> None:
    made = pool(["one", "two"], kind)
    assert len(made) == len(set(made)) > 20
    assert not any("\n" in text or not text for text in made)


@pytest.mark.parametrize("kind", sorted(set(surrogates.METHODS) - set(surrogates.PUBLIC)))
def test_none_is_a_text_of_the_source_even_where_the_source_has_what_faker_has(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source holds surrogates of that kind, in capitals: none of them is made again."""
    monkeypatch.setattr(surrogates, "LEAST", 200)
    source = [text.upper() for text in pool(["x"] * 100, kind)]
    assert not {text.upper() for text in pool(source, kind)} & set(source)


def test_a_source_with_every_word_that_a_locale_has_gets_as_many_others() -> None:
    """From Austria, Switzerland and so on, and compound ones."""
    from augment.kinds.tables.personal import faker_lists

    for kind, lists in (("last_name", "last_names"), ("first_name", "^first_names")):
        names = sorted(faker_lists.words("person", lists, "de_DE"))
        made = pool(names, kind, "de_DE")
        assert not set(made) & set(names)
        assert len(made) >= len(names)
        assert any("-" not in name for name in made)


def test_places_may_be_the_same_since_they_are_everybodys() -> None:
    towns = pool(["x"], "city", "pl_PL")
    assert set(pool(towns, "city", "pl_PL")) & set(towns)


def test_words_are_as_many_and_as_spelt_as_those_of_the_source() -> None:
    for text, capital, stop in (
        ("a short remark", False, False),
        ("Said in four words.", True, True),
    ):
        for made in pool([text] * 30)[:50]:
            assert len(made.split()) == len(text.split())
            assert made[0].isupper() >= capital  # some words have capitals always
            assert made.endswith(".") == stop


def test_codes_keep_their_forms_if_enough_rows_have_them() -> None:
    codes = [
        f"{DRAW.choice('ABC')}{DRAW.randrange(10, 99)}.{DRAW.randrange(10)}" for _ in range(90)
    ]
    made = pool([*codes, "Z9999999-secret"], least=5)
    assert all(re.fullmatch(r"[A-Z]\d\d\.\d", text) for text in made)
    assert not set(made) & set(codes)
    column = Column("c", "text", "string")
    assert surrogates.named(column, pa.array(codes)) == "codes of the same form"
    assert surrogates.named(column, pa.array(["some words", "and more"])) == "made-up words"


def test_a_locale_decides_the_language_and_is_found_however_it_is_spelt() -> None:
    german = pool(["x"], "last_name", "de_DE")
    assert german != pool(["x"], "last_name", "en_US")
    assert surrogates.locale_called("de-de") == surrogates.locale_called("DE_DE") == "de_DE"
    with pytest.raises(UsageError, match=r"--locale de_DEE.*Did you mean 'de_DE'"):
        surrogates.locale_called("de_DEE")


def test_every_locale_has_every_kind(capfd: pytest.CaptureFixture[str]) -> None:
    """en_PH lacks telephone numbers and warns of its IBANs; fr_QC is known by another name now."""
    for locale in ("en_PH", "fr_QC", "ja_JP", "la"):
        for kind in ("phone", "iban", "last_name"):
            assert pool(["x"], kind, locale)
    assert capfd.readouterr() == ("", "")


def test_the_same_seed_makes_the_same_in_another_process() -> None:
    code = (
        "import pyarrow as pa; from augment.core.seeds import Seed\n"
        "from augment.kinds.tables.data.schema import Column\n"
        "from augment.kinds.tables.personal import surrogates\n"
        "for kind in ('', 'name', 'phone'):\n"
        "    column = Column('c', 'text', 'string', pii=kind)\n"
        "    texts = pa.array(['one two'])\n"
        "    made = surrogates.pool(column, texts, texts, 'en_US', 1, Seed(1))\n"
        "    print(ascii(made))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = [ascii(pool(["one two"], kind)) for kind in ("", "name", "phone")]
    assert found.stdout.splitlines() == here


def test_long_texts_are_kept_fewer() -> None:
    made = pool([" ".join(["word"] * 200)] * 500)
    assert sum(map(len, made)) < 2 * surrogates.MOST_CHARACTERS


def test_names_that_stay_a_category_are_told_of() -> None:
    """Eight doctors, each in many rows: they come out as they are, so that is said."""
    names = [f"Dr. {chr(65 + n % 8)}exmoz" for n in range(80)]
    colours = ["light red", "dark blue", "pale green", "deep purple"] * 20
    columns = [inference.from_text(n, pa.array(v)) for n, v in (("by", names), ("hue", colours))]
    table = Table(pa.table([names, colours], names=["by", "hue"]), Schema(tuple(columns)))
    said = [note for note in surrogates.notes(table) if "come out as they are" in note]
    assert len(said) == 1 and "'by'" in said[0] and "--column 'by=text:name'" in said[0]
    assert "hue" not in said[0]
