"""`augment init`: a settings file from the data that `config check` accepts, commented or not."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from PIL import Image

from augment.settings.jobs import listed
from augment.settings.resolution import resolve
from tests.cli import in_process

HOSTILE = ['a "b" \\ #', "é€𝄞", "tab\there", "del\x7f[x]", "x = 1"]
SETTING = re.compile(r"^# ((?:[a-z_]+ = |\[\[?[a-z.]+\]).*)$", re.MULTILINE)


def write(path: Path) -> Path:
    cells = ",".join('"' + name.replace('"', '""') + '"' for name in [*HOSTILE, "churn"])
    rows = [f"{i},{i % 7}.5,{'ab'[i % 2]},{i % 3},{i * 2},{'ny'[i % 2]}" for i in range(40)]
    path.write_text("\n".join([cells, *rows]) + "\n")
    return path


def test_what_init_writes_is_accepted_as_it_is_and_uncommented(tmp_path: Path) -> None:
    source, path = write(tmp_path / "t.csv"), tmp_path / "sub" / "augment.toml"
    done = in_process.augment("init", source, "-o", path, "--delimiter", ",", "-q")
    assert done.returncode == 0, done.stderr
    text = path.read_text()
    assert in_process.augment("config", "check", path).returncode == 0
    assert tomllib.loads(text)["fitting"]["engine"] == "anyorder"
    assert tomllib.loads(text)["reading"] == {"delimiter": ","}
    assert "is a guess by its name" in text and "numeric" in text
    whole, count = SETTING.subn(r"\1", text)
    assert count > 8
    path.write_text(whole)
    settings = resolve(path, {}, tmp_path, tmp_path).settings
    assert settings.reading.target == "churn" and settings.fitting.max_time == "1h"
    (job,) = listed(path, tmp_path / "sub")
    assert (tmp_path / "sub" / job.job.source).resolve() == source.resolve()


def test_a_file_that_is_there_is_left_unless_forced(tmp_path: Path) -> None:
    source, path = write(tmp_path / "t.csv"), tmp_path / "augment.toml"
    path.write_text("mine")
    assert in_process.augment("init", source, "-o", path).returncode == 2
    assert path.read_text() == "mine"
    call = ("init", source, "-o", path, "--force", "--json", "-q", "--target", "churn")
    document = json.loads(in_process.augment(*call).stdout)
    assert document["target"] == "churn" and path.read_text() == document["text"]
    assert tomllib.loads(path.read_text())["reading"]["target"] == "churn"
    shown = in_process.augment("init", source, "-o", "-", "-q", "--target", "churn")
    assert shown.stdout.decode() == document["text"]


def test_images_have_one_too(tmp_path: Path) -> None:
    source, path = tmp_path / "pictures", tmp_path / "augment.toml"
    for name in ("a/1", "a/2", "b/3"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (9, 9), len(name)).save(source / f"{name}.png")
    done = in_process.augment("init", source, "-o", path, "-q", "--canvas", "16")
    assert done.returncode == 0 and 'engine = "cvae"' in path.read_text()
    assert tomllib.loads(path.read_text())["reading"] == {"canvas": "16"}
    assert in_process.augment("config", "check", path).returncode == 0
