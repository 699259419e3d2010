"""`--help`: options in groups, what most need first, and examples, within 80 columns of text."""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

from augment.cli.places import require_places
from augment.settings.sections import MOST_SEED

# What stands for a value, by what typer writes; `metavar=` says it better where a name helps.
PLACEHOLDERS = {
    "<str>": "TEXT",
    "<list[str]>": "TEXT",
    "<int>": "N",
    "<int range>": "N",
    "<float>": "N",
    "<float range>": "N",
    "<path>": "PATH",
    "<file>": "FILE",
    "<directory>": "FOLDER",
}
WORDS = "augment.words"  # of a command line, in its context's meta
# Options by their first long name. What stands in no group is the command's own: "Options".
GROUPS: dict[str, tuple[str, ...]] = {
    "Generator": (
        "engine",
        "engines",
        "param",
        "preset",
        "weights",
        "device",
        "max-time",
        "no-protect",
        "locale",
        "dp-epsilon",
        "dp-delta",
    ),
    "Which rows or images": (
        "mode",
        "balance",
        "mark",
        "source",
        "where",
        "given",
        "prompt",
        "prompts",
        "shard",
        "shards",
    ),
    "Scores": (
        "target",
        "holdout",
        "shadow-models",
        "gate",
        "warn",
        "baseline",
        "rounds",
        "goal",
        "features",
        "show-real",
        "junit",
    ),
    "Reading and writing": (
        "kind",
        "schema",
        "column",
        "format",
        "encoding",
        "delimiter",
        "header",
        "no-header",
        "sheet",
        "bad-rows",
        "max-bad",
        "rejects",
        "sql",
        "fit-rows",
        "stratify",
        "excel-safe",
    ),
    "Reading images": (
        "canvas",
        "channels",
        "fit",
        "alpha",
        "on-error",
        "quarantine",
        "root",
        "label-column",
        "caption-column",
    ),
    "Messages": ("quiet", "verbose", "json", "log-format", "no-color", "config", "help"),
}
COMMAND_GROUPS: dict[str, tuple[str, ...]] = {
    "Generate": ("run", "inspect", "fit", "sample", "evaluate"),
    "Compare and tune": ("compare", "tune", "lift"),
    "Images": ("transform", "edit"),
    "Results": ("report", "runs", "verify", "reproduce"),
    "Set-up": ("init", "engines", "config", "doctor", "ping"),
}
EXAMPLES: dict[str, tuple[str, ...]] = {
    "run": (
        "augment run customers.csv -o out/",
        "augment run customers.csv -o out/ -n 2x --target churned --seed 7",
        "augment run customers.csv -o out/ --mode append --balance churned",
        "augment run photos/ -o out/ --engine cvae --max-time 15m",
    ),
    "inspect": (
        "augment inspect customers.csv",
        "augment inspect customers.csv --schema-out schema.json",
    ),
    "fit": (
        "augment fit customers.csv -o model/",
        "augment fit customers.csv --schema schema.json -o model/ -e tvae",
    ),
    "sample": (
        "augment sample model/ -n 10k -o more.parquet",
        'augment sample model/ -n 500 --where "age >= 30" -o some.csv',
        "augment sample model/ -n 1e6 -o - | gzip > big.csv.gz",
    ),
    "evaluate": (
        "augment evaluate real.csv synthetic.csv --target churned",
        "augment evaluate train.csv synthetic.csv --unseen test.csv -o scores/",
    ),
    "compare": (
        "augment compare customers.csv -o race/ --target churned --max-time 30m",
        "augment compare customers.csv -o race/ --engines anyorder,tvae -n 20k",
    ),
    "tune": (
        "augment tune customers.csv -o tuned/ --engine anyorder --max-time 1h",
        "augment tune customers.csv -o tuned/ --objective utility --target churned",
        "augment tune customers.csv -o tuned/ --trials 50 --apply",
    ),
    "lift": (
        "augment lift customers.csv --target churned -o lift/",
        "augment lift customers.csv --target churned -o lift/ --seeds 10 --json",
    ),
    "transform": (
        "augment transform photos/ -o more/ --preset light --per-image 3",
        "augment transform photos/ -o more/ --balance --seed 7",
    ),
    "edit": (
        "augment edit model/ photos/ -o edits/ --strength 0.4 --per-image 3",
        "augment edit model/ photos/ -o edits/ --to label=boot",
    ),
    "report": (
        "augment report out/",
        "augment report out/ --format markdown > report.md",
        "augment report out/ -o report.xml",
    ),
    "runs": (
        "augment runs list results/",
        "augment runs show results/out",
        "augment runs clean results/ --older 30d --yes",
    ),
    "verify": ("augment verify out/", "augment verify model/"),
    "reproduce": (
        "augment reproduce out/",
        "augment reproduce out/ --source archive/customers.csv --json",
    ),
    "init": (
        "augment init customers.csv",
        "augment init customers.csv --target churned -o settings/augment.toml",
    ),
    "engines": ("augment engines", "augment engines anyorder"),
    "config": (
        "augment config show --origin",
        "augment config check augment.toml",
        "augment config schema",
    ),
    "ping": (
        "augment ping 's3://bucket/data/'",
        "augment ping 'postgresql://me@db.example/shop?table=made' --write",
    ),
    "doctor": (
        "augment doctor",
        "augment doctor out.rejected/",
        "augment doctor out.rejected/ --apply",
    ),
}

BEGINNING = (
    "augment inspect customers.csv",
    "augment run customers.csv -o out/",
    "augment run --help             options and examples, as for every command",
)


class Command(TyperCommand):
    """A command whose help lists its options by group, and its examples last."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As every command does; the words are kept for jobs, each of which is one more call.

        Raises `UsageError` for a place that cannot be meant: see `require_places`.
        """
        ctx.meta[WORDS] = list(args)
        if not all(args) or "--out=" in args or any(":/" in word for word in args):
            given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
            require_places(self.name or "", self.params, given)
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """As it is typed: SRC, [SRC] where it may be left out; typer writes {SRC} and [[SRC]]."""
        return [
            piece.replace("{", "").replace("}", "").replace("[[", "[").replace("]]", "]")
            for piece in super().collect_usage_pieces(ctx)
        ]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments, the command's own options, then every group that has any."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        sections |= {group: [] for group in GROUPS}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections[_section(parameter)].append(_readable(*record))
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples as they are typed: a wrapped one could not be pasted."""
        with formatter.section("Examples"):
            for line in EXAMPLES.get(self.name or "", ()):
                formatter.write(f"  {line}\n")


class Commands(TyperGroup):
    """The list of commands, by group."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Every command under its group, those of no group under "More"."""
        named = {name for names in COMMAND_GROUPS.values() for name in names}
        more = tuple(name for name in self.list_commands(ctx) if name not in named)
        for title, names in {**COMMAND_GROUPS, "More": more}.items():
            found = [self.commands[name] for name in names if name in self.commands]
            if found:
                with formatter.section(title):
                    formatter.write_dl([(c.name, _first_line(c.help)) for c in found])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """What to type first."""
        with formatter.section("Begin with"):
            for line in BEGINNING:
                formatter.write(f"  {line}\n")


def _readable(words: str, text: str) -> tuple[str, str]:
    """An entry of typer's without Python's types and without bounds that nobody reaches."""
    if not words.startswith("-"):  # the name of an argument says enough
        words = re.sub(r" <[^<>]*>$", "", words)
    words = re.sub(r"<[^<>]*>", lambda found: PLACEHOLDERS.get(found[0], found[0]), words)
    text = re.sub(rf"0<=x<={MOST_SEED}", "x>=0", text)
    return words, re.sub(r"\bx\b(?=[<>]=)|(?<=<=)x\b", "N", text)


def _section(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return "Arguments"
    names = {name.lstrip("-") for name in parameter.opts}
    return next((group for group, known in GROUPS.items() if names & set(known)), "Options")


def _first_line(text: str | None) -> str:
    return (text or "").split("\n")[0]
