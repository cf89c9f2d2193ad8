"""A span: what took how long within which trace, as OpenTelemetry has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Attribute = str | int | float | bool

INTERNAL, SERVER = 1, 2  # kinds


class Span(NamedTuple):
    """One piece of work. Ids are bytes: 16 of the trace, 8 of a span; times epoch seconds."""

    trace_id: bytes
    span_id: bytes
    name: str
    start: float
    end: float
    parent_id: bytes = b""
    kind: int = INTERNAL
    error: bool = False
    attributes: Mapping[str, Attribute] = {}


SendSpans = Callable[[Sequence[Span]], None]
"""Takes the spans of one request; never waits."""
