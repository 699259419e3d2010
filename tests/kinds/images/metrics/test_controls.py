"""Controls: what must fail fails, and a fresh real sample passes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augment.core.seeds import Seed
from augment.core.types import Score
from augment.evaluation.scoring import measures, merged, metrics
from augment.evaluation.verdict import State, verdict
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.io.reading import ReadOptions, read
from augment.kinds.images.metrics import views
from augment.kinds.images.metrics.copies import Copies
from augment.kinds.images.metrics.detection import Detection
from augment.kinds.images.metrics.frechet import frechet, kernel
from augment.kinds.images.metrics.scoring import score, shuffled
from augment.kinds.images.metrics.views import FakeViews, RealViews, View, real_views


def digits(rows: slice) -> Images:
    """scikit-learn's digits, 8 × 8, shuffled once."""
    from sklearn.datasets import load_digits

    found = load_digits()
    order = np.random.default_rng(0).permutation(len(found.images))[rows]
    pixels = np.clip(found.images[order] * 16, 0, 255).astype(np.uint8)[..., None]
    schema = ImageSchema(8, 8, "gray", tuple("0123456789"))
    return Images.of_arrays(pixels, found.target[order].astype(np.int64), schema)


TRAIN, TEST, FRESH = digits(slice(0, 900)), digits(slice(900, 1350)), digits(slice(1350, None))


@pytest.fixture(scope="module")
def real() -> RealViews:
    return real_views(TRAIN, TEST, Seed(0))


def made(real: RealViews, images: Images) -> FakeViews:
    return FakeViews(View.of(images, real.train.spaces, Seed(1)))


def judged(scores: list[Score], real: RealViews, n: int) -> State:
    """The privacy verdict of copies' scores beside their ceilings."""
    full = merged(scores, Copies().ceiling(real, n, Seed(2)), [])
    return verdict(full, measures(metrics("images", ["copies"]))).state("privacy")


def test_a_model_that_replays_fails_privacy(real: RealViews) -> None:
    replayed = made(real, TRAIN.take(np.arange(300)))
    assert judged(Copies().score(real, replayed, Seed(2)), real, 300) == "fail"


def test_replayed_pictures_with_noise_fail_privacy(real: RealViews) -> None:
    noise = np.random.default_rng(1).integers(0, 9, (300, 8, 8, 1))
    pixels = np.clip(TRAIN.pixels[:300].astype(np.int64) + noise, 0, 255).astype(np.uint8)
    noisy = made(real, Images.of_arrays(pixels, TRAIN.label_codes[:300], TRAIN.schema))
    scores = Copies().score(real, noisy, Seed(2))
    assert next(s.value for s in scores if s.metric == "copies") == 0
    assert judged(scores, real, 300) == "fail"


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_replayed_pictures_that_were_moved_fail_privacy(real: RealViews, share: float) -> None:
    """By up to `share` of what training pictures are moved by."""
    import torch

    from augment.kinds.images.data.tensors import to_floats, to_pixels
    from augment.nets.random_affine import draw_moves, move

    x = to_floats(TRAIN.pixels[:300], "cpu")
    by = share * draw_moves(300, torch.Generator().manual_seed(1))
    copies = Images.of_arrays(to_pixels(move(x, by)), TRAIN.label_codes[:300], TRAIN.schema)
    scores = Copies().score(real, made(real, copies), Seed(2))
    assert next(s.value for s in scores if s.metric == "copies") == 0
    assert judged(scores, real, 300) == "fail"


def test_fresh_real_pictures_pass_privacy(real: RealViews) -> None:
    assert judged(Copies().score(real, made(real, FRESH), Seed(2)), real, len(FRESH)) == "pass"


@pytest.fixture
def once(real: RealViews, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores whose real side is `real`, which is then not learnt again."""
    monkeypatch.setattr(views, "real_views", lambda *given: real)


@pytest.mark.usefixtures("once")
@pytest.mark.slow
def test_fresh_real_pictures_pass_everything_and_shuffled_pixels_do_not() -> None:
    quick = ("detection", "distances", "neighbours", "classes", "utility", "copies")
    scores = score(TRAIN, TEST, FRESH, Seed(3), metrics=quick)
    utility = next(s for s in scores if s.metric == "utility")
    assert utility.interval is not None
    overall = verdict(scores, measures(metrics("images", quick)))
    assert {found.state for found in overall.groups.values()} == {"pass"}
    values = {s.metric: s for s in scores if not s.where}
    for name in ("frechet.random", "frechet.encoder", "kernel.pixels"):
        assert values[name].value is not None and values[name].floor is not None
        assert values[name].value < values[name].floor


@pytest.mark.usefixtures("once")
def test_nothing_tells_fresh_real_pictures_from_unseen_ones(real: RealViews) -> None:
    fresh, metric = made(real, FRESH), Detection()
    best = metric.ceiling(real, len(FRESH), Seed(5))
    full = merged(metric.score(real, fresh, Seed(4)), best, [])
    assert verdict(full, measures(metrics("images", ["detection"]))).state("fidelity") == "pass"
    sharpness = next(score.value for score in full if score.metric == "sharpness")
    assert sharpness == pytest.approx(1, abs=0.1)


@pytest.mark.slow
def test_blurred_pictures_fail_fidelity_by_their_spectrum() -> None:
    """Fresh real pictures, a little out of focus, which moments of features let pass."""
    from scipy.ndimage import gaussian_filter

    soft = gaussian_filter(FRESH.pixels[:].astype(np.float32), (0, 0.5, 0.5, 0)).astype(np.uint8)
    blurred = Images.of_arrays(soft, FRESH.label_codes, FRESH.schema)
    quick = ("detection", "distances", "neighbours", "classes")
    scores = score(TRAIN, TEST, blurred, Seed(3), metrics=quick)
    concluded = verdict(scores, measures(metrics("images", quick)))
    assert concluded.state("fidelity") == "fail"
    failed = {check.metric for check in concluded.checks if check.state == "fail"}
    assert "detection.spectrum" in failed
    sharpness = next(score.value for score in scores if score.metric == "sharpness")
    assert sharpness is not None and sharpness < 0.7


def test_shuffled_pixels_keep_each_pixel_and_lose_the_picture(real: RealViews) -> None:
    low = shuffled(real.train, 400, Seed(0))
    assert np.abs(low.pixels.mean(0) - real.train.pixels.mean(0)).max() < 20


def test_a_dimension_that_hardly_moves_is_not_blown_up(real: RealViews) -> None:
    for space in real.train.spaces:
        scale = real.scale(space)
        assert scale.min() > 0.01 * scale.max()


@pytest.mark.slow
def test_real_classifiers_are_trained_once_and_stand_below_lift(real: RealViews) -> None:
    first = real.real_accuracy(len(real.train), 0)
    assert first == real.accuracy(real.train, 0)
    assert real.real_accuracy(len(real.train), 0) == first
    assert first > 0.9


@pytest.mark.slow
def test_the_base_classifier_is_strong_where_there_are_few_pictures(shared: Path) -> None:
    """Ten a class: where sizes of `utility` and `lift` would be wrong for want of a better one."""
    train, test = (
        read(str(shared / "data" / "images" / "mnist" / part), ReadOptions()).data
        for part in ("train", "test")
    )
    few = np.concatenate([np.flatnonzero(train.label_codes == code)[:10] for code in range(10)])
    untaught = real_views(train.take(few[::10]), test, Seed(0))
    assert untaught.accuracy(View.of(train.take(few), {}, Seed(0)), 0) > 0.82


@pytest.mark.parametrize("distance", [frechet, kernel])
def test_a_distance_is_small_on_equal_draws_and_grows_as_one_is_spoilt(distance) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(2, 400, 6)).astype(np.float32)
    found = [distance(one, two + shift) for shift in (0.0, 0.3, 1.0, 2.0)]
    assert abs(found[0]) < 0.3
    assert found == sorted(found)


def test_too_few_pictures_are_said_and_not_scored() -> None:
    few = TRAIN.take(np.arange(6))
    scores = score(few, TEST.take(np.arange(4)), few, Seed(0))
    assert all(s.note for s in scores if s.value is None)
    assert any(s.value is None for s in scores)


@pytest.mark.slow
def test_copies_of_any_real_picture_fail_where_it_is_unknown_which_were_seen() -> None:
    import dataclasses

    known = measures(metrics("images", ["copies"]))
    whole = digits(slice(0, 200))
    unknown = dataclasses.replace(real_views(whole, FRESH, Seed(0)), seen_known=False)
    for images, state in ((whole, "fail"), (digits(slice(200, 400)), "not shown")):
        found = merged(
            Copies().score(unknown, made(unknown, images), Seed(2)),
            Copies().ceiling(unknown, len(images), Seed(2)),
            [],
        )
        concluded = verdict(found, known)
        assert concluded.state("privacy") == state
        values = {score.metric: score.value for score in found}
        assert values["copies"] == (1.0 if state == "fail" else 0.0)
        assert values["copies.distance"] is None


def test_a_single_picture_shows_nothing() -> None:
    one = TRAIN.take(np.arange(1))
    scores = score(one, one.take(np.arange(0)), one, Seed(0))
    concluded = verdict(scores, measures(metrics("images")))
    assert {found.state for found in concluded.groups.values()} == {"not shown"}
    assert all(check.value is None and check.reason for check in concluded.checks)
