"""The README's generated parts are up to date, and its commands exist."""

from __future__ import annotations

import re

from augment.cli.app import COMMANDS
from docs import generate


def test_the_generated_parts_of_the_readme_are_up_to_date() -> None:
    text = generate.README.read_text("utf-8")
    assert generate.generated(text) == text, "run: python -m docs.generate"


def test_the_published_schema_of_the_settings_is_up_to_date() -> None:
    assert generate.SCHEMA.read_text("utf-8") == generate.schema(), "run: python -m docs.generate"


def test_every_command_of_the_readme_exists_and_every_command_is_in_it() -> None:
    text = generate.README.read_text("utf-8")
    named = set(re.findall(r"augment ([a-z]+)", text))
    known = {command.__name__ for command in COMMANDS}
    assert known <= named
    examples = re.findall(r"^(?:cat .*\| )?augment ([a-z]+)", text, re.MULTILINE)
    assert examples and set(examples) <= known
