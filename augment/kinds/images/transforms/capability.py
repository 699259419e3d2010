"""Which transforms may be used, on which images, and what they do beside changing pixels.

This is the allow-list too: a pipeline can name nothing else, so it can hold no code and reach no
file. A test runs every transform on every mode that it is listed for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from augment.core.errors import UsageError, did_you_mean

Mode = Literal["gray", "rgb", "rgba", "gray16"]
EVERY: tuple[Mode, ...] = ("gray", "rgb", "rgba", "gray16")
OPAQUE: tuple[Mode, ...] = ("gray", "rgb", "gray16")  # noise and blur would spoil an alpha channel
EIGHT_BIT: tuple[Mode, ...] = ("gray", "rgb")  # the library's 16-bit path fails or gives floats
COLOUR: tuple[Mode, ...] = ("rgb",)


@dataclass(frozen=True)
class Capability:
    """`mirrors`: a digit, a letter or a left hand would become another one."""

    modes: tuple[Mode, ...]
    mirrors: bool = False


_GEOMETRY = (
    "Affine",
    "CenterCrop",
    "CropAndPad",
    "ElasticTransform",
    "GridDistortion",
    "LongestMaxSize",
    "OpticalDistortion",
    "Pad",
    "PadIfNeeded",
    "Perspective",
    "RandomCrop",
    "RandomCropFromBorders",
    "RandomResizedCrop",
    "RandomScale",
    "Resize",
    "Rotate",
    "SafeRotate",
    "ShiftScaleRotate",
    "SmallestMaxSize",
    "ThinPlateSpline",
    "CoarseDropout",
    "GridDropout",
    "NoOp",
)
_MIRRORS = (
    "HorizontalFlip",
    "VerticalFlip",
    "Transpose",
    "D4",
    "SquareSymmetry",
    "RandomRotate90",
)
_OPAQUE = (
    "Blur",
    "GaussianBlur",
    "MotionBlur",
    "RandomBrightnessContrast",
    "InvertImg",
    "Sharpen",
    "MultiplicativeNoise",
    "UnsharpMask",
    "SaltAndPepper",
)
_EIGHT_BIT = (
    "AdditiveNoise",
    "AutoContrast",
    "CLAHE",
    "ColorJitter",
    "Defocus",
    "Downscale",
    "Emboss",
    "Equalize",
    "GaussNoise",
    "GlassBlur",
    "Illumination",
    "ImageCompression",
    "MedianBlur",
    "Morphological",
    "PixelDropout",
    "PlasmaBrightnessContrast",
    "Posterize",
    "RandomGamma",
    "RandomShadow",
    "RandomToneCurve",
    "ShotNoise",
    "Solarize",
    "ZoomBlur",
)
_COLOUR = (
    "ChannelDropout",
    "ChannelShuffle",
    "ChromaticAberration",
    "FancyPCA",
    "HEStain",
    "HueSaturationValue",
    "ISONoise",
    "PlanckianJitter",
    "RGBShift",
    "RandomFog",
    "ToGray",
    "ToSepia",
)

CAPABILITIES: dict[str, Capability] = {
    **{name: Capability(EVERY) for name in _GEOMETRY},
    **{name: Capability(EVERY, mirrors=True) for name in _MIRRORS},
    **{name: Capability(OPAQUE) for name in _OPAQUE},
    **{name: Capability(EIGHT_BIT) for name in _EIGHT_BIT},
    **{name: Capability(COLOUR) for name in _COLOUR},
}
# Turning further than this makes a 6 a 9: counted as mirroring.
MOST_DEGREES = 45.0


def capability(name: str) -> Capability:
    """What is known of a transform. Raises `UsageError` for one that is not on the list."""
    if name not in CAPABILITIES:
        near = did_you_mean(name, list(CAPABILITIES))
        raise UsageError(f"{name!r} is no transform that a pipeline may use. {near}")
    return CAPABILITIES[name]
