"""Fit and score engines on real tables, side by side, and print one table.

    python benchmarks/tables.py --tables ../shared/data/tables --engines anyorder,tvae --seeds 0,1,2

Each cell of the table is the median over the seeds. Every fit runs in a process of its own, so
that its peak memory is its own: 80% of the rows are learnt, a sample as large is drawn, and all
scores are on the other 20%. Times compare within one run on one machine, and with nothing else.
The engine `tabularargn` is the peer; it runs in the environment that --peer-python names.
A folder of tables holds NAME.csv with NAME.meta.json ({"target": …, "task": …}) beside it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import fits

SHOWN: fits.Shown = {
    "shapes.error": ("shape %", 100, 2),
    "trends.error": ("trend %", 100, 2),
    "detection": ("detect", 1, 3),
    "utility": ("TSTR", 1, 3),
    "copies": ("copies %", 100, 2),
    "nndr": ("NNDR", 1, 3),
    "membership.auc": ("MIA", 1, 3),
    "membership.tpr@0.001": ("TPR.1%", 1, 4),
}


def main() -> None:
    arguments = _arguments()
    if arguments.one:
        parameters = fits.parameters(arguments.param)
        print(json.dumps(measure(*arguments.one, parameters, arguments.peer_python)))
        return
    tables = sorted(Path(arguments.tables).glob("*.csv"))
    if arguments.only:
        tables = [path for path in tables if path.stem in arguments.only.split(",")]
    print(fits.heading("table", "rows/s", SHOWN))
    for path in tables:
        for number, engine in enumerate(arguments.engines.split(",")):
            runs = [
                _in_its_own_process(path, engine, seed, arguments)
                for seed in arguments.seeds.split(",")
            ]
            fits.printed(path.stem, engine, runs, SHOWN, number == 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", default="../shared/data/tables", help="folder of tables")
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--engines", default="anyorder,copula,tvae,ctgan,independent,bootstrap")
    parser.add_argument("--seeds", default="0")
    parser.add_argument(
        "-p", "--param", action="append", default=[], help="ENGINE.NAME=VALUE, repeatable"
    )
    parser.add_argument("--peer-python", default="", help="Python that has mostlyai-engine")
    parser.add_argument("--one", nargs=3, metavar=("CSV", "ENGINE", "SEED"), help="one fit, JSON")
    return parser.parse_args()


def _in_its_own_process(
    path: Path, engine: str, seed: str, arguments: argparse.Namespace
) -> dict[str, Any]:
    command = [__file__, "--one", str(path), engine, seed]
    command += ["--peer-python", arguments.peer_python]
    for text in arguments.param:
        command += ["-p", text]
    return fits.apart(command)


def measure(
    csv: str, engine: str, seed: str, parameters: dict[str, dict[str, str]], peer_python: str
) -> dict[str, Any]:
    """One fit, one sample and its scores, with what they cost."""
    from augment.core import registry
    from augment.core.holdout import split
    from augment.core.seeds import Seed
    from augment.kinds.tables.data.dataset import Table
    from augment.kinds.tables.metrics import scoring

    kind = registry.find("kinds", "table")
    data = kind.reader.read(csv, reading(Path(csv))).data
    root = Seed(int(seed))
    train, test = split(data, 0.2, root.child("split"))
    if engine == "tabularargn":
        cost, made = _peer(kind, train, seed, peer_python)
    else:
        cost, parts = fits.fitted(kind, engine, parameters.get(engine), train, root)
        made = Table.join(parts)
    scores = scoring.score(train, test, made, root.child("score"))
    return {**cost, "scores": fits.kept_scores(scores, SHOWN, ["utility"])}


def _peer(kind: Any, train: Any, seed: str, python: str) -> tuple[dict[str, float], Any]:
    """The peer's cost and sample, through files."""
    from augment.core.kind import Origin, Part

    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "train.csv", Path(folder) / "made.csv"
        kind.writer.write(
            iter([Part(0, train)]),
            source,
            "csv",
            True,
            {},
            Origin("tabularargn", "", int(seed), {}),
        )
        command = [python, str(Path(__file__).with_name("tabular_argn.py"))]
        done = subprocess.run(
            [*command, str(source), str(out), seed], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr[-500:])
        return json.loads(done.stdout.splitlines()[-1]), kind.reader.read_like(
            str(out), train, {}
        ).data


def reading(csv: Path) -> dict[str, Any]:
    """The target of the table's meta file; a target of classes is read as a category."""
    path = csv.with_suffix(".meta.json")
    if not path.is_file():
        return {}
    meta = json.loads(path.read_text("utf-8"))
    options: dict[str, Any] = {"target": meta["target"]}
    if meta["task"] == "multiclass":
        options["columns"] = {meta["target"]: "category"}
    return options


if __name__ == "__main__":
    main()
