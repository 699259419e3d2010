"""Samples of images as files of many: tar and Parquet, of the same images that a folder holds."""

from __future__ import annotations

import json
import tarfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import augment as api
from augment.core.errors import UsageError
from augment.lifecycle.shards import Parting
from augment.work.executors import processes
from tests.lifecycle import test_image_samples
from tests.lifecycle.test_image_samples import called, lines

IMAGES = 130
source, model = test_image_samples.source, test_image_samples.model  # fixtures


def sampled(model: Path, out: Path, *more: str, code: int = 0) -> str:
    words = ("sample", model, "-n", str(IMAGES), "--seed", "5", "-o", out, *more)
    found, told = called(*words)
    assert found == code, told
    return told


def archives(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("shard-*"))}


def listed(out: Path) -> list[dict[str, Any]]:
    """The lines of all lists, in the order of the files."""
    texts = [path.read_text() for path in sorted(out.glob("shard-*.jsonl"))]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def members(out: Path) -> list[tuple[str, bytes]]:
    """What the tars hold, in order; none tells of this machine."""
    found = []
    for path in sorted(out.glob("*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                assert (member.mtime, member.uid, member.uname) == (0, 0, "")
                stream = archive.extractfile(member)
                assert stream is not None
                found.append((member.name, stream.read()))
    return found


@pytest.fixture(scope="module")
def folder(model: Path) -> list[dict[str, Any]]:
    """What the list of the same sample says as a folder of files."""
    out = model.parent / "folder"
    sampled(model, out)
    return lines(out)


@pytest.mark.slow
def test_tars_hold_the_images_of_the_folder_for_any_number_of_processes(
    model: Path,
    folder: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sampled(model, tmp_path / "s", "--shards", "3", "--workers", "1")
    made = members(tmp_path / "s")
    found = listed(tmp_path / "s")
    assert [line | {"file": "-"} for line in found] == [line | {"file": "-"} for line in folder]
    assert [name for name, _ in made[::2]] == [line["file"] for line in found]
    assert [sha256(data).hexdigest() for _, data in made[::2]] == [x["sha256"] for x in folder]
    documents = [json.loads(data) for _, data in made[1::2]]
    assert [each["label"] for each in documents] == [line["label"] for line in folder]
    assert [each["number"] for each in documents] == list(range(IMAGES))
    whole = lines(tmp_path / "s")
    assert [line["file"] for line in whole] == [f"shard-0000{i}-of-00003.tar" for i in (1, 2, 3)]
    assert [line["rows"] for line in whole] == [43, 43, 44]
    for line in whole:
        assert sum(line["labels"].values()) == line["rows"]  # type: ignore[attr-defined]
    assert called("verify", tmp_path / "s")[0] == 0
    monkeypatch.setattr(processes, "PATIENCE", 0.0)
    sampled(model, tmp_path / "two", "--shards", "3", "--workers", "2", "--format", "tar")
    assert archives(tmp_path / "two") == archives(tmp_path / "s")


def test_tars_are_read_as_any_set_of_images(model: Path, tmp_path: Path) -> None:
    sampled(model, tmp_path / "s", "--per-shard", "60")
    data = api.read(tmp_path / "s")
    assert len(data) == IMAGES and data.labels == [x["label"] for x in listed(tmp_path / "s")]
    assert len(archives(tmp_path / "s")) == 2 * 3


def test_parquet_holds_the_same_images_and_their_labels(
    model: Path,
    folder: list[dict[str, Any]],
    tmp_path: Path,
) -> None:
    sampled(model, tmp_path / "s", "--shards", "2", "--format", "parquet")
    paths = sorted((tmp_path / "s").glob("*.parquet"))
    rows = [row for path in paths for row in pq.read_table(path).to_pylist()]
    assert len(paths) == 2
    assert [sha256(r["image"]["bytes"]).hexdigest() for r in rows] == [x["sha256"] for x in folder]
    assert [row["label"] for row in rows] == [line["label"] for line in folder]
    assert [row["number"] for row in rows] == list(range(IMAGES))
    assert [row["image"]["path"] for row in rows] == [x["file"] for x in listed(tmp_path / "s")]


def test_jobs_on_a_cluster_make_the_files_of_the_whole(model: Path, tmp_path: Path) -> None:
    sampled(model, tmp_path / "whole", "--shards", "5")
    made: dict[str, bytes] = {}
    for job in (1, 2):
        out = tmp_path / f"job{job}"
        sampled(model, out, "--shards", "5", "--shard", f"{job}/2")
        assert called("verify", out)[0] == 0
        assert not made.keys() & archives(out).keys()
        made |= archives(out)
    assert made == archives(tmp_path / "whole")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--shards", "2", "--format", "png"), "tar or parquet"),
        (("--shards", "2", "--format", "csv"), "tar or parquet"),
        (("--shards", "2", "--per-shard", "9"), "exclude each other"),
        (("--per-shard", "many"), "10k"),
        (("--per-shard", "0"), "10k"),
        (("--shards", "131"), "at most 130"),
        (("--shards", "2", "--shard", "1/3"), "some jobs would have none"),
        (("--format", "gif"), "tar or parquet"),
    ],
)
def test_nonsense_is_refused(
    model: Path,
    tmp_path: Path,
    more: tuple[str, ...],
    says: str,
) -> None:
    assert says in sampled(model, tmp_path / "s", *more, code=2)
    assert not archives(tmp_path / "s")


def test_files_have_about_ten_thousand_images_where_nothing_else_is_said() -> None:
    assert [Parting().files(rows) for rows in (9, 10_000, 10_001, 10**8)] == [1, 1, 2, 10_000]
    assert Parting(per_shard="1k").files(2_500) == 3
    with pytest.raises(UsageError, match="100,000"):
        Parting(per_shard="1").files(10**6)


def test_images_in_memory_are_no_sample_to_be_parted(model: Path, tmp_path: Path) -> None:
    data = api.load(model).sample(3, seed=1)
    with pytest.raises(UsageError, match="augment sample"):
        data.write(tmp_path / "s", format="tar")
    assert not (tmp_path / "s").exists()
