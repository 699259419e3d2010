"""`[[jobs]]` of a settings file: what they are, where they lie, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from augment.settings import file, tree
from augment.settings.jobs import listed
from augment.settings.resolution import BadSettings, resolve

TWO = """
[fitting]
engine = "tvae"

[[jobs]]
name = "a"
source = "t.csv"
out = "out/a"
where = ["x > 1"]

[jobs.fitting]
engine = "ctgan"
[jobs.engines.ctgan]
epochs = 7

[[jobs]]
name = "b"
source = "/data/*.csv"
out = "out/b"
mode = "append"
"""


def problems(folder: Path, text: str) -> list[str]:
    (folder / file.FILE).write_text(text)
    with pytest.raises(BadSettings) as refused:
        listed(folder / file.FILE, folder)
    return refused.value.problems


def test_a_jobs_settings_win_over_the_file_and_the_environment_over_both(tmp_path: Path) -> None:
    (tmp_path / file.FILE).write_text(TWO)
    first, second = listed(tmp_path / file.FILE, tmp_path / "sub")
    assert (first.job.source, first.job.out) == ("../t.csv", "../out/a")
    assert second.job.source == "/data/*.csv"
    assert first.job.words({}) == [
        "../t.csv", "--out", "../out/a", "--mode", "only", "--where", "x > 1",
    ]  # fmt: skip
    assert "--where" not in first.job.words({"where": True})

    def engine(job: Any, **environment: str) -> str:
        found = resolve(tmp_path / file.FILE, environment, tmp_path, tmp_path, job)
        return found.settings.fitting.engine

    assert (engine(None), engine(first.entries), engine(second.entries)) == (
        "tvae",
        "ctgan",
        "tvae",
    )
    assert engine(first.entries, AUGMENT_FITTING_ENGINE="copula") == "copula"
    found = resolve(tmp_path / file.FILE, {}, tmp_path, tmp_path, first.entries)
    assert found.settings.engines == {"ctgan": {"epochs": 7}}
    assert found.origins["engines", "ctgan", "epochs"] == "../augment.toml:14"


def test_what_is_wrong_is_named_with_its_line(tmp_path: Path) -> None:
    text = TWO.replace('engine = "ctgan"', "engin = 1").replace('out = "out/b"', "")
    text = text.replace(
        'mode = "append"', 'mode = "apend"\nmarks = true\n[jobs.scoring]\nholdout = 3'
    )
    assert problems(tmp_path, text) == [
        "augment.toml:12: unknown key 'fitting.engin'. Did you mean 'fitting.engine'?",
        "augment.toml:21: unknown key 'marks' of a job. Did you mean 'mark'?",
        "augment.toml:16: the job b has no out.",
        "augment.toml:23: scoring.holdout = 3: expected a number, from 0 to 0.5.",
        "augment.toml:20: mode of a job: expected only or append.",
    ]


def test_jobs_are_apart_and_read_no_standard_input(tmp_path: Path) -> None:
    text = TWO.replace('"b"', '"a"').replace("out/b", "out/a").replace("/data/*.csv", "-")
    found = problems(tmp_path, text)
    assert found == [
        "augment.toml:18: a job reads no standard input. Name a file.",
        "augment.toml: several jobs have the name 'a'.",
        "augment.toml: several jobs have the out 'out/a'.",
    ]
    (tmp_path / file.FILE).write_text('[jobs]\nname = "x"\n')
    with pytest.raises(BadSettings, match=r"begins with \[\[jobs\]\]"):
        resolve(None, {}, tmp_path, tmp_path)


def test_the_schema_knows_jobs() -> None:
    schema = tree.json_schema()
    job = schema["$defs"]["job"]
    assert job["required"] == ["name", "source", "out"]
    assert {"where", "fitting", "engines"} <= job["properties"].keys()
    assert schema["properties"]["jobs"]["items"] == {"$ref": "#/$defs/job"}
