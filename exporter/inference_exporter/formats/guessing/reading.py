"""How lines become rows: what is decoded and exploded, and what halves have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inference_exporter.formats.guessing.kinds import DEPTH
from inference_exporter.formats.keys import paths
from inference_exporter.formats.paths import walker

Row = Mapping[str, Any]


@dataclass(slots=True)
class Reading:
    """How lines become rows: `decode` and `explode` as they are configured, and the rows.

    Steps are as YAML. `request` is what tells requests and responses, `id` what they share.
    """

    rows: list[Row]
    decode: dict[str, list[str]] = field(default_factory=dict)
    explode: list[str] = field(default_factory=list)
    id: str = ""  # empty: nothing, they are joined by their order
    request: tuple[str, str] | None = None  # conditions, as YAML
    note: str = ""  # what cannot be done with such lines


def values_at(rows: Iterable[Row], path: str) -> list[Any]:
    """What is at a path, where there is something."""
    find = walker((path,))
    return [value for value in (find(dict(row)) for row in rows) if value is not None]


def all_paths(rows: Sequence[Row]) -> list[str]:
    """All paths that a configuration can spell."""
    found = dict.fromkeys(path for row in rows[:200] for path in paths(row, depth=DEPTH))
    return [path for path in found if path.strip() and path.isprintable()]
