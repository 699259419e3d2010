"""Every setting reaches the commands from file and environment, and every flag wins over both."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args, get_origin

import pytest
import typer.main

from augment.cli import progress
from augment.cli.app import app
from augment.cli.flags import SETTINGS
from augment.core import registry
from augment.core.parameters import choices, optional
from augment.lifecycle import evaluation, fitting, generation, opened_model
from augment.lifecycle import run as running
from augment.settings.names import Name, Setting, dotted, of_sections, variable
from tests.cli import in_process

GROUP: Any = typer.main.get_command(app)  # made once: that takes longer than a call
CALLS = {
    "run": ["SRC", "-o", "out", "--dry-run"],
    "fit": ["SRC", "-o", "out", "--dry-run"],
    "sample": ["model", "-o", "out"],
    "evaluate": ["SRC", "SRC"],
}
SOURCES = {"table": "t.csv", "images": "pictures"}
NO_SETTINGS = {  # what belongs to one call alone
    "source", "model", "real", "synthetic", "unseen", "out", "force", "dry_run", "config",
    "where", "balance", "mode", "mark", "prompt", "prompts", "given", "shard", "shards",
    "per_shard", "param", "preset", "weights", "baseline", "if_changed", "junit", "job",
    "all_jobs", "start", "show_values",
}  # fmt: skip
TEXTS = {  # where not any text will do: two values each
    ("tool", "executor"): ("ray", "ray://head:1"),
    ("reading", "column"): ("a=id", "b=drop"),
    ("reading", "kind"): ("table", "images"),
    ("reading", "canvas"): ("32", "64"),
    ("reading", "fit_rows"): ("100", "200"),
    ("fitting", "engine"): ("ctgan", "tvae"),
    ("fitting", "max_time"): ("90s", "2h"),
    ("fitting", "dp_delta"): ("1e-06", "1e-05"),
    ("sampling", "rows"): ("5k", "7k"),
    ("scoring", "features"): ("one.pt", "two.pt"),
    ("gates", "fail"): ("utility", "fidelity"),
    ("gates", "warn"): ("utility", "fidelity"),
}
BESIDE = {"dp_delta": ["--dp-epsilon", "1"]}  # what else has to be given


def opened(*given: object) -> SimpleNamespace:
    """A model of tables, as far as a command looks at it before it samples."""
    return SimpleNamespace(kind=registry.find("kinds", "table"), given=given)


class Asked(BaseException):
    """Stops a command where it would begin to work."""


def two_values(setting: Setting) -> tuple[str, str]:
    """Two different values, as texts, neither of them the default."""
    if setting.name in TEXTS:
        return TEXTS[setting.name]
    hint = optional(setting.hint)[0]
    if hint is bool:
        return ("true", "false")  # one of them may be the default
    if choices(hint):
        first, second, *_ = [each for each in choices(hint) if each != setting.default] * 2
        return str(first), str(second)
    if hint in (int, float):
        return ("3", "5") if hint is int else ("0.125", "0.25")
    return ("one", "two")


def parameters(command: str) -> dict[str, Any]:
    """The parameters of a command, as typer built them, by name."""
    return {each.name: each for each in GROUP.commands[command].params}


def settings_of(command: str) -> dict[str, Name]:
    found: dict[str, Name] = GROUP.commands[command].context_settings["obj"][SETTINGS]
    return found


PAIRS = [(command, name) for command in CALLS for name in settings_of(command)]


def kind_for(parameter: str) -> str:
    """A kind of data that a setting is for: tables, unless it is for images alone."""
    options = {"column": "columns", "caption_column": "caption_columns"}
    named = options.get(parameter, parameter)
    table, images = (
        {*kind.reader.options, *kind.writer.options, *kind.evaluator.options}
        for kind in (registry.find("kinds", each) for each in ("table", "images"))
    )
    return "images" if named in images - table else "table"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    """Runs a command until it would begin; returns all that it was about to do, as text."""
    monkeypatch.chdir(tmp_path)
    for name in ("one.pt", "two.pt", "t.csv"):
        (tmp_path / name).touch()
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.png").touch()
    seen: list[Any] = []

    def stop(*given: Any, **named: Any) -> Any:
        seen.append((given, {k: v for k, v in named.items() if k != "tell"}))
        raise Asked

    def shown(screen: Any) -> Any:
        seen.append(screen)
        return nullcontext()

    monkeypatch.setattr(progress, "shown", shown)
    monkeypatch.setattr(running, "run", stop)
    monkeypatch.setattr(fitting, "fit", stop)
    monkeypatch.setattr(evaluation, "evaluate", stop)
    monkeypatch.setattr(opened_model, "open_model", opened)
    monkeypatch.setattr(generation, "sample", stop)

    def call(
        command: str, *words: str, file: str = "", kind: str = "table", **environment: str
    ) -> str:
        seen.clear()
        (tmp_path / "augment.toml").write_text(file)
        with monkeypatch.context() as patch:
            for key, value in environment.items():
                patch.setenv(key, value)
            with pytest.raises(Asked):
                given = [SOURCES[kind] if word == "SRC" else word for word in CALLS[command]]
                GROUP.main([command, *given, *words], prog_name="augment", standalone_mode=False)
        return repr(seen)

    return call


def words_for(parameter: Any, text: str) -> list[str]:
    """The flag that gives a parameter this value."""
    if parameter.is_flag:
        return [(parameter.opts if text == "true" else parameter.secondary_opts)[0]]
    return [parameter.opts[0], text]


def in_a_file(setting: Setting, text: str) -> str:
    hint = optional(setting.hint)[0]
    if get_origin(hint) is tuple and get_args(hint)[0] is str:
        value = json.dumps([text])
    else:
        value = text if hint in (bool, int, float) else json.dumps(text)
    return f"[{setting.name[0]}]\n{setting.name[1]} = {value}\n"


@pytest.mark.parametrize(("command", "parameter"), PAIRS)
def test_a_setting_is_as_good_in_file_and_environment_as_by_its_flag_which_wins(
    command: str, parameter: str, asked: Callable[..., str]
) -> None:
    setting = of_sections()[settings_of(command)[parameter]]
    first, second = two_values(setting)
    flag = parameters(command)[parameter]
    kind = kind_for(parameter)
    asked = partial(asked, command, *BESIDE.get(parameter, []), kind=kind)
    by_flag, other = (asked(*words_for(flag, text)) for text in (first, second))
    assert by_flag != other
    assert asked(file=in_a_file(setting, first)) == by_flag
    assert asked(**{variable(setting.name): first}) == by_flag
    both = {"file": in_a_file(setting, second), variable(setting.name): first}
    assert asked(**both) == by_flag
    assert asked(*words_for(flag, second), **both) == other


FOR_ALL = """
[reading]
target = "a"
delimiter = ";"
locale = "de_DE"
canvas = "32"
channels = "gray"
on_error = "skip"
max_bad = 3
[fitting]
engine = "ctgan"
[sampling]
format = "jsonl"
excel_safe = true
[scoring]
features = "one.pt"
"""


def test_one_file_serves_every_kind_of_data(asked: Callable[..., str]) -> None:
    """Settings of another kind are passed over; flags of another kind are not."""
    table, images = (asked("run", file=FOR_ALL, kind=kind) for kind in ("table", "images"))
    for text in ("'target': 'a'", "'delimiter': ';'", "'de_DE'", "excel_safe", "engine='ctgan'"):
        assert text in table and text not in images, text
    for text in (
        "'canvas': '32'",
        "'channels': 'gray'",
        "'on_error': 'skip'",
        "'features': 'one.pt'",
    ):
        assert text in images and text not in table, text
    assert "'max_bad': 3" in table and "'max_bad': 3" in images
    assert "engine='auto'" in images
    both = asked("run", "--delimiter", ";", "-e", "ctgan", file=FOR_ALL, kind="images")
    assert "'delimiter': ';'" in both and "engine='ctgan'" in both
    variable_too = asked("evaluate", AUGMENT_READING_CANVAS="32")
    assert "canvas" not in variable_too and "'read': {}" in variable_too
    assert "canvas" in asked("evaluate", "--canvas", "32")
    written = asked("sample", file=FOR_ALL)
    assert "format='jsonl'" in written and "'excel_safe': True" in written


def test_one_file_serves_tables_and_images_to_the_end(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        '[reading]\ndelimiter = ","\ncanvas = "8"\n[fitting]\nengine = "independent"\n'
        '[sampling]\nexcel_safe = true\nformat = "csv"\n'
    )
    for source in ("samples/clinic.csv", "samples/digits"):
        out = tmp_path / Path(source).name
        done = in_process.augment("run", source, "-o", out, "--dry-run", "--config", config)
        assert done.returncode == 0, done.stderr
        done = in_process.augment("inspect", source, "--config", config)
        assert done.returncode == 0, done.stderr
    for source, flag in (("samples/clinic.csv", "--canvas"), ("samples/digits", "--delimiter")):
        done = in_process.augment("inspect", source, "--config", config, flag, "8")
        assert done.returncode == 2 and flag.encode() in done.stderr


def test_a_variable_that_is_no_setting_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUGMENT_READING_ENCODNG", "cp1252")
    monkeypatch.setenv("AUGMENT_HOME", "/opt")
    for words in (("inspect", "samples/clinic.csv", "-q"), ("config", "check")):
        done = in_process.augment(*words)
        assert done.returncode == 0, done.stderr
        assert b"warning: AUGMENT_READING_ENCODNG: there is no such setting" in done.stderr
        assert b"'AUGMENT_READING_ENCODING'" in done.stderr and b"AUGMENT_HOME" in done.stderr
    monkeypatch.setenv("AUGMENT_READING_MAX_BAD", "many")
    assert in_process.augment("inspect", "samples/clinic.csv").returncode == 2


@pytest.mark.parametrize("command", CALLS)
def test_every_flag_is_a_setting_with_the_same_default_or_belongs_to_the_call(command: str) -> None:
    flags = {name for name in parameters(command) if name not in ("help",)}
    assert flags - NO_SETTINGS == set(settings_of(command))
    for name, setting in settings_of(command).items():
        found = parameters(command)[name]
        assert found.default == of_sections()[setting].default, name
        assert found.help.startswith(of_sections()[setting].declared.help)


def test_every_setting_is_a_flag_of_some_command() -> None:
    reached = {name for each in GROUP.commands for name in settings_of(each).values()}
    assert {dotted(name) for name in of_sections()} == {dotted(name) for name in reached}


def test_an_engines_section_reaches_the_request_and_its_flag_wins(
    asked: Callable[..., str],
) -> None:
    section = "[engines.ctgan]\nepochs = 7\n"
    assert "settings={'ctgan': {'epochs': 7}}" in asked("run", file=section)
    variables = {"AUGMENT_ENGINES_CTGAN_EPOCHS": "8"}
    assert "settings={'ctgan': {'epochs': 8}}" in asked("fit", file=section, **variables)


def test_an_engines_settings_are_recorded_in_the_plan(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text('[fitting]\nengine = "ctgan"\n[engines.ctgan]\nepochs = 7\npac = 2\n')
    call = ["run", "samples/clinic.csv", "-o", tmp_path / "out", "--dry-run", "--json", "-q"]
    done = in_process.augment(*call, "--config", config, "-p", "epochs=9")
    plan = json.loads(done.stdout)["plan"]
    assert (plan["engine"], plan["parameters"]["epochs"], plan["parameters"]["pac"]) == (
        "ctgan", 9, 2,
    )  # fmt: skip


def test_settings_that_cannot_be_followed_end_every_command_with_exit_2(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[reading]\nencodng = 'x'\nmax_bad = -1\n")
    done = in_process.augment("verify", "nowhere", "--config", config)
    assert done.returncode == 2
    assert b"c.toml:2: unknown key 'reading.encodng'. Did you mean 'reading.encoding'?" in (
        done.stderr
    )
    assert b"1 more problem" in done.stderr
    failure = in_process.augment("inspect", "t.csv", "--config", config, "--json")
    assert json.loads(failure.stdout)["error"]["exit_code"] == 2


def test_config_shows_each_setting_with_its_origin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[scoring]\nholdout = 0.3\n[engines.tvae]\nepochs = 7\n")
    monkeypatch.setenv("AUGMENT_TOOL_DEVICE", "cpu")
    done = in_process.augment("config", "show", "--origin", "--config", config, "--json")
    document = json.loads(done.stdout)
    found = {each.pop("name"): each for each in document["settings"]}
    assert found["scoring.holdout"]["value"] == 0.3
    assert found["scoring.holdout"]["origin"].endswith("c.toml:2")
    assert found["engines.tvae.epochs"]["origin"].endswith("c.toml:4")
    assert found["tool.device"] == {"value": "cpu", "origin": "AUGMENT_TOOL_DEVICE"}
    assert found["gates.warn"] == {"value": None, "origin": "default"}
    shown = in_process.augment("config", "show", "--config", config).stdout.decode()
    assert "0.3" in shown and "c.toml" not in shown


def test_config_checks_a_file(tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[scoring]\nholdout = 0.3\n")
    assert in_process.augment("config", "check", config).returncode == 0
    config.write_text("[scoring]\nholdout = 3\nhold = 1\n")
    done = in_process.augment("config", "check", config)
    assert done.returncode == 2
    assert b"c.toml:2: scoring.holdout = 3: expected" in done.stdout
    assert b"Did you mean 'scoring.holdout'?" in done.stdout


@pytest.mark.parametrize(
    "words", [("show", "x.toml"), ("check", "--origin"), ("check", "x", "--config", "x")]
)
def test_config_refuses_what_does_not_go_together(words: tuple[str, ...]) -> None:
    done = in_process.augment("config", *words)
    assert done.returncode == 2 and done.stderr


@pytest.mark.parametrize("flag", ["--fit-rows", "--max-bad"])
def test_options_that_count_rows_take_them_as_n_does(asked: Callable[..., str], flag: str) -> None:
    said = [asked("fit", flag, text) for text in ("9M", "9e6", "9,000,000")]
    assert said[0] == said[1] == said[2] == asked("fit", flag, "9000000")
    assert "9000000" in said[0]
    for text in ("2x", "1.5", "many", "1e15"):
        with pytest.raises(typer.BadParameter, match="a whole number such as 5000 or 10k"):
            asked("fit", flag, text)
