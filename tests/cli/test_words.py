"""Words from the command line to values, and names back to the screen."""

from __future__ import annotations

import fcntl
import io
import os
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from augment.cli import failures, output, progress, terminal
from augment.cli.parsing import pairs, seconds
from augment.core.errors import UsageError
from augment.core.types import Tick
from augment.settings.reading import roles
from tests.cli.child import write_table
from tests.cli.in_process import augment
from tests.places import ROOT

HEAVY = ("numpy", "pandas", "pyarrow", "torch", "sdv", "rich", "sklearn", "scipy", "jinja2")


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, augment.cli.app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "typer" in loaded
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), (None, None)]
)
def test_times(text: str | None, value: float | None) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "5d", "m", "1e999", "1:30"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="--max-time"):
        seconds(text)


def test_pairs_split_at_the_sign_that_cannot_belong_to_the_name() -> None:
    assert pairs(["a=b=c"], "-p") == {"a": "b=c"}
    assert roles(["a=b=id"], "--column") == {"a=b": "id"}
    for text in ("epochs", "=3", ""):
        with pytest.raises(UsageError):
            pairs([text], "-p")


@given(st.text() | st.sampled_from(["\x1b[2J", "a\nb", "\udc80", "\u202e", "é漢🙂"]))
def test_what_is_printed_cannot_move_the_cursor(text: str) -> None:
    shown = terminal.printable(text)
    assert shown.isprintable()
    if text.isprintable():
        assert shown == text


@pytest.mark.parametrize("word", ["plain", "two words", "it's", "a\nb", "\x1b[2J'\\", "\udc80"])
def test_the_resuming_command_is_one_line_that_a_shell_reads_back(word: str) -> None:
    line = terminal.command_line(["printf", "%s", word])
    assert line.isprintable()
    done = subprocess.run(["bash", "-c", line], capture_output=True, check=True)
    assert done.stdout == word.encode("utf-8", "surrogateescape")


def test_progress_says_phase_step_losses_and_time_left() -> None:
    tick = Tick("fit", 30, 120, loss=0.41234, held_out=0.5, note="bad\x1bnote")
    text = progress.described(tick, elapsed=50)
    assert text == r"fitting 30/120, loss 0.4123, held-out 0.5, bad\x1bnote, 2:30 left"


def test_the_time_left_counts_from_the_first_step_of_each_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0.0, 100.0, 1000.0, 1010.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    count = progress.Count()
    ticks = [
        Tick("fit", step, steps) for step, steps in ((100, 300), (200, 300), (50, 90), (70, 90))
    ]
    assert [count.described(tick) for tick in ticks] == [
        "fitting 100/300",
        "fitting 200/300, 1:40 left",
        "fitting 50/90",
        "fitting 70/90, 0:10 left",
    ]


def test_steps_of_unlike_length_foretell_no_time() -> None:
    assert progress.described(Tick("score", 1, 13, note="copies"), 17.0) == "scoring 1/13, copies"
    assert progress.described(Tick("compare", 1, 2), 17.0) == "comparing 1/2"


def test_a_bar_counts_down_between_ticks_and_a_long_note_gives_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "60")
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress._bar(False) as tell:
        tell(Tick("fit", 0, 100))
        now[0] += 40.0
        tell(Tick("fit", 40, 100, note="a note of words " * 9))
        bars = tell.progress  # type: ignore[attr-defined]
        lines = []
        for _ in range(2):
            held = io.StringIO()
            Console(file=held, width=60).print(bars.get_renderable())
            lines.append(held.getvalue().splitlines())
            now[0] += 20.0
    assert [len(each) for each in lines] == [1, 1]
    assert all("0:00:" in each[0] and "…" in each[0] for each in lines)
    assert [each[0].split()[-2] for each in lines] == ["1:00", "0:40"]


def test_an_unprotected_fit_says_so_and_names_the_relations(tmp_path: Path) -> None:
    source = tmp_path / "flags.csv"
    rows = [f"{k % 7},{int(k % 3 == 0)},{int(k % 3 == 1)},{int(k % 3 == 2)}" for k in range(200)]
    source.write_text("\n".join(["n,soil_1,soil_2,soil_3", *rows]) + "\n")
    out = tmp_path / "m"
    done = augment("fit", source, "-o", out, "-e", "independent", "--seed", "1", "--no-protect")
    assert done.returncode == 0, done.stderr
    assert b"exactly one of soil_1" in done.stderr
    assert b"Protected: nothing (--no-protect)" in done.stderr


@pytest.mark.parametrize(("lead", "hang"), [("", ""), ("  ", "    "), ("    ", "      ")])
def test_an_indented_line_wraps_further_in_and_loses_no_word(lead: str, hang: str) -> None:
    console = Console(file=io.StringIO(), width=40)
    words = [f"word{number}" for number in range(30)]
    output.line(console, f"{lead}{' '.join(words)}")
    assert isinstance(console.file, io.StringIO)
    first, *others = console.file.getvalue().splitlines()
    assert first.startswith(f"{lead}word0 ") and len(others) > 3
    assert all(line.startswith(f"{hang}word") and len(line) <= 40 for line in others)
    assert not any(line.endswith(" ") for line in others) or not lead
    assert " ".join([first, *others]).split() == words


def test_messages_to_a_terminal_break_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
    with os.fdopen(theirs, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        failures.report("there is no run here. " * 6, 4, as_json=False)
        said = os.read(ours, 4096).decode()
    os.close(ours)
    lines = said.splitlines()
    assert len(lines) > 3 and max(map(len, lines)) <= 40
    assert " ".join(lines).split() == [
        "augment:",
        "error:",
        *("there is no run here. " * 6).split(),
    ]


def test_columns_of_numbers_are_right_aligned_and_names_with_a_place_are_not() -> None:
    said = io.StringIO()
    rows = [["1 gan", "-0.53 ±.22", "6.4", "–"], ["2 flow", "0.43 ±.53", "12 min", "–"]]
    output.table(Console(file=said, width=80), ["engine", "fidelity", "fit", "none"], rows)
    _, _, first, second = [line.rstrip() for line in said.getvalue().splitlines()]
    assert first == "1 gan    -0.53 ±.22      6.4   –" and second.startswith("2 flow    0.43 ±.53")


def test_on_a_narrow_screen_what_an_engine_is_gets_the_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = augment("engines").stdout.decode().splitlines()
    assert max(map(len, lines)) <= 80 and len(lines) < 42
    assert len(lines[0].rstrip()) - lines[0].index("what it is") == len("what it is")
    assert 80 - lines[0].index("what it is") >= 24


def test_a_name_of_ten_thousand_letters_does_not_fill_the_screen(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text(f"{'L' * 10_000},age\n" + "".join(f"{'ab'[i % 2]},{i}\n" for i in range(40)))
    done = augment("inspect", source)
    assert done.returncode == 0 and len(done.stdout) + len(done.stderr) < 3_000
    done = augment("evaluate", write_table(tmp_path / "real.csv"), source)
    assert done.returncode == 4 and b"LLL" in done.stderr and len(done.stderr) < 1_000
