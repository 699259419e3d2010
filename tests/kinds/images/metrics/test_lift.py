"""What made pictures add: fresh real ones must help, wrongly labelled ones must not."""

from __future__ import annotations

import numpy as np
import pytest

from augment.core.errors import UsageError
from augment.core.seeds import Seed
from augment.evaluation.lift import Rows
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.engines.conditioning import Conditioning
from augment.kinds.images.generator.conditions import condition_of
from augment.kinds.images.metrics import classifier, learning_order
from augment.kinds.images.metrics.lift import LATE, MADE, ImageLift
from tests.kinds.images.metrics.test_controls import digits

TRAIN, OTHERS = digits(slice(0, 60)), digits(slice(60, 160))


def mislabelled(images: Images) -> Images:
    codes = (images.label_codes + 3) % len(images.schema.classes)
    return Images.of_arrays(images.pixels, codes, images.schema)


@pytest.mark.slow  # eleven classifiers
def test_fresh_real_pictures_help_and_wrong_labels_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "STEPS", 60)
    made = {MADE: digits(slice(700, 820)), LATE: mislabelled(digits(slice(900, 960)))}
    rows = Rows(TRAIN, OTHERS.take(np.arange(40)), digits(slice(200, 600)), made)
    found = {each.arm: each for each in ImageLift().train(rows, Seed(1))}
    assert list(found) == [arm.name for arm in ImageLift.arms]
    for each in found.values():
        assert set(each.reached) == {quality.name for quality in ImageLift.qualities}
    accuracy = {name: each.reached["accuracy"] or 0.0 for name, each in found.items()}
    without = max(accuracy[name] for name in ("real alone", "class weights", "classical"))
    assert accuracy["synthetic 2x"] > without + 0.02 and accuracy[LATE] < without - 0.05
    assert "strength" in found["classical"].note and "late are" in found[LATE].note
    assert all((each.reached["calibrated_brier"] or 0) < 1 for each in found.values())
    again = ImageLift().train(rows, Seed(1))[0]
    assert again.reached == found["real alone"].reached


def test_the_classes_that_are_hard_to_tell_are_learnt_late() -> None:
    rng, codes = np.random.default_rng(0), np.repeat(np.arange(4), 20)
    pixels = rng.integers(0, 60, (80, 8, 8, 1)).astype(np.uint8)
    pixels[:20, :4] += 180  # told at a glance
    pixels[20:40, 4:] += 180
    pixels[40:, :, 3:5] += 120  # the last two classes are told by a pixel
    pixels[40:60, 0, 0] = 250
    schema = ImageSchema(8, 8, "gray", ("up", "down", "it's", "so, so"))
    train = Images.of_arrays(pixels, codes, schema)
    draws = ImageLift().draws(train, Seed(3))
    assert draws[LATE].rows == 40 and draws[MADE].rows == 160
    conditioning = Conditioning.of(train, protect=False)
    given = condition_of(draws[LATE].ask, conditioning, "--where")
    wanted = conditioning.wanted(50, Seed(1), given)
    assert set(wanted.codes.tolist()) == {2, 3}


def test_late_is_the_lower_cluster_and_nothing_where_all_are_alike() -> None:
    codes = np.array([0, 0, 1, 3, 3])  # of class 2 there is no picture
    confidence = np.array([0.9, 0.8, 0.2, 0.2, 0.4])
    assert learning_order.late_classes(confidence, codes, 4, Seed(1)) == [1], "half at the most"
    more, known = np.append(confidence, [0.9, 0.95]), np.append(codes, [2, 2])
    assert learning_order.late_classes(more, known, 4, Seed(1)) == [1, 3]
    assert not learning_order.late_classes(np.full(5, 0.4), codes, 4, Seed(1))


def test_what_has_no_classes_or_too_few_pictures_is_refused() -> None:
    unlabelled = Images.of_arrays(TRAIN.pixels, np.full(60, UNLABELLED), TRAIN.schema)
    with pytest.raises(UsageError, match="no two classes"):
        ImageLift().require_possible(unlabelled)
    with pytest.raises(UsageError, match="at least 10 of each"):
        ImageLift().require_possible(TRAIN)
    assert ImageLift().require_possible(digits(slice(0, 600))) == "label"
