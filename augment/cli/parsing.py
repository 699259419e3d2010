"""Words from the command line to values."""

from __future__ import annotations

from pathlib import Path

from augment.core import registry
from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.core.types import Cluster, Workers

MODES = ("only", "append")


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """`NAME=VALUE` texts as a dict."""
    found: dict[str, str] = {}
    for text in texts or []:
        name, sign, value = text.partition("=")
        if not (sign and name):
            raise UsageError(f"{option} {text}: write it as NAME=VALUE.")
        found[name] = value
    return found


def placed(workers: int | None, executor: str | None) -> Workers:
    """What `--workers` and `--executor` say together.

    >>> placed(4, "ray://head:10001")
    Cluster(name='ray', address='ray://head:10001', most=4)
    """
    if executor is None:
        return workers
    name, scheme, rest = executor.partition("://")
    known = registry.names("executors")
    if name not in known:
        raise UsageError(f"--executor {executor}: {did_you_mean(name, known)}")
    if name == "processes" and not scheme:
        return workers
    if name == "inline" and not scheme:
        if workers not in (None, 1):
            raise UsageError(f"--executor inline is one process, and --workers asks for {workers}.")
        return 1
    if name in ("processes", "inline") or (scheme and not rest):
        raise UsageError(f"--executor {executor}: write it as NAME, or as ray://HOST:PORT.")
    return Cluster(name, executor if scheme else None, workers)


def parameters_by_engine(texts: list[str] | None) -> dict[str, dict[str, str]]:
    """`ENGINE.NAME=VALUE` texts, by engine and name.

    >>> parameters_by_engine(["ctgan.epochs=5", "ctgan.pac=2"])
    {'ctgan': {'epochs': '5', 'pac': '2'}}
    """
    found: dict[str, dict[str, str]] = {}
    for text, value in pairs(texts, "-p").items():
        engine, dot, name = text.partition(".")
        if not (engine and dot and name):
            raise UsageError(f"-p {text}={value}: write it as ENGINE.NAME=VALUE.")
        found.setdefault(engine, {})[name] = value
    return found


def joined(gates: list[str] | None, default: str) -> str:
    """The one expression of a gate's option that may be given again and again.

    >>> joined(["copies < 1%", "privacy"], "none"), joined(["privacy"], "all"), joined([], "all")
    ('(copies < 1%) and (privacy)', 'privacy', 'all')
    """
    if not gates:
        return default
    asked = [each for each in gates if each.strip() != "none"]
    if len(asked) < 2:
        return asked[0] if asked else "none"
    return " and ".join(f"({each})" for each in asked)


def prompts(given: list[str] | None, file: Path | None) -> tuple[str, ...]:
    """What `--prompt` or `--prompts` says."""
    if file is None:
        return tuple(given or ())
    if given:
        raise UsageError("--prompt and --prompts exclude each other. Choose one.")
    return lines(file)


def lines(path: Path) -> tuple[str, ...]:
    """The lines of a text file that say something."""
    try:
        found = path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadInput(f"the prompts cannot be read ({reason}).", where=str(path)) from None
    said = tuple(line.strip() for line in found if line.strip())
    if not said:
        raise BadInput("there is no prompt in it.", where=str(path), hint="Write one a line.")
    return said


def appends(mode: str) -> bool:
    """Whether `--mode` asks for the real rows, too."""
    if mode not in MODES:
        raise UsageError(f"--mode {mode}: {did_you_mean(mode, list(MODES))}")
    return mode == "append"


def seconds(text: str | None) -> float | None:
    """`90`, `90s`, `15m`, `2h` to seconds."""
    if text is None:
        return None
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    try:
        value = float(text[:-1]) * unit if unit else float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise UsageError(f"--max-time {text}: write seconds, or a time such as 90s, 15m or 2h.")
    return value


def age(text: str, option: str) -> float:
    """`45s`, `90m`, `12h`, `30d`, `4w` to seconds.

    >>> age("2d", "--older")
    172800.0
    """
    unit = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}.get(text[-1:], 0)
    try:
        value = float(text[:-1]) * unit
    except ValueError:
        value = -1.0
    if not unit or not 0 <= value < float("inf"):
        raise UsageError(f"{option} {text}: write a time such as 12h, 30d or 4w.")
    return value
