"""An audit by canaries: fits with and without one row are told apart no better than claimed.

The lower bound of epsilon is that of Jagielski, Ullman and Oprea 2020, arXiv 2006.07709: a
threshold is chosen on some fits, its error rates are bounded on others (Clopper and Pearson 1934).
A fit without noise must be found out, else the audit could not fail.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

pytest.importorskip("opendp", reason="the extra [dp] is not installed")
pytest.importorskip("mbi", reason="the extra [dp] is not installed")

from augment.core.seeds import Seed
from augment.core.types import Job
from augment.kinds.tables.engines.aim import ledger, mechanisms
from augment.kinds.tables.engines.aim.engine import Aim
from augment.kinds.tables.engines.aim.mechanisms import Draw
from tests.kinds.tables.engines.aim.private_tables import two_columns

EPSILON, DELTA = 1.0, 1e-5
CONFIDENCE = 0.99
Z = 3  # the canary's cell in both columns


def canary_rows(canaries: int, folder: Path) -> float:
    """About how many rows in the canary's cell a fitted model makes out."""
    model = Aim(epsilon=EPSILON, delta=DELTA).fit(two_columns(60, canaries), Job(Seed(1), folder))
    only = np.eye(4)[Z]
    return model.rows * model.tree.probability({0: only, 1: only})


def scores(fits: int, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """(fits,) without the canary, (fits,) with it."""
    found = [
        [canary_rows(canaries, folder / f"{canaries} {fit}") for fit in range(fits)]
        for canaries in (0, 1)
    ]
    return np.array(found[0]), np.array(found[1])


def lower_bound(without: np.ndarray, with_canary: np.ndarray) -> float:
    """An epsilon that the fits exceed with the confidence asked for, 0 where nothing is shown."""
    half = len(without) // 2
    best, chosen = -np.inf, 0.0
    seen = np.concatenate([without[:half], with_canary[:half]])
    for threshold in np.unique(np.quantile(seen, np.linspace(0, 1, 200))):
        gap = (with_canary[:half] >= threshold).mean() - (without[:half] >= threshold).mean()
        if gap > best:
            best, chosen = gap, float(threshold)
    hits = int((with_canary[half:] >= chosen).sum())
    alarms = int((without[half:] >= chosen).sum())
    n, error = len(without) - half, (1 - CONFIDENCE) / 2
    least_hits = beta.ppf(error, hits, n - hits + 1) if hits else 0.0
    most_alarms = beta.ppf(1 - error, alarms + 1, n - alarms) if alarms < n else 1.0
    if least_hits <= DELTA:
        return 0.0
    return max(0.0, float(np.log((least_hits - DELTA) / most_alarms)))


def test_an_audit_bounds_a_known_mechanism() -> None:
    """Laplace noise at epsilon 3: the bound is under it, and not far under with many draws."""
    rng = np.random.default_rng(2)
    noise = rng.laplace(0, 1 / 3, (2, 4_000))
    found = lower_bound(noise[0], 1 + noise[1])
    assert 1 < found <= 3


def exact_counts(counts: list[int], rho: float) -> Draw:
    """A broken mechanism: it charges for noise that it does not add."""
    return Draw(list(counts), "discrete Gaussian counts", (2 * rho) ** -0.5, rho)


def audited(fits: int, folder: Path) -> float:
    return lower_bound(*scores(fits, folder))


@pytest.mark.slow
def test_fits_show_no_more_than_they_claim(tmp_path: Path) -> None:
    assert audited(150, tmp_path) <= EPSILON


@pytest.mark.slow
def test_a_fit_without_noise_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mechanisms, "noisy_counts", exact_counts)
    assert ledger.mechanisms.noisy_counts is exact_counts
    assert audited(40, tmp_path) > EPSILON


def test_counts_show_no_more_than_they_claim_and_exact_ones_do() -> None:
    """The quick version, of one mechanism: a count with and without one row."""
    rho = mechanisms.rho_of(EPSILON, DELTA)
    for noisy, claimed in ((mechanisms.noisy_counts, True), (exact_counts, False)):
        drawn = [np.array(noisy([row] * 400, rho).result, float) for row in (0, 1)]
        assert (lower_bound(*drawn) <= EPSILON) is claimed
