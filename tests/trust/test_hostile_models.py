"""Models, settings, pipelines and weights that would run code if anything ran what they say."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.trust.processes import Done
from tests.trust.writers import Workplace

pytestmark = pytest.mark.trust


class Planted:
    """Unpickling it makes a file, by which a test knows."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.sentinel}",)


@pytest.fixture
def sentinel(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


def refused(done: Done, sentinel: Path) -> None:
    assert not sentinel.exists()
    assert done.code in (2, 4, 5), (done.code, done.err)
    assert "Traceback" not in done.err


def test_the_pickle_would_run(sentinel: Path) -> None:
    """The control: what is planted does what no command may do."""
    pickle.loads(pickle.dumps(Planted(sentinel)))
    assert sentinel.exists()


@pytest.mark.parametrize("name", ["weights.safetensors", "model.json", "weights.pt", "model.pkl"])
def test_a_pickle_in_a_model(
    name: str, sentinel: Path, workplace: Workplace, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(workplace.folder / "model", folder)
    (folder / "manifest.json").unlink()  # or what was changed is told before it is looked at
    (folder / name).write_bytes(pickle.dumps(Planted(sentinel)))
    if name in ("weights.pt", "model.pkl"):
        (folder / "weights.safetensors").unlink()
    refused(workplace.commands("sample", folder, "-n", "3", "-o", tmp_path / "s.csv"), sentinel)


@pytest.mark.parametrize(
    "value", ["os:system", "os.system", "builtins:eval", "../../x", "__main__"]
)
@pytest.mark.parametrize("key", ["engine", "kind"])
def test_an_import_path_for_a_name(
    key: str, value: str, sentinel: Path, workplace: Workplace, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(workplace.folder / "model", folder)
    (folder / "manifest.json").unlink()
    document = json.loads((folder / "model.json").read_text()) | {key: value}
    (folder / "model.json").write_text(json.dumps(document))
    refused(workplace.commands("sample", folder, "-n", "3", "-o", tmp_path / "s.csv"), sentinel)


YAMLS = [
    "!!python/object/apply:os.system ['touch {}']",
    "- !!python/object/new:os.system ['touch {}']",
    "steps: [!!python/name:os.system '', 'touch {}']",
    "__class_fullname__: os.system\ntransform: {{command: 'touch {}'}}",
    "transform: {{__class_fullname__: albumentations.Lambda, image: 'os.system(\"touch {}\")'}}",
]


@pytest.mark.parametrize("text", YAMLS)
def test_a_pipeline(text: str, sentinel: Path, workplace: Workplace, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(text.format(sentinel))
    done = workplace.commands(
        "transform", workplace.folder / "pictures", "--pipeline", tmp_path / "p.yaml",
        "-o", tmp_path / "out",
    )  # fmt: skip
    refused(done, sentinel)


@pytest.mark.parametrize(
    "text",
    [
        'engine = "os:system"',
        '[fitting]\nengine = "os.system"',
        '[fitting]\nengine = "$(touch {})"',
        "[gates]\ngate = \"__import__('os').system('touch {}')\"",
        '[fitting.engines.independent]\nx = "`touch {}`"',
    ],
)
def test_settings(text: str, sentinel: Path, workplace: Workplace, tmp_path: Path) -> None:
    (tmp_path / "augment.toml").write_text(text.replace("{}", str(sentinel)))
    done = workplace.commands("run", workplace.folder / "a.csv", "-o", "out", cwd=tmp_path)
    refused(done, sentinel)


@pytest.mark.parametrize(
    "option",
    ["--where=__import__('os').system('touch {}') = 1", "--where=age > 1; touch {}",
     "--where=age = (lambda: open('{}','w'))()", "--balance=job:$(touch {})=1"],
)  # fmt: skip
def test_conditions(option: str, sentinel: Path, workplace: Workplace, tmp_path: Path) -> None:
    done = workplace.commands(
        "sample", workplace.folder / "model", "-n", "3", option.format(sentinel),
        "-o", tmp_path / "s.csv",
    )  # fmt: skip
    refused(done, sentinel)


def test_a_network_for_scores(sentinel: Path, workplace: Workplace, tmp_path: Path) -> None:
    """`--features` takes TorchScript; an ordinary checkpoint is a pickle in an archive."""
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("net/data.pkl", pickle.dumps(Planted(sentinel)))
        archive.writestr("net/version", "3\n")
    pictures = workplace.folder / "pictures"
    done = workplace.commands(
        "evaluate", pictures, pictures, "--features", tmp_path / "net.pt", "-o", tmp_path / "out"
    )
    refused(done, sentinel)


def test_a_folder_of_pickled_weights(sentinel: Path, workplace: Workplace, tmp_path: Path) -> None:
    folder = tmp_path / "sd"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    (folder / "unet" / "diffusion_pytorch_model.bin").write_bytes(pickle.dumps(Planted(sentinel)))
    done = workplace.commands(
        "sample", "--weights", folder, "--prompt", "a", "-n", "1", "-o", tmp_path / "out"
    )
    refused(done, sentinel)
