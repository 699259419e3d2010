"""Fit differentially private engines on real tables, ours and those of others, and print one table.

    PYTHON benchmarks/private_peers.py --peer-python PEER_PYTHON --engines aim,peer-mst --seeds 0,1

The peers are dpmm's, in an environment of its own (`pip install dpmm==0.1.9`, Apache-2.0): MST, AIM
and PrivBayes by their defaults, but one process, within `--epsilon` and `--delta` in all. The
categories and ends of all columns are public to every engine, as papers take them. Every fit runs
in a process of its own: 80% of the rows are learnt, a sample as large is drawn, and all scores are
on the other 20%; AUC and accuracy are those of scikit-learn's histogram gradient boosting by its
defaults. The target has two classes. Times compare within one run on one machine, and with nothing
else. dpmm's AIM, which by its defaults takes hours, has two rounds for each column in place of 16,
and a model of at most 4 MB, which its pipeline does not bound.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SCORED = ("utility", "detection", "trends.error")
TREES = ("AUC", "accuracy")
AIM_ROUNDS_PER_COLUMN = 2
AIM_MODEL_MB = 4
BINNING_EPSILON = 0.1  # dpmm's default, for the cells of numbers; within epsilon here


def main() -> None:
    arguments = _arguments()
    if arguments.peer:
        fit_peer(*arguments.peer)
        return
    if arguments.one:
        print(json.dumps(measure(*arguments.one, arguments)))
        return
    import fits

    print(f"{'engine':16} seed    CPU s", *(f"{name:>12}" for name in (*SCORED, *TREES)))
    for engine in arguments.engines.split(","):
        for seed in arguments.seeds.split(","):
            command = [__file__, "--one", engine, seed, "--table", arguments.table]
            command += ["--epsilon", str(arguments.epsilon), "--delta", str(arguments.delta)]
            command += ["--peer-python", arguments.peer_python]
            for text in arguments.param:
                command += ["-p", text]
            found = fits.apart(command)
            if "error" in found:
                print(f"{engine:16} {seed:>4}  {found['error'][:100]}", flush=True)
                continue
            cells = (f"{found[name]:12.3f}" for name in (*SCORED, *TREES))
            print(f"{engine:16} {seed:>4} {found['fit_cpu_seconds']:8.0f}", *cells, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--table", default="../shared/data/tables/adult.csv")
    parser.add_argument("--engines", default="real,aim,peer-mst,peer-aim,peer-privbayes")
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--epsilon", type=float, default=1.0)
    parser.add_argument("--delta", type=float, default=1e-9)
    parser.add_argument("-p", "--param", action="append", default=[], help="aim.NAME=VALUE")
    parser.add_argument("--peer-python", default="", help="Python that has dpmm")
    parser.add_argument("--one", nargs=2, metavar=("ENGINE", "SEED"), help="one fit, JSON")
    parser.add_argument("--peer", nargs=2, metavar=("PLAN", "OUT"), help="the peer's side")
    return parser.parse_args()


def measure(engine: str, seed: str, arguments: argparse.Namespace) -> dict[str, float]:
    """One fit, one sample and its scores, with what it cost."""
    import fits
    from tables import reading

    from augment.core import registry
    from augment.core.holdout import split
    from augment.core.seeds import Seed
    from augment.kinds.tables.data.dataset import Table
    from augment.kinds.tables.metrics import scoring

    csv = Path(arguments.table)
    kind = registry.find("kinds", "table")
    data = _with_public(kind.reader.read(str(csv), reading(csv)).data)
    root = Seed(int(seed))
    train, test = split(data, 0.2, root.child("split"))
    cost = {"fit_cpu_seconds": 0.0}
    if engine == "real":
        made = train
    elif engine.startswith("peer-"):
        cost, made = _peer(kind, engine.removeprefix("peer-"), train, seed, arguments)
    else:
        given = {"epsilon": str(arguments.epsilon), "delta": str(arguments.delta)}
        given |= fits.parameters(arguments.param).get(engine, {})
        cost, parts = fits.fitted(kind, engine, given, train, root)
        made = Table.join(parts)
    metrics = tuple({name.partition(".")[0] for name in SCORED})
    scores = scoring.score(train, test, made, root.child("score"), metrics=metrics)
    kept = {score.metric: score.value for score in scores if not score.where}
    return {**cost, **{name: kept[name] for name in SCORED}, **_trees(made, test)}


def _with_public(table: Any) -> Any:
    """The table with the levels and ends of all columns in its schema."""
    from dataclasses import replace

    from augment.kinds.tables.data.dataset import Table
    from augment.kinds.tables.data.values import codes

    columns = []
    for column in table.schema:
        if column.role == "categorical":
            column = replace(column, levels=tuple(codes(table, column.name)[1]))
        elif column.role == "numeric":
            known = table.column(column.name).drop_null().to_numpy(zero_copy_only=False)
            column = replace(column, low=float(known.min()), high=float(known.max()))
        columns.append(column)
    return Table(table.data, replace(table.schema, columns=tuple(columns)))


def _trees(made: Any, test: Any) -> dict[str, float]:
    """AUC and accuracy on `test` of trees that learnt the made rows."""
    import pandas as pd
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    both = pd.concat([made.data.to_pandas(), test.data.to_pandas()], ignore_index=True)
    truth = both.pop(test.schema.target).astype("category").cat.codes
    text = [name for name in both if not pd.api.types.is_numeric_dtype(both[name])]
    both[text] = both[text].astype("category")
    trees = HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    trees.fit(both[: len(made)], truth[: len(made)])
    chance = trees.predict_proba(both[len(made) :])[:, 1]
    known = truth[len(made) :]
    return {
        "AUC": float(roc_auc_score(known, chance)),
        "accuracy": float(((chance > 0.5) == known).mean()),
    }


def _peer(
    kind: Any, method: str, train: Any, seed: str, arguments: argparse.Namespace
) -> tuple[dict[str, float], Any]:
    """The peer's cost and sample, through files; what is missing is a category of its own."""
    from augment.core.kind import Origin, Part

    domain: dict[str, Any] = {}
    for column in train.schema:
        if column.role == "numeric":
            domain[column.name] = {"lower": column.low, "upper": column.high}
        else:
            levels = (False, True) if column.role == "boolean" else column.levels
            domain[column.name] = {"categories": ["", *map(str, levels)]}
    with tempfile.TemporaryDirectory() as folder:
        source, out, plan = (Path(folder) / name for name in ("train.csv", "made.csv", "plan.json"))
        origin = Origin(method, "", int(seed), {})
        kind.writer.write(iter([Part(0, train)]), source, "csv", True, {}, origin)
        asked = {
            "method": method,
            "train": str(source),
            "domain": domain,
            "seed": int(seed),
            "epsilon": arguments.epsilon,
            "delta": arguments.delta,
        }
        plan.write_text(json.dumps(asked), "utf-8")
        done = subprocess.run(
            [arguments.peer_python, __file__, "--peer", str(plan), str(out)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(done.stderr.strip().splitlines()[-1])
        cost = json.loads(done.stdout.splitlines()[-1])
        return cost, kind.reader.read_like(str(out), train, {}).data


def fit_peer(plan: str, out: str) -> None:
    """Fit one of dpmm's methods on a CSV and write a sample; prints what it cost, as JSON."""
    import pandas as pd
    from dpmm.pipelines import aim, mst, priv_bayes

    methods = {
        "mst": mst.MSTPipeline,
        "aim": aim.AIMPipeline,
        "privbayes": priv_bayes.PrivBayesPipeline,
    }
    asked = json.loads(Path(plan).read_text("utf-8"))
    domain = asked["domain"]
    text = {name: str for name, known in domain.items() if "categories" in known}
    frame = pd.read_csv(asked["train"], dtype=text, keep_default_na=False)
    more: dict[str, Any] = {}
    if asked["method"] == "aim":
        rounds = AIM_ROUNDS_PER_COLUMN * len(frame.columns)
        more = {"max_model_size": AIM_MODEL_MB, "gen_kwargs": {"rounds": rounds}}
    wall, cpu = time.perf_counter(), _cpu_seconds()
    model = methods[asked["method"]](
        epsilon=asked["epsilon"] - BINNING_EPSILON,
        delta=asked["delta"],
        proc_epsilon=BINNING_EPSILON,
        n_jobs=1,
        **more,
    )
    model.fit(frame, domain=domain, random_state=asked["seed"])
    cost = {"fit_seconds": time.perf_counter() - wall, "fit_cpu_seconds": _cpu_seconds() - cpu}
    made = model.generate(n_records=len(frame), random_state=asked["seed"])
    made[frame.columns].to_csv(out, index=False)
    print(json.dumps(cost))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
