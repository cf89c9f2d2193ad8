"""A span: what took how long within which trace, as OpenTelemetry has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
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


def id_of(trace: bytes, identity: str) -> bytes:
    """The id of a span, the same whenever it is made of the same."""
    return blake2b(identity.encode("utf-8", "replace"), key=trace, digest_size=8).digest()


SendSpans = Callable[[Sequence[Span]], None]
"""Takes the spans of one request; never waits."""
