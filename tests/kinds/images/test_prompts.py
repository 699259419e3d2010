"""Prompts: pictures follow the words, and what the model cannot know is refused."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import UsageError
from augment.core.fitted import Ask
from augment.core.types import silent
from augment.kinds.images.data.captions import Lexicon, spoken, with_kept_words
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.engines.cvae import prior
from augment.lifecycle import fitting, generation, opened_model, run
from augment.lifecycle.plan import RunRequest
from tests.kinds.images import shapes


def fitted(root: Path, rows: int, **parameters: str) -> Path:
    source = shapes.listed(root / "in", rows)
    request = RunRequest(str(source), engine="cvae", parameters=parameters, seed=2)
    fitting.fit(request, root / "model", force=False, dry_run=False, tell=silent)
    return root / "model"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("prompts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prior, "SCHEDULE", dataclasses.replace(prior.SCHEDULE, steps=900))
        patch.setattr(prior, "BATCH", 64)  # of 320 pictures: more at once draw them no better
        return fitted(root, 320, steps="600", batch="32", width="16", latent="12")


@pytest.fixture(scope="module")
def barely_fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows the words and draws badly."""
    root = tmp_path_factory.mktemp("barely")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prior, "SCHEDULE", dataclasses.replace(prior.SCHEDULE, steps=20))
        return fitted(root, 120, steps="6", batch="8", width="8", latent="4")


def asked(model: Path, out: Path, *prompts: str, n: int = 40) -> list[dict[str, str]]:
    """The manifest of a sample of these prompts."""
    order = generation.Order(str(n), 3, Ask(prompts=prompts))
    generation.sample(opened_model.open_model(model), order, out, force=False, tell=silent)
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("prompt", ["red cross", "Blue, disc!", "green bar"])
def test_pictures_follow_the_words(model: Path, tmp_path: Path, prompt: str) -> None:
    lines = asked(model, tmp_path / "out", prompt)
    seen = [shapes.read_file(tmp_path / "out" / line["file"]) for line in lines]
    colour, shape = prompt.lower().strip("!").replace(",", "").split()
    assert np.mean([found == (shape, colour) for found in seen]) >= 0.85
    assert {line["label"] for line in lines} == {shape}
    assert {line["caption"] for line in lines} == {prompt}


@pytest.mark.slow
def test_a_single_word_leaves_the_rest_as_the_training_set_has_it(
    model: Path, tmp_path: Path
) -> None:
    lines = asked(model, tmp_path / "out", "green", n=90)
    seen = Counter(shapes.read_file(tmp_path / "out" / line["file"]) for line in lines)
    for shape in shapes.SHAPES:
        assert seen[shape, "green"] >= 15


@pytest.mark.slow
def test_words_never_seen_together_are_drawn_together(tmp_path: Path) -> None:
    shape, colour = shapes.UNSEEN
    lines = asked(fitted(tmp_path, 800), tmp_path / "out", f"{colour} {shape}", n=100)
    seen = [shapes.read_file(tmp_path / "out" / line["file"]) for line in lines]
    assert np.mean([found == shapes.UNSEEN for found in seen]) >= 0.6


def test_the_judge_reads_real_pictures_right() -> None:
    rng = np.random.default_rng(0)
    for shape in shapes.SHAPES:
        for colour in shapes.COLOURS:
            read = [shapes.read_off(shapes.drawn(shape, colour, rng)) for _ in range(50)]
            assert np.mean([found == (shape, colour) for found in read]) > 0.95


def test_prompts_take_turns_by_the_number_of_the_picture(
    barely_fitted: Path, tmp_path: Path
) -> None:
    words = ("red", "blue disc", "cross")
    lines = asked(barely_fitted, tmp_path / "out", *words, n=205)  # more than two blocks
    assert [line["caption"] for line in lines] == [words[row % 3] for row in range(205)]


def test_an_unknown_word_is_refused_with_a_near_one_before_anything_is_written(
    barely_fitted: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"no word 'discs'. Did you mean 'disc'\?"):
        asked(barely_fitted, tmp_path / "out", "red discs")
    assert not (tmp_path / "out").exists()
    source = shapes.listed(tmp_path / "in", 30)
    request = RunRequest(str(source), ask=Ask(prompts=("a pink disc",)))
    with pytest.raises(UsageError, match="no word 'pink'"):
        run.run(request, tmp_path / "run", force=False, dry_run=False, tell=silent)


def said(texts: list[str], codes: list[int], classes: tuple[str, ...] = ()) -> Images:
    pixels = np.zeros((len(texts), 8, 8, 1), np.uint8)
    schema = ImageSchema(8, 8, "gray", classes)
    return Images.of_arrays(pixels, np.array(codes), schema, texts)


def test_rare_words_and_captions_do_not_enter_a_protected_model() -> None:
    texts = ["a dark shoe"] * 6 + [f"a dark shoe of John {row}" for row in range(6)] + ["odd", ""]
    data, notes = with_kept_words(said(texts, [-1] * 14), protect=True)
    assert data.schema.vocabulary == ("a", "dark", "john", "of", "shoe") and "7 words" in notes[0]
    again = Counter(spoken(data, protect=True))
    assert again == {"a dark shoe": 6, "a, dark, shoe, of, john": 6, "": 2}
    assert "odd" in with_kept_words(said(texts, [-1] * 14), protect=False)[0].schema.vocabulary


def test_what_no_picture_shows_together_is_known_as_new() -> None:
    texts = ["red disc", "red disc", "blue disc", "blue bar", "green bar, striped"]
    data, _ = with_kept_words(said(texts, [0, 0, 0, 1, 1], ("disc", "bar")), protect=False)
    conditioning = Conditioning.of(data, protect=False)
    asked = {
        (0, "red disc"): False,
        (0, "red"): False,
        (0, ""): False,
        (1, "green"): False,  # less than a caption says
        (-1, "blue disc"): False,
        (1, "red bar"): True,
        (0, "green"): True,  # of another class alone
        (-1, "red striped"): True,
        (1, "blue striped"): True,
    }
    codes = np.array([code for code, _ in asked])
    matrix = conditioning.matrix(codes, [text for _, text in asked])
    assert conditioning.new_together(matrix).tolist() == [*asked.values()]


def test_words_choose_the_classes_they_were_found_with() -> None:
    classes = ("ankle boot", "dress", "dress shoe")
    texts = ["dark", "dark", "pale", "pale", "pale", "silk", "laced", "laced"]
    data, _ = with_kept_words(said(texts, [0, 0, 1, 1, 1, 1, 2, 2], classes), protect=False)
    lexicon, rows = Lexicon.of(data, protect=False), {0: 2, 1: 4, 2: 2}
    chosen = {
        "Ankle boot, dark": {0},  # the issue's own example: a class name and a word
        "boot": {0},
        "dress": {1},  # the name in full
        "shoe": {2},
        "pale boot": {0},  # never found together: the word that says more decides
        "laced": {2},
    }
    for prompt, codes in chosen.items():
        assert set(lexicon.classes_of(prompt, rows)) == codes, prompt
    assert lexicon.classes_of("pale", rows) == {1: 3.0}


def test_pictures_without_captions_know_the_names_of_their_classes() -> None:
    data = said([""] * 4, [0, 0, 1, 1], ("ant", "bee"))
    Lexicon.of(data, True).require_known("bee")
    with pytest.raises(UsageError, match="captions"):
        Lexicon.of(said([""] * 4, [-1] * 4), True).require_known("bee")
    with pytest.raises(UsageError, match="no word in it"):
        Lexicon.of(data, True).require_known(" , ")
