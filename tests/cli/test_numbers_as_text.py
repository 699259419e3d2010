"""A table with numbers written as text, through the command: what is said, and what is written."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from tests.cli.in_process import augment

FORMS = {
    "weight": r"\d+\.\d kg|\d+\.\d lb|",
    "amount": r"\d{1,3}(,\d{3})*\.\d{2}|\(\d{1,3}(,\d{3})*\.\d{2}\)",
    "lab": r"<0\.05|\d+\.\d{2}|N/A\*",
}


def write_visits(path: Path) -> Path:
    """Weights in two units, with gaps; accounts; a lab's values under its limit, and one lost."""
    lines = ["sex,weight,amount,lab"]
    for row in range(500):
        kg = 50 + row * 37 % 411 / 10
        weight = "" if row % 23 == 0 else f"{kg * 2.2:.1f} lb" if row % 3 == 0 else f"{kg:.1f} kg"
        paid = row * 7919 % 300_007 / 100 - 900
        amount = f"({-paid:,.2f})" if paid < 0 else f"{paid:,.2f}"
        value = row * 31 % 397 / 100
        lab = "N/A*" if row % 20 == 0 else "<0.05" if value < 0.3 else f"{value:.2f}"
        lines.append(f'{"fm"[row % 2]},{weight},"{amount}",{lab if row != 7 else "lost it"}')
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_run_says_what_it_learns_and_writes_texts_of_the_same_forms(tmp_path: Path) -> None:
    source, out = write_visits(tmp_path / "visits.csv"), tmp_path / "out"
    done = augment("run", source, "-o", out, "--engine", "independent", "--gate", "none")
    assert done.returncode == 0, done.stderr.decode()
    messages = " ".join(done.stderr.decode().split())
    assert "Kept: weight is numbers in 2 forms (0.0 kg, 0.0 lb)" in messages
    assert "Column 'lab': 1 row holds a text of another form than are learnt" in messages
    with (out / "synthetic.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 500
    for name, form in FORMS.items():
        assert all(re.fullmatch(form, row[name]) for row in rows)
        assert len({row[name] for row in rows}) > 100
    assert 0 < sum(not row["weight"] for row in rows) < 60
    report = json.loads((out / "report.json").read_text())
    assert {"weight", "weight: form"} <= {column["name"] for column in report["columns"]}
    asked = augment("sample", out / "model", "-n", "20", "--where", "weight > 130", "-o", "-")
    texts = [row["weight"] for row in csv.DictReader(asked.stdout.decode().splitlines())]
    assert len(texts) == 20 and all(float(text.split()[0]) > 130 for text in texts)


def test_a_schema_that_was_written_is_obeyed(tmp_path: Path) -> None:
    source, schema = write_visits(tmp_path / "visits.csv"), tmp_path / "schema.json"
    assert augment("inspect", source, "--schema-out", schema).returncode == 0
    document = json.loads(schema.read_text())
    weight = next(column for column in document["columns"] if column["name"] == "weight")
    assert (weight["role"], weight["forms"]) == ("measurement", ["0.0 kg", "0.0 lb"])
    weight["forms"] = ["0.0 kg"]
    schema.write_text(json.dumps(document))
    done = augment("fit", source, "-o", tmp_path / "model", "-e", "independent", "--schema", schema)
    assert done.returncode == 0, done.stderr.decode()
    made = augment("sample", tmp_path / "model", "-n", "100", "-o", "-").stdout.decode()
    assert " kg" in made and " lb" not in made
    weight["forms"] = ["0-0-0"]
    schema.write_text(json.dumps(document))
    refused = augment("inspect", source, "--schema", schema)
    assert refused.returncode in (2, 4) and b"is no form" in refused.stderr
    weight["forms"] = ["0.0 kg"]
    schema.write_text(json.dumps(document))
    private = augment("fit", source, "-o", tmp_path / "m", "--dp-epsilon", "1", "--schema", schema)
    assert private.returncode == 2 and b"being private, must not do" in private.stderr
