"""The stages of a run after the plan: fit, sample, score, write. Each is left as it is where an
earlier attempt finished it."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

import augment
from augment.core import model_folder as store
from augment.core.budget import Budget
from augment.core.errors import BadInput
from augment.core.files import atomic, write_json
from augment.core.fitted import Fitted
from augment.core.kind import Origin, Shadow
from augment.core.source import Rows
from augment.core.types import Json, Workers
from augment.lifecycle import changes, gates
from augment.lifecycle.augmentation import Output, output_of
from augment.lifecycle.fitting import Prepared, described, fit_model
from augment.lifecycle.journal import Journal
from augment.lifecycle.plan import row_count
from augment.lifecycle.sampling import FolderSample, Sample, executor_for, fill, parts_of
from augment.lifecycle.shadow_models import shadows
from augment.lifecycle.time_limit import fit_budget, paced, score_budget
from augment.report import facts, html
from augment.work.folder_job import LINES
from augment.work.store import RUN, Store

VERSIONS = ("numpy", "pyarrow", "scikit-learn", "torch", "sdv")


@dataclass(frozen=True)
class Stages:
    """One attempt at a run: where it builds, what it follows, whom it tells, how long it has."""

    folder: Store
    prepared: Prepared
    journal: Journal
    resumed: bool
    budget: Budget
    workers: Workers
    refit: Json | None = None  # why a finished result is replaced, see `changes`
    shadows: bool = True  # whether there may be shadow models, for attacks on few rows

    def model(self, train: Any) -> Fitted[Any]:
        """Fit, or take the model that an earlier attempt finished; always as read from disk."""
        path = self.folder.partial / "model"
        kind = self.prepared.plan.kind
        if "fit" in self.folder.done():
            try:
                return kind.restore(store.load(path)).on(self.prepared.plan.device)
            except BadInput:
                self.journal.note("the unfinished attempt's model is damaged")
        with self.journal.stage("fit"):
            budget = self._fit_budget(train)
            scratch = self.folder.scratch
            fitted = fit_model(self.prepared, train, scratch, self.journal, budget, self.workers)
            store.save(path, fitted.stored())
            self.folder.commit("fit", ["model/model.json"])
        return kind.restore(store.load(path)).on(self.prepared.plan.device)

    def _fit_budget(self, train: Any) -> Budget:
        if self.budget.max_seconds is None:
            return self.budget
        plan = self.prepared.plan
        scored = gates.scorable(plan.request, len(self.prepared.loaded.data))
        return fit_budget(self.budget, paced(plan.foresee(train, plan.rows)), scored)

    def output(self, model: Fitted[Any]) -> Output:
        """What the output holds: made rows, or the real ones first."""
        plan, real = self.prepared.plan, None
        request = plan.request
        if request.append:
            rows = (self.prepared.loaded.data,)
            real = model.source_rows(Rows(str(request.source), rows))[0]
        given = model.condition(request.ask)
        count = plan.rows or 0
        if plan.engine.about.private:  # how many rows there are is for the model to say
            count = row_count(request.count or "1x", model.rows)
        return output_of(model, given, request.count, real, count)

    def synthetic(self, model: Fitted[Any], output: Output) -> Path:
        """Sample to the output file, unless an earlier attempt did."""
        plan = self.prepared.plan
        request = plan.request
        name = plan.kind.writer.name(str(request.source))
        if request.append:  # what holds real rows is not to be called synthetic
            name = "augmented" + "".join(Path(name).suffixes)
        path = self.folder.partial / name
        digest = store.digest(self.folder.partial / "model")
        asked: Json = {"plan": self.prepared.key}
        origin = Origin(model.engine, digest, plan.seed.value, asked)
        if "sample" not in self.folder.done():
            with self.journal.stage("sample"):
                seed, tick = plan.seed.child("sample"), self.journal.tick
                sample = Sample(model, output.rows, seed, output.given, tick=tick)
                last = self._written(sample, output, path, origin)
                self.folder.commit("sample", [last.relative_to(self.folder.partial).as_posix()])
        return path

    def _written(self, sample: Sample[Any], output: Output, path: Path, origin: Origin) -> Path:
        """Make the sample and write it; the file that is written last."""
        plan, tick = self.prepared.plan, self.journal.tick
        writer, options = plan.kind.writer, plan.request.write
        processes = executor_for(plan.engine.about, plan.device, self.workers)
        if writer.folders:
            whole = FolderSample(sample, writer, path, "", options, origin)
            fill(self.folder, whole, processes, tick)
            return path / LINES
        parts = output.below(parts_of(sample, processes, tick))
        writer.write(parts, path, "", True, options, origin)
        return path

    def report(self, train: Any, test: Any, path: Path, output: Output) -> Json:
        """The scores of the made rows as a report has them."""
        for record in self.folder.records():
            if record.key == "score":
                found: Json = record.result["report"]
                return found
        plan = self.prepared.plan
        known = self._shadows(train, test)
        with self.journal.stage("score"):
            fake = plan.kind.reader.read_like(str(path), self.prepared.loaded.data, {}).data
            if output.real is not None:
                fake = fake.take(np.arange(len(fake) - output.rows, len(fake), dtype=np.int64))
            seed, options = plan.seed.child("score"), plan.request.score
            budget = score_budget(self.budget)
            scored = plan.kind.evaluator.score(
                train,
                test,
                fake,
                seed,
                self.journal.tick,
                options,
                budget,
                self.workers,
                charts=True,
                shadows=known,
            )
            for name, content in scored.files.items():
                with atomic(self.folder.partial / name) as stream:
                    stream.write(content)
            report = facts.document(scored, {})
            self.folder.commit("score", list(scored.files), report=report)
            return report

    def _shadows(self, train: Any, test: Any) -> list[Shadow[Any]]:
        if not self.shadows:
            return []
        plan = self.prepared.plan
        count = plan.kind.evaluator.shadow_models(train, test, plan.request.score)
        scratch = self.folder.scratch
        return shadows(self.prepared, count, scratch, self.journal, self.budget, self.workers)


def completed(stages: Stages, train: Any, test: Any, **more: Any) -> Json:
    """Fit on `train`, sample, score on `test` (nothing where it is empty) and write; the run's
    document, with `more` about it."""
    prepared, journal = stages.prepared, stages.journal
    plan = prepared.plan
    journal.note("split", train=len(train), unseen=len(test))
    model = stages.model(train)
    output = stages.output(model)
    path = stages.synthetic(model, output)
    scored = stages.report(train, test, path, output) if len(test) else facts.document(None, {})
    partial = stages.folder.partial
    about = {
        "augment": augment.__version__,
        **described(prepared),
        "rows": {"train": len(train), "unseen": len(test), "synthetic": output.rows},
        "model_notes": list(model.stored().facts.get("notes", [])),
        "shortened": _shortened(model, journal),
        "training": model.stored().facts.get("training"),
        "sample_notes": list(model.notes(output.rows, output.given)),
        **_relations(model.stored().facts),
        **_privacy(model.stored().facts),
        **({} if prepared.race is None else {"race": prepared.race}),
        **more,
    }
    if output.document is not None:
        about["appended"] = output.document
    with journal.stage("write"):
        report = {**scored, "data": facts.data_of(plan.kind.name, about["data"]), "about": about}
        report["gates"] = gates.judged(gates.of_plan(plan, about["data"]), report)
        write_json(partial / "report.json", report)
        html.write(partial / "report.html", report)
    run_document = {
        "schema": "augment.run/1",
        "key": prepared.key,
        "seed": plan.seed.value,
        **about,
        "engine_facts": model.stored().facts,
        "planned": prepared.planned,
        "profiles": []
        if plan.engine.about.private
        else changes.profiles(plan.kind, prepared.loaded.data),
        "refit": stages.refit,
        "versions": versions(),
        "seconds": journal.seconds,
        "phases": journal.phases,
        "resumed": stages.resumed,
        "output": path.name,
    }
    write_json(partial / RUN, run_document)
    journal.note("finished", seconds=journal.seconds)
    return {**run_document, "report": report, **gates.document(report["gates"])}


def _relations(facts: Json) -> Json:
    """What holds between columns and is kept, and what nearly holds, where a kind looks for it."""
    if "relations" not in facts:
        return {}
    closely = {"closely": facts["closely"]} if "closely" in facts else {}
    nearly = facts.get("nearly", [])
    return {"relations": {"kept": facts["relations"], **closely, "nearly": nearly}}


def _privacy(facts: Json) -> Json:
    """What a private fit spent, and what it took as public."""
    if "privacy" not in facts:
        return {}
    return {"privacy": {**facts["privacy"], "public": facts.get("public", "")}}


def _shortened(model: Fitted[Any], journal: Journal) -> list[str]:
    """What was left out for want of time; an earlier attempt's fit tells it by its model."""
    found = [*model.stored().facts.get("shortened", []), *journal.shortened]
    return list(dict.fromkeys(found))


def versions() -> Json:
    """What the bytes of a result depend on: same seed, versions and machine type, same bytes."""
    found: Json = {"python": platform.python_version(), "machine": platform.machine()}
    for name in VERSIONS:
        found[name] = metadata.version(name)
    found["platform"], found["cores"] = sys.platform, os.cpu_count()
    return found
