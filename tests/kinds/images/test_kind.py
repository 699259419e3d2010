"""Images through the ports, beyond the laws of every kind: what is made is as asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augment.core import model_folder as store
from augment.core.errors import UsageError
from augment.core.fitted import Ask
from augment.core.seeds import Seed
from augment.core.types import Engine, Job, silent
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.engines.cvae.engine import Cvae
from augment.kinds.images.engines.flow.engine import Flow
from augment.kinds.images.engines.gan.engine import Gan
from augment.kinds.images.generator.model import ImageModel
from augment.testing import simple_images

DATA = simple_images(40)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ImageModel:
    job = Job(Seed(1), tmp_path_factory.mktemp("scratch"))
    return ImageModel.fit(Cvae(steps=6, batch=8, width=8, latent=4), DATA, job, True, len(DATA))


def test_a_balance_is_kept_to_the_number(model: ImageModel) -> None:
    given = model.condition(Ask(balance="label"))
    parts = [model.sample(start, 30, Seed(2), given, silent) for start in (0, 30)]
    counts = np.bincount(np.concatenate([part.label_codes for part in parts]))
    assert counts.tolist() == [20, 20, 20]


@pytest.mark.parametrize("text", ["label=kind 9", "size=3", "label", "prompt=shoe"])
def test_what_cannot_be_asked_is_refused(model: ImageModel, text: str) -> None:
    with pytest.raises(UsageError):
        given = model.condition(Ask(where=(text,)))
        model.sample(0, 2, Seed(1), given, silent)


@pytest.mark.parametrize(
    ("recipe", "part"),
    [
        (Cvae(steps=6, batch=8, width=8, latent=4), "autoencoder"),
        (Flow(steps=6, batch=8, width=8), "network"),
        (Gan(steps=6, batch=8, width=8, latent=4), "networks"),
    ],
)
def test_a_model_says_how_its_training_went(
    recipe: Engine[Images], part: str, tmp_path: Path
) -> None:
    model = ImageModel.fit(recipe, DATA, Job(Seed(1), tmp_path / "scratch"), True, len(DATA))
    store.save(tmp_path / "model", model.stored())
    again = ImageModel.restore(store.load(tmp_path / "model"))
    report = again.facts
    assert again.inner.state().config == model.inner.state().config
    steps = report["training"][part]
    assert (steps["planned"], steps["steps"], steps["stopped"]) == (6, 6, "planned")
    assert report["device"] == "cpu"
    assert report["precision"] in ("bfloat16", "float32")


def test_a_restored_model_makes_the_same_pictures(model: ImageModel) -> None:
    again = ImageModel.restore(model.stored())
    given = model.condition(Ask(where=("label=kind 1",)))
    one, two = (m.sample(0, 9, Seed(3), given, silent) for m in (model, again))
    assert one.digest() == two.digest()
    assert one.sources == two.sources
    assert set(one.labels() or ()) == {"kind 1"}
