"""Columns of raw values, laid out by a Plan, become a Batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np

from inference_exporter.config.conditions import Wanted, holds
from inference_exporter.config.schema import DurationField, Fields, ModelConfig, TimestampField
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.columns.convert import Conversions
from inference_exporter.formats.columns.plan import Plan
from inference_exporter.formats.columns.texts import TraceIds, category_column
from inference_exporter.formats.columns.times import PER_SECOND, time_reader
from inference_exporter.formats.paths import UNUSABLE
from inference_exporter.outputs import VECTORS, Choices
from inference_exporter.values.batch import (
    Batch,
    Bools,
    CategoryColumn,
    FeatureColumn,
    Ints,
    NumericColumn,
    TextColumn,
)
from inference_exporter.values.numbers import kept
from inference_exporter.values.numeric import (
    numeric_column,
    numeric_columns,
    refuse,
    scaled,
)

Columns = Sequence[Sequence[object]]
Reader = Callable[[Sequence[object]], NumericColumn]
Test = tuple[int, Callable[[object], bool]]
"""Where a value is in a row, and what it must be."""

_TEXTS = (
    "version", "status", "prediction", "actual", "id", "trace_id", "span_id", "row", "entity",
    "model_uri",
)  # fmt: skip


class Assembler:
    """Makes Batches from columns of rows in the layout of one Plan."""

    def __init__(self, model: ModelConfig, plan: Plan) -> None:
        self._plan = plan
        self._numbers = {name: reader for name, reader in _readers(model)}
        self._texts = [name for name in _TEXTS if plan.index(name) is not None]
        self._index = {leaf.name: i for i, leaf in enumerate(plan.leaves)}
        self._choices = Choices(model)
        self._vectors = [name for name in VECTORS if name in self._index]
        self._spans = {
            name: (time_reader(field), self._index[f"{name}.since"])
            for name, field in _spans(model.fields)
        }
        self._conversions = Conversions(model.fields, self._index)
        self._when = self._tests("when", model.when)
        self._requests = self._tests("requests_when", model.requests_when)
        self._only = {
            name: self._tests(f"{name}.when", one.when)
            for name, one in _durations(model.fields).items()
            if one.when
        }

    def _tests(self, prefix: str, wanted: Mapping[str, Wanted]) -> list[Test]:
        """Conditions as the places of their values and functions of these."""
        return [(self._index[f"{prefix}.{path}"], holds(one)) for path, one in wanted.items()]

    def decoded(
        self,
        columns: Columns,
        clean: bool,
        results: Mapping[str, int],
        example: tuple[str, str] | None = None,
        rows_of_lines: Sequence[int] | None = None,
    ) -> Decoded:
        """The outcome of a block, given its rows as columns and what became of its other lines.

        `rows_of_lines` is how many rows each line has, if not one.
        """
        lines = None if rows_of_lines is None else _line_numbers(rows_of_lines)
        clean = clean and not self._conversions.steps
        columns, lines, dropped = self._selected(self._conversions.of(columns), lines)
        first = None if lines is None else np.diff(lines, prepend=-1) != 0
        batch, invalid = self._batch(columns, clean, lines, first)
        kept = len(columns[-1]) if first is None else int(first.sum())
        requests = kept if batch.requests is None else int(batch.requests.sum())
        counts = {"ok": requests, "part": kept - requests, "filtered": dropped, **results}
        return Decoded(batch, {k: n for k, n in counts.items() if n}, invalid, example)

    def _batch(
        self, columns: Columns, clean: bool, lines: Ints | None, first: Bools | None
    ) -> tuple[Batch, dict[str, int]]:
        """The Batch and the unusable values by field.

        `clean` promises that no value is UNUSABLE, which saves looking for it. `lines` (rows,) are
        the numbers of the lines that the rows are from, if some have several; `first` marks the
        first row of each.
        """
        requests = self._of_requests(columns, first)
        invalid: dict[str, int] = {}
        numbers = self._of_numbers(columns, first, requests)
        texts = {name: category_column(columns[self._index[name]], clean) for name in self._texts}
        for name, mask in ((n, c.invalid) for n, c in (numbers | texts).items()):
            _count(invalid, name, mask)
        steps = {n.removeprefix("steps."): numbers.pop(n) for n in list(numbers) if "." in n}
        features = self._features(columns, clean)
        segments = self._segments(columns, features, clean)
        for name in self._plan.extra:
            del features[name]
        carrier = columns[-1]
        if self._plan.container is not None and not clean and UNUSABLE in carrier:
            invalid["features"] = carrier.count(UNUSABLE)
        values = {name: column.values for name, column in texts.items()}
        if "trace_id" in values:
            values["trace_id"] = TraceIds(values["trace_id"])
        if lines is not None and "id" in values and "row" not in values:
            values["row"] = _rows_in_lines(lines)
        vectors = {name: columns[self._index[name]] for name in self._vectors}
        choices = self._choices.read(vectors, invalid) if vectors else {}
        batch = Batch(
            rows=len(carrier),
            **cast(dict[str, Any], numbers | values | choices),
            steps=steps,
            features=features,
            segments=segments,
            raw_features=self._conversions.rows(carrier) if self._plan.collect else None,
            inputs=self._inputs(
                columns, values.get("prediction", cast(Any, choices.get("prediction")))
            ),
            requests=requests,
        )  # fmt: skip
        return batch, invalid

    def _of_numbers(
        self, columns: Columns, first: Bools | None, requests: Bools | None
    ) -> dict[str, NumericColumn]:
        """Numbers and durations: steps once a line, the latency once a request."""
        numbers = {n: read(columns[self._index[n]]) for n, read in self._numbers.items()}
        numbers |= {n: self._lasting(n, columns, *pair) for n, pair in self._spans.items()}
        if first is not None:
            numbers |= {n: _once(c, first) for n, c in numbers.items() if n.startswith("steps.")}
        if requests is not None and "latency" in numbers:
            numbers["latency"] = _once(numbers["latency"], requests)
        for name, tests in self._only.items():
            numbers[name] = _once(numbers[name], _meets(columns, tests))
        return numbers

    def _of_requests(self, columns: Columns, first: Bools | None) -> Bools | None:
        """The first row of each request; None if every row is one."""
        if not self._requests:
            return first
        mask = _meets(columns, self._requests)
        return mask if first is None else mask & first

    def _lasting(self, name: str, columns: Columns, read: Reader, since: int) -> NumericColumn:
        """How long it was from one point in time to the other; negative is invalid."""
        end, start = read(columns[self._index[name]]), read(columns[since])
        span = NumericColumn(end.values - start.values, end.invalid)
        if start.invalid is not None:
            span = refuse(span, start.invalid)
        return refuse(span, span.values < 0)

    def _selected(self, columns: Columns, lines: Ints | None) -> tuple[Columns, Ints | None, int]:
        """Only the rows that `when` asks for; how many lines have none of them."""
        rows = len(columns[-1])
        for index, wanted in self._when:
            keep = list(map(wanted, columns[index]))
            if not all(keep):
                mask = np.array(keep, np.bool_)
                columns = [kept(column, mask) for column in columns]
                lines = None if lines is None else lines[mask]
        return columns, lines, rows - len(columns[-1])

    def _features(self, columns: Columns, clean: bool) -> dict[str, FeatureColumn]:
        start = len(self._plan.leaves)
        raw = dict(zip(self._plan.features, columns[start:-1], strict=True))
        self._conversions.features(raw)
        numeric = [name for name, kind in self._plan.features.items() if kind == "numeric"]
        numbers = numeric_columns([raw[name] for name in numeric])
        done: dict[str, FeatureColumn] = dict(zip(numeric, numbers, strict=True))
        return {
            name: done[name] if name in done else category_column(raw[name], clean) for name in raw
        }

    def _segments(
        self, columns: Columns, features: Mapping[str, FeatureColumn], clean: bool
    ) -> dict[str, TextColumn]:
        """Raw values by segment: from a leaf of its own, else from among the features."""
        found: dict[str, TextColumn] = {}
        for name, inside in self._plan.segments.items():
            index = self._index.get(f"segments.{name}")
            sources = [] if index is None else [category_column(columns[index], clean).values]
            if self._plan.collect:
                carrier = self._conversions.rows(columns[-1])
                sources += [
                    _scalars(row.get(n) if row else None for row in carrier) for n in inside
                ]
            else:
                usable = [n for n in inside if self._plan.features.get(n, "vector") != "vector"]
                sources += [_texts(features[n]) for n in usable]
            found[name] = _first_present(sources) or [None] * len(columns[-1])
        return found

    def _inputs(self, columns: Columns, prediction: TextColumn | None) -> Bools | None:
        """The rows with features or a prediction; None if that is all of them, or none can be."""
        sources: list[Sequence[object]] = [] if prediction is None else [prediction]
        if self._plan.container is not None or (self._plan.rest and self._plan.collect):
            sources.insert(0, columns[-1])
        elif self._plan.rest:
            sources.extend(columns[len(self._plan.leaves) : -1])
        if not sources:
            return None
        without: Sequence[int] = range(len(columns[-1]))
        for source in sources:
            if None not in source:
                return None
            without = [row for row in without if source[row] is None]
        present = np.ones(len(columns[-1]), np.bool_)
        present[without] = False
        return None if not without else present


def _meets(columns: Columns, tests: Sequence[Test]) -> Bools:
    """The rows that meet all conditions."""
    mask = np.ones(len(columns[-1]), np.bool_)
    for index, wanted in tests:
        mask &= np.fromiter(map(wanted, columns[index]), np.bool_, len(mask))
    return mask


def _once(column: NumericColumn, first: Bools) -> NumericColumn:
    """Only in some rows: of what is about the request, the first row of each line."""
    values = np.where(first, column.values, np.nan)
    return NumericColumn(values, None if column.invalid is None else column.invalid & first)


def _line_numbers(counts: Sequence[int]) -> Ints | None:
    """The number of the line of every row; None if every line is one row."""
    if set(counts) <= {1}:
        return None
    return np.repeat(np.arange(len(counts)), counts)


def _rows_in_lines(lines: Ints) -> TextColumn:
    """The place of every row in its line, from 0: what late labels are told apart by."""
    starts = np.flatnonzero(np.diff(lines, prepend=-1))
    sizes = np.diff(starts, append=len(lines))
    places: TextColumn = (np.arange(len(lines)) - np.repeat(starts, sizes)).tolist()
    return places


def _texts(column: FeatureColumn) -> TextColumn:
    if isinstance(column, CategoryColumn):
        return column.values
    absent = np.isnan(column.values).tolist()
    values = column.values.tolist()
    return [None if gone else value for value, gone in zip(values, absent, strict=True)]


def _scalars(values: Iterable[object]) -> TextColumn:
    return [one if isinstance(one, str | int | float) else None for one in values]


def _first_present(sources: list[TextColumn]) -> TextColumn:
    """Per row the first value that is there."""
    best: TextColumn = sources[0] if sources else ()
    for more in sources[1:]:
        if None in best:
            best = [b if a is None else a for a, b in zip(best, more, strict=True)]
    return best


def _readers(model: ModelConfig) -> list[tuple[str, Reader]]:
    fields = model.fields
    readers: list[tuple[str, Reader]] = []
    if fields.timestamp is not None:
        readers.append(("timestamp", time_reader(fields.timestamp)))
    if fields.score is not None:
        readers.append(("score", numeric_column))
    if fields.weight is not None:
        readers.append(("weight", _weight))
    durations = _durations(fields).items()
    readers.extend((n, _duration(PER_SECOND[f.unit])) for n, f in durations if not f.since)
    return readers


def _durations(fields: Fields) -> dict[str, DurationField]:
    durations = {f"steps.{step}": field for step, field in fields.steps.items()}
    if fields.latency is not None:
        durations["latency"] = fields.latency
    return durations


def _spans(fields: Fields) -> Iterator[tuple[str, TimestampField]]:
    """Durations that are the time between two points, which are read as timestamps."""
    for name, field in _durations(fields).items():
        if field.since:
            yield name, TimestampField(field.paths, field.unit)


def _duration(per_second: float) -> Reader:
    return lambda raw: scaled(numeric_column(raw), per_second)


def _weight(raw: Sequence[object]) -> NumericColumn:
    column = numeric_column(raw)
    return refuse(column, column.values < 0)


def _count(invalid: dict[str, int], name: str, mask: Bools | None) -> None:
    if mask is not None:
        invalid[name] = int(np.count_nonzero(mask))
