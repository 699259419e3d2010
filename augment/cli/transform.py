"""`augment transform`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o


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
    keep_marks: Annotated[
        bool,
        typer.Option(
            "--keep-marks", help="Draw again where no box, outline or mask of an image is left."
        ),
    ] = False,
    image_format: Annotated[
        str, typer.Option("--image-format", help="png, or source: JPEG stays JPEG.")
    ] = "png",
    files: o.Files,
    workers: o.Workers = None,
    seed: o.Seed = None,
    force: o.Force = False,
    dry_run: o.DryRun = False,
    config: o.Config = o.BUILT_IN,
    screen: o.Screen,
) -> None:
    """Augment images classically; boxes, masks and keypoints move along."""
    from augment.cli import image_jobs, progress, summary
    from augment.core.errors import UsageError
    from augment.kinds.images.io.layouts import Asked
    from augment.kinds.images.io.rejects import Rejects
    from augment.kinds.images.transforms import job
    from augment.kinds.images.transforms import pipeline as pipelines
    from augment.work.folder import filled

    if preset is not None and pipeline is not None:
        raise UsageError("--preset and --pipeline exclude each other. Choose one.")
    if per_image is not None and balance:
        raise UsageError("--per-image and --balance exclude each other. Choose one.")
    if image_format not in ("png", "source"):
        raise UsageError(f"--image-format {image_format}: choose png or source.")
    steps = pipelines.preset(preset or "medium") if pipeline is None else None
    request = job.Request(
        pipeline=steps or pipelines.read_pipeline(pipeline or Path()),
        user_made=pipeline is not None,
        per_image=1 if per_image is None else per_image,
        balance=balance,
        originals=originals,
        flips=flips,
        source_format=image_format == "source",
        keep_marks=keep_marks,
        rejects=Rejects(files.on_error or "fail", files.quarantine, files.rejects, files.max_bad),
        asked=Asked(files.root, files.label_column, tuple(files.caption_column or ())),
        workers=workers,
        dry_run=dry_run,
    )
    with progress.shown(screen) as tell:
        document = filled(
            out, dry_run, lambda: job.transform(source, out, request, seed, force, tell)
        )
    summary.show(document, screen, image_jobs.of_transform)
