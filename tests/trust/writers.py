"""Every command that writes, on sources so small that hundreds of each can be afforded."""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.child import write_table
from tests.kinds.images.pictures import saved
from tests.lifecycle.conftest import WORDS
from tests.lifecycle.test_kills import result
from tests.trust.processes import Commands, Done


@dataclass(frozen=True)
class Writer:
    """A command, with `OUT` where its result's place is named."""

    words: tuple[str, ...]
    out: str
    seeded: bool = True
    verified: bool = True  # whether `augment verify` knows its result

    def arguments(self, out: Path) -> list[str]:
        words = [str(out) if word == "OUT" else word for word in self.words]
        return [*words, "-q", *(["--seed", "1"] if self.seeded else [])]


TABLE = ("a.csv", "-e", "independent")
WRITERS = {
    "fit": Writer(("fit", *TABLE, "-o", "OUT"), "model"),
    "fit images": Writer(
        ("fit", "pictures", "-e", "cvae", "-p", "steps=2", "-p", "width=8", "--canvas", "8",
         "-o", "OUT"), "model"),
    "fit from": Writer(("fit", "pictures", "--from", "painter", "-o", "OUT"), "model"),
    "sample": Writer(("sample", "model", "-n", "50", "-o", "OUT"), "made.csv", verified=False),
    "sample given": Writer(
        ("sample", "model", "--given", "gaps.csv", "-o", "OUT"), "filled.csv", verified=False),
    "sample images": Writer(("sample", "painter", "-n", "6", "-o", "OUT"), "made"),
    "shards": Writer(("sample", "model", "-n", "50", "--shards", "4", "-o", "OUT"), "rows"),
    "image shards": Writer(
        ("sample", "painter", "-n", "9", "--shards", "3", "-o", "OUT"), "archives"),
    "run": Writer(
        ("run", *TABLE, "--target", "job", "--gate", "none", "-o", "OUT"), "run"),
    "rounds": Writer(
        ("run", "text.lines", "-e", "constant", "--rounds", "2", "--gate", "none", "-o", "OUT"),
        "run"),
    "evaluate": Writer(("evaluate", "a.csv", "b.csv", "--target", "job", "-o", "OUT"), "scores"),
    "compare": Writer(
        ("compare", "text.lines", "--engines", "bigram,constant", "-o", "OUT"), "race"),
    "tune": Writer(
        ("tune", "text.lines", "-e", "constant", "--trials", "3", "-o", "OUT"), "search"),
    "lift": Writer(("lift", *TABLE, "--target", "job", "-o", "OUT"), "lift"),
    "transform": Writer(("transform", "pictures", "-o", "OUT"), "pictures"),
    "edit": Writer(("edit", "painter", "pictures", "--no-filter", "-o", "OUT"), "edits"),
    "report": Writer(("report", "run", "-o", "OUT"), "r.html", seeded=False, verified=False),
    "init": Writer(("init", "a.csv", "-o", "OUT"), "augment.toml", seeded=False, verified=False),
    "inspect": Writer(
        ("inspect", "a.csv", "--schema-out", "OUT"), "schema.json", seeded=False, verified=False),
}  # fmt: skip


@dataclass(frozen=True)
class Workplace:
    """A folder with sources and models, the command, and what each command makes undisturbed."""

    folder: Path
    commands: Commands
    whole: dict[str, Any]

    def place(self, name: str) -> Path:
        """Where a command may write that nothing was written to yet; each is as deep as any
        other, since `init` names its source relative to what it writes."""
        return Path(tempfile.mkdtemp(dir=self.folder)) / WRITERS[name].out

    def run(self, name: str, out: Path, *more: str, **how: Any) -> Done:
        return self.commands(*WRITERS[name].arguments(out), *more, cwd=self.folder, **how)

    def undisturbed(self, name: str) -> tuple[Any, Done]:
        """The result that a command comes to, its duration, and how many steps it takes."""
        if name not in self.whole:
            out = self.place(name)
            done = self.run(name, out, fault={"folder": str(out.parent), "at": 0, "end": "EIO"})
            assert done.code == 0, done.err
            self.whole[name] = content(out), done
        found: tuple[Any, Done] = self.whole[name]
        return found

    def goes_on(self, name: str, out: Path) -> None:
        """The same command again ends with the result of an undisturbed one, and nothing else."""
        expected, _ = self.undisturbed(name)
        done = self.run(name, out)
        kept = done.code == 2 and "already" in done.err  # what stands there was finished
        assert done.code == 0 or kept, (done.code, done.err)
        unlike = differences(content(out), expected)
        assert not unlike, unlike
        left = sorted(path.name for path in out.parent.iterdir())
        assert left == [out.name], left
        if WRITERS[name].verified:
            assert self.commands("verify", out).code == 0


def content(out: Path) -> Any:
    """The bytes of a file, or what no clock decides of a folder."""
    if out.is_file():
        return out.read_bytes()
    return {name: held for name, held in result(out).items() if name != ".lock"}


def differences(found: Any, expected: Any) -> list[str]:
    """The names of what differs, of a folder's content; of a file's the first unlike line."""
    if isinstance(found, dict):
        names = sorted(found.keys() | expected.keys())
        return [name for name in names if found.get(name) != expected.get(name)]
    pairs = zip(found.splitlines(), expected.splitlines(), strict=False)
    unlike = [f"{one!r} {other!r}"[:200] for one, other in pairs if one != other]
    return unlike[:1] or ([] if found == expected else ["length"])


def furnished(folder: Path, commands: Commands) -> Workplace:
    """Make the sources, and the models and the run that commands read."""
    write_table(folder / "a.csv")
    write_table(folder / "b.csv", seed=1)
    (folder / "gaps.csv").write_text("age,job\n" + "30,cook\n,nurse\n41,\n" * 20)
    for row in range(12):
        saved(folder / "pictures" / "ab"[row % 2] / f"{row}.png", row)
    rng = random.Random(1)
    lines = [" ".join(rng.choices(WORDS, k=rng.randint(3, 8))) for _ in range(200)]
    (folder / "text.lines").write_text("\n".join(lines) + "\n")
    place = Workplace(folder, commands, {})
    commands.warm(*WRITERS["run"].arguments(folder / "run"), cwd=folder)
    for name, out in (("fit", "model"), ("fit images", "painter")):
        done = place.run(name, folder / out)
        assert done.code == 0, done.err
    return place
