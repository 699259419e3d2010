"""Ready-made pipelines, written as a user would write one in YAML.

Borders are filled by repeating the edge, so that a light and a dark ground both stay whole.
"""

from __future__ import annotations

from augment.core.types import Json

FLIP: Json = {"name": "HorizontalFlip", "p": 0.5}


def _moved(degrees: float, scale: float, shift: float) -> Json:
    """Turn, size and place, within the picture's own frame."""
    return {
        "name": "Affine",
        "rotate": [-degrees, degrees],
        "scale": [1 - scale, 1 + scale],
        "translate_percent": [-shift, shift],
        "border_mode": "replicate",
        "p": 1.0,  # always: no image comes out as it went in
    }


def _lit(share: float, p: float) -> Json:
    """Brighter or darker, within what can be told apart: no area is washed out."""
    limit = [-share, share]
    return {
        "name": "RandomBrightnessContrast",
        "brightness_limit": limit,
        "contrast_limit": limit,
        "ensure_safe_range": True,
        "p": p,
    }


def _coloured(hue: int, saturation: int, p: float) -> Json:
    return {
        "name": "HueSaturationValue",
        "hue_shift_limit": [-hue, hue],
        "sat_shift_limit": [-saturation, saturation],
        "val_shift_limit": [0, 0],
        "p": p,
    }


PRESETS: dict[str, list[Json]] = {
    "light": [
        FLIP,
        _moved(8, 0.05, 0.03),
        _lit(0.1, 0.5),
    ],
    "medium": [
        FLIP,
        _moved(15, 0.1, 0.06),
        _lit(0.2, 0.7),
        _coloured(8, 20, 0.4),
        {
            "one_of": [
                {"name": "GaussianBlur", "blur_limit": [3, 5]},
                {"name": "GaussNoise", "std_range": [0.01, 0.05]},
            ],
            "p": 0.3,
        },
    ],
    "strong": [
        FLIP,
        _moved(25, 0.2, 0.1),
        {"name": "Perspective", "scale": [0.02, 0.08], "border_mode": "replicate", "p": 0.4},
        _lit(0.3, 0.8),
        _coloured(15, 35, 0.5),
        {
            "one_of": [
                {"name": "GaussianBlur", "blur_limit": [3, 7]},
                {"name": "MotionBlur", "blur_limit": [3, 7]},
                {"name": "GaussNoise", "std_range": [0.02, 0.1]},
                {"name": "ImageCompression", "quality_range": [40, 80]},
            ],
            "p": 0.5,
        },
        {"name": "CoarseDropout", "num_holes_range": [1, 3], "p": 0.3},
    ],
    # Cells and tissue have no up and down; colour is stain and says something, so it moves little.
    "medical": [
        FLIP,
        {"name": "VerticalFlip", "p": 0.5},  # no quarter turns: they exchange height and width
        _moved(20, 0.1, 0.05),
        _lit(0.1, 0.5),
        _coloured(4, 10, 0.3),
        {"name": "GaussNoise", "std_range": [0.005, 0.02], "p": 0.2},
    ],
    # As hands vary: slant, size, place and stroke; never mirrored.
    "digits": [
        _moved(10, 0.1, 0.06) | {"shear": [-8, 8]},
        {
            "name": "ElasticTransform",
            "alpha": 8,
            "sigma": 4,
            "border_mode": "replicate",
            "p": 0.3,
        },
        {"name": "RandomGamma", "gamma_limit": [70, 140], "p": 0.3},  # the ground stays as it is
    ],
}
