"""The sections of the settings, each field with its default, help and range.

A flag, an `AUGMENT_*` variable, a key of `augment.toml` and an entry of the JSON Schema are all
made of these declarations. What belongs to one call alone (the source, the folder to write, the
conditions of a sample) is no setting. An engine's section is its own parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from augment.core.parameters import Form, parameter

MOST_SEED = 2**53
TIME = Form(r"\d+(\.\d+)?[smh]?", "seconds, or a time such as 90s, 15m or 2h")
ROWS = Form(r"[\d.,_]+([eE]\+?\d+)?\s*[kKmMxX]?", "a number of rows, such as 5000, 10k or 2x")


@dataclass(frozen=True)
class Tool:
    """Of every command: what is told, where it computes, and the seed."""

    quiet: bool = parameter(False, "Only errors.")
    verbose: bool = parameter(False, "More detail.")
    json: bool = parameter(False, "One JSON document on standard output.")
    log_format: Literal["auto", "plain", "json"] = parameter(
        "auto", "Progress as auto, plain or json."
    )
    no_color: bool = parameter(False, "No colours.")
    seed: int | None = parameter(
        None, "Same seed, same bytes. Default: a fresh one.", least=0, most=MOST_SEED
    )
    device: Literal["auto", "cpu", "cuda"] = parameter("auto", "auto, cpu or cuda.")
    workers: int | None = parameter(None, "Processes. The result does not depend on them.", least=1)
    executor: str | None = parameter(
        None, "What runs the tasks: processes (here), inline, ray or ray://HOST:PORT."
    )


@dataclass(frozen=True)
class Reading:
    """How the source is read."""

    target: str | None = parameter(None, "The column to predict, for the utility scores.")
    kind: str | None = parameter(None, "table or images; found by looking when not given.")
    schema: Path | None = parameter(None, "A schema file, as `inspect --schema-out` writes.")
    column: tuple[str, ...] | None = parameter(
        None,
        "Overrule a column's role. Repeatable.",
        form=Form(r"(.|\n)+=(.|\n)*", "NAME=ROLE"),
    )
    format: str | None = parameter(
        None, "csv, tsv, json, jsonl, parquet, arrow, xlsx. Default: by name."
    )
    encoding: str | None = parameter(None, "Of a text file. Default: utf-8.")
    delimiter: str | None = parameter(None, "Of a text file. Default: found by looking.")
    header: bool | None = parameter(
        None, "Whether the first row names the columns. Default: by looking."
    )
    sheet: str | None = parameter(None, "Of a workbook with several sheets.")
    sql: str | None = parameter(None, "Of a database: the query whose rows are read.")
    locale: str | None = parameter(
        None,
        "Of names, addresses and words that stand in for text: de_DE, pt_BR. Default: en_US.",
    )
    bad_rows: Literal["fail", "skip"] | None = parameter(None, "fail (the default) or skip.")
    max_bad: int | None = parameter(
        None, "Most rows or images to leave out before giving up.", least=0, counts=True
    )
    rejects: Path | None = parameter(None, "Where left-out rows, or images' names, are written.")
    fit_rows: int | None = parameter(
        None,
        "Rows to draw from a larger table: 50000, 10k, 2M. Default: all, or 1M of what memory "
        "cannot hold.",
        least=100,
        counts=True,
    )
    stratify: bool | None = parameter(
        None, "With --fit-rows: from each value of the target its share."
    )
    canvas: str | None = parameter(
        None,
        "Images: pixels to work at, 32 or WIDTHxHEIGHT, 8 to 128.",
        form=Form(r"\d+([xX]\d+)?", "pixels, such as 32 or 64x48"),
    )
    channels: Literal["gray", "rgb"] | None = parameter(
        None, "Images: gray or rgb. Default: as found."
    )
    fit: Literal["pad", "crop", "stretch"] | None = parameter(
        None, "Images of another shape than the canvas: pad, crop or stretch."
    )
    alpha: Literal["white", "black", "fail"] | None = parameter(
        None, "Images: lay transparency on white, black, or fail."
    )
    on_error: Literal["fail", "skip", "quarantine"] | None = parameter(
        None, "Bad images: fail (default), skip or quarantine."
    )
    quarantine: Path | None = parameter(None, "Where --on-error quarantine copies bad images.")
    root: Path | None = parameter(
        None,
        "Images: where a list's paths begin, and what links may not leave. Default: SRC.",
    )
    label_column: str | None = parameter(None, "Images in a list: the column of the classes.")
    caption_column: tuple[str, ...] | None = parameter(
        None, "Images in a list: a column of words for --prompt. Repeatable."
    )


@dataclass(frozen=True)
class Fitting:
    """Which engine is fitted, and how."""

    engine: str = parameter("auto", "See `augment engines`; auto picks one and says why.")
    max_time: str | None = parameter(
        None, "Time for the whole command: 90, 90s, 15m, 2h.", form=TIME
    )
    dp_epsilon: float | None = parameter(
        None,
        "Differential privacy: the budget epsilon. Needs --schema; engine aim.",
        above=0,
        most=100,
    )
    dp_delta: float | None = parameter(
        None, "Differential privacy: delta. Default: 1e-9.", above=0, most=0.001
    )
    no_protect: bool = parameter(False, "Let rare categories and exact extremes into the model.")


@dataclass(frozen=True)
class Sampling:
    """How much is made, and how it is written."""

    rows: str | None = parameter(
        None, "Rows: 5000, 10k, 1e6, or 2x the rows of the source. Default: 1x.", form=ROWS
    )
    format: str | None = parameter(
        None,
        "csv, tsv, json, jsonl, parquet, arrow, xlsx; of images png, or tar or parquet of many. "
        "Default: by name.",
    )
    encoding: str | None = parameter(None, "Of the text file written. Default: the source's.")
    delimiter: str | None = parameter(None, "Of the file written. Default: the source's.")
    excel_safe: bool = parameter(False, "Defuse texts that a spreadsheet takes for formulas.")


@dataclass(frozen=True)
class Scoring:
    """What is scored."""

    holdout: float = parameter(0.2, "Share of rows kept unseen, for the scores.", least=0, most=0.5)
    features: Path | None = parameter(
        None, "Images: a TorchScript network (Inception, DINOv2) whose space is scored too."
    )
    shadow_models: int | None = parameter(
        None,
        "Tables: fits on other rows of the source, for attacks on membership; 0: none. Default: "
        "4 to 8 where unseen rows are too few.",
        least=0,
        most=100,
    )
    show_real: bool = parameter(
        False, "Images: show real ones in the report, also those nearest to synthetic ones."
    )


@dataclass(frozen=True)
class Gates:
    """What a result must pass."""

    fail: str | None = parameter(
        None,
        "What must hold, else exit 3: privacy, fidelity, utility, validity, all, none, or "
        "'privacy and utility >= 0.95 * real'. Repeatable: all must hold. Default: privacy for "
        "run, none for evaluate.",
    )
    warn: str | None = parameter(
        None, "What is warned of where it does not hold; as --gate. Repeatable. Default: none."
    )


@dataclass(frozen=True)
class Refining:
    """How often a run tries again, and what for."""

    rounds: int = parameter(
        1, "Fits to make, at most, each in another way, until the goal is met.", least=1, most=100
    )
    goal: str | None = parameter(
        None, "What ends the rounds, beside the gates; as --gate. Repeatable. Default: all."
    )


@dataclass(frozen=True)
class Compare:
    """Which engines are compared, and on how much."""

    engines: str | None = parameter(
        None,
        "The engines: a,b,c, or all, with the controls. Default: all that can win.",
        form=Form(r"[^,\s]+(\s*,\s*[^,\s]+)*", "names of engines with commas between them, or all"),
    )
    rows: str = parameter(
        "10k", "Rows of the sample that they are compared on: 5000, 10k or 1x.", form=ROWS
    )


@dataclass(frozen=True)
class Tuning:
    """How parameters are searched for."""

    trials: int = parameter(30, "How many sets of parameters to try, at most.", least=1)
    objective: tuple[str, ...] = parameter(
        ("fidelity",), "fidelity, utility, or a score's name. Repeatable."
    )
    storage: str | None = parameter(
        None, "A database's URL, for several machines. Default: a file in OUT."
    )


@dataclass(frozen=True)
class Transform:
    """What `augment transform` makes of images, beside its pipeline."""

    mix: tuple[str, ...] | None = parameter(
        None,
        "Mix with other images: mosaic, mixup, cutmix or copy-paste. Repeatable: one of them "
        "each time.",
        form=Form("mosaic|mixup|cutmix|copy-paste", "mosaic, mixup, cutmix or copy-paste"),
    )
    keep_marks: bool = parameter(
        False, "Draw again where no box, outline or mask of an image is left."
    )
    image_format: Literal["png", "source"] = parameter("png", "png, or source: JPEG stays JPEG.")


@dataclass(frozen=True)
class Settings:
    """Every setting. `engines` holds, by name, the parameters that differ from their defaults."""

    tool: Tool = Tool()
    reading: Reading = Reading()
    fitting: Fitting = Fitting()
    sampling: Sampling = Sampling()
    scoring: Scoring = Scoring()
    gates: Gates = Gates()
    refining: Refining = Refining()
    compare: Compare = Compare()
    tuning: Tuning = Tuning()
    transform: Transform = Transform()
    engines: dict[str, dict[str, Any]] = field(default_factory=dict)


SECTIONS: dict[str, type[Any]] = {
    "tool": Tool,
    "reading": Reading,
    "fitting": Fitting,
    "sampling": Sampling,
    "scoring": Scoring,
    "gates": Gates,
    "refining": Refining,
    "compare": Compare,
    "tuning": Tuning,
    "transform": Transform,
}
DEFAULTS = Settings()
