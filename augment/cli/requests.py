"""What a command was given, as the lifecycle takes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from augment.cli.flags import Configured
from augment.cli.options import FittingFlags
from augment.cli.parsing import pairs, seconds
from augment.cli.reading_options import ReadingFlags
from augment.core import registry
from augment.core.errors import UsageError
from augment.core.types import Json

if TYPE_CHECKING:
    from augment.lifecycle.plan import RunRequest


def scoring(
    kind: str | None,
    features: Path | None,
    config: Configured,
    show_real: bool = False,
    shadow_models: int | None = None,
) -> Json:
    """What a kind's `Evaluator` is told, by the names that it knows."""
    given: Json = {} if features is None else {"features": str(features)}
    if show_real:
        given["show_real"] = True
    if shadow_models is not None:
        given["shadow_models"] = shadow_models
    if kind is None or not given:
        return given
    return config.suited(given, registry.find("kinds", kind).evaluator.options)


def writing(kind: str | None, config: Configured, given: Json) -> Json:
    """What a kind's `Writer` is told, by the names that it knows; None and False are not told."""
    said = {name: value for name, value in given.items() if value}
    if kind is None or not said:
        return said
    return config.suited(said, registry.find("kinds", kind).writer.options)


def request(
    source: str,
    fitting: FittingFlags,
    reading: ReadingFlags,
    seed: int | None,
    config: Configured,
    kind: str | None = None,
) -> RunRequest:
    """What `fit` and `run` ask for in the same words; settings suit data of `kind`."""
    from augment.lifecycle.plan import RunRequest, foreign_engines, private_engines

    engine, parameters = fitting.engine, pairs(fitting.param, "-p")
    if fitting.preset is not None:
        if parameters.get("preset", fitting.preset) != fitting.preset:
            raise UsageError("--preset and -p preset=… contradict each other. Leave out one.")
        parameters = {**parameters, "preset": fitting.preset}
    if fitting.weights is not None:
        foreign = foreign_engines()
        if engine not in ("auto", *foreign, config.settings.fitting.engine):
            raise UsageError(f"--weights is for the engine {foreign[0]}. Leave out -e {engine}.")
        engine = engine if engine in foreign else foreign[0]
        parameters = {**parameters, "weights": str(fitting.weights)}
    if fitting.dp_epsilon is not None:
        private = private_engines()
        if engine not in ("auto", *private, config.settings.fitting.engine):
            raise UsageError(
                f"--dp-epsilon is for the engine {private[0]}: no other is differentially private. "
                f"Leave out -e {engine}."
            )
        engine = engine if engine in private else private[0]
        parameters = {**parameters, "epsilon": repr(fitting.dp_epsilon)}
        if fitting.dp_delta is not None:
            parameters = {**parameters, "delta": repr(fitting.dp_delta)}
    elif fitting.dp_delta is not None:
        raise UsageError("--dp-delta goes with --dp-epsilon E.")
    read = reading.suited(
        kind, config, {} if fitting.locale is None else {"locale": fitting.locale}
    )
    if kind is not None and engine != "auto" and config.settled("engine"):
        about = registry.find("engines", engine).about
        engine = engine if about.kind == kind else "auto"  # settled for data of another kind
    return RunRequest(
        source=source,
        kind=reading.kind,
        engine=engine,
        parameters=parameters,
        seed=seed,
        max_seconds=seconds(fitting.max_time),
        device=fitting.device,
        protect=not fitting.no_protect,
        settings=config.settings.engines,
        read=read,
    )


def require_weights(param: list[str] | None) -> None:
    """Refuse `-p` beside a fitted model."""
    if param:
        raise UsageError("-p goes with --weights: a model keeps the parameters of its fit.")
