"""Real limits of the machine: a file system of a megabyte, files of few bytes, little memory."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trust.writers import WRITERS, Workplace

pytestmark = pytest.mark.trust
NAMES = ["fit images", "sample", "run", "tune", "transform", "report"]
SIZES = ["64k", pytest.param("256k", marks=pytest.mark.trust_full), "1m"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An empty file system in memory, of which a test says the size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True
    )
    if done.returncode:
        pytest.skip("mounting a small file system is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", NAMES)
def test_a_small_file_system(name: str, size: str, disk: Path, workplace: Workplace) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)
    (disk / "work").mkdir()
    out = disk / "work" / WRITERS[name].out
    done = workplace.run(name, out)
    assert done.code in (0, 6), (done.code, done.err)
    if done.code:
        assert "full" in done.err or "cannot be written" in done.err
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
    workplace.goes_on(name, out)


@pytest.mark.parametrize("name", ["fit", "sample", "run", "transform", "tune"])
def test_files_of_few_bytes(name: str, workplace: Workplace) -> None:
    out = workplace.place(name)
    done = workplace.run(name, out, limits={"file": 1 if name == "sample" else 200})
    assert done.code == 6, (done.code, done.err)
    workplace.goes_on(name, out)


@pytest.mark.parametrize("mib", [1, 4, 16, pytest.param(48, marks=pytest.mark.trust_full)])
@pytest.mark.parametrize("name", ["fit", "fit images", "sample", "transform", "inspect"])
def test_little_memory(name: str, mib: int, workplace: Workplace) -> None:
    """Beyond what the libraries hold once they are loaded, as `ulimit -v` would bound it."""
    out = workplace.place(name)
    done = workplace.run(name, out, limits={"memory": mib << 20})
    assert done.code in (0, 6), (done.code, done.err)
    workplace.goes_on(name, out)
