"""What libraries read of the environment is set in one place."""

from __future__ import annotations

import os

import pytest

from augment.work import environment


def test_what_a_user_has_set_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.delenv("NO_ALBUMENTATIONS_UPDATE", raising=False)
    environment.settle()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert os.environ["NO_ALBUMENTATIONS_UPDATE"] == "1"


def test_pipelines_stay_offline_whatever_a_user_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.OFFLINE | environment.QUIET:
        monkeypatch.setenv(name, "0")
    environment.stay_offline()
    assert {os.environ[name] for name in environment.OFFLINE} == {"1"}
