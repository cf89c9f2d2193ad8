"""Labels that came after their request was sent as a span: a span of their own below it.

A span cannot be changed once it is sent, and labels come minutes or months later. So the label is
another span of the same trace, with the request's as its parent. What it is about is remembered
for the latest requests that were sent, and forgotten with the process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from inference_exporter.model.interest import at
from inference_exporter.values.batch import Batch, Scalar, category_name
from inference_exporter.values.spans import Attribute, Span, id_of

REMEMBERED = 16_384  # requests, about 10 MB


class _Request(NamedTuple):
    """A span that was sent, by what its own id and those of its children follow from."""

    trace_id: bytes
    span_id: bytes
    identity: str
    end: float
    prediction: Scalar


class LabelSpans:
    """Makes spans of the labels of one model's requests."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._requests: dict[tuple[str, str], _Request] = {}
        self._came: list[Batch] = []

    def sent(self, span: Span, identity: str, batch: Batch, row: int) -> None:
        """The span of a request was sent, of this row."""
        name = at(batch.id, row)
        if name is None:
            return
        key = category_name(name), _place(at(batch.row, row))
        prediction = at(batch.prediction, row)
        self._requests.pop(key, None)
        self._requests[key] = _Request(span.trace_id, span.span_id, identity, span.end, prediction)
        if len(self._requests) > REMEMBERED:
            del self._requests[next(iter(self._requests))]

    def came(self, labels: Batch) -> None:
        """Labels came, maybe before the lines of their requests were counted."""
        self._came.append(labels)

    def take(self, now: float) -> Iterator[Span]:
        """The spans of labels that came since the last call."""
        came, self._came = self._came, []
        for labels in came if self._requests else ():
            yield from self._spans(labels, now)

    def _spans(self, labels: Batch, now: float) -> Iterator[Span]:
        for row in range(labels.rows):
            name, actual = at(labels.id, row), at(labels.actual, row)
            if name is None or actual is None:
                continue
            request = self._requests.get((category_name(name), _place(at(labels.row, row))))
            if request is not None:
                yield self._span(request, actual, _time(labels, row, now))

    def _span(self, request: _Request, actual: Attribute, time: float) -> Span:
        predicted = request.prediction
        wrong = predicted is not None and category_name(predicted) != category_name(actual)
        about: dict[str, Attribute] = {
            "ml.model.name": self._model,
            "ml.sampled_for": "wrong" if wrong else "label",
            "ml.actual": actual,
            "ml.label.delay_seconds": max(0.0, time - request.end),
        }
        own = id_of(request.trace_id, f"{request.identity}\0\0{category_name(actual)}")
        return Span(
            request.trace_id, own, f"label {self._model}", time, time, request.span_id,
            attributes=about,
        )  # fmt: skip


def _place(row: Scalar) -> str:
    return "" if row is None else category_name(row)


def _time(labels: Batch, row: int, now: float) -> float:
    """When the label was known, as its line says, else when it was read."""
    known = math.nan if labels.timestamp is None else float(labels.timestamp.values[row])
    return now if math.isnan(known) else known
