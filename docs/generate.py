"""Write the generated parts of README.md (commands, engines, exit codes, metrics), of
docs/scores.md and docs/transform.md, and the JSON Schema of the settings.

    python -m docs.generate          writes them
    python -m docs.generate --check  exits 1 where a part is out of date

A part stands between `<!-- begin NAME -->` and `<!-- end NAME -->`.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from augment.core import errors, registry
from augment.settings.tree import json_schema

README = Path(__file__).parents[1] / "README.md"
SCORES = Path(__file__).parent / "scores.md"
SCHEMA = Path(__file__).parent / "augment.schema.json"

TRANSFORM = Path(__file__).parent / "transform.md"
BETTER = {"higher": "higher", "lower": "lower", "near": "near real"}


def commands() -> str:
    """Each command with the first line of its help."""
    from augment.cli.app import COMMANDS

    rows = [(f"`augment {c.__name__}`", (c.__doc__ or "").split("\n")[0]) for c in COMMANDS]
    return _table(("command", "what it does"), rows)


def engines() -> str:
    """Each engine: licence, how it meets conditions, whether it goes on, and parameters."""
    rows = []
    for name in registry.names("engines"):
        engine = registry.described(name, detailed=True)
        how = ", ".join(f"`--{word}`" for word in engine["conditions"])
        how += "" if engine["exact"] or not how else " (by bounded rejection)"
        goes_on = "yes" if engine["continues"] else ""
        parameters = ", ".join(f"`{p['name']}`" for p in engine["parameters"]) or "–"
        about = (engine["summary"], engine["licence"], how, goes_on)
        rows.append((f"`{name}`", *about, parameters))
    return _table(("engine", "what it is", "licence", "conditions", "`fit --from`", "`-p`"), rows)


def exit_codes() -> str:
    """The tree of errors as exit codes."""
    rows = [("0", "done; also: nothing to do, up to date"), ("1", "a bug in augment")]
    for kind in (*errors.AugmentError.__subclasses__(), errors.Interrupted):
        stopped = kind is errors.Interrupted
        code = "129, 130, 143" if stopped else str(kind.exit_code)
        first = (kind.__doc__ or "").split("\n")[0].rstrip(".")
        rows.append((code, first[0].lower() + first[1:]))
    return _table(("exit", "means"), rows)


def metrics(kind: str) -> str:
    """Each metric of a kind of data with the first line of its documentation."""
    rows = []
    for name in registry.names_for("metrics", kind):
        metric = registry.find("metrics", f"{kind}.{name}")
        rows.append((f"`{name}`", metric.group, (metric.__doc__ or "").split("\n")[0]))
    return _table(("metric", "group", "what it says"), rows)


def scores(kind: str) -> str:
    """Each score of a kind of data: its name, its title, and what it says."""
    rows = []
    for name in registry.names_for("metrics", kind):
        metric = registry.find("metrics", f"{kind}.{name}")
        for each in metric.measures:
            limit = "yes" if each.limit is not None else ""
            about = (each.title, metric.group, each.meaning, BETTER[each.better], limit)
            rows.append((f"`{each.name}`", *about))
    head = ("score", "on screens", "group", "what it says", "better is", "limit")
    return _table(head, rows)


def transforms() -> str:
    """The transforms that a pipeline may name, by the modes of images that they take."""
    from augment.kinds.images.transforms.capability import CAPABILITIES

    named: dict[tuple[str, ...], list[str]] = {}
    for name, capability in CAPABILITIES.items():
        named.setdefault(tuple(capability.modes), []).append(f"`{name}`")
    rows = [(", ".join(modes), ", ".join(names)) for modes, names in named.items()]
    return _table(("modes of images", "transforms"), rows)


PARTS: dict[Path, dict[str, Callable[[], str]]] = {
    README: {
        "commands": commands,
        "engines": engines,
        "exit codes": exit_codes,
        "metrics": lambda: metrics("table"),
        "image metrics": lambda: metrics("images"),
    },
    SCORES: {"scores": lambda: scores("table"), "image scores": lambda: scores("images")},
    TRANSFORM: {"transforms": transforms},
}


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |" for row in lines)


def generated(page: Path) -> str:
    """The text of a page with every part made anew."""
    text = page.read_text("utf-8")
    for name, make in PARTS[page].items():
        part = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        if not part.search(text):
            raise SystemExit(f"{page.name} has no part called {name!r}.")
        body = make()
        text = part.sub(lambda match, body=body: f"{match[1]}{body}\n{match[2]}", text)
    return text


def schema() -> str:
    """The JSON Schema of a settings file, as `augment config schema` prints it."""
    return json.dumps(json_schema(), ensure_ascii=True, indent=2) + "\n"


def main() -> None:
    new = {page: generated(page) for page in PARTS} | {SCHEMA: schema()}
    for path, text in new.items():
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.is_file() or path.read_text("utf-8") != text:
            raise SystemExit(f"{path.name} is out of date. Run: python -m docs.generate")


if __name__ == "__main__":
    main()
