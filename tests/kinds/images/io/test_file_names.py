"""Names: escaping is reversible and gives one harmless path part."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

from hypothesis import given
from hypothesis import strategies as st

from augment.kinds.images.io.file_names import MOST_BYTES, UNLABELLED_FOLDER, escaped, unescaped

NASTY = st.text(alphabet=st.sampled_from(list("/\\.%~-: \0\n\r\x1b\ud800é😀aA1CONcon")))


@given(st.text() | NASTY)
def test_unescaping_undoes_escaping(name: str) -> None:
    safe = escaped(name)
    if "%~" in safe:
        assert len(safe.encode()) <= MOST_BYTES
    else:
        assert unescaped(safe) == name


@given(st.text() | NASTY)
def test_an_escaped_name_is_one_plain_part_of_a_path(name: str) -> None:
    safe = escaped(name)
    assert PurePosixPath(safe).parts == (safe,) == PureWindowsPath(safe).parts
    assert safe not in (".", "..", UNLABELLED_FOLDER) and safe[0] not in "-. "
    assert safe.isprintable() and len(safe.encode()) <= 255


@given(st.lists(st.text() | NASTY, min_size=2, max_size=2, unique=True))
def test_different_names_stay_different(names: list[str]) -> None:
    assert escaped(names[0]) != escaped(names[1])


def test_long_names_are_cut_and_stay_different() -> None:
    first, second = escaped("é" * 300), escaped("é" * 301)
    assert first != second and len(first.encode()) <= MOST_BYTES
