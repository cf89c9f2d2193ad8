"""What `check --sample` prints: every line as it was understood, or why it was not.

line 1: ok
timestamp   2026-11-23T01:07:20.204Z
features
age       41
plan      pro
prediction  1
latency     0.0124 s
line 2: malformed: not JSON: Expecting ',' delimiter at character 63
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from inference_exporter.config.conditions import said
from inference_exporter.config.lines import field_paths
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.success import Success
from inference_exporter.formats import Decoded, make_decoder
from inference_exporter.formats.columns.plan import Kind
from inference_exporter.formats.hints import Seen, hints
from inference_exporter.formats.keys import raw_values
from inference_exporter.formats.paths import walker
from inference_exporter.formats.shown import INVALID, duration, moment, number, text
from inference_exporter.outputs import VECTORS
from inference_exporter.values.batch import (
    RANKS,
    Batch,
    ClassScores,
    NumericColumn,
    RankedItems,
    category_name,
)

_Entry = tuple[str, str]


def explain(
    model: ModelConfig, lines: Sequence[bytes], features: Mapping[str, Kind] | None = None
) -> str:
    """A page for people about some lines of a model's log."""
    collect = features is None and model.fields.features is not None
    decoder = make_decoder(model, features, collect=collect)
    seen = Seen(model)
    parts: list[str] = []
    for i, line in enumerate(lines, 1):
        decoded = decoder.decode(line)
        entries = list(_Row(model, decoded, line).entries()) if decoded.batch.rows else []
        seen.add(line, decoded)
        parts += [_headline(i, decoded, model), *_aligned(entries)]
    parts += ["", _summary(seen.results), *(f"  {hint}" for hint in hints(seen))]
    return "\n".join(parts) + "\n"


def _headline(which: int, decoded: Decoded, model: ModelConfig) -> str:
    result = next(iter(decoded.results), "empty")
    more = decoded.batch.rows - 1
    if more > 0:
        return f"line {which}: {result}, {more + 1} predictions; the first:"
    if decoded.bad_example:
        return f"line {which}: {result}: {decoded.bad_example[0]}"
    if result == "filtered":
        asked = ", ".join(f"{path} {said(wanted)}" for path, wanted in model.when.items())
        return f"line {which}: filtered: when asks for {asked}"
    return f"line {which}: {result}"


def _summary(results: Counter[str]) -> str:
    counts = ", ".join(f"{count} {result}" for result, count in results.items())
    return f"{results.total()} lines: {counts}" if results else "no lines"


def _aligned(entries: list[_Entry]) -> list[str]:
    width = max((len(name) for name, _ in entries), default=0)
    return [f"  {name:<{width}}  {value}".rstrip() for name, value in entries]


class _Row:
    """A line that became a batch of one row."""

    def __init__(self, model: ModelConfig, decoded: Decoded, line: bytes) -> None:
        self._model, self._decoded, self._batch = model, decoded, decoded.batch
        self._raw = dict(raw_values(model.format, line) or {})
        self._paths = {k.removeprefix("fields."): p for k, p in field_paths(model.fields)}

    def entries(self) -> Iterator[_Entry]:
        """Every configured field, as understood."""
        for name in self._model.fields.__slots__:
            if getattr(self._model.fields, name) is None:
                continue
            if name == "features":
                yield from _features(self._batch, self._decoded)
            elif name == "steps":
                for step, column in self._batch.steps.items():
                    yield f"steps.{step}", self._number(f"steps.{step}", column, duration)
            else:
                yield name, self._value(name)
        for name, (value, *_) in self._batch.segments.items():
            yield f"segments.{name}", "missing" if value is None else text(value)

    def _value(self, name: str) -> str:
        column = getattr(self._batch, name)
        if isinstance(column, NumericColumn):
            show = {"timestamp": moment, "latency": duration}.get(name, number)
            return self._number(name, column, show)
        if name in VECTORS:
            return _vector(column, walker(self._paths[name])(self._raw)) or self._unusable(name)
        value = column[0]
        if value is None:
            return self._unusable(name) if self._decoded.invalid.get(name) else "missing"
        if name == "status" and self._model.fields.status is not None:
            good = Success(self._model.fields.status.ok)(category_name(value))
            return f"{text(value)}, a {'success' if good else 'failure'}"
        return text(value)

    def _number(self, name: str, column: NumericColumn, show: Callable[[float], str]) -> str:
        return _number(column, show) or self._unusable(name)

    def _unusable(self, name: str) -> str:
        raw = text(walker(self._paths[name])(self._raw))
        return raw if raw.startswith(INVALID) else f"{INVALID}: {raw}"


def _number(column: NumericColumn, show: Callable[[float], str]) -> str:
    """The number of a column of one row; empty if it is invalid."""
    value = float(column.values[0])
    if not math.isnan(value):
        return show(value)
    return "missing" if column.invalid is None or not column.invalid[0] else ""


def _vector(column: ClassScores | RankedItems, raw: object) -> str:
    """Probabilities by class, the highest first, or the ranked items; empty if invalid."""
    if column.invalid is not None and column.invalid[0]:
        return ""
    if isinstance(column, RankedItems):
        items = raw if isinstance(raw, list) else [raw]
        return ", ".join(map(text, items[:RANKS])) if column.listed[0] else "missing"
    row = column.values[0]
    if math.isnan(row[0]):
        return "missing"
    order = np.argsort(-row, kind="stable")[:RANKS].tolist()
    more = ", …" if len(row) > RANKS else ""
    return ", ".join(f"{column.classes[at]} {number(float(row[at]))}" for at in order) + more


def _features(batch: Batch, decoded: Decoded) -> Iterator[_Entry]:
    if decoded.invalid.get("features"):
        yield "features", f"{INVALID}: not the configured object or list"
        return
    carries = batch.inputs is None or bool(batch.inputs[0])
    yield "features", "" if carries else "none on this line"
    raw = (batch.raw_features or [None])[0] or {}
    yield from ((f"  {name}", text(value)) for name, value in raw.items())
    for name, column in batch.features.items() if carries else ():
        if isinstance(column, NumericColumn):
            yield f"  {name}", _number(column, number) or INVALID
        elif column.values[0] is not None:
            yield f"  {name}", category_name(column.values[0])
        else:
            yield f"  {name}", "missing" if column.invalid is None else INVALID
