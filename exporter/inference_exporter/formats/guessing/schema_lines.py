"""BentoML's schema lines: which column of a monitoring log is what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inference_exporter.formats.json_lines import parse


@dataclass(frozen=True, slots=True)
class Roles:
    """Columns by role: inputs, the prediction, the column of probabilities, the truth."""

    features: tuple[str, ...]
    prediction: str | None
    scores: str | None
    actual: str | None


def roles_in(lines: Sequence[bytes]) -> Roles | None:
    """What the last schema line says; None if there is none."""
    for line in reversed(lines):
        found: Mapping[str, Any] | None = parse(line)
        if found is not None and _is_schema(found):
            return _roles(found["columns"])
    return None


def is_schema_line(line: bytes) -> bool:
    """Whether it is a schema and no prediction."""
    found = parse(line) if b'"columns"' in line else None
    return found is not None and _is_schema(found)


def _is_schema(found: Mapping[str, Any]) -> bool:
    columns = found.get("columns")
    return (
        isinstance(columns, list)
        and bool(columns)
        and all(isinstance(one, dict) and {"name", "role", "type"} <= one.keys() for one in columns)
    )


def _roles(columns: Sequence[Any]) -> Roles:
    def of(role: str, *, vector: bool) -> list[str]:
        kinds = [one for one in columns if one["role"] == role]
        return [str(o["name"]) for o in kinds if ("sequence" in str(o["type"])) == vector]

    def first(names: Sequence[str]) -> str | None:
        return names[0] if names else None

    return Roles(
        tuple(of("feature", vector=False)),
        first(of("prediction", vector=False)),
        first(of("prediction", vector=True)),
        first(of("target", vector=False)),
    )
