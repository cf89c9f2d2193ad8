"""What clients of the web server may take, all in one place."""

from __future__ import annotations

from dataclasses import dataclass

MAX_HEAD_BYTES = 16 * 1024  # request line and headers; more is answered with 400
BODY_PIECE_BYTES = 64 * 1024  # written at a time, so that a slow reader costs one piece of memory


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds per connection, in seconds, and on their number.

    `answer` is longer than the scrape timeouts in use. `idle` is longer than the usual scrape
    interval of a minute, so that scrapers keep their connection and its TLS session.
    """

    connections: int = 256
    handshake: float = 10.0
    head: float = 10.0
    answer: float = 60.0
    idle: float = 75.0
    shutdown: int = 2
