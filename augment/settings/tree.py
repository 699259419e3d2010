"""The declared sections as one pydantic tree, which validates values and gives the JSON Schema.

pydantic takes longer to import than a help text may take, so this module is imported only where
there is something to validate or to publish.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from augment.core import counts, parameters, registry
from augment.core.errors import MissingExtra
from augment.core.parameters import Parameter
from augment.core.types import Json
from augment.settings.file import JOBS
from augment.settings.job import NEEDED, Job
from augment.settings.sections import SECTIONS

SETTINGS_HELP = "Settings of augment, as augment.toml holds them."
STRICT = ConfigDict(extra="forbid")
WRITTEN = int | Annotated[str, Field(pattern=r"^[\d.,_]+([eE]\+?\d+)?\s*[kKmM]?$")]
SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def tree(engines: Iterable[str]) -> type[BaseModel]:
    """The model of all settings but jobs, with the sections of these engines."""
    return _model("settings", SETTINGS_HELP, _sections(engines))


def _sections(engines: Iterable[str]) -> dict[str, type[BaseModel]]:
    recipes = {name: registry.find("engines", name) for name in engines}
    drawn = {name: section(name, recipe, recipe.about.summary) for name, recipe in recipes.items()}
    sections = {
        name: section(name, declaration, declaration.__doc__ or "")  # type: ignore[arg-type]
        for name, declaration in SECTIONS.items()
    }
    sections["engines"] = _model("engines", "An engine's parameters, by its name.", drawn)
    return sections


def installed_engines() -> list[str]:
    """The engines that can be loaded here."""
    found = []
    for name in registry.names("engines"):
        with suppress(MissingExtra):
            registry.find("engines", name)
            found.append(name)
    return found


def json_schema() -> Json:
    """The JSON Schema (2020-12) of a settings file, with every engine that can be loaded."""
    sections = _sections(installed_engines())
    call = section("job", Job, Job.__doc__ or "")
    job = create_model("job", __base__=call, **_parts(sections))
    job.model_config["json_schema_extra"] = {"required": list(NEEDED)}
    listed: Any = (list[job], Field(default_factory=list, alias=JOBS))  # type: ignore[valid-type]
    whole = create_model(
        "settings", __config__=STRICT, __doc__=SETTINGS_HELP, **_parts(sections), jobs_=listed
    )
    return {"$schema": SCHEMA_ID, **whole.model_json_schema()}


@cache  # building a model takes far longer than checking a file by it
def section(name: str, declaration: type[Any], help: str) -> type[BaseModel]:
    """The model of a section; its fields are known by their aliases alone, since names such as
    `schema` are pydantic's own."""
    fields: dict[str, Any] = {}
    for field, hint in parameters.fields_of(declaration):
        found = parameters.declared(field, hint)
        search = parameters.search_document(found.search)
        about = Field(
            default=field.default,
            alias=field.name,
            description=found.help,
            json_schema_extra=None if search is None else {"search": search},
        )
        fields[f"{field.name}_"] = (_bounded(hint, found), about)
    return create_model(name, __config__=STRICT, __doc__=help, **fields)


def _model(name: str, help: str, parts: dict[str, type[BaseModel]]) -> type[BaseModel]:
    return create_model(name, __config__=STRICT, __doc__=help, **_parts(parts))


def _parts(parts: dict[str, type[BaseModel]]) -> dict[str, Any]:
    return {
        f"{part}_": (model, Field(default_factory=model, alias=part))
        for part, model in parts.items()
    }


def _bounded(hint: Any, found: Parameter) -> Any:
    """A type with what is declared of its values: range or form."""
    inner, may_be_none = parameters.optional(hint)
    if get_origin(inner) is tuple:
        inner = tuple[_bounded(get_args(inner)[0], found), ...]  # type: ignore[misc]
    elif inner in (int, float):
        ends = found.range
        limits = Field(
            ge=ends.least,
            le=ends.most,
            gt=ends.above,
            multiple_of=ends.multiple,
            strict=True,
        )
        finite = (Field(allow_inf_nan=False),) if inner is float else ()
        written = (BeforeValidator(_counted, json_schema_input_type=WRITTEN),)
        inner = Annotated[inner, limits, *finite, *(written if found.counts else ())]
    elif inner is bool:
        inner = Annotated[bool, Field(strict=True)]
    elif found.form is not None:
        pattern = Field(pattern=f"^(?:{found.form.pattern})$")
        inner = Annotated[str, pattern, BeforeValidator(_spelt, json_schema_input_type=str | int)]
    return typing.Optional[inner] if may_be_none else inner  # noqa: UP045 - no | for Annotated


def _counted(value: Any) -> Any:
    """`fit_rows = "9M"` and `fit_rows = 9e6` are as good as `fit_rows = 9000000`."""
    text = _spelt(value)
    number = counts.whole(text) if isinstance(text, str) else None
    return value if number is None else number


def _spelt(value: Any) -> Any:
    """`rows = 5000` is as good as `rows = "5000"`."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:.15g}" if number else value
