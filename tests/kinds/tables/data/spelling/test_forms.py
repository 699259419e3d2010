"""Forms of texts with numbers: what is written is read again, and what is read is written back."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from augment.core.errors import UsageError
from augment.kinds.tables.data.spelling import form_search
from augment.kinds.tables.data.spelling.forms import Form

TEMPLATES = [
    "0.0 kg", "0 lb", "<0.00", "$#,##0.00", "#.##0,00 €", "(#,##0)", "0.## m", "0.0# m", "0,0 l",
    "0'0\"", "0h 0m", "0:00", "0-0", "0/0", "0 kg/m2", "# ##0 Kč", "#'##0.00", "0.000000000001",
]  # fmt: skip


def decimals(form: Form) -> list[int]:
    return [slot.most for slot in form.slots]


@pytest.mark.parametrize("template", TEMPLATES)
def test_any_numbers_are_written_in_a_form_and_read_from_it(template: str) -> None:
    form = Form.of(template)
    assert form.template == template
    rng = np.random.default_rng(0)
    width = np.full(300, 99.0) if ":" in template else 10.0 ** rng.integers(0, 7, 300)
    sizes = [np.full(300, 1e3), width][: len(form.slots)]
    values = [np.round(rng.random(300) * n, d) for n, d in zip(sizes, decimals(form), strict=True)]
    if form.signed:
        values[0] = values[0] * rng.choice([-1, 1], 300)
    texts = form.texts(values)
    fits, found = form.numbers(texts)
    assert fits.all()
    for before, after in zip(values, found, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-12)
    assert form.texts(found).equals(texts)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("0.0 kg", "71.85 kg"), ("0.0 kg", "71 kg"), ("0.0 kg", "71.8 lb"), ("0.0 kg", "071.8 kg"),
        ("#,##0", "1234"), ("0.##", "1.50"), ("0:00", "3:5"), ("<0.00", "-<0.05"), ("ND", "nd"),
        ("(0)", "-(5)"), ("0", "٣"),
    ],
)  # fmt: skip
def test_a_text_spelt_otherwise_is_of_another_form(template: str, text: str) -> None:
    fits, numbers = Form.of(template).numbers(pa.array([text, None]))
    assert not fits.any()
    assert all(np.isnan(column).all() for column in numbers)


def test_numbers_that_a_form_cannot_write_come_as_near_as_it_can() -> None:
    assert Form.of("<0.00").texts([np.array([-3.0, 0.049])]).to_pylist() == ["<0.00", "<0.05"]
    assert Form.of("0:00").texts([np.array([3.0]), np.array([120.0])]).to_pylist() == ["3:99"]
    assert Form.of("0.0 kg").texts([np.array([-0.04, -0.06])]).to_pylist() == ["0.0 kg", "-0.1 kg"]


@pytest.mark.parametrize("template", ["", "0-0-0", "#5", "0" + "m" * 80, "0.0000000000000"])
def test_what_is_no_form_is_refused(template: str) -> None:
    with pytest.raises(UsageError, match="is no form"):
        Form.of(template)


def searched(texts: list[str]) -> form_search.Found | None:
    encoded = pa.array(texts).dictionary_encode()
    counts = np.bincount(np.asarray(encoded.indices), minlength=len(encoded.dictionary))
    return form_search.search(encoded.dictionary, counts)


R = np.random.default_rng(3)
X = np.abs(R.normal(60, 20, 600))
FOUND = {
    "units": ([f"{x:.1f} kg" if i % 3 else f"{x * 2.2:.0f} lb" for i, x in enumerate(X)],
              ("0.0 kg", "0 lb")),
    "censored": (["<35.0" if x < 35 else f"{x:.1f}" for x in X], ("0.0", "<35.0"[:1] + "0.0")),
    "words": ([f"{x:.1f}" if i % 9 else "N/A*" for i, x in enumerate(X)], ("0.0", "N/A*")),
    "signs": ([f"{x - 60:+.0f} pts" for x in X if round(x) != 60], ("+0 pts", "0 pts")),
    "two": ([f"{int(x) // 12}'{int(x) % 12}\"" for x in X], ("0'0\"",)),
    "padded": ([f"{int(x)}:{i % 60:02d}" for i, x in enumerate(X)], ("0:00",)),
    "hours": ([f"{int(x) // 60}h {int(x) % 60}m" if x >= 60 else f"{int(x)}m" for x in X],
              ("0h 0m", "0m")),
    "currencies": ([f"${x * 99:,.2f}" if i % 2 else f"{x:.2f} €".replace(".", ",")
                    for i, x in enumerate(X)], ("$#,##0.00", "0,00 €")),
    "short": ([f"{round(x, 2)} m" if i % 3 else f"{x:.0f} ft" for i, x in enumerate(X)],
              ("0.0# m", "0 ft")),
    "power in the unit": ([f"{x:.1f} kg/m2" for x in X], ("0.0 kg/m2",)),
    "a few others": ([*(f"{x:.1f} kg" for x in X), "about seventy", "12..5 kg"], ("0.0 kg",)),
    "two groupings": ([f"{x * 99:,.2f} $" if i % 2 else f"{x * 99:.2f} $"
                       for i, x in enumerate(X)], ("#,##0.00 $", "0.00 $")),
}  # fmt: skip


@pytest.mark.parametrize(("texts", "forms"), FOUND.values(), ids=FOUND)
def test_forms_are_found_and_write_back_every_text(
    texts: list[str], forms: tuple[str, ...]
) -> None:
    found = searched(texts)
    assert found is not None and set(found.forms) == set(forms)
    array, written = pa.array(texts), [""] * len(texts)
    for form in map(Form.of, reversed(found.forms)):
        fits, numbers = form.numbers(array)
        rows = np.flatnonzero(fits)
        made = form.texts([column[rows] for column in numbers]) if form.slots else None
        for place, row in enumerate(rows):
            written[row] = form.template if made is None else made[place].as_py()
    other = [text for text, back in zip(texts, written, strict=True) if back != text]
    assert len(other) == found.odd <= 0.01 * len(texts)


NONE = {
    "too many units": [f"{x:.1f} {chr(97 + i % 26)}kg" for i, x in enumerate(X)],
    "codes": [f"{'AEX'[i % 3]}{x:.0f}" for i, x in enumerate(X)],
    "plates": [f"{i % 9}AB {1000 + i}" for i in range(600)],
    "flats": [f"{x:.0f}{'ADE'[i % 3]}" for i, x in enumerate(X)],
    "versions": [f"{i % 7}.{i % 31}.{x:.0f}" for i, x in enumerate(X)],
    "ordinals": [f"{k}{'th' if k % 10 > 3 else ['th', 'st', 'nd', 'rd'][k % 10]}"
                 for k in range(20, 400)],
    "long pairs": [f"{i % 90}-{10_000 + 7 * i}" for i in range(600)],
    "leading zeros": [f"{i:04d} kg" for i in range(600)],
    "words alone": ["yes", "no", "see note"] * 50,
    "too few rows each": [f"{x:.1f} kg" if i % 70 else f"{x:.1f} st" for i, x in enumerate(X)],
}  # fmt: skip


@pytest.mark.parametrize("texts", NONE.values(), ids=NONE)
def test_codes_and_texts_of_too_many_forms_have_none(texts: list[str]) -> None:
    assert searched(texts) is None
