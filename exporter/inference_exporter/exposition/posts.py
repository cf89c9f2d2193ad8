"""What is posted to a receiver, and what it is answered: the border between the two."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Post:
    """A request with its whole body, decompressed. Names of headers are in lower case."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """The media type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, body, its media type; seconds to wait before trying again, if not 0."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    retry_after: int = 0


Take = Callable[[Post], Future[Reply]]
"""Reads a body, which may take a moment, and promises the answer."""
