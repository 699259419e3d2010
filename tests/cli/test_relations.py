"""What holds between columns, and what nearly does, is messages wherever a run is messages of."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

from tests.cli.in_process import augment


def write_bills(path: Path) -> Path:
    """Days in three columns, and a bill whose parts add up on all but four of 400 rows."""
    lines = ["year,month,day,room,care,bill"]
    for row in range(400):
        day = date(2021, 1, 1) + timedelta(row * 7 % 730)
        room, care = 100 + row * 37 % 911, 50 + row * 61 % 797
        bill = room + care + (5 if row % 100 == 0 else 0)
        lines.append(f"{day.year},{day.month},{day.day},{room},{care},{bill}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_run_lists_what_it_keeps_and_what_nearly_holds(tmp_path: Path) -> None:
    source, out = write_bills(tmp_path / "bills.csv"), tmp_path / "out"
    done = augment(
        "run", source, "-o", out, "--engine", "independent", "--holdout", "0", "--gate", "none"
    )
    assert done.returncode == 0, done.stderr.decode()
    messages = " ".join(done.stderr.decode().split())
    assert "Kept exactly: year, month and day form a date" in messages
    assert "Nearly holds, not kept: bill = care + room (99.0%; 4 of 400 rows break it)" in messages
    near = {"relation": "bill = care + room", "share": 0.99, "broken_rows": 4, "rows": 400}
    wanted = {"kept": ["year, month and day form a date"], "nearly": [near]}
    assert json.loads((out / "run.json").read_text())["relations"] == wanted
    assert json.loads((out / "report.json").read_text())["about"]["relations"] == wanted
    page = (out / "report.html").read_text()
    for words in ("year, month and day form a date", "bill = care + room", "99.00%", "4 of 400"):
        assert words in page


def test_a_run_tells_what_it_keeps_closely(tmp_path: Path) -> None:
    bills = [3000 + 997 * row * row % 9973 for row in range(600)]
    paid = [bill if row % 4 == 0 else 100 + row * 389 % 2741 for row, bill in enumerate(bills)]
    lines = ["bill,paid", *(f"{bill},{part}" for bill, part in zip(bills, paid, strict=True))]
    source, out = tmp_path / "bills.csv", tmp_path / "out"
    source.write_text("\n".join(lines) + "\n")
    done = augment(
        "run", source, "-o", out, "--engine", "independent", "--holdout", "0", "--gate", "none"
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "Kept closely: paid = bill on 25% of rows" in " ".join(done.stderr.decode().split())
    kept = json.loads((out / "run.json").read_text())["relations"]
    closely = ["paid = bill on 25% of rows"]
    assert kept == {"kept": ["paid <= bill"], "closely": closely, "nearly": []}
    assert "paid = bill on 25% of rows" in (out / "report.html").read_text()
