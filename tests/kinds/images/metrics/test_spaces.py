"""Feature spaces: what a user's own network must be, and what it gives."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.kinds.images.metrics import views
from augment.kinds.images.metrics.scoring import score
from augment.kinds.images.metrics.spaces import given_space, pca_space, random_space
from augment.testing import simple_images

DATA = simple_images(40)


class Means(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class Pictures(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


def written(network: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.trace(network, torch.zeros(2, 3, 8, 8)), str(path))
    return path


def test_a_given_network_sees_three_channels_from_0_to_255(tmp_path: Path) -> None:
    space = given_space(written(Means(), tmp_path / "means.pt"))
    gray = DATA.pixels.mean((1, 2))
    points = space.embed(DATA.pixels)
    assert points.shape == (len(DATA), 3)
    assert np.allclose(points, np.broadcast_to(gray, points.shape), atol=1e-2)
    assert "means.pt, SHA-256 " in space.note


def test_a_given_network_is_scored_beside_the_others_and_never_called_fid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "JUDGE_STEPS", 20)  # what it learns is not looked at
    path = written(Means(), tmp_path / "means.pt")
    scores = score(DATA, DATA, DATA, Seed(0), metrics=("distances",), features=path)
    names = {s.metric for s in scores}
    assert {"frechet.given", "kernel.given", "frechet.random"} <= names
    assert not any("fid" in name.lower() for name in names)


def test_what_is_no_network_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"not a network")
    with pytest.raises(BadInput, match=r"weights\.pt"):
        given_space(path)


def test_a_network_that_gives_no_points_is_refused(tmp_path: Path) -> None:
    space = given_space(written(Pictures(), tmp_path / "pictures.pt"))
    with pytest.raises(BadInput, match="dimensions"):
        space.embed(DATA.pixels)


def test_spaces_are_the_same_in_every_run() -> None:
    for one, two in (
        (random_space(1), random_space(1)),
        (pca_space(DATA.pixels), pca_space(DATA.pixels)),
    ):
        assert (one.embed(DATA.pixels) == two.embed(DATA.pixels)).all()
