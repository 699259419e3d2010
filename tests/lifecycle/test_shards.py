"""A sample as files of one folder: disjoint, and together the sample that one file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from augment.cli.app import app
from augment.lifecycle import shards
from augment.work.executors import processes
from tests.cli.child import write_table

ROWS = 901


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    table = write_table(folder / "t.csv", rows=200)
    called("fit", table, "-o", folder / "m", "-e", "independent", "--seed", "1")
    return folder / "m"


def called(*words: str | Path, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert done.exit_code == code, done.output
    return json.loads(done.stdout if done.stdout else done.output)


def sampled(model: Path, out: Path, *more: str | Path, code: int = 0) -> Any:
    words = ("sample", model, "-n", str(ROWS), "--seed", "7", "-o", out)
    return called(*words, *more, code=code)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("shard-*"))}


def test_shards_are_the_parts_of_the_whole(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(model, tmp_path / "whole.csv")
    document = sampled(model, tmp_path / "s", "--shards", "4", "--workers", "1")
    assert (document["rows"], document["fresh"], document["shards"]) == (ROWS, ROWS, 4)
    made = files(tmp_path / "s")
    header, *rows = (tmp_path / "whole.csv").read_bytes().splitlines()
    assert [line for text in made.values() for line in text.splitlines()[1:]] == rows
    assert {text.splitlines()[0] for text in made.values()} == {header}
    ids = [line.split(b",")[0] for line in rows]
    assert len(set(ids)) == ROWS
    listed = [json.loads(x) for x in (tmp_path / "s" / "manifest.jsonl").read_text().splitlines()]
    assert [line["file"] for line in listed] == list(made)
    assert [line["rows"] for line in listed] == [len(t.splitlines()) - 1 for t in made.values()]
    called("verify", tmp_path / "s")
    for index, text in enumerate(made.values(), start=1):
        one = tmp_path / f"{index}.csv"
        sampled(model, one, "--shard", f"{index}/4")
        assert one.read_bytes() == text
    monkeypatch.setattr(processes, "PATIENCE", 0.0)
    sampled(model, tmp_path / "two", "--shards", "4", "--workers", "2")
    assert files(tmp_path / "two") == made


def test_parquet_shards_and_what_is_there_already(model: Path, tmp_path: Path) -> None:
    asked = ("--shards", "3", "--format", "parquet", "--workers", "1")
    sampled(model, tmp_path / "s", *asked)
    rows = [pq.read_metadata(path).num_rows for path in (tmp_path / "s").glob("*.parquet")]
    assert sum(rows) == ROWS and max(rows) - min(rows) <= 1
    assert [name.endswith(".parquet") for name in files(tmp_path / "s")] == [True] * 3
    assert sampled(model, tmp_path / "s", *asked)["fresh"] == 0
    lost = sorted((tmp_path / "s").glob("*.parquet"))[1]
    lost.unlink()
    assert f"{lost.name} is missing" in str(sampled(model, tmp_path / "s", *asked, code=2))
    assert sampled(model, tmp_path / "s", *asked, "--force")["fresh"] == ROWS
    lost.write_bytes(lost.read_bytes()[:-1] + b"0")
    assert f"{lost.name} is changed" in str(sampled(model, tmp_path / "s", *asked, code=2))
    sampled(model, tmp_path / "s", "--shards", "2", code=2)  # another sample lies there
    sampled(model, tmp_path / "s", "--shards", "2", "--force")
    assert len(files(tmp_path / "s")) == 2


def test_what_was_written_before_a_kill_is_kept(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("--shards", "5", "--workers", "1")
    sampled(model, tmp_path / "whole", *asked)
    real, begun = shards.written, []

    def killed(whole: Any, index: int) -> Any:
        begun.append(index)
        if len(begun) == 3:
            raise KeyboardInterrupt
        return real(whole, index)

    monkeypatch.setattr(shards, "written", killed)
    done = CliRunner().invoke(
        app,
        ["sample", str(model), "-n", str(ROWS), "--seed", "7", "-o", str(tmp_path / "s"), *asked],
    )
    assert done.exit_code == 130 and not files(tmp_path / "s")
    begun += [0] * 3
    assert 0 < sampled(model, tmp_path / "s", *asked)["fresh"] < ROWS
    assert files(tmp_path / "s") == files(tmp_path / "whole")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--shards", "0"), "from 1 to"),
        (("--shards", "902"), "at most 901"),
        (("--shards", "2", "--per-shard", "100"), "exclude each other"),
        (("--shards", "2", "--format", "spss"), "spss"),
        (("--shard", "3/2"), "1/4"),
    ],
)
def test_nonsense_is_refused(model: Path, tmp_path: Path, more: tuple[str, ...], says: str) -> None:
    told = sampled(model, tmp_path / "s", *more, code=2)
    assert says in json.dumps(told) and not files(tmp_path / "s")


def test_no_shards_of_a_stream_or_a_database(model: Path) -> None:
    for out in ("-", "postgresql://h/d?table=t"):
        done = CliRunner().invoke(
            app, ["sample", str(model), "-n", "9", "--shards", "2", "-o", out]
        )
        assert done.exit_code == 2 and "folder" in done.output
