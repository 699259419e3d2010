"""The stages of a run and of a fit, called in this process."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from augment.core.errors import BadInput, UsageError
from augment.core.files import write_json
from augment.core.fitted import Ask
from augment.core.types import Tick, silent
from augment.evaluation import gates
from augment.kinds.tables.generator.model import TableModel
from augment.lifecycle import fitting, generation, opened_model, run
from augment.lifecycle import gates as lifecycle_gates
from augment.lifecycle.plan import RunRequest, row_count
from augment.lifecycle.sampling import parse_shard

ROWS = 200


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "t.csv"
    rows = [f"{i % 50},{'abc'[i % 3]},K-{i:04d}" for i in range(ROWS)]
    path.write_text("\n".join(["n,letter,key", *rows]) + "\n")
    return path


@pytest.fixture
def request_(table: Path) -> RunRequest:
    """A run without scores, which are the slow part."""
    return RunRequest(str(table), engine="independent", seed=5, holdout=0.0, gate="none")


def start(request: RunRequest, out: Path, force: bool = False, tell: Any = silent) -> Any:
    return run.run(request, out, force=force, dry_run=False, tell=tell)


def interrupt_in(phase: str) -> Any:
    """A listener that stops the run when the phase has begun and once more told of."""

    def tell(tick: Tick) -> None:
        if tick.phase == phase:
            raise KeyboardInterrupt

    return tell


RESULT = ("synthetic.csv", "model/model.json", "model/weights.safetensors", "report.json")


@pytest.mark.parametrize("phase", ["fit", "sample", "write"])
def test_an_interrupted_run_goes_on_to_the_same_bytes_without_doing_stages_again(
    request_: RunRequest, tmp_path: Path, phase: str
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    start(request_, whole)
    with pytest.raises(KeyboardInterrupt):
        start(request_, cut, tell=interrupt_in(phase))
    assert [entry.name for entry in cut.iterdir()] == [".partial"]
    assert start(request_, cut)["resumed"]
    for name in RESULT:
        assert (cut / name).read_bytes() == (whole / name).read_bytes(), name
    log = [json.loads(text) for text in (cut / "log.jsonl").read_text().splitlines()]
    done = Counter(entry["phase"] for entry in log if entry["event"] == "done")
    assert done == {"fit": 1, "sample": 1, "write": 1}


def test_an_interrupted_run_without_a_seed_goes_on_with_the_seed_it_drew(
    request_: RunRequest, tmp_path: Path
) -> None:
    fresh = dataclasses.replace(request_, seed=None)
    with pytest.raises(KeyboardInterrupt):
        start(fresh, tmp_path / "out", tell=interrupt_in("sample"))
    drawn = json.loads((tmp_path / "out" / ".partial" / "plan.json").read_text())["seed"]
    assert start(fresh, tmp_path / "out")["seed"] == drawn
    assert start(fresh, tmp_path / "other")["seed"] != drawn


def test_a_damaged_half_finished_model_is_fitted_again(
    request_: RunRequest, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        start(request_, out, tell=interrupt_in("sample"))
    (out / ".partial" / "model" / "weights.safetensors").write_bytes(b"torn")
    assert start(request_, out)["resumed"]


def test_a_finished_run_is_up_to_date_and_another_plan_needs_force(
    request_: RunRequest, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    start(request_, out)
    assert start(request_, out)["up_to_date"]
    assert start(dataclasses.replace(request_, seed=None), out)["up_to_date"]
    other = dataclasses.replace(request_, engine="bootstrap")
    for changed in (other, dataclasses.replace(request_, seed=6)):
        with pytest.raises(UsageError, match="--force"):
            start(changed, out)
    before = (out / "synthetic.csv").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        start(other, out, force=True, tell=interrupt_in("write"))
    assert (out / "synthetic.csv").read_bytes() == before  # nothing is lost
    assert start(other, out, force=True)["plan"]["engine"] == "bootstrap"
    assert (out / "synthetic.csv").read_bytes() != before
    (out / "synthetic.csv").write_bytes(before)
    with pytest.raises(UsageError, match="changed"):
        start(other, out)


def test_a_result_that_fails_its_gate_leaves_the_earlier_one(
    request_: RunRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    start(request_, out)
    before = (out / "synthetic.csv").read_bytes()
    failed = {"gate": "privacy", "state": "fail", "reason": "", "chance": 0.0}
    found = {"fail": [failed], "warn": [], "chance": 0.0, "baseline": None}
    monkeypatch.setattr(lifecycle_gates, "judged", lambda asked, report: found)
    document = start(dataclasses.replace(request_, seed=9), out, force=True)
    assert document["failed_gates"] == ["privacy"]
    assert document["folder"] == str(tmp_path / "out.rejected")
    assert (out / "synthetic.csv").read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["out", "out.rejected"]


def test_a_run_with_a_seed_is_the_same_in_another_folder(
    request_: RunRequest, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        start(request_, tmp_path / name)
    for name in RESULT:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.fixture(scope="module")
def model(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model") / "m"
    request = RunRequest(str(table), engine="independent", seed=1)
    fitting.fit(request, out, force=False, dry_run=False, tell=silent)
    return out


def drawn(model: Path, out: Path, count: str = "100", **options: Any) -> list[str]:
    """The lines of a sample."""
    given: dict[str, Any] = {"seed": 3, "ask": Ask(), "shard": None, "format": None} | options
    order = generation.Order(count, **given)
    generation.sample(opened_model.open_model(model), order, out, force=True, tell=silent)
    return out.read_text().splitlines()


@pytest.mark.parametrize("block", [17, 20_000])
@pytest.mark.parametrize("shards", [1, 2, 3, 7, 12, 130])
def test_shards_one_after_another_are_the_whole_and_of_even_size(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shards: int, block: int
) -> None:
    monkeypatch.setattr(TableModel, "block_rows", block)
    out = tmp_path / "s.csv"
    whole = drawn(model, out)
    parts = [drawn(model, out, shard=f"{i}/{shards}") for i in range(1, shards + 1)]
    assert all(part[0] == whole[0] for part in parts)
    assert [row for part in parts for row in part[1:]] == whole[1:]
    assert {len(part) - 1 for part in parts} <= {100 // shards, -(-100 // shards)}
    keys = [row.rpartition(",")[2] for row in whole[1:]]
    assert len(set(keys)) == 100


def test_shards_of_conditions_are_those_of_the_whole(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TableModel, "block_rows", 17)
    ask = Ask(where=("letter = a or n > 30",), balance="letter")
    whole = drawn(model, tmp_path / "s.csv", ask=ask)
    parts = [drawn(model, tmp_path / "s.csv", shard=f"{i}/3", ask=ask) for i in (1, 2, 3)]
    assert [row for part in parts for row in part[1:]] == whole[1:]
    assert all(row.split(",")[1] == "a" or int(row.split(",")[0]) > 30 for row in whole[1:])


def test_a_shard_without_a_seed_is_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--shard 1/2 needs --seed"):
        drawn(model, tmp_path / "s.csv", seed=None, shard="1/2")
    assert not (tmp_path / "s.csv").exists()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Ask(where=("letter = z or n > 20",)), "letter"),
        (Ask(where=("n > 20 or n > 1000",)), "in the range asked for"),
        (Ask(balance="letter:a=0.5,z=0.5"), "none of them"),
    ],
)
def test_what_no_row_can_satisfy_is_refused_before_the_fit(
    request_: RunRequest, tmp_path: Path, asked: Ask, says: str
) -> None:
    ticks: list[Tick] = []
    with pytest.raises(UsageError, match=says):
        start(dataclasses.replace(request_, ask=asked), tmp_path / "out", tell=ticks.append)
    assert "fit" not in {tick.phase for tick in ticks}


def test_balance_is_exact_over_blocks(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TableModel, "block_rows", 17)
    for text, want in (("letter", {"a": 33, "b": 34, "c": 33}), ("letter:a=0.9,c=0.1", None)):
        rows = drawn(model, tmp_path / "s.csv", ask=Ask(balance=text))[1:]
        assert Counter(row.split(",")[1] for row in rows) == (want or {"a": 90, "c": 10})


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("5000", 5000), ("10k", 10_000), ("1e6", 10**6), ("1E+2", 100), ("2.5k", 2500),
        ("2x", 14), ("1.5x", 10), ("1,000", 1000), ("1_000", 1000), ("3M", 3_000_000),
    ],
)  # fmt: skip
def test_row_counts(text: str, rows: int) -> None:
    assert row_count(text, 7) == rows


@pytest.mark.parametrize(
    "text", ["0", "-1", "abc", "", "1.5", "0.1x", "1e400", "1e15", "nan", "k", "1e-3", "١٢", "2xx"]
)
@pytest.mark.parametrize("source", [1, 7, 1000])
def test_row_counts_that_are_none(text: str, source: int) -> None:
    if text == "0.1x" and source == 1000:
        return
    with pytest.raises(UsageError, match="-n"):
        row_count(text, source)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2", "", "1/2/3", "²/3"])
def test_shards_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="--shard"):
        parse_shard(text)


@pytest.mark.parametrize("text", ["", "privcy", "privacy,", "none,all"])
def test_gates_that_are_none(text: str) -> None:
    with pytest.raises(UsageError, match="--gate"):
        gates.parse(text)


@pytest.mark.slow  # `make check-trust` has hostile models too
def test_hostile_models_are_bad_input(model: Path, tmp_path: Path) -> None:
    document = json.loads((model / "model.json").read_text())
    weights = (model / "weights.safetensors").read_bytes()
    bad: tuple[Any, ...] = (None, [], {}, "os.system", -1, True, 10**400, 1e308, [[1]], {"a": 1})
    tried = refused = 0
    crashes = []
    for path in list(_paths(document)):
        for value in (*bad, _DROP):
            changed = _changed(document, path, value)
            if changed == document:
                continue
            folder = tmp_path / str(tried)
            write_json(folder / "model.json", changed)
            (folder / "weights.safetensors").write_bytes(weights)
            try:
                drawn(folder, tmp_path / "s.csv", count="3")
            except (BadInput, UsageError):
                refused += 1
            except Exception as error:
                crashes.append(f"{path} = {str(value)[:20]}: {error!r}")
            tried += 1
    assert not crashes, "\n".join(crashes)
    assert tried > 300
    assert refused > tried / 2


def test_torn_weights_are_bad_input(model: Path, tmp_path: Path) -> None:
    whole = (model / "weights.safetensors").read_bytes()
    (tmp_path / "model.json").write_bytes((model / "model.json").read_bytes())
    for torn in (b"", whole[:-1], whole[:7], whole[:40], b"\x80\x04cos\nsystem\n", b"\xff" * 64):
        (tmp_path / "weights.safetensors").write_bytes(torn)
        with pytest.raises(BadInput, match="damaged"):
            drawn(tmp_path, tmp_path / "s.csv")
    (tmp_path / "weights.safetensors").unlink()
    (tmp_path / "weights.safetensors").symlink_to("/dev/zero")
    with pytest.raises(BadInput, match="missing"):
        drawn(tmp_path, tmp_path / "s.csv")


@pytest.mark.parametrize("key", ["kind", "engine"])
def test_names_in_a_model_are_looked_up_and_never_imported(
    model: Path, tmp_path: Path, key: str
) -> None:
    document = json.loads((model / "model.json").read_text()) | {key: "antigravity:Fly"}
    write_json(tmp_path / "model.json", document)
    (tmp_path / "weights.safetensors").write_bytes((model / "weights.safetensors").read_bytes())
    with pytest.raises(BadInput, match="which is not here"):
        opened_model.open_model(tmp_path)


_DROP = object()


def _paths(value: Any, at: tuple[Any, ...] = ()) -> Any:
    """Where every part of a document lies."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        yield (*at, key)
        if isinstance(inner, (dict, list)) and len(at) < 6:
            yield from _paths(inner if isinstance(inner, dict) else inner[:2], (*at, key))


def _changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    place = copy
    for key in path[:-1]:
        place = place[key]
    if value is _DROP:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copy
