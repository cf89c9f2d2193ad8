"""A span: what took how long within which trace, as OpenTelemetry has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Attribute = str | int | float | bool

INTERNAL, SERVER = 1, 2  # kinds


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of work. Ids are bytes: 16 of the trace, 8 of a span; times epoch seconds."""

    trace_id: bytes
    span_id: bytes
    name: str
    start: float
    end: float
    parent_id: bytes = b""
    kind: int = INTERNAL
    error: bool = False
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


SendSpans = Callable[[Sequence[Span]], None]
"""Takes the spans of one request; never waits."""
