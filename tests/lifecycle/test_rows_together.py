"""What no single row can keep is said by run, report and inspect, and keys that run out too."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from augment.cli import summary
from augment.core.types import silent
from augment.lifecycle import fitting, generation, inspection, opened_model, run
from augment.lifecycle.plan import RunRequest
from augment.report import markdown


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Patients of one sex each, seen some times, by the day."""
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(120), 1 + rng.poisson(2, 120))
    frame = pd.DataFrame({"patient_id": patient, "sex": np.where(patient % 2, "f", "m")})
    frame["seen"] = np.datetime64("2020-01-01") + rng.integers(0, 400, len(frame))
    frame["weight"] = rng.integers(50, 90, len(frame))
    path = tmp_path_factory.mktemp("visits") / "visits.csv"
    frame.to_csv(path, index=False)
    return path


def said(tell: Callable[[Console, Any, bool], None], document: Any) -> str:
    """What a person reads of it, in one line."""
    console = Console(file=io.StringIO(), width=80)
    with console.capture() as text:
        tell(console, document, False)
    return " ".join(text.get().split())


def test_run_says_what_it_does_not_keep(visits: Path, tmp_path: Path) -> None:
    request = RunRequest(str(visits), engine="independent", seed=1, holdout=0.0, gate="none")
    out = tmp_path / "out"
    document = run.run(request, out, force=False, dry_run=False, tell=silent)
    shown = said(summary.of_run, document)
    kept, report = (json.loads((out / name).read_text()) for name in ("run.json", "report.json"))
    page = (out / "report.html").read_text()
    looked = said(summary.of_inspect, inspection.inspect(
        str(visits), None, {}, None, force=False, show_values=False, tell=silent))  # fmt: skip
    for words in ("same patient_id belong together", "one another in time (seen, for each"):
        for text in (shown, page, markdown.render(report).replace("\\", ""), looked):
            assert words in text
        for caveats in (kept["data"]["caveats"], report["about"]["data"]["caveats"]):
            assert any(words in caveat for caveat in caveats)
    assert "how many rows each patient_id has" in shown and "one sex" in shown


def test_a_sample_says_that_its_keys_have_run_out(tmp_path: Path) -> None:
    days = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=200).date})
    days.assign(x=np.arange(200) % 7).to_csv(tmp_path / "t.csv", index=False)
    request = RunRequest(str(tmp_path / "t.csv"), engine="independent", seed=1)
    fitting.fit(request, tmp_path / "m", force=False, dry_run=False, tell=silent)
    opened = opened_model.open_model(tmp_path / "m")
    for rows, most in (("200", 200), ("300", 202)):  # days, of which a few beyond the source's
        order, out = generation.Order(rows, seed=1), tmp_path / f"{rows}.csv"
        document = generation.sample(opened, order, out, force=False, tell=silent)
        shown = said(summary.of_sample, document)
        assert ("fewer than the 300 rows" in shown) is (rows == "300")
        assert 200 <= pd.read_csv(out)["day"].nunique() <= most
