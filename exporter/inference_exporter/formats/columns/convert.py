"""Columns of raw values converted by the steps of their fields, and the constants among them."""

from __future__ import annotations

import math
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

from inference_exporter.config.schema import Fields
from inference_exporter.formats.columns.plan import leaf_fields
from inference_exporter.formats.paths import UNUSABLE, scalar
from inference_exporter.formats.steps import Function, function_of
from inference_exporter.outputs import VECTORS

Columns = Sequence[Sequence[object]]


class Conversions:
    """What the fields of a model ask for; `index` is where their leaves are in a row."""

    def __init__(self, fields: Fields, index: Mapping[str, int]) -> None:
        named = [(name, index[name], field) for name, field in leaf_fields(fields)]
        self._steps = [(at, _function(name, f)) for name, at, f in named if f.convert]
        self._constants = [(at, f.const) for _, at, f in named if _has_const(f)]
        features = fields.features.convert if fields.features else {}
        self._features = {name: function_of(steps) for name, steps in features.items()}
        self._only = fields.features.only if fields.features else ()
        self._exclude = fields.features.exclude if fields.features else ()

    @property
    def steps(self) -> bool:
        """Whether there are any, which may find values that cannot be used."""
        return bool(self._steps or self._features)

    def of(self, columns: Columns) -> Columns:
        """The columns of fields, converted."""
        if not (self._steps or self._constants):
            return columns
        changed = list(columns)
        for at, function in self._steps:
            changed[at] = [function(value) for value in changed[at]]
        for at, value in self._constants:
            changed[at] = (value,) * len(columns[-1])
        return changed

    def features(self, raw: MutableMapping[str, Sequence[object]]) -> None:
        """The columns of features by name, converted in place."""
        for name, function in self._features.items():
            if name in raw:
                raw[name] = [function(value) for value in raw[name]]

    def rows(self, carrier: Sequence[object]) -> list[Mapping[str, object] | None]:
        """The features of each row by name, while they are being collected."""
        rows = [value if isinstance(value, dict) else None for value in carrier]
        if not self._features and not self._only and not self._exclude:
            return list(rows)
        return [(row and self._row(row)) or None for row in rows]

    def _row(self, row: Mapping[str, object]) -> Mapping[str, object]:
        done = {name: row[name] for name in self._only if name in row} if self._only else dict(row)
        for name in self._exclude:
            done.pop(name, None)
        for name, function in self._features.items():
            if name in done:
                value = function(done[name])
                done[name] = math.nan if value is UNUSABLE else value  # present, and no number
        return done


def _function(name: str, field: Any) -> Function:
    function = function_of(field.convert)
    return function if name in VECTORS else lambda value: scalar(function(value))


def _has_const(field: Any) -> bool:
    return getattr(field, "const", None) is not None
