"""The tables of keys as a JSON schema (draft 7), for editors: completion, hover, wrong keys.

What the schema refuses, `check` refuses too; `check` finds more, such as what does not go together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from inference_exporter.config.checks import Check, Key, Section, shape_of
from inference_exporter.config.conditions import condition
from inference_exporter.config.mapping import step
from inference_exporter.config.models import MODEL
from inference_exporter.config.top import TOP

DRAFT = "http://json-schema.org/draft-07/schema#"
_NOT_IN_NAMES = re.compile(r"\W+", re.ASCII)
_ONCE: Mapping[Check[Any], str] = {step: "step", condition: "condition"}  # are in many places

Json = dict[str, Any]


def json_schema() -> Json:
    """The schema of the configuration file."""
    return _Writer().document()


class _Writer:
    """Each section, and what is in many places, is written once under `definitions`."""

    def __init__(self) -> None:
        self._definitions: dict[str, Json] = {}
        self._in_model = False

    def document(self) -> Json:
        top = self._section(TOP)
        return {
            "$schema": DRAFT,
            "title": "Configuration of inference-exporter",
            **top,
            "definitions": self._definitions,
        }

    def _of(self, check: Check[Any]) -> Json:
        if isinstance(check, Section):
            return self._reference(check)
        if check in _ONCE:
            return self._once(_ONCE[check], lambda: self._shape(check))
        return self._shape(check)

    def _shape(self, check: Check[Any]) -> Json:
        found = self._resolved(shape_of(check))
        assert isinstance(found, dict)
        return found

    def _once(self, name: str, write: Callable[[], Json]) -> Json:
        if name not in self._definitions:
            self._definitions[name] = {}  # before what is below, should that come back to it
            self._definitions[name] = write()
        return {"$ref": f"#/definitions/{name}"}

    def _resolved(self, shape: Any) -> Any:
        """The shape, with what stands for a check written out; limits that are endless left out."""
        if callable(shape):
            return self._of(shape)
        if isinstance(shape, Mapping):
            return {name: self._resolved(one) for name, one in shape.items() if one != float("inf")}
        return [self._resolved(one) for one in shape] if isinstance(shape, list) else shape

    def _reference(self, section: Section) -> Json:
        def write() -> Json:
            outside = self._in_model
            self._in_model = outside or section is MODEL
            written = self._section(section)
            self._in_model = outside
            return written

        return self._once(_NOT_IN_NAMES.sub("_", section.title).strip("_"), write)

    def _section(self, section: Section) -> Json:
        """In a model a preset may have what is required, so that nothing is."""
        required = [key.name for key in section.keys if key.required and not self._in_model]
        return {
            "type": "object",
            "properties": {key.name: self._key(section, key) for key in section.keys},
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }

    def _key(self, section: Section, key: Key) -> Json:
        default = section.default_of(key)
        said = f"{key.meaning} Default: {default}." if default != "required" else key.meaning
        example = f" Example: {key.example}" if key.example else ""
        return {"description": said + example, **_or_nothing(self._of(key.check))}


def _or_nothing(schema: Json) -> Json:
    """A key without a value is as good as absent."""
    if isinstance(schema.get("type"), str):
        return schema | {"type": [schema["type"], "null"]}
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    if "$ref" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]} if "anyOf" in schema else schema
