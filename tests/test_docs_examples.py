"""Every command line that README, docs and help show is one that `augment` takes, and links lead
somewhere."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.exceptions import TyperException

from augment.cli import help as helps
from augment.cli.app import app
from augment.core import condition, registry
from augment.core.errors import UsageError
from augment.evaluation import gates
from tests.places import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "samples" / "README.md"]
DATED = {"log.md"}  # what was typed then
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?:^|[\s'\"/:(])augment ([a-z]+) ([^\n]*)")
GROUP: Any = typer.main.get_command(app)


def page_names() -> list[str]:
    return [str(page.relative_to(ROOT)) for page in PAGES if page.name not in DATED]


def calls(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with its words, up to what ends it in a shell."""
    joined = re.sub(r"\\\n\s*", "", text)
    joined = re.sub(r"(--format \w+)\n {4}(-o )", r"\1 \2", joined)  # a folded scalar of YAML
    for line in joined.splitlines():
        for found in CALL.finditer(line):
            words = shlex.shlex(found[2], posix=True, punctuation_chars=True)
            words.whitespace_split = True
            yield found[1], [*itertools.takewhile(lambda word: word[0] not in "|&;<>", words)]


def require_taken(name: str, words: list[str]) -> None:
    """Raises where the command, one of its options, or what an option says is not taken."""
    command = GROUP.commands[name]
    context = command.context_class(command, info_name=name)
    given, rest, _ = command.make_parser(context).parse_args(args=list(words))
    assert not rest, f"{name}: too many arguments: {rest}"
    for each in command.params:
        value = given.get(each.name)
        if each.required:
            assert value not in (None, [], ()), f"augment {name} {words}: {each.name} is missing"
        if isinstance(value, str | list) and each.name in VALUES:
            for text in [value] if isinstance(value, str) else value:
                VALUES[each.name](text)


def require_engines(text: str) -> None:
    for name in text.split(","):
        assert name in {"auto", "all", *registry.names("engines")}, name


def require_parameter(text: str) -> None:
    known = {
        parameter["name"]
        for engine in registry.names("engines")
        for parameter in registry.described(engine, detailed=True)["parameters"]
    }
    name, sign, value = text.partition("=")
    assert sign and value and name.rpartition(".")[2] in known | {"negative", "template"}, text


VALUES = {
    "engine": require_engines,
    "engines": require_engines,
    "param": require_parameter,
    "gate": gates.parse,
    "warn": gates.parse,
    "goal": gates.parse,
    "where": lambda text: condition.parse(text, "--where"),
}


@pytest.mark.parametrize("page", page_names())
def test_every_command_line_of_a_page_is_taken(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for _, block in FENCED.findall(text):
        for name, words in calls(block):
            require_taken(name, words)


def test_there_are_many_and_those_of_help_are_taken_too() -> None:
    texts = [(ROOT / page).read_text("utf-8") for page in page_names()]
    found = [call for text in texts for _, block in FENCED.findall(text) for call in calls(block)]
    assert len(found) > 90 and {name for name, _ in found} >= {*helps.EXAMPLES} - {"engines"}
    for name, examples in helps.EXAMPLES.items():
        for example in examples:
            for called, words in calls(example + " "):
                assert called == name
                require_taken(called, words)


@pytest.mark.parametrize(
    "line",
    [
        "sample model/ -n 10",
        "sample model/ -o t.csv --whither age",
        "run t.csv u.csv -o out",
        "run t.csv -o out -e anyoder",
        "fit t.csv -o out -p epoch=3",
        "run t.csv -o out --gate 'detection <='",
        "sample model/ -o t.csv --where 'age >'",
    ],
)
def test_a_wrong_line_is_found(line: str) -> None:
    name, *words = shlex.split(line)
    with pytest.raises((AssertionError, UsageError, TyperException)):
        require_taken(name, words)


@pytest.mark.parametrize("page", page_names())
def test_options_in_running_text_exist(page: str) -> None:
    text = FENCED.sub("", (ROOT / page).read_text("utf-8"))
    known = {word for each in GROUP.commands.values() for p in each.params for word in p.opts}
    known |= {
        word for each in GROUP.commands.values() for p in each.params for word in p.secondary_opts
    }
    known |= {word for p in GROUP.params for word in p.opts}
    for code in re.findall(r"`(augment [^`]*|--?[a-z][^`]*)`", text):
        foreign = re.match(r"--(preload|exit-status)", code)
        for word in [] if foreign else re.findall(r"(?<![\w-])--[a-z][a-z-]*", code):
            assert word in known or word in THEIRS, f"{page}: `{code}`"


THEIRS = {"--install-completion", "--show-completion", "--help"}


@pytest.mark.parametrize("page", page_names())
def test_links_within_the_project_lead_somewhere(page: str) -> None:
    here = ROOT / page
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", here.read_text("utf-8"))):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        there = here if not path else (here.parent / path).resolve()
        assert there.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in anchors(there), f"{page}: {link}"


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
