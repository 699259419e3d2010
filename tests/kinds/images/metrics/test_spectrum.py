"""The radial power spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from augment.kinds.images.metrics.spectrum import fine_power, log_power, radial_power


def waves(count: int, side: int = 32) -> np.ndarray:
    """Pictures (1, side, side, 1) of `count` waves across."""
    x = 128 + 100 * np.sin(2 * np.pi * count * np.arange(side) / side)
    return np.tile(x, (side, 1))[None, :, :, None].round().astype(np.uint8)


@pytest.mark.parametrize("count", [1, 5, 12])
def test_waves_lie_in_the_band_of_their_number(count: int) -> None:
    power = radial_power(waves(count))[0]
    assert power.shape == (17,)
    assert power[1:].argmax() + 1 == count


def test_every_band_of_white_noise_has_its_variance() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (50, 32, 24, 3)).astype(np.uint8)
    power = radial_power(noise).reshape(50, 3, 13).mean((0, 1))
    assert power[1:] == pytest.approx((256**2 - 1) / 12 / 255**2, rel=0.15)


def test_blur_takes_fine_power_and_a_flat_picture_has_none() -> None:
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(0).integers(0, 256, (9, 16, 16, 1)).astype(np.uint8)
    soft = gaussian_filter(noise.astype(float), (0, 1, 1, 0)).astype(np.uint8)
    soft_power, noise_power = (fine_power(radial_power(each), 1) for each in (soft, noise))
    assert np.median(soft_power) < 0.1 * np.median(noise_power)
    assert fine_power(radial_power(np.full((1, 8, 8, 1), 7, np.uint8)), 1) == pytest.approx(0)
    assert np.isfinite(log_power(radial_power(np.zeros((2, 9, 8, 3), np.uint8)))).all()


def test_no_pictures_have_no_rows() -> None:
    assert radial_power(np.empty((0, 8, 10, 3), np.uint8)).shape == (0, 15)
