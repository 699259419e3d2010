"""Laws of metrics: of every one, and what tables and images are scored on for them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from augment.core import registry
from augment.core.seeds import Seed
from augment.core.types import D, Group, Score, silent
from augment.evaluation.comparison import Comparison
from augment.evaluation.metric import WIDEST_TITLE, Metric
from augment.evaluation.scoring import Sides, scored
from augment.evaluation.verdict import State, verdict
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.metrics import classifier
from augment.kinds.images.metrics.scoring import shuffled
from augment.kinds.images.metrics.views import FakeViews, RealViews, View, real_views
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.metrics import scoring as table_scoring
from augment.testing.odd_data import odd_images, odd_tables
from augment.testing.simulated import mixed_table, simple_images

STEPS = 12  # of a classifier of pictures
TRAINED_JUDGE = classifier.trained_judge


class MetricLaws(ABC, Generic[D]):
    """What any metric must keep, whatever its kind of data."""

    metric: ClassVar[type[Metric[Any, Any]]]
    rows: ClassVar[int]  # in training, as many in the unseen rows and in the made ones
    most_rows: ClassVar[int]  # that are tried where `rows` are too few for a value
    shares: ClassVar[tuple[float, float, float]] = (0.0, 0.5, 1.0)  # of the rows that are spoilt

    @classmethod
    @abstractmethod
    def simulated(cls, rows: int) -> D:
        """Rows that are independent of one another."""

    @classmethod
    @abstractmethod
    def odd(cls) -> dict[str, D]:
        """Data of which hardly anything can be measured."""

    @classmethod
    @abstractmethod
    def sides(cls, train: D, test: D, fake: D) -> Sides:
        """The rows as the kind shows them to its metrics."""

    @classmethod
    def scores(cls, train: D, test: D, fake: D) -> list[Score]:
        """The metric's scores, with ceilings and floors."""
        return scored([cls.metric()], lambda: cls.sides(train, test, fake), Seed(0), silent)

    @classmethod
    def parts(cls, rows: int) -> tuple[D, D, D]:
        """Training, unseen and made rows, all of one distribution."""
        whole = cls.simulated(3 * rows)
        first, second, third = np.split(np.arange(3 * rows), 3)
        return whole.take(first), whole.take(second), whole.take(third)

    @pytest.fixture(scope="class")
    @classmethod
    def found(cls) -> list[Score]:
        """The scores of fresh rows, which most laws look at."""
        return cls.scores(*cls.parts(cls.rows))

    def test_it_declares_a_group_and_what_each_figure_says(self) -> None:
        assert self.metric.name and self.metric.__doc__
        assert self.metric.group in get_args(Group)
        assert registry.find("kinds", self.metric.kind).name == self.metric.kind
        names = [measure.name for measure in self.metric.measures]
        assert len(names) == len(set(names))
        for measure in self.metric.measures:
            assert 0 < len(measure.title) <= WIDEST_TITLE and measure.meaning

    def test_each_score_is_a_number_or_says_why_not(self, found: list[Score]) -> None:
        self.require_sound(found)

    def require_sound(self, scores: list[Score]) -> None:
        """The law of scores: one of a name and place, finite or with a reason, and judgeable."""
        for score in scores:
            assert score.group == self.metric.group
            assert score.note if score.value is None else np.isfinite(score.value), score
        places = [(score.metric, score.where) for score in scores]
        assert len(places) == len(set(places))
        whole = {score.metric for score in scores if not score.where}
        assert {each.name for each in self.metric.measures if each.essential} <= whole
        for check in verdict(scores, self.metric.measures).checks:
            assert check.state in get_args(State)
            assert check.reason or check.state != "not shown"

    def test_the_same_seed_gives_the_same_scores(self, found: list[Score]) -> None:
        assert self.scores(*self.parts(self.rows)) == found

    def test_a_figure_is_best_on_equal_samples_and_worse_the_more_one_is_spoilt(self) -> None:
        for rows in sorted({self.rows, self.most_rows}):
            series = [self._distances(rows, share) for share in self.shares]
            known = [name for name in series[0] if all(name in found for found in series)]
            if known:
                break
        else:
            pytest.skip("such rows have nothing that it could score")
        assert any(
            series[0][name] < series[1][name] < series[2][name]
            or series[0][name] < series[1][name] == series[2][name]
            for name in known
        ), series

    def _distances(self, rows: int, share: float) -> dict[str, float]:
        """How far each figure of the whole set is from its best.

        Privacy is spoilt by training rows among fresh ones, all else by one row in place of the
        unseen rows themselves.
        """
        whole = self.simulated(3 * rows)
        train, unseen, fresh = np.split(np.arange(3 * rows), 3)
        made, cut = (fresh if self.metric.group == "privacy" else unseen).copy(), int(share * rows)
        made[:cut] = train[:cut] if self.metric.group == "privacy" else made[0]
        scores = self.scores(whole.take(train), whole.take(unseen), whole.take(made))
        found = {}
        for score in scores:
            if score.where or score.value is None:
                continue
            if score.better == "near":
                if score.ceiling is not None:
                    found[score.metric] = abs(score.value - score.ceiling)
            else:
                found[score.metric] = score.value if score.better == "lower" else -score.value
        return found

    @pytest.mark.parametrize("rows", [1, 2, 7])
    def test_few_rows_are_no_error(self, rows: int) -> None:
        self.require_sound(self.scores(*self.parts(rows)))

    def test_odd_data_are_no_error(self) -> None:
        for data in self.odd().values():
            rows = np.arange(len(data))
            train, test, fake = (data.take(rows[at::3]) for at in range(3))
            self.require_sound(self.scores(train, test, fake))

    def test_no_made_or_unseen_rows_are_no_error(self) -> None:
        train, test, fake = self.parts(9)
        none = np.arange(0)
        self.require_sound(self.scores(train, test.take(none), fake))
        self.require_sound(self.scores(train, test, fake.take(none)))


class TableMetricLaws(MetricLaws[Table]):
    """What any metric of tables must keep.

    class TestMine(TableMetricLaws):
        metric = Mine
    """

    rows: ClassVar[int] = 150
    most_rows: ClassVar[int] = 1_500

    @classmethod
    def simulated(cls, rows: int) -> Table:
        return mixed_table(rows)

    @classmethod
    def odd(cls) -> dict[str, Table]:
        return odd_tables()

    @classmethod
    def sides(cls, train: Table, test: Table, fake: Table) -> Sides:
        return table_scoring.sides(Comparison.of(train, test, fake, Seed(0)))


class ImageMetricLaws(MetricLaws[Images]):
    """What any metric of images must keep.

    class TestMine(ImageMetricLaws):
        metric = Mine
    """

    rows: ClassVar[int] = 100
    most_rows: ClassVar[int] = 100
    shares: ClassVar[tuple[float, float, float]] = (0.0, 0.5, 0.9)  # all classes are left

    @classmethod
    def simulated(cls, rows: int) -> Images:
        """Bars so faint that a classifier takes some for others."""
        clear = simple_images(rows)
        noise = np.random.default_rng(1).integers(0, 200, clear.pixels.shape)
        faint = (clear.pixels[:] // 4 + noise).astype(np.uint8)
        return Images.of_arrays(faint, clear.label_codes, clear.schema)

    @classmethod
    def odd(cls) -> dict[str, Images]:
        return odd_images()

    @classmethod
    def sides(cls, train: Images, test: Images, fake: Images) -> Sides:
        real = _real(train, test)
        made = FakeViews(View.of(fake, real.train.spaces, Seed(0)))
        lowest = FakeViews(shuffled(real.train, len(made.rows), Seed(0)))
        return Sides(real, made, lowest, len(made.rows))

    @classmethod
    def scores(cls, train: Images, test: Images, fake: Images) -> list[Score]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(classifier, "trained_judge", _trained_a_little)
            return super().scores(train, test, fake)


_real_views: dict[str, RealViews] = {}  # which all metrics share, by the digests of the rows


def _real(train: Images, test: Images) -> RealViews:
    key = f"{train.digest()} {test.digest()}"
    if key not in _real_views:
        _real_views[key] = real_views(train, test, Seed(0))
    return _real_views[key]


def _trained_a_little(
    pixels: NDArray[np.uint8],
    codes: NDArray[np.int64],
    classes: int,
    seed: Seed,
    steps: int = STEPS,
    *others: Any,
    **named: Any,
) -> classifier.Judge:
    """As `trained_judge`: simulated pictures are soon told apart."""
    return TRAINED_JUDGE(pixels, codes, classes, seed, min(steps, STEPS), *others, **named)
