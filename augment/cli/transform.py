"""`augment transform`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import image_jobs, output, progress
from augment.cli import options as o
from augment.cli.flags import flag
from augment.cli.parsing import placed
from augment.cli.reading_options import Files


def transform(
    *,
    source: Annotated[
        str, typer.Argument(metavar="IMAGES", help="Folder, list, .tar, COCO, VOC or YOLO set.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")],
    preset: Annotated[
        str | None, typer.Option(help="light, medium (the default), strong, medical or digits.")
    ] = None,
    pipeline: Annotated[
        Path | None, typer.Option(help="Your own steps: a YAML or JSON file of albumentations.")
    ] = None,
    mix: Annotated[list[str] | None, flag("transform.mix", "--mix", metavar="NAME")] = None,
    per_image: Annotated[
        int | None, typer.Option("--per-image", min=1, help="New images of each. Default: 1.")
    ] = None,
    balance: Annotated[
        bool, typer.Option("--balance", help="As many as each class lacks of the largest.")
    ] = False,
    originals: Annotated[
        bool, typer.Option("--originals", help="Put the images themselves beside the new ones.")
    ] = False,
    flips: Annotated[
        bool | None,
        typer.Option("--flips/--no-flips", help="Default: off for digits, letters, keypoints."),
    ] = None,
    keep_marks: Annotated[bool, flag("transform.keep_marks", "--keep-marks")] = False,
    image_format: Annotated[str, flag("transform.image_format", "--image-format")] = "png",
    files: Files,
    workers: o.Workers = None,
    executor: o.Executor = None,
    seed: o.Seed = None,
    force: o.Force = False,
    dry_run: o.DryRun = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Augment images classically; boxes, masks and keypoints move along."""
    from augment.api import images

    if pipeline is not None and config.settled("mix"):
        mix = None  # the file or the environment means presets; a pipeline mixes by itself
    with progress.shown(screen) as tell:
        folder = images.transform(
            source,
            out,
            preset=preset,
            pipeline=pipeline,
            mix=mix,
            per_image=per_image,
            balance=balance,
            originals=originals,
            flips=flips,
            keep_marks=keep_marks,
            image_format=image_format,
            options=files.given(),
            workers=placed(workers, executor),
            seed=seed,
            force=force,
            dry_run=dry_run,
            tell=tell,
        )
    output.show(folder.to_json(), screen, image_jobs.of_transform)
