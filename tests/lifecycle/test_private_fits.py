"""Differential privacy as a user meets it: what is refused, what is missing, what may be told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import augment as api
from augment.core.holdout import independent_split, kept_secret
from augment.core.seeds import Seed
from augment.testing import mixed_table
from tests.cli.in_process import augment

LETTERS = ["a", "b", "c"]
ROWS = 1_237
SCHEMA = {
    "schema": "augment.schema/1",
    "target": "y",
    "columns": [
        {"name": name, "role": "categorical", "storage": "string", "levels": LETTERS}
        for name in "xy"
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`rows.csv` and what is public of it, `schema.json`."""
    place = tmp_path_factory.mktemp("private")
    rng = np.random.default_rng(4)
    first = rng.integers(0, 3, ROWS)
    second = np.where(rng.random(ROWS) < 0.7, first, rng.integers(0, 3, ROWS))
    lines = [f"{LETTERS[x]},{LETTERS[y]}" for x, y in zip(first, second, strict=True)]
    (place / "rows.csv").write_text("\n".join(["x,y", *lines]) + "\n")
    (place / "schema.json").write_text(json.dumps(SCHEMA))
    return place


@pytest.mark.parametrize(
    ("command", "more", "says"),
    [
        ("fit", ["--dp-epsilon", "1"], "--schema"),
        ("fit", ["-e", "aim"], "--schema"),
        ("fit", ["--dp-epsilon", "1", "-e", "independent"], "for the engine aim"),
        ("fit", ["--dp-delta", "1e-9"], "--dp-epsilon"),
        ("fit", ["--dp-epsilon", "1", "--schema", "S", "--column", "x=id"], "schema file"),
        ("run", ["--dp-epsilon", "1", "--schema", "S", "--rounds", "2"], "budget"),
        ("run", ["--dp-epsilon", "1", "--schema", "S", "--if-changed"], "budget"),
        ("run", ["--dp-epsilon", "1", "--schema", "S", "--mode", "append"], "real rows"),
        ("compare", ["--engines", "aim,independent"], "budget"),
        ("tune", ["-e", "aim"], "budget"),
    ],
)
def test_what_would_look_at_rows_outside_the_budget_is_refused(
    folder: Path, command: str, more: list[str], says: str
) -> None:
    words = [str(folder / "schema.json") if word == "S" else word for word in more]
    done = augment(command, folder / "rows.csv", "-o", folder / "out", *words)
    assert done.returncode == 2
    assert says in done.stderr.decode()


def test_roles_that_are_learnt_from_rows_are_refused(folder: Path) -> None:
    columns = [{"name": "x", "role": "text", "storage": "string"}, SCHEMA["columns"][1]]
    path = folder / "text.json"
    path.write_text(json.dumps({**SCHEMA, "columns": columns}))
    words = ["--dp-epsilon", "1", "--schema", path]
    done = augment("fit", folder / "rows.csv", "-o", folder / "out", *words)
    assert done.returncode == 2 and b"'x=drop'" in done.stderr


@pytest.mark.parametrize("command", ["fit", "run"])
def test_without_the_extra_the_install_line_is_told_and_nothing_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setitem(sys.modules, "opendp", None)
    words = ["--dp-epsilon", "1", "--schema", folder / "schema.json"]
    done = augment(command, folder / "rows.csv", "-o", folder / "absent", *words)
    assert done.returncode == 5
    assert b"pip install 'augment-synth[dp]'" in done.stderr
    assert not (folder / "absent").exists()


@pytest.mark.parametrize("flag", ["--dp-epsilon", "--dp-delta"])
@pytest.mark.parametrize("value", ["0", "-1", "200", "nan"])
def test_a_budget_out_of_range_is_refused_in_the_name_of_its_flag(
    folder: Path, flag: str, value: str
) -> None:
    words = {"--dp-epsilon": "1", "--dp-delta": "1e-9", flag: value}
    given = [word for pair in words.items() for word in pair]
    schema = folder / "schema.json"
    done = augment("fit", folder / "rows.csv", "-o", folder / "out", "--schema", schema, *given)
    assert done.returncode == 2
    assert flag.encode() in done.stderr and b"-p epsilon" not in done.stderr


def test_a_coin_for_each_row_parts_the_same_rows_whenever_it_is_asked_for(tmp_path: Path) -> None:
    rows = mixed_table(400)
    secret = kept_secret(tmp_path)
    assert kept_secret(tmp_path) == secret
    train, unseen = independent_split(rows, 0.2, secret)
    assert len(train) + len(unseen) == 400 and 40 < len(unseen) < 120
    again = independent_split(rows, 0.2, secret)
    assert again[1].digest() == unseen.digest()
    # one row more exchanges none of the others, which a shuffle would
    more = mixed_table(401)
    kept = independent_split(more.take(np.arange(400)), 0.2, secret)[0]
    longer = independent_split(more, 0.2, secret)[0]
    assert longer.take(np.arange(len(kept))).digest() == kept.digest()
    assert len(longer) - len(kept) in (0, 1)
    assert Seed(1) != secret


@pytest.mark.slow
def test_a_private_run_tells_its_ledger_and_its_model_no_exact_number(folder: Path) -> None:
    pytest.importorskip("opendp", reason="the extra [dp] is not installed")
    pytest.importorskip("mbi", reason="the extra [dp] is not installed")
    out = folder / "run"
    words = ["--dp-epsilon", "2", "--schema", folder / "schema.json", "--seed", "5"]
    done = augment("run", folder / "rows.csv", "-o", out, *words)
    assert done.returncode == 0, done.stderr
    told = json.loads((out / "run.json").read_text())
    ledger = told["privacy"]
    assert ledger["spent"]["epsilon"] <= 2 and ledger["spent"]["delta"] <= 1e-9
    assert ledger["neighbours"] == "one row added or removed"
    assert {each["what"] for each in ledger["mechanisms"]} >= {"counts of x", "counts of x × y"}
    assert told["profiles"] == []
    shown = done.stderr.decode() + (out / "report.html").read_text()
    assert "differentially private" in shown and "anonymous" not in shown.lower()
    (model,) = out.glob("model/model.json")
    assert str(told["rows"]["train"]) not in model.read_text()
    assert told["rows"]["synthetic"] == json.loads(model.read_text())["config"]["rows"]
    assert augment("reproduce", out).returncode == 2


@pytest.mark.slow
def test_a_private_model_is_the_same_for_whoever_does_not_know_the_rows(folder: Path) -> None:
    """Its documents have no digest of the rows, and a finished one is not fitted again."""
    pytest.importorskip("opendp", reason="the extra [dp] is not installed")
    pytest.importorskip("mbi", reason="the extra [dp] is not installed")
    out, rows = folder / "model", folder / "more.csv"
    rows.write_text((folder / "rows.csv").read_text())
    words = ["--dp-epsilon", "2", "--schema", folder / "schema.json", "--seed", "5"]
    assert augment("fit", rows, "-o", out, *words).returncode == 0
    before = (out / "fit.json").read_bytes()
    assert not {"files", "data", "notes"} & json.loads(before).keys()
    rows.write_text((folder / "rows.csv").read_text() + "a,b\n")
    done = augment("fit", rows, "-o", out, *words)
    assert done.returncode == 0 and (out / "fit.json").read_bytes() == before
    assert b"Whether the rows have changed since is not known" in done.stderr
    assert (
        json.loads(augment("fit", rows, "-o", out, *words, "--json").stdout)["rows_compared"]
        is False
    )
    model = api.fit(api.read(rows, schema=folder / "schema.json"), "aim", parameters={"epsilon": 2})
    model.save(folder / "saved")
    saved = json.loads((folder / "saved" / "fit.json").read_text())
    assert not {"files", "data", "notes"} & saved.keys() and "rows" not in saved["plan"]
    samples = []
    for name in ("one.csv", "two.csv"):
        made = augment("sample", out, "-n", "50", "--seed", "3", "-o", folder / name)
        assert made.returncode == 0, made.stderr
        samples.append((folder / name).read_bytes())
    assert samples[0] == samples[1]
    where = ["--where", "x = b", "-o", folder / "where.csv"]
    assert augment("sample", out, "-n", "40", "--seed", "3", *where).returncode == 0
    lines = (folder / "where.csv").read_text().splitlines()[1:]
    assert len(lines) == 40 and all(line.startswith("b,") for line in lines)
