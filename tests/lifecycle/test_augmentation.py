"""Made rows below the real ones, in one output."""

from __future__ import annotations

import dataclasses
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import UsageError
from augment.core.fitted import Ask
from augment.core.types import silent
from augment.lifecycle import generation, opened_model, run
from augment.lifecycle.augmentation import missing_rows
from augment.lifecycle.plan import RunRequest

pytestmark = pytest.mark.usefixtures("few_trees")

ROWS, POSITIVE = 300, 12


def source_text(end: str = "\r\n") -> str:
    """A table in a dialect of its own: semicolons, decimal commas, Yes and No, gaps."""
    rng = random.Random(4)
    rows = ["key;age;vip;spent;target"]
    for i in range(ROWS):
        spent = f"{rng.randrange(10_000) / 100:.2f}".replace(".", ",") if i % 9 else ""
        label = "pos" if i % (ROWS // POSITIVE) == 0 else "neg"
        rows.append(
            f"K-{i:04d};{rng.randrange(18, 90)};{rng.choice(['Yes', 'No'])};{spent};{label}"
        )
    return "".join(row + end for row in rows)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_bytes(source_text().encode())
    return path


def request_for(table: Path, **more: Any) -> RunRequest:
    settled: dict[str, Any] = {"engine": "independent", "seed": 5, "holdout": 0.0, "gate": "none"}
    return RunRequest(str(table), **settled | more)


def start(request: RunRequest, out: Path) -> Any:
    return run.run(request, out, force=False, dry_run=False, tell=silent)


@pytest.fixture(scope="module")
def balanced(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "balanced"
    ask = Ask(balance="target")
    start(request_for(table, append=True, ask=ask, write={"mark": True}, holdout=0.2), out)
    return out


def columns_of(lines: list[str], place: int) -> Counter[str]:
    return Counter(line.split(";")[place] for line in lines)


def test_the_real_rows_stand_first_byte_for_byte_and_made_ones_bring_each_value_to_the_majority(
    table: Path, balanced: Path
) -> None:
    real = table.read_bytes().decode().splitlines(keepends=True)
    written = (balanced / "augmented.csv").read_bytes().decode().splitlines(keepends=True)
    assert written[0] == real[0].replace("\r\n", ";_synthetic\r\n")
    assert written[1 : ROWS + 1] == [row.replace("\r\n", ";No\r\n") for row in real[1:]]
    made = [row.removesuffix("\r\n") for row in written[ROWS + 1 :]]
    assert len(made) == ROWS - 2 * POSITIVE
    assert columns_of(made, 4) == {"pos": len(made)} and columns_of(made, 5) == {"Yes": len(made)}
    keys = columns_of([row.removesuffix("\r\n") for row in written[1:]], 0)
    assert max(keys.values()) == 1, "a made key repeats a real one"


def test_report_and_documents_say_what_was_appended_and_score_made_rows_alone(
    balanced: Path,
) -> None:
    report = json.loads((balanced / "report.json").read_text())
    made = ROWS - 2 * POSITIVE
    values = [
        {"value": "neg", "real": ROWS - POSITIVE, "made": 0},
        {"value": "pos", "real": POSITIVE, "made": made},
    ]
    wanted = {"real": ROWS, "made": made, "balance": {"column": "target", "values": values}}
    assert report["about"]["appended"] == wanted
    assert report["compared"]["synthetic"] == made
    page = (balanced / "report.html").read_text()
    assert f"{ROWS} real rows as they were read, then {made} synthetic ones" in page


def test_rows_are_of_the_whole_output_and_without_a_mark_nothing_else_changes(
    table: Path, tmp_path: Path
) -> None:
    start(request_for(table, append=True, count="2x"), tmp_path / "out")
    written = (tmp_path / "out" / "augmented.csv").read_bytes()
    assert written.startswith(table.read_bytes())
    assert len(written.splitlines()) == 2 * ROWS + 1
    start(request_for(table, count="1x"), tmp_path / "only")
    assert (tmp_path / "only" / "synthetic.csv").read_bytes().splitlines()[1:] == (
        written.splitlines()[ROWS + 1 :]
    ), "the made rows are those that stand alone by the same seed"


def test_a_wanted_mix_is_of_real_and_made_rows_together(balanced: Path, table: Path) -> None:
    order = generation.Order(
        "3x", 7, Ask(balance="target: pos=0.3, neg=0.7"), below=str(table), write={"mark": True}
    )
    out = balanced.parent / "mixed.csv"
    document = generation.sample(
        opened_model.open_model(balanced), order, out, force=True, tell=silent
    )
    lines = out.read_text().splitlines()[1:]
    assert columns_of(lines, 4) == {"pos": 270, "neg": 630}
    assert columns_of(lines, 5) == {"No": ROWS, "Yes": 2 * ROWS}
    assert document["rows"] == 3 * ROWS and document["appended"]["made"] == 2 * ROWS


def test_a_marked_output_is_evaluated_by_its_made_rows_alone(balanced: Path, table: Path) -> None:
    from augment.lifecycle import inspection

    kind, loaded = inspection.read(str(table), None, {}, silent)
    found = kind.reader.read_like(str(balanced / "augmented.csv"), loaded.data, {})
    assert len(found.data) == ROWS - 2 * POSITIVE
    assert "_synthetic" not in found.data.schema.names and "300 rows" in found.notes[-1]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".xlsx", ".csv.gz"])
def test_every_format_takes_real_and_made_rows(
    balanced: Path, table: Path, tmp_path: Path, suffix: str
) -> None:
    from augment.lifecycle import inspection

    out = tmp_path / f"a{suffix}"
    order = generation.Order(None, 7, below=str(table), write={"mark": True})
    generation.sample(opened_model.open_model(balanced), order, out, force=False, tell=silent)
    _, real = inspection.read(str(table), None, {}, silent)
    _, found = inspection.read(str(out), None, {}, silent)
    assert len(found.data) == 2 * ROWS
    for name in ("key", "age", "target"):
        ours = found.data.column(name).slice(0, ROWS).to_pylist()
        assert ours == real.data.column(name).to_pylist(), name


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no more rows than the real ones": ({"count": "1x"}, "counts all rows of the output"),
    "no room for the mix": (
        {"count": "310", "ask": Ask(balance="target")},
        "-n leaves room for 10",
    ),
    "a mix that is there": ({"ask": Ask(balance="target: pos=0.04, neg=0.96")}, "already"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_appended_is_refused(table: Path, tmp_path: Path, case: str) -> None:
    more, why = REFUSED[case]
    with pytest.raises(UsageError, match=why):
        start(request_for(table, append=True, **more), tmp_path / "out")


def test_a_column_of_the_markers_name_is_refused_before_the_fit(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(source_text("\n").replace("vip", "_synthetic"))
    ticks: list[str] = []
    with pytest.raises(UsageError, match="has one of that name"):
        run.run(
            request_for(path, write={"mark": True}),
            tmp_path / "out",
            force=False,
            dry_run=False,
            tell=lambda tick: ticks.append(tick.phase),
        )
    assert "fit" not in ticks


def test_real_rows_of_other_columns_are_bad_input(balanced: Path, tmp_path: Path) -> None:
    from augment.core.errors import BadInput

    other = tmp_path / "other.csv"
    other.write_text("age;vip\n30;Yes\n")
    opened = opened_model.open_model(balanced)
    with pytest.raises(BadInput, match="no column 'key', 'spent'"):
        generation.sample(
            opened, generation.Order(below=str(other)), tmp_path / "o.csv", force=False, tell=silent
        )


def test_an_interrupted_run_goes_on_to_the_same_bytes(table: Path, tmp_path: Path) -> None:
    request = dataclasses.replace(
        request_for(table, append=True, ask=Ask(balance="target")), write={"mark": True}
    )
    start(request, tmp_path / "whole")

    def stop(tick: Any) -> None:
        if tick.phase == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(request, tmp_path / "cut", force=False, dry_run=False, tell=stop)
    assert start(request, tmp_path / "cut")["resumed"]
    for name in ("augmented.csv", "report.json"):
        whole, cut = (tmp_path / each / name for each in ("whole", "cut"))
        assert whole.read_bytes() == cut.read_bytes(), name


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(1, 9)), min_size=1, max_size=5),
    st.none() | st.integers(0, 2000),
)
def test_real_and_missing_rows_together_have_the_shares(
    levels: list[tuple[int, int]], more: int | None
) -> None:
    counts = {value: count for value, (count, _) in enumerate(levels)}
    whole = sum(weight for _, weight in levels)
    shares = {value: weight / whole for value, (_, weight) in enumerate(levels)}
    total = None if more is None else sum(counts.values()) + more
    try:
        found = missing_rows("x", counts, shares, total)
    except UsageError:
        return
    assert min(found.values()) >= 0 < sum(found.values())
    together = {value: counts[value] + found[value] for value in counts}
    size = sum(together.values())
    assert all(abs(together[value] - shares[value] * size) <= 2 for value in counts)
    if total is not None:
        assert size == total
