"""Every engine with a network computes on the device that was asked for, and all of it there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from augment.core import registry
from augment.core.seeds import Seed
from augment.core.types import Clause, Condition, Job, Model
from augment.kinds.images.engines.editor import Blender, Editor
from augment.testing import mixed_table, simple_images
from tests.nets.fake_cuda import FakeCuda, cuda
from tests.test_laws import QUICK

__all__ = ["cuda"]  # a fixture

SMALL = {"width": "8", "steps": "6", "batch": "8"}
RECIPES: dict[str, tuple[str, dict[str, str]]] = {
    "anyorder": ("anyorder", {"epochs": "1"}),
    "anyorder best": ("anyorder", {"preset": "best", "epochs": "1", "width": "16"}),
    "anyorder transformer": (
        "anyorder",
        {"preset": "transformer", "epochs": "1", "width": "16", "blocks": "1"},
    ),
    "cvae": ("cvae", SMALL | {"latent": "4", "prior": "gaussian"}),
    "cvae with a flow": ("cvae", SMALL | {"latent": "4", "prior": "flow"}),
    "flow": ("flow", SMALL | {"sampling_steps": "2", "guidance": "2"}),
    "flow for a GPU": ("flow", SMALL | {"preset": "gpu", "sampling_steps": "2", "guidance": "2"}),
    "gan": ("gan", SMALL | {"latent": "4"}),
}


def fitted(name: str, device: str, scratch: Path) -> Model[Any]:
    engine, parameters = RECIPES[name]
    recipe = registry.engine(engine, parameters)
    data = mixed_table(300) if recipe.about.kind == "table" else simple_images(40)
    return recipe.fit(data, Job(Seed(1), scratch, device))


def drawn(model: Model[Any]) -> list[str]:
    """Digests of all that the model can be asked for."""
    found = [model.sample(30, Seed(2)).digest()]
    if isinstance(model, Editor):
        data, conditioning = simple_images(6), model.conditioning
        shown = conditioning.wanted(6, Seed(3), None)
        seeds = [Seed(row) for row in range(6)]
        found.append(str(model.edited(data.pixels[:], shown, shown, 0.5, seeds).tolist()))
        if isinstance(model, Blender):
            found.append(
                str(
                    model.between(
                        data.pixels[:3], data.pixels[3:], shown.take(np.arange(3)), 0.5
                    ).tolist()
                )
            )
    elif model.sample(1, Seed(1)).kind == "table":
        rows = Condition((Clause("member", "in", (True,)), Clause("age", "range", low=30)))
        found.append(model.sample(20, Seed(3), rows).digest())
        given = mixed_table(9).select(["age", "job"])
        found.append(model.sample(9, Seed(3), Condition(partial=given)).digest())
    return found


@pytest.mark.parametrize("name", RECIPES)
def test_an_engine_fits_calibrates_samples_and_edits_where_it_is_asked_to(
    name: str, tmp_path: Path, cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "cvae with a flow":  # its schedule is its own
        from augment.kinds.images.engines.cvae import prior

        monkeypatch.setattr(prior, "SCHEDULE", prior.Schedule(steps=4))
    model = fitted(name, "cuda", tmp_path)
    made = drawn(model)
    assert cuda.products["cuda"] > 0
    assert cuda.products["cpu"] == 0

    state = model.state()
    again = type(model).from_state(state)
    here = drawn(again)
    assert cuda.products["cpu"] > 0
    before = cuda.products["cpu"]
    assert drawn(again.on("cuda")) == made == here
    assert cuda.products["cpu"] == before


@pytest.mark.parametrize("name", ["ctgan", "tvae"])
def test_sdvs_networks_draw_where_they_are_asked_to(
    name: str, tmp_path: Path, cuda: FakeCuda
) -> None:
    recipe = registry.engine(name, QUICK[name])
    model = recipe.fit(mixed_table(), Job(Seed(1), tmp_path))
    there = model.on("cuda")
    cuda.products.clear()
    made = there.sample(30, Seed(2)).digest()
    assert cuda.products["cuda"] > 0 and cuda.products["cpu"] == 0
    assert made == model.sample(30, Seed(2)).digest()


def test_a_model_without_a_network_is_the_same_on_any_device(tmp_path: Path) -> None:
    model = registry.engine("bootstrap", {}).fit(mixed_table(), Job(Seed(1), tmp_path))
    assert model.on("cuda") is model


def test_the_pretended_device_refuses_what_a_gpu_refuses(cuda: FakeCuda) -> None:
    here, there = torch.ones(3), torch.ones(3, device="cuda")
    assert there.device.type == "cuda" and (2 * there).device.type == "cuda"
    for wrong in (
        lambda: here + there,
        lambda: there.numpy(),
        lambda: np.asarray(there),
        lambda: here[there.long()],
        lambda: here.__setitem__(torch.tensor([1]), there[:1]),
        lambda: torch.rand(3, device="cuda", generator=torch.Generator()),
    ):
        with pytest.raises((RuntimeError, TypeError)):
            wrong()
    assert (there + torch.tensor(1.0)).cpu().numpy().tolist() == [2, 2, 2]
    assert there[torch.tensor([0])].device.type == "cuda"
    assert here.to("cuda").to("cpu").device.type == "cpu"
