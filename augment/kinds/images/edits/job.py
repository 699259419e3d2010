"""Every picture through a model, several times over; edits that lost their label are redrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from augment.core import registry
from augment.core.errors import UsageError
from augment.core.fitted import Ask, Fitted
from augment.core.kind import Loaded
from augment.core.model_folder import using
from augment.core.seeds import Seed
from augment.core.source import Source
from augment.core.types import Json, Tick
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.edits import label_judge as judges
from augment.kinds.images.edits.block import Edits, Partners, made, written
from augment.kinds.images.edits.label_judge import LabelJudge
from augment.kinds.images.edits.options import Options, options_of
from augment.kinds.images.edits.targets import Aims
from augment.kinds.images.engines.conditioning import LABEL, PROMPT
from augment.kinds.images.engines.editor import Blender, Editor
from augment.kinds.images.generator.model import ImageModel
from augment.kinds.images.io import reading
from augment.kinds.images.io.reading import ReadOptions
from augment.work.folder_job import FolderJob, Tasks
from augment.work.task import Task

SCHEMA = "augment.edit/1"
ENOUGH = 0.5  # share of the edits asked for, below which too few are left


def edit_job(
    model: Fitted[Images],
    digest: str,
    source: Source,
    given: Json,
    tell: Callable[[Tick], None],
) -> FolderJob:
    """What `augment edit` makes of the images at `source`.

    `digest` tells the model from any other, and edits that another one began are not gone on
    with. `given` are options by name, those of reading images among them. Raises `UsageError` for
    a model that cannot edit.
    """
    assert isinstance(model, ImageModel), "models of images are of this class"
    options = options_of(given)
    editor = editor_of(model, options.interpolate)
    asked = Ask(where=options.to, prompts=options.prompts)
    target = model.condition(asked, "--to") if options.to or options.prompts else None
    if target is not None and target.columns - {LABEL, PROMPT}:
        raise UsageError("--to says which label or prompt an edit goes to, and nothing else.")
    loaded = reading.read(source, options.read, tell, onto=model.schema)
    lessons = None if options.judge is None else _lessons(options.judge, model, options, tell)
    judged, notes = _judgeable(options, loaded.data, None if lessons is None else lessons.data)
    aims = Aims.of(loaded.data, editor.conditioning, target)
    partners = Partners.of(loaded.data) if options.interpolate else None
    numbers = _numbers(len(loaded.data), options.per_image, partners)
    alone = len(loaded.data) * options.per_image - len(numbers)
    if alone:
        notes.append(f"{alone:,} edits have no other picture of their class to go to.")
    document: Json = {
        "schema": SCHEMA,
        "source": str(source),
        "images": len(loaded.data),
        "engine": model.engine,
        "strength": options.strength,
        "tries": options.tries,
        "planned": len(numbers),
        "filtered": judged,
        "notes": [*loaded.notes, *notes],
    }
    plan = _plan(digest, loaded, lessons, options)
    taught = None if lessons is None else lessons.data
    return EditJob(plan, document, editor, aims, partners, taught, judged, options, numbers, tell)


@dataclass(frozen=True)
class EditJob(FolderJob):
    """The edits `numbers`; picture `row` has row × per_image and those after it."""

    editor: Editor
    aims: Aims
    partners: Partners | None
    lessons: Images | None  # from which the judge of labels learns; None: from the pictures
    judged: bool
    options: Options
    numbers: list[int]
    tell: Callable[[Tick], None]

    def tasks(self, seed: Seed, folder: Path, copies: Path | None) -> Tasks:
        root = seed.child("edit")
        edits = Edits(
            folder,
            self.document["engine"],
            self.editor,
            self.aims,
            self.partners,
            self._label_judge(root.child("jury")) if self.judged else None,
            self.options.per_image,
            self.options.strength,
            self.options.tries,
            root,
        )
        size = self.editor.block_rows
        blocks = [self.numbers[at : at + size] for at in range(0, len(self.numbers), size)]
        tasks = [Task(f"from {block[0]}", made_block, (block,)) for block in blocks]
        return Tasks(edits, tasks, len(self.numbers))

    def accept(self, result: Json) -> None:
        """Nothing of an edit that failed is to be said but how many there are."""

    def finish(self, folder: Path, lines: Callable[[], Iterator[Json]], shared: Edits) -> Json:
        judge = shared.label_judge
        return summary(lines(), len(self.numbers), self.options.tries, judge)

    def _label_judge(self, seed: Seed) -> LabelJudge:
        self.tell(Tick("fit", note="judges of labels"))
        if self.lessons is None:
            return judges.of_halves(self.aims.pictures, seed)
        return judges.of_strangers(self.lessons, self.aims.pictures, seed)


def made_block(edits: Edits, block: list[int]) -> Json:
    """The task of making a block of edits; `lines` on those that passed."""
    with using(edits.engine):
        drawn = list(made(block, edits))
    return {"lines": [written(kept, edits) for kept in drawn]}


def editor_of(model: ImageModel, interpolate: bool) -> Editor:
    """The model as an editor. Raises `UsageError` with the engines that can do it."""
    kind, verb = (Blender, "interpolate between") if interpolate else (Editor, "edit")
    if isinstance(model.inner, kind):
        return model.inner
    able = [
        name
        for name in registry.names("engines")
        if issubclass(registry.find("engines", name).model, kind)
    ]
    raise UsageError(
        f"The engine {model.engine!r} makes new pictures but cannot {verb} given ones. "
        f"These can: {', '.join(able)}. Fit one: augment fit IMAGES -e {able[0]} -o MODEL"
    )


def _lessons(
    source: str, model: ImageModel, options: Options, tell: Callable[[Tick], None]
) -> Loaded[Images]:
    """Pictures that a judge learns from, put on the canvas as those that are edited."""
    placed = ReadOptions(fit=options.read.fit, alpha=options.read.alpha)
    return reading.read(source, placed, tell, onto=model.schema)


def _judgeable(
    options: Options, pictures: Images, lessons: Images | None
) -> tuple[bool, list[str]]:
    """Whether edits are judged, and what the user should know of it."""
    if options.filtered is False:
        return False, []
    known = judges.known_classes(pictures if lessons is None else lessons)
    if not known:
        why = (
            f"fewer than two classes have {judges.FEWEST_OF_CLASS} labelled images, so no judge "
            "can learn to tell them apart. Give some with --judge FOLDER"
        )
        if options.filtered or lessons is not None:
            raise UsageError(f"Labels cannot be judged: {why}, or pass --no-filter.")
        return False, [f"Edits are not judged: {why}."]
    return True, []


def _plan(
    digest: str, loaded: Loaded[Images], lessons: Loaded[Images] | None, options: Options
) -> Json:
    """All that decides the output's bytes, apart from the seed."""
    return {
        "source_sha256": loaded.files[0]["sha256"],
        "judge_sha256": None if lessons is None else lessons.files[0]["sha256"],
        "model_sha256": digest,
        "strength": options.strength,
        "per_image": options.per_image,
        "to": list(options.to),
        "prompts": list(options.prompts),
        "fit": options.read.fit,
        "alpha": options.read.alpha,
        "columns": [options.read.label_column, *options.read.caption_columns],
        "interpolate": options.interpolate,
        "filter": options.filtered,
        "tries": options.tries,
    }


def _numbers(images: int, per_image: int, partners: Partners | None) -> list[int]:
    """The numbers of all edits; picture `row` has row × per_image and those after it."""
    lonely = partners.lonely() if partners is not None else set()
    return [n for n in range(images * per_image) if n // per_image not in lonely]


def summary(
    lines: Iterator[Json], planned: int, tries: int, label_judge: LabelJudge | None
) -> Json:
    """What came of it, from the manifest alone, so that a resumed run says the same.

    An edit that is missing was drawn `tries` times in vain.
    """
    made = drawn = judged = unjudged = 0
    for line in lines:
        made += 1
        drawn += line["tries"]
        judged += line["tries"] if line["judged"] else 0
        unjudged += not line["judged"]
    in_vain = (planned - made) * tries
    judged += in_vain
    rejected = drawn - made + in_vain
    return {
        "made": made,
        "missing": planned - made,
        "unjudged": unjudged,
        "rejected": rejected,
        "rejection_rate": rejected / judged if judged else None,
        "judge": None if label_judge is None else label_judge.digest,
        "judge_accuracy": None if label_judge is None else label_judge.accuracy,
        "too_few": made < ENOUGH * planned,
    }
