"""Fit engines on real tables and print what attacks on membership find, beside detection and TSTR.

    python benchmarks/attacks.py --only adult,pbc --engines fresh,anyorder,tvae --seeds 0,1
    python benchmarks/attacks.py --engines anyorder -p anyorder.shrinkage=30 --all

Of each table, `--rows` rows (at most 40%) are learnt and as many others (at most 20%) are unseen:
outsiders and, in other folds, the attackers' reference. `--rows 0` learns 80% of the table, or for
`fresh` 40%, and leaves 20% unseen. As many rows are made as were learnt.
AUCs stand with the 95% interval that allows for the choice of the strongest; figures are means over
the seeds, of each of which `--all` prints every attack. The engine `fresh` makes real rows that
nothing has seen: what any attack finds of those is noise. The engine `shares` draws such rows with
weights that give each column alone the shares of the learnt rows: what attacks find of those is
what a generator gives away that learns no more than columns alone (it needs rows to draw from, so
not `--rows 0`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean
from typing import Any

import fits
import numpy as np
from tables import reading

METRICS = ("membership", "closeness", "disclosure", "copies", "detection", "utility")
SHARES_TOKENS, SHARES_PASSES = 10, 25  # of `shares`: tokens of a number; rounds of raking
SHOWN = {
    "membership.auc": "attack",
    "membership.tpr@0.01": "TPR 1%",
    "membership.tpr@0.001": "TPR .1%",
    "closeness.shapes": "shapes",
    "closeness.trends": "pairs",
    "disclosure.inference": "infer",
    "copies": "copies",
    "detection": "detect",
    "detection.train": "(train)",
    "utility": "TSTR",
}


def main() -> None:
    arguments = _arguments()
    parameters = fits.parameters(arguments.param)
    print(f"{'table':9} {'engine':12}", *(f"{title:>8}" for title in SHOWN.values()), "privacy")
    for path in sorted(Path(arguments.tables).glob("*.csv")):
        if arguments.only and path.stem not in arguments.only.split(","):
            continue
        for engine in arguments.engines.split(","):
            runs = [
                measure(path, engine, int(seed), arguments.rows, parameters.get(engine))
                for seed in arguments.seeds.split(",")
            ]
            _print(path.stem, engine, runs, arguments.all)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", default="../shared/data/tables", help="folder of tables")
    parser.add_argument("--only", default="", help="names of tables, with commas between")
    parser.add_argument("--engines", default="anyorder")
    parser.add_argument("--rows", type=int, default=1_000, help="to learn; 0: 80%% of the table")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--all", action="store_true", help="print each attack's AUC")
    parser.add_argument(
        "-p", "--param", action="append", default=[], help="ENGINE.NAME=VALUE, repeatable"
    )
    arguments = parser.parse_args()
    if not arguments.rows and "shares" in arguments.engines.split(","):
        parser.error("shares draws from rows that are not learnt: it needs --rows above 0")
    return arguments


def measure(
    csv: Path, engine: str, seed: int, rows: int, given: dict[str, str] | None
) -> tuple[list[Any], str]:
    """The scores of one fit and the state of its privacy."""
    from augment.core import registry
    from augment.core.seeds import Seed
    from augment.evaluation.scoring import measures, metrics
    from augment.evaluation.verdict import verdict
    from augment.kinds.tables.data.dataset import Table
    from augment.kinds.tables.metrics import scoring

    kind = registry.find("kinds", "table")
    data = kind.reader.read(str(csv), reading(csv)).data
    root = Seed(seed)
    order = root.child("rows").rng().permutation(len(data))
    whole = len(data) * (2 if engine == "fresh" else 4) // 5
    learnt = min(rows, len(data) * 2 // 5) if rows else whole
    unseen = min(rows or len(data), len(data) // 5)
    train, test = data.take(order[:learnt]), data.take(order[learnt : learnt + unseen])
    if engine == "fresh":
        made = data.take(order[learnt + unseen : 2 * learnt + unseen])
    elif engine == "shares":
        made = with_shares(train, data.take(order[learnt + unseen :]), root.child("shares"))
    else:
        made = Table.join(fits.fitted(kind, engine, given, train, root)[1])
    scores = scoring.score(train, test, made, root.child("score"), metrics=METRICS)
    judged = verdict(scores, measures(metrics("table", METRICS)))
    return scores, judged.state("privacy")


def with_shares(train: Any, pool: Any, seed: Any) -> Any:
    """As many rows of the `pool` as `train` has, drawn with weights (repeats are possible) that
    give each column alone the shares of `train` (raking; Deming and Stephan 1940)."""
    from augment.kinds.tables.engines.anyorder.encoding import encode, fitted_vocabularies

    vocabularies = fitted_vocabularies(train, SHARES_TOKENS, True)
    learnt, others = (encode(rows, vocabularies) + 1 for rows in (train, pool))  # 0: no token
    weight = np.ones(len(others))
    for _ in range(SHARES_PASSES):
        for j, vocabulary in enumerate(vocabularies):
            size = vocabulary.size + 1
            wanted = np.bincount(learnt[:, j], minlength=size) / len(learnt)
            found = np.bincount(others[:, j], weight, minlength=size) / weight.sum()
            factor = np.divide(wanted, found, out=np.ones(size), where=found > 0)
            weight *= factor[others[:, j]]
    return pool.take(seed.rng().choice(len(others), len(learnt), p=weight / weight.sum()))


def _print(table: str, engine: str, runs: list[tuple[list[Any], str]], every: bool) -> None:
    cells = []
    for metric in SHOWN:
        found = [
            s.value for scores, _ in runs for s in scores if s.metric == metric and not s.where
        ]
        known = [value for value in found if value is not None]
        cells.append(f"{fmean(known):8.3f}" if known else f"{'–':>8}")
    states = [state for _, state in runs]
    said = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    print(f"{table:9} {engine:12}", *cells, said, flush=True)
    for scores, _ in runs:
        for score in scores:
            if score.interval and score.metric == "membership.auc" and (every or not score.where):
                name = score.where or score.note
                span = f"{score.interval.low:.3f} to {score.interval.high:.3f}"
                print(f"          {score.value:.3f} ({span}) {name}", flush=True)


if __name__ == "__main__":
    main()
