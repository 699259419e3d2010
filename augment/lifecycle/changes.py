"""`run --if-changed`: whether a finished run is still what is asked for, and if not, why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import augment
from augment.core import registry
from augment.core.errors import BadInput, listed
from augment.core.files import read_json
from augment.core.kind import Kind
from augment.core.types import Json, Tick
from augment.evaluation.drift import Drift, Profile, drift
from augment.lifecycle.fitting import Prepared
from augment.report import facts
from augment.work.manifest import verify
from augment.work.store import RUN, Store

MOST_NAMED = 5  # files, settings and columns in a sentence
MOST_FILES = 100  # of each sort, in a document
DERIVED = ("seed", "seed_given", "engine_reason", "rows")  # of a plan: no settings of the user's


@dataclass(frozen=True)
class RunState:
    """How a run folder stands to a plan: the finished `result` that answers it, if one does; else,
    where changes count, `refit` says why a finished one is replaced (None: there is none)."""

    result: Store | None
    refit: Json | None = None
    compared: bool = False  # whether changes count

    @property
    def document(self) -> Json:
        """As a dry run tells it; nothing where changes do not count."""
        if not self.compared:
            return {}
        return {"up_to_date": self.result is not None, "refit": self.refit}


def standing(
    folder: Store, prepared: Prepared, force: bool, if_changed: bool, tell: Callable[[Tick], None]
) -> RunState:
    """Compare the data, settings and version of the plan with those of the finished run.

    With `if_changed` a result of the same that a gate rejected answers the plan too: without a
    change nothing better is to be expected. Why a result is replaced is told before the fit begins.
    """
    if force or not if_changed:
        return RunState(folder if folder.complete() and not force else None)
    for place in (folder, Store(folder.rejected)):
        if place.complete() and _same(place, prepared):
            return RunState(place, compared=True)
    if not folder.complete():
        return RunState(None, compared=True)
    why = _refit(folder, prepared)
    for sentence in sentences(why):
        tell(Tick("read", advice=sentence))
    return RunState(None, why, compared=True)


def profiles(kind: Kind[Any], data: Any) -> list[Json]:
    """What a run keeps of its source to tell later how far that has moved; no row is in it.

    Empty for kinds of data that register nothing in the group `augment.profiles`.
    """
    if kind.name not in registry.names("profiles"):
        return []
    found: tuple[Profile, ...] = registry.find("profiles", kind.name)(data)
    return [each.to_json() for each in found]


def sentences(refit: Json) -> list[str]:
    """Why a finished run is replaced, and how its data drifted."""
    found = [f"this run is made again, since {'; '.join(refit['reasons'])}."]
    if refit["drift"] is None:
        return found
    moved = [each for each in refit["drift"] if each["moved"]]
    compared = len(refit["drift"])
    if not moved:
        return [*found, f"No column drifted beyond sampling noise ({compared} compared)."]
    shown = listed([_column(each) for each in moved], MOST_NAMED)
    return [*found, f"{len(moved)} of {compared} columns drifted (0 to 1): {shown}."]


def _column(moved: Json) -> str:
    if moved["distance"] is None:
        return f"{moved['column']} ({moved['note']})"
    return f"{moved['column']} {moved['distance']:.2f}"


def _same(place: Store, prepared: Prepared) -> bool:
    """Whether a finished folder holds what is asked for, whole."""
    old, asked = read_json(place.path / RUN), prepared.plan.request.seed
    same = old.get("key") == prepared.key and asked in (None, old.get("seed"))
    return same and not _damaged(place) and _readable(place)


def _damaged(place: Store) -> int:
    found = verify(place.path)
    return len(found.changed) + len(found.missing)


def _readable(place: Store) -> bool:
    """Whether the report is one that this version writes."""
    try:
        return bool(read_json(place.path / "report.json").get("schema") == facts.SCHEMA)
    except BadInput:
        return False


def _refit(folder: Store, prepared: Prepared) -> Json:
    """Everything in which the finished run and the plan differ."""
    old, reasons = read_json(folder.path / RUN), []
    data = _data(old, prepared)
    if data is not None:
        reasons.append(_of_data(data))
    before = {"seed": old.get("seed"), **_settings(old.get("planned") or {})}
    asked = prepared.plan.request.seed
    now = {"seed": before["seed"] if asked is None else asked, **_settings(prepared.planned)}
    if before.get("engine") != now["engine"]:  # whose parameters then say nothing
        before, now = (_without_parameters(side) for side in (before, now))
    changed = [
        {"setting": name, "was": before.get(name), "now": now.get(name)}
        for name in [*now, *(name for name in before if name not in now)]
        if before.get(name) != now.get(name)
    ]
    if changed:
        reasons.append(f"settings changed ({listed([_of(x) for x in changed], MOST_NAMED)})")
    versions = {"was": old.get("augment"), "now": augment.__version__}
    version = None if versions["was"] == versions["now"] and _readable(folder) else versions
    if version is not None:
        reasons.append(f"augment {versions['was']} made it, and this is {versions['now']}")
    damaged = _damaged(folder)
    if damaged:
        reasons.append(f"{damaged} of its files changed or are missing")
    found: Json = {
        "reasons": reasons or ["it was planned in another way"],
        "data": data,
        "settings": changed,
        "version": version,
        "damaged_files": damaged,
        "drift": None,
    }
    if data is not None:
        columns = _drift(old, prepared)
        found["drift"] = None if columns is None else [each.to_json() for each in columns]
    return found


def _data(old: Json, prepared: Prepared) -> Json | None:
    """Which files changed, and how many rows there were and are; None where no file did."""
    before = {str(file["path"]): file["sha256"] for file in old.get("files", [])}
    now = {str(file["path"]): file["sha256"] for file in prepared.loaded.files}
    if sorted(before.values()) == sorted(now.values()):
        return None
    return {
        "changed": [name for name in now if name in before and now[name] != before[name]],
        "new": [name for name in now if name not in before],
        "gone": [name for name in before if name not in now],
        "rows": {"was": old.get("data", {}).get("rows"), "now": len(prepared.loaded.data)},
    }


def _of_data(data: Json) -> str:
    parts = [
        f"{word}{listed(data[name], MOST_NAMED)}"
        for name, word in (("changed", ""), ("new", "new: "), ("gone", "gone: "))
        if data[name]
    ]
    for name in ("changed", "new", "gone"):
        data[name] = data[name][:MOST_FILES]
    rows = data["rows"]
    was = "?" if rows["was"] is None else f"{rows['was']:,}"
    return f"the data changed ({'; '.join(parts)}; {was} to {rows['now']:,} rows)"


def _settings(plan: Json) -> Json:
    return {name: value for name, value in _flat("", plan) if name not in DERIVED}


def _flat(head: str, document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{head}{name}.", value)
        else:
            yield f"{head}{name}", list(value) if isinstance(value, (list, tuple)) else value


def _without_parameters(settings: Json) -> Json:
    return {k: v for k, v in settings.items() if not k.startswith("parameters.")}


def _of(change: Json) -> str:
    """`engine: tvae to ctgan`; of the content of a file that an option names, its name."""
    name = change["setting"]
    if name.startswith("named_files."):
        return f"the file of --{name.partition('.')[2]}"
    return f"{name}: {_spelt(change['was'])} to {_spelt(change['now'])}"


def _spelt(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _drift(old: Json, prepared: Prepared) -> tuple[Drift, ...] | None:
    """How the columns moved; None where the earlier run or this kind of data has no profiles."""
    try:
        before = [Profile.from_json(each) for each in old["profiles"]]
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    now = profiles(prepared.plan.kind, prepared.loaded.data)
    if not before or not now:
        return None
    return drift(before, [Profile.from_json(each) for each in now])
