"""Sizes and weights that the canvas decides where nobody says them."""

from __future__ import annotations

from augment.kinds.images.data.dataset import Images

FULL_BETA, FULL_VALUES = 0.25, 784


def beta_for(data: Images) -> float:
    """The full weight from 28 × 28 gray pixels on, and in proportion below.

    The likelihood is summed over pixels: where a detail is one pixel and not a stroke of many, it
    would not pay its nats, and pictures of 8 × 8 came out alike (diversity .87, recall .73).
    """
    values = data.schema.height * data.schema.width * data.schema.channels
    return FULL_BETA * min(1.0, values / FULL_VALUES)


def latent_for(data: Images) -> int:
    """More room for larger canvases and for colour; no more than the prior can fill from few."""
    side = max(data.schema.height, data.schema.width)
    plain = 16 if side <= 16 else 18 if side <= 32 else 40 if side <= 64 else 64
    return plain if data.schema.channels == 1 else plain + plain // 2
