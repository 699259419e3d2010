"""`augment edit`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augment.cli import image_jobs, output, progress, requests
from augment.cli import options as o
from augment.cli.grouping import options_given
from augment.cli.parsing import pairs, prompts
from augment.cli.reading_options import Alpha, Files, Fit
from augment.core.errors import UsageError
from augment.core.types import Json
from augment.settings.resolution import Resolved
from augment.settings.sections import DEFAULTS

if TYPE_CHECKING:
    from augment.lifecycle.opened_model import Opened


@dataclass(frozen=True)
class Placing:
    """How pictures come onto the canvas; its size and mode are the model's."""

    fit: Fit = None
    alpha: Alpha = None


@dataclass(frozen=True)
class Change:
    """What becomes of each picture, and which edits are kept."""

    strength: Annotated[
        float, typer.Option(help="Above 0 (hardly changed) up to 1 (only the label is kept).")
    ] = 0.5
    per_image: Annotated[
        int, typer.Option("-n", "--per-image", min=1, help="Edits of each image.")
    ] = 1
    to: Annotated[
        list[str] | None,
        typer.Option(help='Change what is shown: "label = NAME" or "prompt = WORDS". Repeatable.'),
    ] = None
    prompt: o.Prompt = None
    prompts: o.Prompts = None
    interpolate: Annotated[
        bool, typer.Option("--interpolate", help="Go towards another image of the same class.")
    ] = False
    filter: Annotated[
        bool | None,
        typer.Option(
            "--filter/--no-filter",
            help="Draw edits again that lost their label. Default: where it can be judged.",
        ),
    ] = None
    judge: Annotated[
        str | None,
        typer.Option(help="Labelled images to learn labels from. Default: IMAGES, in two halves."),
    ] = None
    tries: Annotated[int, typer.Option(min=1, help="Most draws of one edit.")] = 5

    def given(self) -> Json:
        """The options by their names."""
        return {
            "strength": self.strength,
            "per_image": self.per_image,
            "to": tuple(self.to or ()),
            "prompts": prompts(self.prompt, self.prompts),
            "interpolate": self.interpolate,
            "filtered": self.filter,
            "judge": self.judge,
            "tries": self.tries,
        }


def edit(
    *,
    named: Annotated[
        list[str],
        typer.Argument(
            metavar="[MODEL] IMAGES",
            help="A model or run folder, unless --weights is given; then a folder, list, .tar, "
            "COCO, VOC or YOLO set of images.",
        ),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")],
    change: Change,
    weights: o.Weights = None,
    param: o.WeightsParameters = None,
    device: o.Device = DEFAULTS.tool.device,
    placing: Placing,
    files: Files,
    seed: o.Seed = None,
    force: o.Force = False,
    dry_run: o.DryRun = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Change images with a fitted model; edits that lost their label are drawn again."""
    from augment.api import images
    from augment.api.model import Model

    options = {**options_given(placing), **files.given(), **change.given()}
    with progress.shown(screen) as tell:
        opened, source = _opened(named, weights, param, device, config)
        folder, error = images.edited(
            Model(opened),
            source,
            out,
            options,
            seed=seed,
            force=force,
            dry_run=dry_run,
            tell=tell,
        )
    output.show(folder.to_json(), screen, image_jobs.of_edit, failure=error)


def _opened(
    named: list[str],
    weights: Path | None,
    param: list[str] | None,
    device: str,
    config: Resolved,
) -> tuple[Opened, str]:
    """The generator and the source of the pictures."""
    from augment.lifecycle import opened_model

    if weights is not None:
        if len(named) != 1:
            raise UsageError("--weights takes the place of MODEL: give IMAGES alone.")
        parameters, settings = pairs(param, "-p"), config.settings.engines
        return opened_model.open_weights(weights, parameters, device, settings), named[0]
    if len(named) != 2:
        raise UsageError("Give MODEL and IMAGES, or --weights FOLDER and IMAGES.")
    requests.require_weights(param)
    return opened_model.open_model(Path(named[0]), device), named[1]
