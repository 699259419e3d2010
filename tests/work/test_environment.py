"""What libraries are told by the environment."""

from __future__ import annotations

import os

import pytest

from augment.work import environment


def test_plans_of_products_are_kept_for_few_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY")  # was set before torch was loaded
    environment.settle()
    assert int(os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"]) <= 64


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "7")
    environment.settle()
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "7"
