"""`anyorder`: an any-order autoregressive network over tokens, calibrated to its training rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from augment.core.errors import OutOfResources, UsageError
from augment.core.parameters import Between, OneOf, parameter
from augment.core.remedy import Remedy, Symptom, by_length, scaled
from augment.core.types import About, Costs, Engine, Job, Json, Model, Tick
from augment.kinds.tables.codecs.calendar import Calendar
from augment.kinds.tables.codecs.grain import with_grains
from augment.kinds.tables.codecs.spans import Spans
from augment.kinds.tables.codecs.vocabulary import Vocabulary
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.engines.anyorder.calibration import Calibration, coarse
from augment.kinds.tables.engines.anyorder.chain import Chain
from augment.kinds.tables.engines.anyorder.encoding import (
    encode,
    fitted_vocabularies,
    null_patterns,
    rare_cells,
    token_counts,
)
from augment.kinds.tables.engines.anyorder.fitted_network import FittedNetwork
from augment.kinds.tables.engines.anyorder.layout import TokenLayout
from augment.kinds.tables.engines.anyorder.presets import PRESETS, Shape
from augment.kinds.tables.engines.anyorder.structure import described, layout_of
from augment.kinds.tables.engines.anyorder.tokenmodel import AnyorderModel
from augment.kinds.tables.engines.costs import anyorder_costs, calibration_seconds, token_count
from augment.nets.devices import precision as precision_of
from augment.nets.held_out import held_out_count, held_out_rows
from augment.nets.micro_batches import micro_batches_parameter
from augment.nets.schedule import Schedule
from augment.nets.threads import threads
from augment.nets.training import TooLittleTime, facts, train

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

MOST_BINS = 128
MOST_TOKENS = 6_000  # of all columns together: wide tables get fewer bins per column
FEWEST_BINS = 16
SMALL_ROWS = 2_000  # below this the net is half as wide, and learns more slowly
SPREAD_ROWS = 200  # of fewer, drawn rows that keep the learnt shares closely would give these away
RATE, SMALL_RATE = 2e-3, 1e-3
FEWEST_STEPS = 400
FEWEST_WORTH_IT = 50  # steps that a limit of time must leave: with fewer, columns stay independent
LOOKING, CALIBRATING = 0.15, 0.4  # shares of a budget: for structure; at most for calibration
CHECKS = 20  # of the held-out loss in a planned run
# Of training: at these widths a second thread costs more than it brings, and a choice by the clock
# would make the weights depend on what else the machine was doing.
THREADS = 1


@dataclass(frozen=True)
class Anyorder(Engine[Table]):
    """Recipe. Sizes left at None come from the preset."""

    about: ClassVar[About] = About(
        name="anyorder",
        kind="table",
        summary="any-order autoregressive network over tokens, calibrated",
        licence="Apache-2.0",
        needs=("torch",),
        conditions=frozenset({"where", "given"}),
        exact=True,
        continues=True,
    )
    model: ClassVar[type[Model[Any]]] = AnyorderModel

    preset: Literal["fast", "best", "transformer"] = parameter(
        "fast", "how much to spend on the fit; transformer is meant for a GPU"
    )
    epochs: int | None = parameter(
        None,
        "passes over the training rows, at most; the preset's where not given",
        least=1,
        most=100_000,
        search=Between(5, 200, log=True),
    )
    width: int | None = parameter(
        None, "units of a hidden layer", least=1, most=4_096, search=Between(32, 512, log=True)
    )
    blocks: int | None = parameter(None, "residual blocks", least=1, most=64, search=Between(1, 6))
    batch: int = parameter(
        512, "rows in a step, at most", least=1, most=1_000_000, search=Between(64, 2_048, log=True)
    )
    bins: int = parameter(
        MOST_BINS,
        "bins of a number column, at most",
        least=2,
        most=MOST_TOKENS,
        search=OneOf((16, 32, 64, 128, 256)),
        changes_loss=True,
    )
    learning_rate: float | None = parameter(
        None, "highest rate of the schedule", above=0, most=1, search=Between(2e-4, 1e-2, log=True)
    )
    micro_batches: int = micro_batches_parameter()
    suffix: float = parameter(
        0.7,
        "share of training rows hidden in sampling order, not at random",
        least=0,
        most=1,
        search=Between(0, 1),
    )
    shrinkage: float = parameter(
        3.0,
        "calibration: rows that are assumed to agree with the network in each cell, at least; "
        "more shrink corrections towards none",
        above=0,
        most=10_000,
        search=Between(1, 300, log=True),
    )

    def fit(self, data: Table, job: Job) -> AnyorderModel:
        calendar = Calendar.of(data, self.bins, job.protect)
        key = calendar.drawn_for(data.schema.key)
        data = calendar.split(data)
        vocabularies = fitted_vocabularies(data, self._bins(data), job.protect)
        rows = encode(data, vocabularies)
        looking = job.budget.part(LOOKING)
        grained = with_grains(data, vocabularies, rows, looking)
        if len(grained.schema) > len(data.schema):
            data = grained
            vocabularies = fitted_vocabularies(data, self._bins(data), job.protect)
            rows = encode(data, vocabularies)
        columns = list(data.schema)
        layout, laws = layout_of(columns, rows, vocabularies, key, looking)
        if looking.left() <= 0:
            cut = "the search for columns that settle others or belong together was cut short"
            job.tick(Tick("fit", shortened=cut))
        job.tick(Tick("fit", note=described(columns, layout, laws)))
        with threads(THREADS):
            left = job.budget.left()
            reserved = min(CALIBRATING * left, calibration_seconds(len(rows), len(columns)))
            early = replace(job, budget=job.budget.within(left - reserved))
            names = [column.name for column in columns]
            named = dict(zip(names, vocabularies, strict=True))
            try:
                network, report = self._trained(layout, rows, named, early)
            except TooLittleTime as error:
                way = "Or give fewer columns, or pass --engine independent."
                raise OutOfResources(f"{error} {way}") from None
            counts = [token_counts(rows[:, j], size) for j, size in enumerate(layout.sizes)]
            groups = tuple(
                coarse(c, isinstance(w, Spans), w.null() is not None)
                for c, w in zip(counts, vocabularies, strict=True)
            )
            rng = job.seed.child("calibration").rng()
            chain = Chain(network, tuple(laws), spread=len(rows) >= SPREAD_ROWS)
            corrections = Calibration(layout, rows, groups, self.shrinkage).fit(chain, rng, job)
        chain = replace(chain, network=replace(network, corrections=corrections))
        return AnyorderModel(calendar, columns, vocabularies, chain, report)

    def costs(self, data: Table, device: str) -> Costs:
        rows, tokens = len(data), token_count(data, self._bins(data))
        steps = self._schedule(rows).steps
        return anyorder_costs(data, self._shape(rows), tokens, self._batch(rows), steps, device)

    def most_ranks(self) -> int:
        return self.micro_batches

    def remedies(self, symptom: Symptom, data: Table) -> Iterator[Remedy]:
        rows = len(data)
        epochs = self._schedule(rows).steps / max(1, rows // self._batch(rows))
        if symptom == "memorised":
            yield from scaled(self, "shrinkage", 10, self.shrinkage, "calibrated less closely")
            yield from by_length(self, "epochs", epochs, symptom)
            return
        if self.preset == "fast":
            yield Remedy(replace(self, preset="best"), "a larger net, for longer: preset best")
        yield from by_length(self, "epochs", epochs, symptom)
        yield from scaled(self, "shrinkage", 1 / 3, self.shrinkage, "calibrated more closely")

    def _bins(self, data: Table) -> int:
        return min(max(MOST_TOKENS // max(1, len(data.schema)), FEWEST_BINS), self.bins)

    def _batch(self, rows: int) -> int:
        return min(max(rows // 8, 1), self.batch)

    def _shape(self, rows: int) -> Shape:
        shape = PRESETS[self.preset].shape
        shape = shape if rows >= SMALL_ROWS else shape.halved()
        return replace(
            shape,
            width=shape.width if self.width is None else self.width,
            hidden=shape.hidden if self.width is None else self.width * 3 // 2,
            blocks=shape.blocks if self.blocks is None else self.blocks,
        )

    def _trained(
        self,
        layout: TokenLayout,
        rows: NDArray[np.int32],
        named: dict[str, Vocabulary],
        job: Job,
    ) -> tuple[FittedNetwork, Json]:
        """The network, and what the model records of its training; `named` are the columns'
        vocabularies."""
        import torch

        from augment.kinds.tables.engines.anyorder.device_batches import loss_of
        from augment.kinds.tables.engines.anyorder.masked_loss import MaskedLoss
        from augment.kinds.tables.engines.anyorder.network import Features, TokenNetwork
        from augment.kinds.tables.engines.anyorder.warm_start import start_from
        from augment.nets.streams import initialised, torch_stream

        vocabularies, older = list(named.values()), _older(job)
        shape = self._shape(len(rows)) if older is None else older.shape
        precision: torch.dtype = getattr(torch, precision_of(job.device))
        binned = np.concatenate([each.binned() for each in vocabularies])
        features = Features.of(
            layout, [each.features() for each in vocabularies], binned, job.device
        )
        counts = np.concatenate([token_counts(rows[:, j], s) for j, s in enumerate(layout.sizes)])
        with initialised(job.seed.child("weights").integer()):
            network = TokenNetwork(layout, shape, counts, features)
        network = network.to(job.device)
        rare = rare_cells(rows, layout) if job.protect else np.zeros(layout.cells[-1] + 1, bool)
        held, learnt = held_out_rows(
            len(rows), held_out_count(len(rows)), job.seed.child("held-out")
        )
        tokens = torch.from_numpy(rows.astype(np.int64)).to(job.device)
        lesson = MaskedLoss(
            layout,
            tokens[learnt],
            job.seed.child("train"),
            self.suffix,
            precision,
            torch.from_numpy(binned).to(job.device),
            torch.from_numpy(rare).to(job.device),
            torch.from_numpy(null_patterns(rows, vocabularies)),
        )
        exam = replace(lesson, rows=tokens[held], suffix_share=1.0)
        generator = torch_stream(job.seed.child("exam").integer())
        hidden = exam.hide(len(held), generator).to(job.device)
        schedule = self._schedule(len(learnt))
        if older is not None:
            seen = lesson.hide(len(learnt), torch_stream(job.seed.child("start").integer()))
            start_from(older, network, lesson, seen.to(job.device), named)
            schedule = schedule.continued()
        outcome = train(
            network.trained(),
            loss_of(lesson, network, max(1, self._batch(len(learnt)) // self.micro_batches)),
            lambda: exam.held_out(network, hidden),
            schedule,
            job,
            label=f"{hashlib.sha256(rows.tobytes()).hexdigest()} {layout} {self} {precision}",
        )
        with torch.no_grad():
            embeddings, heads = network.matrices()
            embeddings[lesson.hidden_cells] = 0.0
        fitted = FittedNetwork(
            layout,
            embeddings.detach(),
            heads.detach().to(precision),
            network.bias.detach(),
            network.trunk.to(precision).requires_grad_(False),
            shape.attention,
            {},
        )
        return fitted, facts({"network": outcome}, job.device, THREADS)

    def _schedule(self, rows: int) -> Schedule:
        preset = PRESETS[self.preset]
        epochs = preset.epochs if self.epochs is None else self.epochs
        steps = epochs * max(1, rows // self._batch(rows))
        if self.epochs is None:
            steps = min(max(steps, FEWEST_STEPS), preset.steps)
        every = max(10, steps // CHECKS)
        rate = RATE if rows >= SMALL_ROWS else SMALL_RATE
        rate = rate if self.learning_rate is None else self.learning_rate
        fewest = FEWEST_WORTH_IT if self.epochs is None else 0  # who names epochs wants no more
        return Schedule(
            steps,
            rate,
            check_every=every,
            checkpoint_every=2 * every,
            fewest=fewest,
            micro_batches=self.micro_batches,
        )


def _older(job: Job) -> AnyorderModel | None:
    """The model that the job goes on from."""
    if job.start is None:
        return None
    if not isinstance(job.start.model, AnyorderModel):
        raise UsageError("anyorder goes on from models of its own alone.")
    return job.start.model
