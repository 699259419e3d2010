"""Which format a column of dates is written in, told from its values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.spelling import dates

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 50
CLOCK = re.compile(
    r"(?P<gap>[T ])(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2}(\.(?P<fraction>\d{1,6}))?)?"
    r"(?P<half> ?[AaPp][Mm])?(?P<zone> ?(?:Z|UTC|[+-]\d{2}:?\d{2}|[+-]\d{2}))?$"
)
ALONE = re.compile(r"\d{1,2}:\d{2}(?!\d)")  # a time of day without a day
NUMERIC = re.compile(r"(\d{1,4})([-/. ])(\d{1,2})\2(\d{1,4})$")
NAMED_DAY = re.compile(r"(\d{1,2})([- ])([A-Za-z]{3,9})\2(\d{4}|\d{2})$")
NAMED_MONTH = re.compile(r"([A-Za-z]{3,9}) (\d{1,2})(,?) (\d{4})$")
COMPACT = re.compile(r"\d{8}(?P<gap>[T ])\d{4}(?P<second>\d{2})?(?P<zone>Z?)$")  # of ISO 8601
MONTH = re.compile(r"\d{4}([-/])\d{2}$")


def candidates(text: str) -> list[str]:
    """The formats that one value could be written in, the usual ones first.

    >>> candidates("2024-05-01 10:00")
    ['%Y-%m-%d %H:%M', '%Y-%-m-%-d %H:%M']
    >>> candidates("9:30")
    ['%H:%M', '%-H:%M']
    >>> candidates("20240501T100000")
    ['%Y%m%dT%H%M%S']
    """
    if ALONE.match(text) and (alone := CLOCK.search(f" {text}")):
        return [format.removeprefix(" ") for format in _clock_formats(alone)]
    if found := COMPACT.match(text):
        return [f"%Y%m%d{found['gap']}%H%M{'%S' if found['second'] else ''}{found['zone']}"]
    clock = CLOCK.search(text)
    day = text[: clock.start()] if clock else text
    times = _clock_formats(clock) if clock else [""]
    return [d + t for d in _day_formats(day) for t in times]


def _day_formats(text: str) -> list[str]:
    if found := NUMERIC.match(text):
        first, mark, _, last = found.groups()
        if len(first) == 4 and len(last) <= 2:
            orders = [("%Y", "%m", "%d")]
        elif len(first) <= 2 and len(last) in (2, 4):
            year = "%Y" if len(last) == 4 else "%y"
            orders = [("%d", "%m", year), ("%m", "%d", year)]
        else:
            return []
        padded = [mark.join(order) for order in orders]
        return padded + [p.replace("%d", "%-d").replace("%m", "%-m") for p in padded]
    if found := NAMED_DAY.match(text):
        mark, year = found[2], "%Y" if len(found[4]) == 4 else "%y"
        return [mark.join((d, m, year)) for m in ("%b", "%B") for d in ("%d", "%-d")]
    if found := NAMED_MONTH.match(text):
        return [f"{m} {d}{found[3]} %Y" for m in ("%b", "%B") for d in ("%d", "%-d")]
    if found := MONTH.match(text):
        return [f"%Y{found[1]}%m"]
    return []


def _clock_formats(clock: re.Match[str]) -> list[str]:
    tail = ":%M" + (":%S" if clock["second"] else "")
    if clock["fraction"]:
        digits = len(clock["fraction"])
        tail += ".%f" if digits == 6 else f".%{digits}f"
    hours = ["%H", "%-H"]
    if half := clock["half"]:
        hours = ["%I", "%-I"]
        tail += half[:-2] + ("%p" if half[-1] == "M" else "%P")
    zone = (clock["zone"] or "").replace("%", "%%")
    return [clock["gap"] + hour + tail + zone for hour in hours]


def found(texts: pa.Array) -> list[str]:
    """Every format in which all texts (distinct, without nulls) are read and written back."""
    fits = []
    for format in candidates(texts[0].as_py()):
        column = Column("", "datetime", "datetime", format=format)
        for sample in (texts.slice(0, SAMPLE), texts):
            values = dates.parse(format, sample)
            if (
                values.null_count
                or not pc.all(pc.equal(dates.render(column, values), sample)).as_py()
            ):
                break
        else:
            fits.append(format)
    return fits


def likelier(formats: list[str], texts: pa.Array) -> str | None:
    """Of several formats that all fit, the one that the values speak for; None where none does.

    `texts` are the values in the order of the file. A log runs forwards, so a reading under which
    the file is in order wins; failing that, one under which the dates lie much closer together.
    """
    spans, ordered = {}, []
    for format in formats:
        stamps = np.asarray(dates.parse(format, texts).drop_null().cast("int64"))
        spans[format] = int(stamps.max() - stamps.min())
        if len(stamps) > 2 and (np.diff(stamps) >= 0).all():
            ordered.append(format)
    if len(ordered) == 1:
        return ordered[0]
    near, far = sorted(formats, key=spans.__getitem__)[:2]
    return near if spans[near] * 3 < spans[far] else None
