"""`--help`: grouped, within 80 columns, with examples that can be followed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from augment.cli import help as helps
from augment.cli.app import COMMANDS, app
from tests.cli.child import environment, shell
from tests.places import ROOT

MAIN = "from augment.cli.app import main; main()"
NAMES = [command.__name__ for command in COMMANDS]


def help_of(*words: str) -> list[str]:
    done = typer.testing.CliRunner().invoke(
        app, [*words, "--help"], env={"COLUMNS": "80"}, prog_name="augment"
    )
    assert done.exit_code == 0
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_every_help_fits_80_columns_and_ends_with_its_examples(name: str) -> None:
    lines = help_of(name)
    assert max(map(len, lines)) <= 80
    assert lines[-len(helps.EXAMPLES[name]) - 1] == "Examples:"
    assert [line.strip() for line in lines[-len(helps.EXAMPLES[name]) :]] == [*helps.EXAMPLES[name]]


@pytest.mark.parametrize("name", NAMES)
def test_help_names_values_and_no_types_of_python(name: str) -> None:
    said = "\n".join(help_of(name))
    assert not re.search(r"<[a-z \[\]|]+>|<=x|x[<>]=", said), said
    usage, _, rest = said.partition("\n\n")
    assert not re.search(r"[{}]|\[\[|\]\]", usage)
    options = re.findall(r"^ +(?:-\w, )?--[\w-]+(?: / --[\w-]+)?(?: (\S+))?(?:  .*)?$", rest, re.M)
    assert options and all(not word or word == word.upper() for word in options), options


def test_every_option_stands_in_one_group_and_the_commands_own_come_first() -> None:
    lines = help_of("run")
    heads = [line[:-1] for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert heads == ["Arguments", "Options", *helps.GROUPS, "Examples"]
    own = lines[lines.index("Options:") + 1 : lines.index("Generator:")]
    assert any("--out" in line for line in own)
    assert not any("--canvas" in line for line in own)


@pytest.mark.parametrize("name", NAMES)
def test_the_options_of_the_examples_exist(name: str) -> None:
    group: Any = typer.main.get_command(app)
    known = {word for each in group.commands[name].params for word in each.opts}
    for example in helps.EXAMPLES[name]:
        first, command, *words = shlex.split(example)
        assert (first, command) == ("augment", name)
        for word in words[: words.index("|")] if "|" in words else words:
            assert not word.startswith("-") or word == "-" or word in known, word


def test_the_list_of_commands_is_whole_and_grouped() -> None:
    lines = help_of()
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith("...") for line in lines[1:])
    named = {name for names in helps.COMMAND_GROUPS.values() for name in names}
    assert named == set(NAMES) == set(helps.EXAMPLES)
    assert [line[:-1] for line in lines if line[:-1] in helps.COMMAND_GROUPS] == [
        *helps.COMMAND_GROUPS
    ]


def completed(words: str) -> list[str]:
    env = {
        "_AUGMENT_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'augment'; " + MAIN],
        capture_output=True,
        env=environment(env),
        cwd=ROOT,
        timeout=60,
    )
    return done.stdout.decode().split()


def test_a_shell_completes_commands_engines_and_kinds(tmp_path: Path) -> None:
    assert completed("augment ins") == ["inspect"]
    assert completed("augment engines anyo") == ["anyorder"]
    assert completed("augment fit t.csv --kind im") == ["images"]
    script = shell("augment --show-completion; true", tmp_path)  # it asks which shell calls it
    assert b"complete -o default" in script.stdout, script.stderr
