"""Every picture through a model, several times over; edits that lost their label are redrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from augment.core import registry
from augment.core.errors import UsageError
from augment.core.files import require_outside
from augment.core.kind import Ask, Loaded
from augment.core.model_folder import using
from augment.core.seeds import Seed
from augment.core.source import Source, path_of
from augment.core.types import Json, Tick
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.edits import label_judge as juries
from augment.kinds.images.edits.block import EditJob, Partners, made, written
from augment.kinds.images.edits.label_judge import LabelJudge
from augment.kinds.images.edits.targets import Aims
from augment.kinds.images.engines.conditioning import LABEL, PROMPT
from augment.kinds.images.engines.editor import Blender, Editor
from augment.kinds.images.generator.model import ImageModel
from augment.kinds.images.io import reading as sources
from augment.kinds.images.io.image_folder import ImageFolder
from augment.kinds.images.io.reading import ReadOptions

TRIES = 5
SCHEMA = "augment.edit/1"
ENOUGH = 0.5  # share of the edits asked for, below which too few are left


@dataclass(frozen=True)
class Request:
    """What the user wants. `filtered` None: edits are judged where that can be done."""

    strength: float = 0.5
    per_image: int = 1
    to: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()  # edit `i` gets the prompt `i`, round and round
    interpolate: bool = False
    filtered: bool | None = None
    judge: str | None = None  # labelled pictures from which the judge learns
    tries: int = TRIES
    read: ReadOptions = field(default_factory=ReadOptions)
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.strength <= 1:
            raise UsageError(f"--strength {self.strength:g}: choose a number above 0, up to 1.")
        if self.interpolate and (self.to or self.prompts):
            raise UsageError(
                "--interpolate goes to another picture of the same class, so --to and --prompt "
                "cannot say what it becomes. Choose one."
            )
        if self.judge is not None and self.filtered is False:
            raise UsageError("--judge and --no-filter exclude each other. Choose one.")


def edit(
    model: ImageModel,
    digest: str,
    source: Source,
    out: Path,
    request: Request,
    seed: int | None,
    force: bool,
    tell: Callable[[Tick], None],
) -> Json:
    """Fill `out` with edited images; what was done, as JSON.

    `digest` tells the model from any other, and edits that another one began are not gone on
    with. The same seed gives the same bytes, also after a restart. Raises `UsageError` for a
    model that cannot edit.
    """
    require_outside(out, path_of(source))
    editor = editor_of(model, request.interpolate)
    asked = Ask(where=request.to, prompts=request.prompts)
    target = model.condition(asked, "--to") if request.to or request.prompts else None
    if target is not None and target.columns - {LABEL, PROMPT}:
        raise UsageError("--to says which label or prompt an edit goes to, and nothing else.")
    loaded = sources.read(source, request.read, tell, onto=model.schema)
    pictures = loaded.data
    aims = Aims.of(pictures, editor.conditioning, target)
    lessons = None if request.judge is None else _lessons(request.judge, model, request, tell)
    judged, notes = _judgeable(request, pictures, None if lessons is None else lessons.data)
    partners = Partners.of(pictures) if request.interpolate else None
    numbers = _numbers(len(pictures), request.per_image, partners)
    alone = len(pictures) * request.per_image - len(numbers)
    if alone:
        notes.append(f"{alone:,} edits have no other picture of their class to go to.")
    document: Json = {
        "schema": SCHEMA,
        "source": str(source),
        "images": len(pictures),
        "engine": model.engine,
        "output": str(out),
        "strength": request.strength,
        "planned": len(numbers),
        "filtered": judged,
        "notes": [*loaded.notes, *notes],
    }
    if request.dry_run:
        return document | {"dry_run": True}
    image_folder = ImageFolder(out, SCHEMA)
    plan = _plan(digest, loaded, lessons, request)
    chosen, complete = image_folder.begin(plan, seed, Seed.fresh().value, force)
    document["seed"] = chosen
    if complete:
        return document | image_folder.result() | {"up_to_date": True}
    root = Seed(chosen).child("edit")
    label_judge = None
    if judged:
        tell(Tick("fit", note="judges of labels"))
        taught = None if lessons is None else lessons.data
        label_judge = _label_judge(pictures, taught, root.child("jury"))
    edit_job = EditJob(
        out,
        model.engine,
        editor,
        aims,
        partners,
        label_judge,
        request.per_image,
        request.strength,
        request.tries,
        root,
    )
    _fill(image_folder, edit_job, numbers, tell)
    image_folder.finish()
    result = summary(image_folder.lines(), len(numbers), request.tries, label_judge)
    image_folder.conclude(result)
    return document | result


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
    source: str, model: ImageModel, request: Request, tell: Callable[[Tick], None]
) -> Loaded[Images]:
    """Pictures that a judge learns from, put on the canvas as those that are edited."""
    options = ReadOptions(fit=request.read.fit, alpha=request.read.alpha)
    return sources.read(source, options, tell, onto=model.schema)


def _judgeable(
    request: Request, pictures: Images, lessons: Images | None
) -> tuple[bool, list[str]]:
    """Whether edits are judged, and what the user should know of it."""
    if request.filtered is False:
        return False, []
    known = juries.known_classes(pictures if lessons is None else lessons)
    if not known:
        why = (
            f"fewer than two classes have {juries.FEWEST_OF_CLASS} labelled images, so no judge "
            "can learn to tell them apart. Give some with --judge FOLDER"
        )
        if request.filtered or lessons is not None:
            raise UsageError(f"Labels cannot be judged: {why}, or pass --no-filter.")
        return False, [f"Edits are not judged: {why}."]
    return True, []


def _label_judge(pictures: Images, lessons: Images | None, seed: Seed) -> LabelJudge:
    if lessons is None:
        return juries.of_halves(pictures, seed)
    return juries.of_strangers(lessons, pictures, seed)


def _plan(
    digest: str, loaded: Loaded[Images], lessons: Loaded[Images] | None, request: Request
) -> Json:
    """All that decides the output's bytes, apart from the seed."""
    return {
        "source_sha256": loaded.files[0]["sha256"],
        "judge_sha256": None if lessons is None else lessons.files[0]["sha256"],
        "model_sha256": digest,
        "strength": request.strength,
        "per_image": request.per_image,
        "to": list(request.to),
        "prompts": list(request.prompts),
        "fit": request.read.fit,
        "alpha": request.read.alpha,
        "columns": [request.read.label_column, *request.read.caption_columns],
        "interpolate": request.interpolate,
        "filter": request.filtered,
        "tries": request.tries,
    }


def _numbers(images: int, per_image: int, partners: Partners | None) -> list[int]:
    """The numbers of all edits; picture `row` has row × per_image and those after it."""
    lonely = partners.lonely() if partners is not None else set()
    return [n for n in range(images * per_image) if n // per_image not in lonely]


def _fill(
    image_folder: ImageFolder, edit_job: EditJob, numbers: list[int], tell: Callable[[Tick], None]
) -> None:
    """Make what is not there yet, block by block; a block is always made as a whole."""
    done, size = image_folder.done(), edit_job.editor.block_rows
    for start in range(0, len(numbers), size):
        block = numbers[start : start + size]
        if any(number not in done for number in block):
            with using(edit_job.engine):
                drawn = list(made(block, edit_job))
            lines = [written(kept, edit_job) for kept in drawn]
            image_folder.add([line for line in lines if line["number"] not in done])
        tell(Tick("write", start + len(block), len(numbers)))


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
