"""The radial power spectrum of pictures: how much of each is coarse, and how much is fine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.evaluation.charts import Axis, Curves, Line, Tone, significant
from augment.kinds.images.metrics.views import View

if TYPE_CHECKING:
    from numpy.typing import NDArray

AT_ONCE = 500
UNSEEN = (1 / 255) ** 2 / 12  # variance of rounding to bytes, under which power means nothing


def radial_power(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(n, bands x channels) mean power at each whole number of waves across the shorter side.

    `pixels` are (n, height, width, channels). The bands of a channel stand together, from the
    mean brightness (no wave) to two pixels a wave and finer, which share the last band. Pixels are
    taken in [0, 1] and power per pixel, so that the power of every band of white noise is its
    variance.
    """
    height, width = pixels.shape[1:3]
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(height)
    bands = min(height, width) // 2 + 1
    waves = np.hypot(down[:, None], across[None]) * min(height, width)
    band = np.minimum(np.rint(waves).astype(np.int64), bands - 1).ravel()
    size = np.bincount(band, minlength=bands)
    found = []
    for start in range(0, len(pixels), AT_ONCE):
        x = pixels[start : start + AT_ONCE].transpose(0, 3, 1, 2) / 255.0
        power = np.abs(np.fft.rfft2(x)) ** 2 / (height * width)
        flat = power.reshape(-1, len(band))
        means = np.stack([np.bincount(band, row, bands) for row in flat]) / size
        found.append(means.reshape(len(x), -1))
    if not found:
        return np.empty((0, bands * pixels.shape[3]))
    return np.concatenate(found)


def log_power(power: NDArray[np.float64]) -> NDArray[np.float64]:
    """Decimal logarithms of `radial_power`, level below what bytes hold."""
    return np.asarray(np.log10(power + UNSEEN))


def fine_power(power: NDArray[np.float64], channels: int) -> NDArray[np.float64]:
    """(n,) mean of `radial_power` in the upper half of the bands: what blur takes away."""
    bands = power.reshape(len(power), channels, -1)
    return np.asarray(bands[:, :, bands.shape[2] // 2 :].mean((1, 2)))


def spectra(real: View, made: View) -> Curves:
    """Median power by the number of waves, real and made, over all channels."""
    lines = []
    sides: tuple[tuple[str, Tone, View], ...] = (
        ("fresh real", "real", real),
        ("synthetic", "made", made),
    )
    for name, tone, view in sides:
        power = radial_power(view.pixels)
        bands = power.reshape(len(power), view.pixels.shape[3], -1).mean(axis=1)
        middle = np.median(bands, axis=0)[1:] + UNSEEN
        waves = np.arange(1, len(middle) + 1)
        lines.append(Line(name, tone, significant(waves), significant(middle)))
    return Curves(
        "detection",
        "Power spectrum",
        "How much detail there is at each size, coarse on the left, fine on the right. A "
        "synthetic curve that falls below the real one at the right is blur; above it, noise.",
        Axis("waves across the picture", "log"),
        Axis("median power", "log"),
        tuple(lines),
    )
