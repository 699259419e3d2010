"""Settings come from file and environment, the environment first; what is unknown is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from augment.core.errors import UsageError
from augment.settings import file, reading
from augment.settings.names import dotted, of_engine, of_sections, variable
from augment.settings.resolution import BadSettings, Resolved, resolve
from augment.settings.sections import DEFAULTS

NAMES = [*of_sections(), *of_engine("ctgan"), *of_engine("anyorder")]


def resolved(folder: Path, text: str = "", **environment: str) -> Resolved:
    (folder / file.FILE).write_text(text)
    return resolve(None, environment, folder, Path("/nowhere"))


def problems(folder: Path, text: str = "", **environment: str) -> list[str]:
    with pytest.raises(BadSettings) as refused:
        resolved(folder, text, **environment)
    return refused.value.problems


def test_without_file_and_variables_every_setting_is_its_default(tmp_path: Path) -> None:
    found = resolve(None, {"HOME": "/x", "AUGMENT_TOOL_SEED": ""}, tmp_path, Path("/nowhere"))
    assert found == Resolved(DEFAULTS, None, {})


def test_the_environment_wins_over_the_file_which_wins_over_the_defaults(tmp_path: Path) -> None:
    text = '[scoring]\nholdout = 0.3\n[fitting]\nengine = "tvae"\n'
    found = resolved(tmp_path, text, AUGMENT_SCORING_HOLDOUT="0.4")
    assert (found.settings.scoring.holdout, found.settings.fitting.engine) == (0.4, "tvae")
    assert found.settings.gates.warn is None
    assert dict(found.origins) == {
        ("scoring", "holdout"): "AUGMENT_SCORING_HOLDOUT",
        ("fitting", "engine"): "augment.toml:4",
    }


def test_the_old_names_of_gates_are_refused_with_the_new_one(tmp_path: Path) -> None:
    said = problems(tmp_path, '[gates]\nrun = "all"\n', AUGMENT_GATES_EVALUATE="privacy")
    assert said == [
        "augment.toml:2: 'gates.run' is called 'gates.fail' now.",
        "AUGMENT_GATES_EVALUATE is called AUGMENT_GATES_FAIL now.",
    ]


def test_variables_have_names_of_their_own() -> None:
    assert len({variable(name) for name in NAMES}) == len(NAMES)


def test_values_are_read_by_their_types(tmp_path: Path) -> None:
    found = resolved(
        tmp_path,
        '[sampling]\nrows = 5000\n[reading]\ncolumn = ["a=id"]\n[engines.ctgan]\npac = 2\n',
        AUGMENT_READING_HEADER="no",
        AUGMENT_READING_CAPTION_COLUMN='["a", "b"]',
        AUGMENT_ENGINES_CTGAN_GENERATOR_DIM="64,32",
        AUGMENT_ENGINES_ANYORDER_EPOCHS="none",
    ).settings
    assert (found.sampling.rows, found.reading.column) == ("5000", ("a=id",))
    assert (found.reading.header, found.reading.caption_column) == (False, ("a", "b"))
    assert found.engines == {
        "ctgan": {"pac": 2, "generator_dim": (64, 32)},
        "anyorder": {"epochs": None},
    }


@pytest.mark.parametrize(
    ("text", "rows"), [("9M", 9_000_000), ("9e6", 9_000_000), ("10_000", 10_000), ("1.5k", 1_500)]
)
def test_rows_are_counted_alike_in_file_environment_and_api(
    tmp_path: Path, text: str, rows: int
) -> None:
    for form in (f'"{text}"', *([] if text[-1] in "kM" else [text])):
        found = resolved(tmp_path, f"[reading]\nfit_rows = {form}\nmax_bad = {form}\n").settings
        assert (found.reading.fit_rows, found.reading.max_bad) == (rows, rows)
    found = resolved(tmp_path, AUGMENT_READING_FIT_ROWS=text, AUGMENT_READING_MAX_BAD="none")
    assert (found.settings.reading.fit_rows, found.settings.reading.max_bad) == (rows, None)
    assert reading.checked({"fit_rows": text}) == {"fit_rows": rows}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("holdout = 1\n", "augment.toml:1: unknown key 'holdout'. Did you mean 'scoring.holdout'?"),
        ("[fittng]\nx = 1\n", "augment.toml:2: unknown key 'fittng.x'."),
        ("[reading]\n\nencodng = 1\n", "augment.toml:3: unknown key 'reading.encodng'. "),
        ("[engines.ctgn]\npac = 1\n", "augment.toml:2: unknown engine in 'engines.ctgn.pac'. Did"),
        ("[engines.ctgan]\nepoch = 1\n", "Did you mean 'engines.ctgan.epochs'?"),
        ("[engines.ctgan]\nepochs = 0\n", "engines.ctgan.epochs = 0: expected a whole number, fr"),
        ("[engines.ctgan]\ngenerator_dim = [8, 0]\n", "expected whole numbers, from 1 to 4,096."),
        ("[engines.cvae]\nwidth = 12\n", "expected a whole number, a multiple of 8, from 8 to 1,0"),
        ("[scoring]\nholdout = 0.6\n", "augment.toml:2: scoring.holdout = 0.6: expected a number,"),
        ("[reading]\nmax_bad = true\n", "expected a whole number such as 5000 or 10k, at least 0."),
        ("[reading]\nfit_rows = '2x'\n", 'fit_rows = "2x": expected a whole number such as 5000'),
        ("[reading]\nfit_rows = '.05k'\n", "or 10k, at least 100."),
        ("[reading]\nfit_rows = 99\n", "or 10k, at least 100."),
        ("[tool]\nlog_format = 'xml'\n", 'tool.log_format = "xml": expected auto, plain or json.'),
        ("[fitting]\nmax_time = 'soon'\n", "expected seconds, or a time such as 90s, 15m or 2h."),
        ("[reading]\ncolumn = ['x']\n", "expected NAME=ROLE."),
        ("reading = 1\n", "'reading' is a section: write [reading]"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_place_and_way_out(
    tmp_path: Path, text: str, says: str
) -> None:
    (problem,) = problems(tmp_path, text)
    assert says in problem


def test_every_problem_is_named(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "[reading]\nmax_bad = -1\nencodng = 'x'\n",
        AUGMENT_ENGINES_CTGAN_PAC="many",
    )
    assert [problem.split(": ")[0] for problem in found] == [
        "augment.toml:3",
        "AUGMENT_ENGINES_CTGAN_PAC",
        "augment.toml:2",
    ]


def test_variables_that_are_no_settings_are_warned_of_and_do_nothing(tmp_path: Path) -> None:
    found = resolved(
        tmp_path,
        AUGMENT_FITING_ENGINE="x",
        AUGMENT_ENGINES_CTGAN_EPOCH="3",
        AUGMENT_ENGINES_NONE_AT_ALL="3",
        AUGMENT_HOME="/opt/augment",
    )
    assert found.settings == DEFAULTS and found.origins == {}
    named = {warning.split(": ")[0]: warning for warning in found.warnings}
    assert "Did you mean 'AUGMENT_FITTING_ENGINE'?" in named["AUGMENT_FITING_ENGINE"]
    assert "AUGMENT_ENGINES_CTGAN_EPOCHS" in named["AUGMENT_ENGINES_CTGAN_EPOCH"]
    assert set(named) >= {"AUGMENT_HOME", "AUGMENT_ENGINES_NONE_AT_ALL"} and len(named) == 4


def test_a_file_that_is_no_toml_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"augment.toml: this is no TOML: .* line 1"):
        resolved(tmp_path, "[reading\n")
    with pytest.raises(UsageError, match=r"there.toml: the settings cannot be read"):
        resolve(tmp_path / "there.toml", {}, tmp_path, tmp_path)


def test_the_file_is_looked_for_up_to_the_root_of_the_repository_or_home(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / file.FILE).write_text("")
    assert file.found(deep, Path("/nowhere")) is None
    assert file.found(deep, tmp_path) == tmp_path / file.FILE
    (tmp_path / ".git").mkdir()
    assert file.found(deep, Path("/nowhere")) == tmp_path / file.FILE
    (deep / ".git").mkdir()
    assert file.found(deep, tmp_path) is None


def test_paths_start_where_the_file_lies_and_those_of_the_environment_here(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    config = tmp_path / "mine.toml"
    config.write_text('[reading]\nschema = "s.json"\nroot = "/r"\n')
    environment = {"AUGMENT_CONFIG": str(config), "AUGMENT_READING_REJECTS": "bad.csv"}
    reading = resolve(None, environment, deep, Path("/nowhere")).settings.reading
    assert (reading.schema, reading.root) == (Path("../s.json"), Path("/r"))
    assert reading.rejects == Path("bad.csv")


def test_lines_are_those_of_the_keys() -> None:
    text = '# c\n[a]\nx = [\n  1,\n]\n\n"y z" = """\n[b]\nx = 1\n"""\n[a.b]\nu = 1\nv.w = {k = 1}\n'
    found = {dotted(name): line for name, line in file.lines(text).items()}
    assert {name: found[name] for name in ("a.x", "a.y z", "a.b.u", "a.b.v.w")} == {
        "a.x": 3,
        "a.y z": 7,
        "a.b.u": 12,
        "a.b.v.w": 13,
    }
    assert "b.x" not in found
