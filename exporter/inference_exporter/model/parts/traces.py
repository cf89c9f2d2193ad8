"""Spans of requests that are worth looking at, made of what their lines say.

Where the log knows how long requests and their steps took, and nobody else exports their traces:
requests that stand out (`interest`), and a share of all. Ids follow from the request, so what is
read again after a crash are the same spans.
"""

from __future__ import annotations

import math
import sqlite3
from hashlib import blake2b
from typing import Self

import numpy as np

from inference_exporter.config.schema_services import TracesConfig
from inference_exporter.model.counting import Counting
from inference_exporter.model.interest import Interest, at, told_of
from inference_exporter.model.label_spans import LabelSpans
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.values.batch import Batch, Scalar
from inference_exporter.values.spans import SERVER, Attribute, SendSpans, Span, id_of

_PER_BLOCK = 100  # requests of one reason
_HEX_TRACE, _HEX_SPAN = 32, 16
_NAMES = {
    "version": "ml.model.version",
    "request_id": "ml.request.id",
    "status": "ml.request.status",
}


class TracesPart(Part):
    """Sends spans of one model's requests."""

    def __init__(self, setting: Setting, traces: TracesConfig, send: SendSpans) -> None:
        model = setting.config
        self._model, self._send, self._share = model.name, send, traces.sample
        self._at_end = traces.timestamp == "end"
        self._own_ids = model.fields.trace_id is None
        self._interest = Interest(model)
        self._labels = LabelSpans(model.name) if model.labels is not None else None
        self._draw = np.random.default_rng()

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        if setting.traces is None or setting.config.fields.latency is None:
            return None
        return cls(setting, *setting.traces)

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        self._layout = counting.layout

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`."""
        for row, reason in self._chosen(rows.batch).items():
            spans = self._spans(rows.batch, row, float(rows.times[row]), reason)
            if spans:
                self._send(spans)

    def labelled(self, labels: Batch) -> None:
        """See `Part.labelled`."""
        if self._labels is not None:
            self._labels.came(labels)

    def settle(self, connection: sqlite3.Connection | None, now: float) -> bool:  # noqa: ARG002
        """See `Part.settle`: labels of requests that were sent are sent too."""
        for span in self._labels.take(now) if self._labels is not None else ():
            self._send([span])
        return False

    def _chosen(self, batch: Batch) -> dict[int, str]:
        """Rows and why, the most telling reason of each."""
        assert batch.latency is not None
        timed = ~np.isnan(batch.latency.values)
        chosen: dict[int, str] = {}
        sampled = self._draw.random(batch.rows) < self._share
        for reason, mask in (
            *self._interest.reasons(batch, self._layout),
            ("sample", sampled),
        ):
            for row in np.flatnonzero(mask & timed)[:_PER_BLOCK].tolist():
                chosen.setdefault(row, reason)
        return chosen

    def _spans(self, batch: Batch, row: int, time: float, reason: str) -> list[Span]:
        """The request and its steps; none where it is of no trace that can be named."""
        assert batch.latency is not None
        trace = self._trace_id(batch, row, time)
        if trace is None or not math.isfinite(time):
            return []
        took = float(batch.latency.values[row])
        start = time - took if self._at_end else time
        parent = _span_id(at(batch.span_id, row))
        identity = f"{self._model}\0{at(batch.id, row)}\0{at(batch.row, row)}"
        own = id_of(trace, identity)
        failures = self._layout.failed(batch)
        failed = failures is not None and bool(failures[row])
        request = Span(
            trace, own, f"predict {self._model}", start, start + took, parent, SERVER, failed,
            self._attributes(batch, row, reason),
        )  # fmt: skip
        if self._labels is not None:
            self._labels.sent(request, identity, batch, row)
        return [request, *_steps(batch, row, request, identity)]

    def _trace_id(self, batch: Batch, row: int, time: float) -> bytes | None:
        """Of the log; made up where the log has no such field."""
        if self._own_ids:
            key = f"{self._model}\0{at(batch.id, row)}\0{time!r}"
            return blake2b(key.encode("utf-8", "replace"), digest_size=16).digest()
        text = str(at(batch.trace_id, row) or "")
        try:
            return bytes.fromhex(text.zfill(_HEX_TRACE)) if 0 < len(text) <= _HEX_TRACE else None
        except ValueError:
            return None

    def _attributes(self, batch: Batch, row: int, reason: str) -> dict[str, Attribute]:
        known = told_of(batch, row).items()
        found: dict[str, Attribute] = {"ml.model.name": self._model, "ml.sampled_for": reason}
        for name, value in known:
            found[_NAMES.get(name) or f"ml.{name}"] = value
        return found


def _steps(batch: Batch, row: int, request: Span, identity: str) -> list[Span]:
    """A child for each step, one after the other: the log says how long, not when."""
    found, begin = [], request.start
    model = request.attributes["ml.model.name"]
    for name, column in batch.steps.items():
        took = float(column.values[row])
        if math.isnan(took):
            continue
        own = id_of(request.trace_id, f"{identity}\0{name}")
        about = {"ml.model.name": model, "ml.step": name}
        end = begin + took
        found.append(
            Span(request.trace_id, own, name, begin, end, request.span_id, attributes=about)
        )
        begin = end
    return found


def _span_id(value: Scalar) -> bytes:
    """The 8 bytes of a span's id in hexadecimal digits; empty where it is none."""
    text = str(value or "")
    try:
        found = bytes.fromhex(text) if len(text) == _HEX_SPAN else b""
    except ValueError:
        return b""
    return found if any(found) else b""
