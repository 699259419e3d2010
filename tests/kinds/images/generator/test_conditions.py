"""What is asked of images: label and attributes as columns of the one language of conditions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from augment.core.errors import UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.kinds.images.data.attributes import attribute
from augment.kinds.images.data.captions import with_kept_words
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.generator.conditions import condition_of

KINDS = {  # class and caption: how many pictures
    ("boot", "dark, colour red"): 60,
    ("boot", "colour blue"): 20,
    ("dress", "dark, colour blue"): 15,
    ("dress", "a long dress, colour red"): 5,
    (None, ""): 10,
}


def conditioning() -> Conditioning:
    classes = ("boot", "dress", "hat")
    rows = [kind for kind, count in KINDS.items() for _ in range(count)]
    codes = np.array([-1 if label is None else classes.index(label) for label, _ in rows])
    pixels = np.zeros((len(rows), 8, 8, 1), np.uint8)
    data = Images.of_arrays(
        pixels, codes, ImageSchema(8, 8, "gray", classes), [text for _, text in rows]
    )
    return Conditioning.of(with_kept_words(data, True)[0], True)


SHOP = conditioning()


def drawn(where: str = "", n: int = 3_000, balance: str | None = None) -> Counter[tuple[str, str]]:
    """Classes and captions of what would be drawn."""
    ask = Ask(where=(where,) if where else (), balance=balance)
    given = condition_of(ask, SHOP, "--where")
    SHOP.check(given)
    wanted = SHOP.wanted(n, Seed(1), given)
    names = [*SHOP.schema.classes, "none"]
    return Counter(zip((names[code] for code in wanted.codes), wanted.captions, strict=True))


@pytest.mark.parametrize(
    ("where", "kinds"),
    [
        ("label = boot", [0, 1]),
        ("label != boot", [2, 3, 4]),
        ("label in (boot, dress) and not label = boot", [2, 3]),
        ("label is null", [4]),
        ("label = dress or dark = yes", [0, 2, 3]),
        ("dark = no and label is not null", [1, 3]),
        ("colour = red", [0, 3]),
        ("(colour = Red or label = dress) and dark = true", [0, 2]),
        ("colour is null", [4]),
        ("long = yes", [3]),
    ],
)
def test_what_is_left_is_drawn_as_often_as_the_training_set_has_it(
    where: str, kinds: list[int]
) -> None:
    rows = list(KINDS.items())
    left = {(label or "none", text): count for (label, text), count in (rows[i] for i in kinds)}
    made = drawn(where)
    unseen = made.pop(("hat", ""), 0)  # a class without a picture counts as one
    assert set(made) == set(left)
    for kind, count in left.items():
        assert abs(made[kind] / (3_000 - unseen) - count / sum(left.values())) < 0.04


def test_a_class_that_no_picture_has_is_drawn_where_it_is_asked_for() -> None:
    assert set(drawn("label = hat", 5)) == {("hat", "")}


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("label = boots", "Did you mean 'boot'"),
        ("label=boot,dress", r"label in \(boot,dress\)"),
        ("lable = boot", "Did you mean 'label'"),
        ("colour = rde", "Did you mean 'red'"),
        ("dark = maybe", "dark = yes"),
        ("label > boot", "no order"),
        ("label = boot and colour is null", "no kind of image is left"),
        ("label not in (boot, dress, hat) and label is not null", "no class is left"),
        ("label = boot or prompt = dark", "not behind an 'or'"),
        ("prompt = dark and prompt = red", "repeat --prompt"),
        ("not prompt = dark", "cannot be denied"),
        ("prompt = dark and colour = red", "Say it in the prompt"),
        ("label", "not understood"),
    ],
)
def test_what_cannot_be_asked_is_refused(where: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        drawn(where)


@pytest.mark.parametrize(
    ("balance", "where", "values"),
    [
        ("label", "", ["boot", "dress", "hat"]),
        ("label", "label != hat and label is not null", ["boot", "dress"]),
        ("colour", "", ["blue", "red"]),
        ("dark", "", [False, True]),
        ("label", "dark = yes", ["boot", "dress"]),
    ],
)
def test_labels_and_attributes_are_balanced(balance: str, where: str, values: list[object]) -> None:
    ask = Ask(where=(where,) if where else (), balance=balance)
    assert condition_of(ask, SHOP, "--where").mix == (balance, dict.fromkeys(values, 1.0))


@pytest.mark.parametrize(
    ("balance", "says"),
    [
        ("colour:red=0.5,bleu=0.5", "Did you mean 'blue'"),
        ("label:boot=x", "needs a number"),
        ("label:boot=-1", "not negative"),
        ("size", "no column 'size'"),
        ("prompt", "by label or by an attribute"),
    ],
)
def test_balances_that_are_none(balance: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        condition_of(Ask(balance=balance), SHOP, "--where")


def test_a_word_is_an_attribute_with_a_value_only_where_one_always_follows() -> None:
    assert attribute("dark", ["dark, red", "a dark shoe", ""]) == [True, True, False]
    assert attribute("Colour", ["colour red", "big, COLOUR dark blue", ""]) == [
        "red", "dark blue", None,
    ]  # fmt: skip
    assert attribute("colour", ["colour red", "colour"]) == [True, True]
    assert attribute("red", ["colour blue"]) is None
