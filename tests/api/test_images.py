"""The Python API on arrays of pixels and folders of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import augment
from augment.core.source import External
from augment.kinds.images.io import reading
from augment.testing import simple_images
from tests.cli import in_process
from tests.kinds.images import pictures

QUICK = {"steps": 6, "batch": 8, "width": 8, "latent": 4, "prior": "gaussian"}


@pytest.fixture(scope="module")
def arrays() -> tuple[Any, Any]:
    """(40, height, width) pixels and whole-number labels."""
    data = simple_images(40)
    return data.pixels[..., 0], data.label_codes


@pytest.fixture(scope="module")
def folder(arrays: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("images")
    for row, (picture, label) in enumerate(zip(*arrays, strict=True)):
        path = root / str(label) / f"{row}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(pictures.file_of(picture))
    return root


@pytest.fixture(scope="module")
def model(arrays: tuple[Any, Any]) -> augment.Model:
    return augment.fit(arrays, "cvae", seed=1, parameters=QUICK)


def test_arrays_come_back_as_they_were_given(arrays: tuple[Any, Any]) -> None:
    pixels, labels = arrays
    data = augment.read(arrays)
    assert (data.kind, data.rows) == ("images", 40)
    np.testing.assert_array_equal(data.to_numpy()[..., 0], pixels)
    assert data.labels == [str(label) for label in labels]
    frame = data.to_pandas()
    assert frame["label"].tolist() == data.labels
    np.testing.assert_array_equal(frame["image"][3], pixels[3][..., None])
    assert augment.read(pixels).labels is None


def test_a_model_of_arrays_makes_arrays_and_folders(model: augment.Model, tmp_path: Path) -> None:
    made = model.sample(20, seed=4, where="label = 1")
    assert made.to_numpy().shape[0] == 20 and set(made.labels or ()) == {"1"}
    made.write(tmp_path / "api")
    model.save(tmp_path / "model")
    done = in_process.augment(
        *("sample", tmp_path / "model", "-n", "20", "--seed", "4", "--where", "label = 1"),
        *("-o", tmp_path / "cli"),
    )
    assert not done.returncode, done.stderr
    api, cli = (
        {str(p.relative_to(tmp_path / name)): p.read_bytes() for p in files(tmp_path / name)}
        for name in ("api", "cli")
    )
    assert api == cli and len(api) > 20
    assert not in_process.augment("verify", tmp_path / "api").returncode


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_arrays_are_put_on_the_canvas_of_what_they_are_compared_with(
    arrays: tuple[Any, Any], folder: Path
) -> None:
    larger = np.repeat(np.repeat(arrays[0], 2, axis=1), 2, axis=2)
    colours = np.stack([larger] * 3, axis=-1)
    real = reading.read(str(folder), reading.ReadOptions()).data
    made = reading.read_like(External((colours, arrays[1])), real.schema).data
    assert made.schema == real.schema and made.labels() == [str(label) for label in arrays[1]]
    assert np.abs(made.pixels[..., 0].astype(int) - arrays[0]).mean() < 8
    with pytest.raises(augment.BadInput, match="not among the 3 known ones"):
        augment.evaluate(folder, (arrays[0], ["hat"] * 40))


@pytest.mark.slow
def test_arrays_are_evaluated(arrays: tuple[Any, Any], folder: Path) -> None:
    found = augment.evaluate(folder, arrays, seed=1)
    assert found.scores and found.verdict["privacy"] != "pass"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.zeros((4, 16, 16)), "float64 of shape"),
        (np.zeros((4, 16, 16, 4), np.uint8), r"\(4, 16, 16, 4\)"),
        (np.zeros((0, 16, 16), np.uint8), "no image in it"),
        ((np.zeros((4, 16, 16), np.uint8), ["a", "b"]), "4 images and 2 labels"),
        ((np.zeros((2, 16, 16), np.uint8), [0.5, 1.5]), "a label is a float"),
    ],
)
def test_arrays_that_are_no_images_are_refused(content: Any, words: str) -> None:
    with pytest.raises(augment.BadInput, match=words):
        augment.read(content)


def test_transform_fills_a_folder_as_the_command_does(folder: Path, tmp_path: Path) -> None:
    made = augment.transform(folder, tmp_path / "api", preset="light", seed=2)
    assert (made.made, made.seed, made.path) == (40, 2, tmp_path / "api")
    words = ("--preset", "light", "--seed", "2", "-o", tmp_path / "cli")
    assert not in_process.augment("transform", folder, *words).returncode
    api, cli = (
        [p.read_bytes() for p in sorted((tmp_path / n).rglob("*.png"))] for n in ("api", "cli")
    )
    assert api == cli
    assert augment.transform(folder, tmp_path / "dry", dry_run=True).made == 0
    with pytest.raises(augment.UsageError, match="exclude each other"):
        augment.transform(folder, tmp_path / "no", per_image=2, balance=True)


def test_edit_takes_arrays_and_refuses_models_of_tables(
    model: augment.Model, arrays: tuple[Any, Any], tmp_path: Path
) -> None:
    made = augment.edit(model, arrays, tmp_path / "edits", filter=False, seed=1)
    assert made.made == made.planned == 40
    assert len(list((tmp_path / "edits").rglob("*.png"))) == 40
    with pytest.raises(augment.UsageError, match="--given is for tables"):
        model.sample(2, given=arrays)
