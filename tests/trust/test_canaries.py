"""A cell's value, a password or a path's secret stands in nothing that a command leaves or says."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.lifecycle.conftest import WORDS
from tests.trust.processes import Done
from tests.trust.writers import Workplace

pytestmark = pytest.mark.trust
CANARY = "Zyxanthe Quibblethorpe"
NUMBER = "918273.6455"
PASSWORD = "hunter2canary"


def planted(path: Path) -> Path:
    """Rows with a text, a rare category and a rare number that stand nowhere else."""
    rng = random.Random(0)
    lines = ["job,age,pay,note,city"]
    for row in range(120):
        pay = NUMBER if row == 7 else f"{rng.uniform(100, 200):.4f}"
        note = " ".join([*rng.choices(WORDS, k=rng.randint(4, 9)), *[CANARY] * (row == 5)])
        city = CANARY if row == 3 else rng.choice(["Bern", "Basel", "Thun"])
        lines.append(f"{rng.choice(['cook', 'nurse'])},{rng.randint(18, 80)},{pay},{note},{city}")
    path.write_text("\n".join(lines) + "\n")
    return path


def leaks(folder: Path, done: Done, words: tuple[str, ...]) -> list[str]:
    """Where one of the words stands, whatever its encoding."""
    needles = [
        form for word in words for form in (word.encode(), word.encode("utf-16-le"),
                                            json.dumps(word)[1:-1].encode())
    ]  # fmt: skip
    found = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]
    said = done.out.encode() + done.err.encode()
    return found + ["what is said"] * any(needle in said for needle in needles)


COMMANDS = {
    "inspect": ("inspect", "SRC", "--json", "-v", "--schema-out", "OUT/schema.json"),
    "init": ("init", "SRC", "-o", "OUT/augment.toml"),
    "fit": ("fit", "SRC", "-e", "independent", "-o", "OUT/model", "-v"),
    "fit anyorder": ("fit", "SRC", "-e", "anyorder", "-p", "epochs=1", "-o", "OUT/model", "-v"),
    "run": ("run", "SRC", "-e", "independent", "-o", "OUT/run", "--target", "job", "--gate",
            "none", "-v", "--log-format", "json"),
}  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_no_cell_is_left_behind(name: str, workplace: Workplace, tmp_path: Path) -> None:
    source, out = planted(tmp_path / "t.csv"), tmp_path / "out"
    out.mkdir()
    words = [w.replace("SRC", str(source)).replace("OUT", str(out)) for w in COMMANDS[name]]
    done = workplace.commands(*words, cwd=tmp_path)
    assert done.code == 0, done.err
    assert not leaks(out, done, (CANARY, NUMBER))


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("a,b", f'1,"{CANARY}'),
        ("a,b", f"1,{CANARY},3"),
        ("a,a", f"{CANARY},1"),
        ("a,b", f"1,{CANARY}\0"),
    ],
    ids=["open quote", "ragged", "two of a name", "NUL"],
)
def test_no_refusal_cites_a_cell(head: str, row: str, workplace: Workplace, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"{head}\n" + "1,2\n" * 30 + row + "\n")
    out = tmp_path / "out"
    out.mkdir()
    done = workplace.commands("fit", "t.csv", "-e", "independent", "-o", out / "m", cwd=tmp_path)
    assert not leaks(out, done, (CANARY,))


def test_what_is_planted_is_found(workplace: Workplace, tmp_path: Path) -> None:
    """The control: a model without protection holds the rare value, and the search says so."""
    source, out = planted(tmp_path / "t.csv"), tmp_path / "out"
    done = workplace.commands("fit", source, "-e", "independent", "--no-protect", "-o", out)
    assert done.code == 0, done.err
    assert leaks(out, done, (CANARY, NUMBER))


def test_no_password_of_a_database_is_left_or_said(workplace: Workplace, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/trials.db?password={PASSWORD}"
    for url in (storage, f"postgresql://me:{PASSWORD}@nowhere.invalid/trials"):
        out = tmp_path / "out"
        done = workplace.commands(
            "tune", workplace.folder / "text.lines", "-e", "constant", "--trials", "1",
            "--storage", url, "-o", out, "-v",
        )  # fmt: skip
        assert done.code in (0, 2, 4, 5, 6), done.err
        assert not leaks(tmp_path, done, (PASSWORD,)), done.err


def test_a_database_may_be_named_by_the_environment(workplace: Workplace) -> None:
    """What stands in a command line stands in `ps`, so there is another way for a secret."""
    done = workplace.commands("config", "show", environment={"AUGMENT_TUNING_STORAGE": "sqlite://"})
    assert done.code == 0, done.err
    assert "AUGMENT_TUNING_STORAGE" in done.out or "sqlite://" in done.out
