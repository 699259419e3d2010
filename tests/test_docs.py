"""The README's generated parts are up to date, and its commands exist."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from augment.cli.app import COMMANDS, app
from augment.settings.jobs import listed
from augment.settings.resolution import resolve
from docs import generate
from tests.cli.child import shell, write_table
from tests.places import ROOT

UNATTENDED = (ROOT / "docs" / "unattended.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", generate.PARTS, ids=lambda page: page.name)
def test_the_generated_parts_are_up_to_date(page: Path) -> None:
    assert generate.generated(page) == page.read_text("utf-8"), "run: python -m docs.generate"


def test_the_published_schema_of_the_settings_is_up_to_date() -> None:
    assert generate.SCHEMA.read_text("utf-8") == generate.schema(), "run: python -m docs.generate"


def test_every_command_of_the_readme_exists_and_every_command_is_in_it() -> None:
    text = generate.README.read_text("utf-8")
    named = set(re.findall(r"augment ([a-z]+)", text))
    known = {command.__name__ for command in COMMANDS}
    assert known <= named
    examples = re.findall(r"^(?:cat .*\| )?augment ([a-z]+)", text, re.MULTILINE)
    assert examples and set(examples) <= known


def test_the_recipes_are_what_they_say_they_are(tmp_path: Path) -> None:
    for text in blocks(UNATTENDED, "yaml"):
        assert yaml.safe_load(text)
    for text in blocks(UNATTENDED, "python"):
        assert ast.parse(text).body
    (text,) = blocks(UNATTENDED, "toml")
    path = tmp_path / "augment.toml"
    path.write_text(text)
    assert resolve(path, {}, tmp_path, tmp_path).settings.fitting.engine == "anyorder"
    assert [each.job.name for each in listed(path, tmp_path)] == ["customers", "orders"]


def test_every_option_of_the_recipes_exists() -> None:
    group: Any = typer.main.get_command(app)
    calls = re.findall(r"(?<![/\w])augment ([a-z]+)( [^\n|>]*)", "".join(_code(UNATTENDED)))
    assert len(calls) >= 20
    for name, rest in calls:
        known = {word for each in group.commands[name].params for word in each.opts}
        for word in shlex.split(rest.partition("||")[0].partition(";")[0]):
            assert not word.startswith("-") or word in known or word == "-v", (name, word)


def _code(text: str) -> list[str]:
    return re.findall(r"^```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_recipes_for_cron_and_make_and_the_notebook_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table(tmp_path / "customers.csv")
    settings = '[fitting]\nengine = "independent"\n[gates]\nfail = "none"\n'
    job = '[[jobs]]\nname = "a"\nsource = "customers.csv"\nout = "out"\nif_changed = true\n'
    (tmp_path / "augment.toml").write_text(settings + job)
    cron = next(text for text in blocks(UNATTENDED, "sh") if "cron.daily" in text)
    for _ in range(2):
        done = shell(cron.replace("/srv/customers", str(tmp_path)), tmp_path)
        assert done.returncode == 0 and not done.stderr, done.stderr
    (text,) = blocks(UNATTENDED, "make")
    (tmp_path / "Makefile").write_text(text)
    (tmp_path / "customers.csv").touch()
    for said in (b"--if-changed", b"up to date"):
        done = shell("export -f augment; make SHELL=/bin/bash", tmp_path)
        assert done.returncode == 0 and said in done.stdout, done.stderr
    monkeypatch.chdir(tmp_path)
    notebook = next(text for text in blocks(UNATTENDED, "python") if "import augment" in text)
    exec(
        compile(notebook.replace("if_changed", 'engine="independent", if_changed'), "n", "exec"), {}
    )
