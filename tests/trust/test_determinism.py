"""The same seed gives the same bytes, whatever process, locale, time zone or number of workers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.cli.child import augment, environment, write_table
from tests.kinds.images.pictures import saved
from tests.lifecycle.test_kills import result
from tests.places import ROOT

pytestmark = pytest.mark.trust


SURROUNDINGS: dict[str, tuple[dict[str, str], int]] = {
    "first": ({"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}, 1),
    "other": ({"PYTHONHASHSEED": "77", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}, 2),
    "west": ({"PYTHONHASHSEED": "random", "TZ": "America/St_Johns", "LC_ALL": "POSIX"}, 4),
}
FOREIGN = ("de_DE", "tr_TR", "fr_FR")  # commas in numbers, a dotless i
# A host program that has taken up its locale, which Python by itself only does for letters.
HOSTED = """
import locale
locale.setlocale(locale.LC_ALL, "")
assert locale.localeconv()["decimal_point"] == ",", "the locale is not there"
from augment.cli.app import main
main()
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    write_table(folder / "a.csv", rows=200)
    for row in range(24):
        saved(folder / "pictures" / "ab"[row % 2] / f"{row}.png", row)
    return folder


WORDS = {
    "table": ("a.csv", "-e", "anyorder", "-p", "epochs=1", "--target", "job"),
    "pictures": ("pictures", "-e", "cvae", "-p", "steps=2", "-p", "width=8", "--canvas", "8"),
}


def call(name: str, sources: Path, out: Path, workers: int) -> list[str]:
    source, *rest = WORDS[name]
    words = ("run", sources / source, *rest, "-o", out, "--seed", "5", "--gate", "none", "-q")
    return [str(word) for word in (*words, "--workers", workers)]


def made(name: str, sources: Path, out: Path, env: dict[str, str], workers: int) -> Any:
    done = augment(*call(name, sources, out, workers), env=env)
    assert done.returncode == 0, done.stderr
    return result(out)


@pytest.fixture(scope="module")
def first(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """The result in the first surroundings, which all others are held against."""
    return cache(
        lambda name: made(name, sources, tmp_path_factory.mktemp("first"), *SURROUNDINGS["first"])
    )


def unlike(found: Any, expected: Any) -> list[str]:
    found, expected = (
        {k: v for k, v in each.items() if k != "run.json"} for each in (found, expected)
    )
    return [name for name in sorted(found | expected) if found.get(name) != expected.get(name)]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("table", "other"),
        pytest.param("table", "west", marks=pytest.mark.trust_full),
        pytest.param("pictures", "other", marks=pytest.mark.trust_full),
        pytest.param("pictures", "west", marks=pytest.mark.trust_full),
    ],
)
def test_fit_sample_and_report_are_the_same_bytes(
    name: str, place: str, first: Callable[[str], Any], sources: Path, tmp_path: Path
) -> None:
    found = made(name, sources, tmp_path / "out", *SURROUNDINGS[place])
    assert unlike(found, first(name)) == []


def test_images_are_the_same_bytes(sources: Path, tmp_path: Path) -> None:
    """Without their report, which takes twice as long as all the rest."""
    source, *rest = WORDS["pictures"]
    found = []
    for place in ("first", "other"):
        (env, workers), folder = SURROUNDINGS[place], tmp_path / place
        model, seed = folder / "model", ("--seed", "5", "-q")
        images = ("-n", "6", "--workers", str(workers), "-o", folder / "images")
        for words in (("fit", sources / source, *rest, "-o", model), ("sample", model, *images)):
            done = augment(*words, *seed, env=env)
            assert done.returncode == 0, done.stderr
        found.append({p.name: p.read_bytes() for p in folder.glob("images/**/*.png")} | {
            "weights": (model / "weights.safetensors").read_bytes()
        })  # fmt: skip
    assert len(found[0]) > 6
    assert unlike(*found) == []


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of foreign locales, for `LOCPATH`, of the sources that glibc has of them."""
    folder = tmp_path_factory.mktemp("locales")
    for name in FOREIGN:
        try:
            done = subprocess.run(
                ["localedef", "--no-archive", "-i", name, "-f", "UTF-8", folder / f"{name}.UTF-8"],
                capture_output=True,
            )
        except FileNotFoundError:
            pytest.skip("this machine has no localedef")
        if done.returncode and not (folder / f"{name}.UTF-8").is_dir():
            pytest.skip(f"localedef makes no {name} here")
    return folder


@pytest.mark.parametrize(
    "locale",
    [FOREIGN[0], *(pytest.param(name, marks=pytest.mark.trust_full) for name in FOREIGN[1:])],
)
def test_a_host_program_of_a_foreign_locale_changes_no_byte(
    locale: str, locales: Path, first: Callable[[str], Any], sources: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HOSTED, *call("table", sources, tmp_path / "out", 1)],
        capture_output=True,
        cwd=ROOT,
        env=environment({"LOCPATH": str(locales), "LC_ALL": f"{locale}.UTF-8", "TZ": "UTC"}),
    )
    assert done.returncode == 0, done.stderr
    assert unlike(result(tmp_path / "out"), first("table")) == []
