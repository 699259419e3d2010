"""Pipelines of the Stable Diffusion kind from a folder that the user has: text to image, and image
to image. Nothing is fetched: the libraries are told to stay offline, and only safetensors are read.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.errors import BadInput, MissingExtra, OutOfResources, UsageError
from augment.core.files import read_json, sha256
from augment.core.seeds import Seed
from augment.work import environment

if TYPE_CHECKING:
    from numpy.typing import NDArray

INDEX = "model_index.json"
REDRAWING = {  # pipelines from text, and their kin from image and text
    "StableDiffusionPipeline": "StableDiffusionImg2ImgPipeline",
    "StableDiffusionXLPipeline": "StableDiffusionXLImg2ImgPipeline",
}
LIBRARIES = ("diffusers", "transformers", "stable_diffusion", None)  # no code of the folder's own
PICKLES = frozenset((".bin", ".ckpt", ".pt", ".pth", ".pkl", ".msgpack"))
READ = frozenset((".json", ".txt", ".safetensors", ".model"))  # what a pipeline consists of
MOST_TRIES = 10  # of a picture that the folder's own safety checker withholds


@dataclass(frozen=True)
class DiffusionFolder:
    """A folder that was looked at and found harmless; `side` in pixels is what it learnt at."""

    path: Path
    pipeline: str
    variant: str | None  # "fp16" where its weights are only there in half precision
    side: int
    multiple: int  # sides of pictures are multiples of it

    def digest(self) -> str:
        """SHA-256 over names and contents of all files that the pipeline is read from."""
        digest = hashlib.sha256()
        for file in sorted(self.path.rglob("*")):
            if file.suffix in READ and file.is_file():
                name = file.relative_to(self.path).as_posix()
                digest.update(f"{name}\0{sha256(file)}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


@dataclass(frozen=True)
class PipelineSettings:
    """How a picture is drawn. A strength below 1 keeps that much less of the picture before it."""

    steps: int
    guidance: float
    negative: str
    width: int
    height: int


def looked_at(path: Path) -> DiffusionFolder:
    """Check a folder by its names and JSON, before any library sees it.

    Raises `BadInput` for what is no pipeline, would run code of the folder's own, or has weights
    only as pickles.
    """
    index = path / INDEX
    if not index.is_file():
        raise BadInput(
            f"this is no folder of a diffusion pipeline: it holds no {INDEX}.",
            where=str(path),
            hint="Give the folder that `save_pretrained` of diffusers wrote.",
        )
    document = read_json(index)
    pipeline = document.get("_class_name")
    if pipeline not in REDRAWING:
        raise BadInput(
            f"the pipeline is a {pipeline!r}.",
            where=str(index),
            hint=f"These can be used: {', '.join(REDRAWING)}.",
        )
    parts = {name: pair for name, pair in document.items() if isinstance(pair, list)}
    for name, pair in parts.items():
        if len(pair) != 2 or pair[0] not in LIBRARIES or "/" in name or name.startswith("."):
            raise BadInput(
                f"the part {name!r} would run code of its own.",
                where=str(index),
                hint="Only parts of diffusers and transformers are loaded.",
            )
    variants = [_weights(path / name) for name, pair in parts.items() if pair[0] is not None]
    half = any(variants) and all(variant in (None, "fp16") for variant in variants)
    side, multiple = _sizes(path)
    return DiffusionFolder(path, str(pipeline), "fp16" if half else None, side, multiple)


def _weights(part: Path) -> str | None:
    """The precision of a part's weights: "", "fp16", or None where it has no weights."""
    if not part.is_dir():
        raise BadInput("the folder is missing.", where=str(part), hint="Restore a whole copy.")
    names = [file.name for file in part.iterdir()]
    safe = [name for name in names if name.endswith(".safetensors")]
    pickled = [name for name in names if Path(name).suffix in PICKLES]
    if pickled and not safe:
        raise BadInput(
            f"the weights are there only as {pickled[0]}, which is read by running code in it.",
            where=str(part),
            hint="Save the pipeline with save_pretrained(FOLDER, safe_serialization=True) "
            "where you trust it, and give that folder.",
        )
    if not safe:
        return None
    return "fp16" if all(".fp16." in name or ".fp16-" in name for name in safe) else ""


def _sizes(path: Path) -> tuple[int, int]:
    """The side in pixels that the network learnt at, and what sides are multiples of."""
    unet, vae = read_json(path / "unet" / "config.json"), read_json(path / "vae" / "config.json")
    try:
        multiple = 2 ** (len(vae["block_out_channels"]) - 1)
        side = unet["sample_size"]
        return (side if isinstance(side, int) else int(side[0])) * multiple, multiple
    except (KeyError, TypeError, ValueError, IndexError):
        raise BadInput("the configuration of unet or vae names no size.", where=str(path)) from None


def load(folder: DiffusionFolder, device: str) -> Any:
    """The pipeline from text, on `device`. Raises `MissingExtra` and `BadInput`."""
    environment.stay_offline()
    try:
        import diffusers
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtra(
            f"--weights needs diffusers and transformers ({error}). "
            "Install them with: pip install 'augment-synth[diffusers]'"
        ) from error
    for library in (diffusers, transformers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    floats = torch.float16 if device == "cuda" else torch.float32
    try:
        with _quiet():
            pipe = getattr(diffusers, folder.pipeline).from_pretrained(
                str(folder.path),
                torch_dtype=floats,
                variant=folder.variant,
                use_safetensors=True,
                local_files_only=True,
                trust_remote_code=False,
            )
    except Exception as error:  # the libraries raise what they like on a damaged folder
        reason = str(error).strip().split("\n")[0]
        raise BadInput(
            f"the pipeline cannot be loaded ({type(error).__name__}: {reason}).",
            where=str(folder.path),
            hint="Restore a whole copy.",
        ) from None
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(device)


def drawn(
    pipe: Any, prompts: Sequence[str], seeds: Sequence[Seed], how: PipelineSettings
) -> NDArray[np.uint8]:
    """Pictures (n, height, width, 3) of the prompts, each from its own stream."""
    return _run(pipe, prompts, seeds, how, {"height": how.height, "width": how.width})


def redrawn(
    pipe: Any,
    pictures: NDArray[np.uint8],
    prompts: Sequence[str],
    seeds: Sequence[Seed],
    how: PipelineSettings,
    strength: float,
) -> NDArray[np.uint8]:
    """Pictures (n, height, width, 3) made out of RGB `pictures` of the same size.

    `strength` in (0, 1] is the share of the steps for which noise is put back: SDEdit, Meng et
    al. 2022, arXiv 2108.01073. `pipe` is the pipeline from text; its parts are shared.
    """
    import diffusers

    if not 0 < strength <= 1:
        raise UsageError(f"--strength {strength}: choose a number above 0, up to 1.")
    if round(how.steps * strength) < 1:
        raise UsageError(f"--strength {strength} of {how.steps} steps is none. Raise one of them.")
    kin = getattr(diffusers, REDRAWING[type(pipe).__name__])
    with _quiet():
        redrawing = kin(**pipe.components)
    redrawing.set_progress_bar_config(disable=True)
    return _run(redrawing, prompts, seeds, how, {"strength": strength}, pictures)


def _run(
    pipe: Any,
    prompts: Sequence[str],
    seeds: Sequence[Seed],
    how: PipelineSettings,
    more: dict[str, Any],
    pictures: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """One call; pictures that the pipeline's own safety checker blackens are drawn again."""
    import torch

    made = np.zeros((len(prompts), how.height, how.width, 3), np.uint8)
    left = list(range(len(prompts)))
    for attempt in range(MOST_TRIES):
        streams = [
            torch.Generator().manual_seed(seeds[row].child("try", attempt).integer())
            for row in left
        ]
        given = {} if pictures is None else {"image": pictures[left].astype(np.float32) / 255}
        with _quiet(), torch.inference_mode():
            found = pipe(
                prompt=[prompts[row] for row in left],
                negative_prompt=[how.negative] * len(left),
                num_inference_steps=how.steps,
                guidance_scale=how.guidance,
                generator=streams,
                output_type="np",
                **given,
                **more,
            )
        made[left] = np.rint(np.clip(found.images, 0, 1) * 255).astype(np.uint8)
        withheld = found.get("nsfw_content_detected") or [False] * len(left)
        left = [row for row, bad in zip(left, withheld, strict=True) if bad]
        if not left:
            return made
    raise OutOfResources(
        f"The pipeline's safety checker withheld a picture {MOST_TRIES} times. "
        "Choose another --prompt."
    )


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the age of configurations, not about pictures
        yield
