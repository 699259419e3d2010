"""Which layout a source has."""

from __future__ import annotations

from pathlib import Path

from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.kinds.images.io.layouts import AS_FOUND, SUFFIXES, Asked, Layout
from augment.sources import standard_input
from augment.sources.files import absent
from augment.sources.remote.listing import names
from augment.sources.remote.uri import is_uri


def layouts() -> list[Layout]:
    """Every registered layout, the most specific first."""
    known: list[Layout] = [registry.find("layouts", name)() for name in registry.names("layouts")]
    return sorted(known, key=lambda layout: (-layout.specificity, layout.name))


def layout_of(source: str, asked: Asked = AS_FOUND) -> Layout:
    """The first layout that claims `source`. Raises `BadInput` where none does, and `UsageError`
    where it cannot do what is asked."""
    path = Path(source)
    if asked.root is not None and not asked.root.is_dir():
        raise UsageError(f"--root {asked.root}: there is no such folder.")
    if not path.exists():
        raise absent(source)
    for layout in layouts():
        if layout.claims(path):
            if not layout.has_columns and (asked.label_column or asked.caption_columns):
                raise UsageError(
                    "--label-column and --caption-column are for lists of files and WebDataset; "
                    f"{source} was found to be: {layout.name}."
                )
            return layout
    raise BadInput(
        "there are no images here.",
        where=source,
        hint="Give a folder of images or of class folders, a list of files (CSV or JSON Lines), "
        f"a .tar, or a COCO, VOC or YOLO folder. Images end in {', '.join(sorted(SUFFIXES))}.",
    )


def is_uri_of_images(uri: str) -> bool:
    """Whether most files at an address are images, or it is an archive of them."""
    found = names(uri)
    pictures = [name for name in found if Path(name).suffix.lower() in (*SUFFIXES, ".tar")]
    return 2 * len(pictures) > len(found)


def recognises(source: str) -> bool:
    """Whether some layout claims `source`; never raises for what another kind may own.

    A layout that knows the source for its own but cannot say which part is meant claims it too:
    reading then says so.
    """
    if is_uri(source):
        return is_uri_of_images(source)
    path = Path(source)
    try:
        return (
            source != standard_input.NAME
            and path.exists()
            and any(each.claims(path) for each in layouts())
        )
    except BadInput:
        return True
    except (OSError, ValueError):
        return False
