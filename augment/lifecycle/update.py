"""`fit --from`: an older model that a fit goes on from, and what it decides of the request."""

from __future__ import annotations

import dataclasses
from typing import Any

from augment.core import registry
from augment.core.errors import UsageError, listed
from augment.core.fitted import Fitted
from augment.core.model_folder import restoring
from augment.core.parameters import fields_of
from augment.core.types import Json, Start
from augment.lifecycle.opened_model import Opened
from augment.lifecycle.plan import RunRequest

REASON = "the older model's"
MOST_ROWS = 10**15  # that a model may say it has seen


def start_of(opened: Opened) -> Start:
    """What the engine goes on from. Raises `BadInput` for facts that no fit wrote."""
    model = opened.model
    with restoring(model.engine):
        facts = model.stored().facts
        fitted = int(facts.get("fitted_rows", model.rows))
        seen = int(facts.get("seen_rows", fitted))
        if not 0 < fitted <= seen <= MOST_ROWS:
            raise ValueError("rows are out of range")
    return Start(model.inner, opened.digest, seen)


def described_start(opened: Opened) -> Json:
    """The older model as the user reads of it."""
    start = start_of(opened)
    return {"model": str(opened.path), "digest": start.digest, "rows": start.rows}


def following(request: RunRequest, opened: Opened) -> RunRequest:
    """The request with the kind, engine, parameters and protection of the older model.

    Raises `UsageError` for an engine that cannot go on from one, and where the request says
    otherwise than the model.
    """
    model = opened.model
    _require_continues(model, opened.kind.name)
    start_of(opened)
    if request.kind not in (None, opened.kind.name):
        raise UsageError(
            f"--kind {request.kind}: the older model is of {opened.kind.name} data. Leave it out."
        )
    if request.engine not in ("auto", model.engine):
        raise UsageError(
            f"-e {request.engine}: the older model was fitted by {model.engine}, and what goes on "
            "from it keeps that. Leave -e out, or fit a model anew, without --from."
        )
    _require_protection(request, model.stored().facts)
    return dataclasses.replace(
        request,
        kind=opened.kind.name,
        engine=model.engine,
        parameters={},
        settings={model.engine: _parameters(model, request.parameters)},
        start=opened.digest,
    )


def _require_continues(model: Fitted[Any], kind: str) -> None:
    if registry.find("engines", model.engine).about.continues:
        return
    known = {name: registry.described(name, detailed=False) for name in registry.names("engines")}
    able = [n for n, about in known.items() if about["continues"] and about["kind"] == kind]
    others = f" Engines that can: {listed(able)}." if able else ""
    raise UsageError(
        f"Engine {model.engine!r} cannot go on from an older model. Fit one anew: "
        f"augment fit SRC -o OUT -e {model.engine}.{others}"
    )


def _require_protection(request: RunRequest, facts: Json) -> None:
    protected = bool(facts.get("protected", True))
    if protected and not request.protect:
        raise UsageError(
            "--no-protect: the older model is protected, and what goes on from it stays so. Leave "
            "it out, or fit a model anew, without --from."
        )
    if request.protect and not protected:
        raise UsageError(
            "The older model was fitted with --no-protect, so what goes on from it cannot be "
            "protected. Pass --no-protect, or fit a model anew, without --from."
        )


def _parameters(model: Fitted[Any], texts: dict[str, str]) -> Json:
    """Those of the older model. Raises `UsageError` where one of the `texts` says otherwise."""
    recipe = registry.find("engines", model.engine)
    known = {field.name for field, _ in fields_of(recipe)}
    with restoring(model.engine):
        stored = dict(model.stored().facts.get("parameters", {}))
        engine = registry.engine(
            model.engine, settings={name: stored[name] for name in stored.keys() & known}
        )
    for name, value in registry.parse_parameters(recipe, texts).items():
        older = getattr(engine, name)
        if value != older:
            raise UsageError(
                f"-p {name}={texts[name]}: the older model was fitted with {older}, and what goes "
                "on from it keeps that. Leave it out, or fit a model anew, without --from."
            )
    return dataclasses.asdict(engine)
