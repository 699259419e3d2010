"""`augment edit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augment.cli import options as o


def edit(
    *,
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model folder or a run folder.")],
    source: Annotated[
        str, typer.Argument(metavar="IMAGES", help="Folder, list, .tar, COCO, VOC or YOLO set.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")],
    strength: Annotated[
        float, typer.Option(help="Above 0 (hardly changed) up to 1 (only the label is kept).")
    ] = 0.5,
    per_image: Annotated[
        int, typer.Option("-n", "--per-image", min=1, help="Edits of each image.")
    ] = 1,
    to: Annotated[
        list[str] | None,
        typer.Option(help="Change what is shown: label=NAME or prompt=WORDS. Repeatable."),
    ] = None,
    interpolate: Annotated[
        bool, typer.Option("--interpolate", help="Go towards another image of the same class.")
    ] = False,
    filter: Annotated[
        bool | None,
        typer.Option(
            "--filter/--no-filter",
            help="Draw edits again that lost their label. Default: where it can be judged.",
        ),
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(help="Labelled images to learn labels from. Default: IMAGES, in two halves."),
    ] = None,
    tries: Annotated[int, typer.Option(min=1, help="Most draws of one edit.")] = 5,
    on_error: Annotated[
        str, typer.Option("--on-error", help="Bad images: fail, skip or quarantine.")
    ] = "fail",
    quarantine: Annotated[
        Path | None, typer.Option(help="Where --on-error quarantine copies bad images.")
    ] = None,
    seed: o.Seed = None,
    force: o.Force = False,
    dry_run: o.DryRun = False,
    screen: o.Screen,
) -> None:
    """Change images with a fitted model; edits that lost their label are drawn again."""
    from augment.base.errors import OutOfResources, UsageError
    from augment.base.files import locked
    from augment.cli import galleries, progress, summary
    from augment.images.edits import job
    from augment.images.model import ImageModel
    from augment.lifecycle.folder import write_manifest
    from augment.lifecycle.generation import open_model

    request = job.Request(
        strength=strength,
        per_image=per_image,
        to=tuple(to or ()),
        interpolate=interpolate,
        filtered=filter,
        judge=judge,
        tries=tries,
        on_error=on_error,  # type: ignore[arg-type]  # checked where it is used
        quarantine=quarantine,
        dry_run=dry_run,
    )
    with progress.shown(screen) as tell:
        _, fitted = open_model(model)
        if not isinstance(fitted, ImageModel):
            raise UsageError(
                f"{model} makes rows of a table, which cannot be edited. To fill gaps in rows, "
                "use: augment sample MODEL --given FILE"
            )
        if dry_run:
            document = job.edit(fitted, source, out, request, seed, force, tell)
        else:
            with locked(out):
                document = job.edit(fitted, source, out, request, seed, force, tell)
                if not document.get("up_to_date"):
                    write_manifest(out)
    summary.show(document | {"model": str(model)}, screen, galleries.of_edit)
    if document.get("too_few"):
        raise OutOfResources(
            f"only {document['made']:,} of {document['planned']:,} edits kept their label within "
            f"{tries} draws; they are in {out}. Lower --strength, or raise --tries."
        )
