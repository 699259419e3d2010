"""`diffusers`: pictures by a pipeline of the Stable Diffusion kind that was trained elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from augment.core.errors import BadInput, UsageError
from augment.core.model_folder import restoring
from augment.core.parameters import Between, Form, parameter
from augment.core.seeds import Seed
from augment.core.types import About, Condition, Costs, Engine, Job, Json, State, Tick, silent
from augment.kinds.images.data.captions import words_of
from augment.kinds.images.data.dataset import UNLABELLED, Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.engines.conditioning import Conditioning, PictureConditions
from augment.kinds.images.engines.diffusers.folder import (
    DiffusionFolder,
    PipelineSettings,
    drawn,
    load,
    looked_at,
    redrawn,
)
from augment.kinds.images.engines.editor import Editor
from augment.kinds.images.io import canvas

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBERS = ("steps", "batch", "width", "height")
WEIGHT_SECONDS = 5e-12  # of a byte of weights, at one cell, in one step
TEXTS = ("negative", "template", "device")


@dataclass(frozen=True)
class DiffusionModel(Editor):
    """A folder of weights, by its path and digest, and what is asked of it. It stores none of
    them: a model folder of this engine is of use where the weights lie."""

    conditioning: Conditioning
    config: Json
    folder: DiffusionFolder
    _loaded: list[Any] = field(default_factory=list, compare=False, repr=False)

    @property
    def block_rows(self) -> int:
        """One call of the pipeline: what a killed run loses at most."""
        return int(self.config["batch"])

    def on(self, device: str) -> Self:
        if device == self.config["device"]:
            return self
        config = {**self.config, "device": device}
        return dataclasses.replace(self, config=config, _loaded=[])

    def sample(
        self,
        n: int,
        seed: Seed,
        given: Condition | None = None,
        tick: Callable[[Tick], None] = silent,
    ) -> Images:
        wanted = self.conditioning.wanted(n, seed.child("kinds"), given)
        schema, prompts = self.conditioning.schema, self._prompts(wanted)
        made = np.empty((n, *schema.shape), np.uint8)
        for rows in self._calls(n):
            seeds = [seed.child("picture", row) for row in range(rows.start, rows.stop)]
            made[rows] = self._fitted(drawn(self.pipe(), prompts[rows], seeds, self.settings()))
            tick(Tick("sample", rows.stop, n))
        return Images.of_arrays(made, wanted.codes, schema, prompts)

    def edited(
        self,
        pixels: NDArray[np.uint8],
        shown: PictureConditions,
        wanted: PictureConditions,
        strength: float,
        seeds: Sequence[Seed],
    ) -> NDArray[np.uint8]:
        """Each picture (n, height, width, channels) of the canvas, redrawn as `wanted` says.

        What it shows need not be told: the pipeline sees it.
        """
        prompts, how = self._prompts(wanted), self.settings()
        made = np.empty_like(pixels)
        for rows in self._calls(len(pixels)):
            large = np.stack(
                [
                    canvas.placed(picture, how.width, how.height, "rgb", "stretch")
                    for picture in (pixels[rows] if pixels.shape[3] == 3 else pixels[rows, ..., 0])
                ]
            )
            found = redrawn(self.pipe(), large, prompts[rows], seeds[rows], how, strength)
            made[rows] = self._fitted(found, "stretch")
        return made

    def _calls(self, n: int) -> list[slice]:
        """Which of n pictures each call of the pipeline makes."""
        size = self.block_rows
        return [slice(start, min(start + size, n)) for start in range(0, n, size)]

    def _fitted(self, pictures: NDArray[np.uint8], fit: canvas.Fit = "crop") -> NDArray[np.uint8]:
        """What the pipeline drew, on the canvas."""
        schema = self.conditioning.schema
        return np.stack(
            [
                canvas.placed(picture, schema.width, schema.height, schema.mode, fit)
                for picture in pictures
            ]
        )

    def settings(self) -> PipelineSettings:
        c = self.config
        guidance, negative = float(c["guidance"]), str(c["negative"])
        return PipelineSettings(c["steps"], guidance, negative, c["width"], c["height"])

    def pipe(self) -> Any:
        """The pipeline, loaded when it is first needed."""
        if not self._loaded:
            self._loaded.append(load(self.folder, _device(self.config["device"])))
        return self._loaded[0]

    def _prompts(self, wanted: PictureConditions) -> list[str]:
        pairs = zip(wanted.codes.tolist(), wanted.captions, strict=True)
        return [self._prompt(code, caption) for code, caption in pairs]

    def _prompt(self, code: int, caption: str) -> str:
        """The caption, with the name of the class before it where it does not say it already."""
        name = "" if code == UNLABELLED else self.conditioning.schema.classes[code]
        named = set(words_of(caption)).issuperset(words_of(name))
        described = ", ".join(part for part in ("" if named else name, caption) if part)
        return str(self.config["template"]).replace("{}", described)

    def state(self) -> State:
        return State({"conditioning": self.conditioning.to_json(), **self.config}, {})

    @classmethod
    def from_state(cls, state: State) -> Self:
        with restoring("diffusers"):
            conditioning = Conditioning.from_json(state.config["conditioning"])
            config: Json = {name: int(state.config[name]) for name in NUMBERS}
            config |= {name: str(state.config[name]) for name in TEXTS}
            config["guidance"] = float(state.config["guidance"])
            config["weights"] = str(state.config["weights"])
            config["digest"] = str(state.config["digest"])
            folder = looked_at(Path(config["weights"]))
            _check(config, folder)
        if folder.digest() != config["digest"]:
            raise BadInput(
                "the weights are not those that the model was made with.",
                where=config["weights"],
                hint="Restore them, or make the model again.",
            )
        return cls(conditioning.opened(), config, folder)


@dataclass(frozen=True)
class Diffusers(Engine[Images]):
    """A local folder of the Stable Diffusion kind draws; captions and class names are its prompts.

    Rombach et al. 2022, arXiv 2112.10752. Nothing is fitted: of the data it takes the canvas, the
    classes and the captions.
    """

    about: ClassVar[About] = About(
        name="diffusers",
        kind="images",
        summary="a local Stable Diffusion folder (--weights): fits nothing, draws by prompts",
        licence="Apache-2.0, and the weights' own",
        needs=("torch", "diffusers", "transformers"),
        extra="diffusers",
        conditions=frozenset({"where"}),
        exact=True,
        foreign=True,
    )
    model: ClassVar[type[DiffusionModel]] = DiffusionModel

    weights: str = parameter("", "the folder, as --weights gives it")
    steps: int = parameter(
        30, "denoising steps of a picture", least=1, most=1_000, search=Between(10, 100, log=True)
    )
    guidance: float = parameter(
        7.5, "how far beyond the prompt to go", least=0, most=100, search=Between(1, 15)
    )
    negative: str = parameter("", "words of what is not wanted")
    template: str = parameter(
        "{}",
        "the prompt around the words: a photo of {}",
        form=Form(r".*\{\}.*", "a text with {} where the words go"),
    )
    width: int | None = parameter(
        None, "pixels drawn; as the weights learnt where not given", least=8, most=4_096
    )
    height: int | None = parameter(None, "the same", least=8, most=4_096)
    batch: int = parameter(1, "pictures drawn at once", least=1, most=1_000)

    def costs(self, data: Images, device: str) -> Costs:
        """By the size drawn and the size of the weights, which are read and then used whole."""
        folder = self._folder()
        config = self._config(folder, "", device)
        cells = config["width"] * config["height"] / 64  # of the latent picture
        weights = sum(path.stat().st_size for path in folder.path.rglob("*.safetensors"))
        seconds = self.steps * cells * weights * WEIGHT_SECONDS
        return Costs(weights * 1e-9, seconds / (1 if device == "cpu" else 100), weights)

    def fit(self, data: Images, job: Job) -> DiffusionModel:
        """Takes what prompts need of the data; loads the weights once, so that a lack shows now."""
        return self._model(Conditioning.of(data, job.protect), job.device)

    def adopted(self, device: str) -> DiffusionModel:
        """The model without any data: pictures of the size drawn, of what prompts say."""
        folder = self._folder()
        config = self._config(folder, "", device)
        schema = ImageSchema(config["height"], config["width"], "rgb")
        return self._model(Conditioning.alone(schema), device)

    def _model(self, conditioning: Conditioning, device: str) -> DiffusionModel:
        folder = self._folder()
        config = self._config(folder, folder.digest(), device)
        _check(config, folder)
        model = DiffusionModel(conditioning.opened(), config, folder)
        model.pipe()
        return model

    def _folder(self) -> DiffusionFolder:
        if not self.weights:
            raise UsageError("Engine 'diffusers' needs --weights FOLDER, a pipeline on this disk.")
        return looked_at(Path(self.weights).absolute())

    def _config(self, folder: DiffusionFolder, digest: str, device: str) -> Json:
        config = dataclasses.asdict(self) | {"digest": digest, "device": device}
        config["weights"] = str(folder.path)
        for side in ("width", "height"):
            config[side] = folder.side if config[side] is None else config[side]
        return config


def _device(name: str) -> str:
    """The device that the model was made for, or the CPU where there is none here."""
    import torch

    return name if name == "cpu" or torch.cuda.is_available() else "cpu"


def _check(config: Json, folder: DiffusionFolder) -> None:
    for name, most in (("steps", 1_000), ("batch", 1_000)):
        if not 1 <= config[name] <= most:
            raise UsageError(f"-p {name}={config[name]}: choose a number from 1 to {most:,}.")
    if not 0 <= config["guidance"] <= 100:
        raise UsageError(f"-p guidance={config['guidance']}: choose a number from 0 to 100.")
    if "{}" not in config["template"]:
        raise UsageError(f"-p template={config['template']}: put {{}} where the words go.")
    for name in ("width", "height"):
        if config[name] < 8 or config[name] > 4_096 or config[name] % folder.multiple:
            raise UsageError(
                f"-p {name}={config[name]}: choose a multiple of {folder.multiple}, up to 4096."
            )
