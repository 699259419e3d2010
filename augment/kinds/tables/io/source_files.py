"""Which files a source names, and of which format each is."""

from __future__ import annotations

from pathlib import Path

from augment.core import registry
from augment.core.errors import BadInput, UsageError, listed
from augment.core.reading_options import flag
from augment.kinds.tables.io.formats import Format, ReadOptions, compression
from augment.sources import partitions
from augment.sources.databases.address import is_address
from augment.sources.files import folder_of, matching
from augment.sources.partitions import Member
from augment.sources.remote.listing import names
from augment.sources.remote.uri import is_uri

FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"SQLite format 3\0": "an SQLite database",
    b"%PDF": "a PDF document",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x89HDF": "an HDF5 file",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
}


def formats() -> dict[str, Format]:
    """Every registered format by name."""
    return {name: registry.find("formats", name)() for name in registry.names("formats")}


def members_of(source: str, options: ReadOptions) -> list[Member]:
    """The files that a source names, sorted, with the columns that their folders name.

    Raises `BadInput` where there is none.
    """
    return partitions.members(files_of(source, options), folder_of(source))


def files_of(source: str, options: ReadOptions) -> list[Path]:
    """The files that a source names, sorted. Raises `BadInput` where there is none."""
    path = Path(source)
    if path.is_dir():
        if options.format is not None:
            suffixes = set(registry.find("formats", options.format)().suffixes)
        else:
            suffixes = {suffix for format in formats().values() for suffix in format.suffixes}
        found = sorted(
            file
            for file in partitions.files_below(path)
            if compression.bare_suffix(file)[0] in suffixes
        )
        if not found:
            raise BadInput(
                "the folder holds no table.",
                where=source,
                hint=f"Tables end in {', '.join(sorted(suffixes))}; or name a file.",
            )
        # Beside tables of other formats, .json is what describes them: settings, a schema.
        others = [file for file in found if compression.bare_suffix(file)[0] != ".json"]
        return others or found
    return matching(source)


def format_of(path: Path) -> str:
    """The name of the format that a file's suffix tells; `UsageError` where it tells none."""
    suffix, packing = compression.bare_suffix(path)
    for name, format in formats().items():
        if suffix in format.suffixes:
            if packing and not format.text:
                raise UsageError(f"{path}: {name} packs its own data; leave {packing} off.")
            return name
    if packing == ".zip":
        return "csv"
    known = sorted(suffix for format in formats().values() for suffix in format.suffixes)
    raise UsageError(f"{path}: the suffix names no format of tables. Known: {listed(known)}.")


def suffix_like(source: str) -> str:
    """The suffix for output of the format and packing of the source's first file, else `.csv`."""
    if is_address(source):
        return ".parquet"  # which keeps the types
    if is_uri(source):
        source = names(source)[0]
    if Path(source).is_dir():
        source = str(files_of(source, ReadOptions())[0])
    suffix, packing = compression.bare_suffix(Path(source))
    known = {suffix for format in formats().values() for suffix in format.suffixes}
    return (suffix if suffix in known else ".csv") + packing


def _format_for(path: Path, name: str, options: ReadOptions) -> Format:
    """The format asked for, else what the suffix says, else what the content looks like."""
    try:
        head = compression.head(path, name)
        compression.require_whole(path, name)
    except compression.UNREADABLE as error:
        raise compression.unreadable(name, error) from None
    known = formats()
    if options.format is not None and options.format not in known:
        registry.find("formats", options.format)
    asked = known.get(options.format or "")
    for magic, what in FOREIGN.items():
        if head.startswith(magic) and (asked is None or asked.text):
            address = magic.startswith(b"SQLite")
            raise BadInput(
                f"this is {what}, not a table that can be read here.",
                where=name,
                hint=f"Name it as sqlite:///{path}?table=NAME."
                if address
                else "Save or export it as CSV or Parquet first.",
            )
    if asked is not None:
        return asked
    suffix, _ = compression.bare_suffix(path)
    by_content = [label for label, format in known.items() if format.claims(head)]
    by_suffix = [label for label, format in known.items() if suffix in format.suffixes]
    if by_suffix:
        binary = [label for label in by_content if not known[label].text]
        if binary and binary[0] not in by_suffix:
            raise BadInput(
                f"the name says {by_suffix[0]}, but the content is {binary[0]}.",
                where=name,
                hint=f"Pass --format {binary[0]}, or rename it.",
            )
        return known[by_suffix[0]]
    return known[(by_content or ["csv"])[0]]


def known_format(path: Path, name: str, options: ReadOptions) -> Format:
    """The format of a file. Raises `UsageError` for an option of reading that it has no use for."""
    format = _format_for(path, name, options)
    for option in ("encoding", "delimiter", "header", "sheet"):
        if getattr(options, option) is not None and option not in format.spelling:
            label = next(each for each, known in formats().items() if type(known) is type(format))
            raise UsageError(f"{flag(option)} is no option for {name}, which is read as {label}.")
    return format
