"""The same seed gives the same bytes, whatever process, locale, time zone or number of workers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.child import augment, write_table
from tests.kinds.images.pictures import saved
from tests.lifecycle.test_kills import result

pytestmark = pytest.mark.trust


def installed() -> set[str]:
    done = subprocess.run(["locale", "-a"], capture_output=True, text=True)
    return set(done.stdout.split())


SURROUNDINGS: dict[str, tuple[dict[str, str], int]] = {
    "first": ({"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}, 1),
    "other": ({"PYTHONHASHSEED": "77", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}, 2),
    "west": ({"PYTHONHASHSEED": "random", "TZ": "America/St_Johns", "LC_ALL": "POSIX"}, 4),
}
FOREIGN = ("de_DE.utf8", "tr_TR.utf8", "fr_FR.utf8")  # commas in numbers, a dotless i


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


def made(name: str, sources: Path, out: Path, env: dict[str, str], workers: int) -> Any:
    source, *rest = WORDS[name]
    done = augment(
        "run", sources / source, *rest, "-o", out, "--seed", "5", "--gate", "none", "-q",
        "--workers", str(workers), env=env,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return result(out)


def unlike(found: Any, expected: Any) -> list[str]:
    found, expected = (
        {k: v for k, v in each.items() if k != "run.json"} for each in (found, expected)
    )
    return [name for name in sorted(found | expected) if found.get(name) != expected.get(name)]


@pytest.mark.parametrize(
    "places", [("first", "other"), pytest.param(tuple(SURROUNDINGS), marks=pytest.mark.trust_full)]
)
@pytest.mark.parametrize("name", WORDS)
def test_fit_sample_and_report_are_the_same_bytes(
    name: str, places: tuple[str, ...], sources: Path, tmp_path: Path
) -> None:
    results = {each: made(name, sources, tmp_path / each, *SURROUNDINGS[each]) for each in places}
    for each, found in results.items():
        assert unlike(found, results["first"]) == [], each


@pytest.mark.trust_full
@pytest.mark.parametrize("locale", FOREIGN)
def test_a_foreign_locale_changes_no_byte(locale: str, sources: Path, tmp_path: Path) -> None:
    if locale not in installed():
        pytest.skip(f"the locale {locale} is not installed")
    first, env = SURROUNDINGS["first"][0], {"LC_ALL": locale, "TZ": "UTC"}
    one = made("table", sources, tmp_path / "one", first, 1)
    assert unlike(made("table", sources, tmp_path / "two", env, 1), one) == []
