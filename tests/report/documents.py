"""Documents of reports with every section, as large and as hostile as asked."""

from __future__ import annotations

import base64
import io
import json
from itertools import combinations, pairwise

from PIL import Image

from augment.core.types import Json
from augment.evaluation.charts import (
    Axis,
    Bars,
    Cloud,
    Curves,
    Estimate,
    Intervals,
    Line,
    Matrices,
    Panel,
    Records,
    Series,
    Sheet,
)

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "]]></style><b>",
    "a" * 300,
    "\u202egnp.exe",
)


def document(columns: int = 8, names: tuple[str, ...] = ()) -> Json:
    """A report of `columns` columns, the first ones called by `names`."""
    called = [*names[:columns], *(f"column_{k}" for k in range(columns - len(names)))]
    pairs = list(combinations(called, 2))[:4_950]
    return json.loads(
        json.dumps(
            {
                "schema": "augment.report/2",
                "verdict": _verdict(called),
                "measures": [
                    _measure("shapes", "Column shapes", "higher", "columns"),
                    _measure("trends", "Pair trends", "higher", "pairs"),
                    _measure("detection", "Detection AUC", "lower", None),
                    _measure("copies", "Exact copies", "lower", None, "share"),
                    {**_measure("lift", "Lift", "higher", None), "judged": False, "gain": True},
                ],
                "scores": [
                    _score("shapes", 0.9, 0.98, 0.97),
                    _score("trends", 0.8, 0.9, 0.3),
                    _score("detection", 0.8, 0.5, 0.99),
                    _score("copies", 0.0, 0.0, 0.0, group="privacy"),
                    _score("lift", 0.01, None, None, group="utility"),
                    *(_score("shapes", 0.9 - k / 1e4, 0.98, 0.97, n) for k, n in enumerate(called)),
                    *(_score("trends", 0.7, 0.9, 0.2, f"{a} × {b}") for a, b in pairs),
                ],
                "columns": [_column(name, k % 2 == 0) for k, name in enumerate(called)],
                "charts": [chart.to_json() for chart in _charts(called)],
                "about": _about(called),
            }
        )
    )


def _measure(name: str, title: str, better: str, places: str | None, unit: str = "number") -> Json:
    return {
        "name": name, "title": title, "meaning": f"what {title} says", "unit": unit,
        "better": better, "places": places, "judged": True, "essential": True, "gain": False,
    }  # fmt: skip


def _score(
    metric: str,
    value: float,
    ceiling: float | None,
    floor: float | None,
    where: str = "",
    group: str = "fidelity",
) -> Json:
    lower = metric in ("detection", "copies")
    return {
        "metric": metric, "value": value, "better": "lower" if lower else "higher", "group": group,
        "where": where, "ceiling": ceiling, "floor": floor, "note": "", "ceiling_interval": None,
        "interval": {"low": value - 0.01, "high": value + 0.01} if not where else None,
    }  # fmt: skip


def _verdict(called: list[str]) -> Json:
    def check(metric: str, group: str, value: float, limit: float, state: str) -> Json:
        return {
            "metric": metric, "title": metric.capitalize(), "group": group, "value": value,
            "limit": limit, "noise": 0.01, "state": state, "essential": True,
            "sentence": f"{metric}: {value} (limit {limit})", "reason": "",
        }  # fmt: skip

    gap = {"where": called[0], "metric": "shapes", "value": 0.9, "ceiling": 0.98}
    return {
        "groups": {
            "fidelity": {"state": "fail", "reason": "detection"},
            "utility": {"state": "not shown", "reason": "there are too few to tell"},
            "privacy": {"state": "pass", "reason": ""},
        },
        "checks": [
            check("shapes", "fidelity", 0.9, 0.92, "fail"),
            check("trends", "fidelity", 0.8, 0.6, "pass"),
            check("detection", "fidelity", 0.8, 0.7, "fail"),
            check("copies", "privacy", 0.0, 0.01, "pass"),
        ],
        "not_scored": [],
        "worst_columns": [gap],
        "worst_pairs": [],
        "sentences": ["Fidelity fails.", f"Not scored: {called[0]}, because it is text."],
    }


def _column(name: str, ordered: bool) -> Json:
    count = 20
    ends = [f"{k * 1234.5:,.0f}" for k in range(count + 1)]
    labels = ["below", *(f"{a} – {b}" for a, b in pairwise(ends)), "above", "missing"]
    shares = [round(0.04 + 0.003 * (k % 5), 6) for k in range(len(labels))]
    return {
        "name": name, "role": "numeric" if ordered else "categorical", "ordered": ordered,
        "scale": "logarithmic" if ordered else "linear",
        "apart": [0, count + 1, count + 2] if ordered else [], "labels": labels, "real": shares,
        "synthetic": [None, *reversed(shares[1:])],
    }  # fmt: skip


def _charts(called: list[str]):
    some = tuple(called[:40])
    flat = tuple(tuple(round((i - j) / 40, 3) for j in range(len(some))) for i in range(len(some)))
    yield Sheet("samples", "Made", "Made pictures.", "Made pictures", _png(), 24, 24, some[:2])
    yield Bars(
        "columns", "Per class", "Shares.", some, (Series("made", "made", (0.5,) * len(some)),)
    )
    yield Matrices("associations", "Together", "Pairs.", some, (Panel("Real", flat),
                   Panel.difference(flat)))  # fmt: skip
    yield Cloud("projection", "Made among real", "Cells.", "one", "two", 20, ((3, 4, 0.2),),
                ((0.1, 0.2), (0.5, 0.9)))  # fmt: skip
    yield Bars("detection", "Tells", "What tells.", some[:3], (Series("AUC", "made", (0.1,) * 3),))
    line = Line("made", "made", (0.001, 0.1, 1.0), (0.0, 0.3, 1.0))
    yield Curves("utility", "Target", "ROC.", Axis("x"), Axis("y"), (line,), diagonal=True)
    yield Intervals("utility", "Gains", "Gains.", (Estimate("a", 0.1, -0.1, 0.2),))
    yield Curves("privacy", "Attack", "Log.", Axis("x", "log", 0.001, 1.0),
                 Axis("y", "log", 0.001, 1.0), (line,), diagonal=True)  # fmt: skip
    cells = tuple(("made cell",) * 5 for _ in called)
    yield Records("rows", "Made rows", "Rows.", tuple(called), ("Usual",),
                  tuple(("median",) for _ in called), cells)  # fmt: skip


def _about(called: list[str]) -> Json:
    return {
        "source": "people.csv",
        "seed": 12,
        "notes": ["a <b> & c"],
        "shortened": ["the training gets 10 of 20 steps"],
        "rows": {"train": 800, "unseen": 200, "synthetic": 1_000},
        "relations": {"kept": [f"{called[0]} <= {called[-1]}"], "nearly": []},
        "training": {
            "network": {
                "steps": 20, "best_step": 10, "held_out": 1.0, "stopped": "early", "planned": 30,
                "history": [[10, 1.2, 1.0], [20, 1.1, 1.1]],
            }
        },
        "rounds": _rounds(called),
        "data": {"columns": [{"name": name, "role": "numeric"} for name in called]},
    }  # fmt: skip


def _rounds(called: list[str]) -> Json:
    stood = {"value": 0.7, "low": 0.6, "high": 0.8}
    first = {
        "round": 1, "engine": "anyorder", "reason": "the usual one", "parameters": {},
        "state": "finished", "failed": "", "fidelity": stood, "utility": None, "privacy": "pass",
        "unmet": [f"{called[0]} <= 0.6"], "unshown": [], "seconds": {},
    }  # fmt: skip
    second = {**first, "round": 2, "reason": "longer", "unmet": []}
    return {
        "goal": ["detection <= 0.6"], "goal_met": True, "chosen": 2, "reason": "the goal is met",
        "next": None, "unseen": {}, "history": [first, second],
    }  # fmt: skip


def _png() -> str:
    stream = io.BytesIO()
    Image.new("L", (24, 24), 99).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()
