"""What a receiver makes of a body: lines for models, each an object with where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import msgspec

LINE_BYTES = 1_000_000  # a longer line would be skipped when it is read
DEPTH = 100  # levels of nesting
RECORDS = 100_000  # of a body: the smallest are two bytes, and each of them becomes a line
OPENINGS = 1_000_000  # objects and lists of a body: an empty one takes thirty times its two bytes

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class RefusedPost(Exception):
    """The body cannot be taken: status and reason."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


@dataclass(frozen=True, slots=True)
class Record:
    """An object for a model, or its text. One with an `event` that came before is a repetition.

    A text is on one line, and none of its keys begins with `$`.
    """

    model: str
    value: dict[str, Any] | bytes
    event: str = ""

    def line(self, received: float) -> bytes:
        """The object as a line, with the time of its arrival and its event in front."""
        own = {"$received": received} | ({"$event": self.event} if self.event else {})
        if isinstance(self.value, bytes):
            rest = self.value[1:].lstrip()
            comma = b"" if rest.startswith(b"}") else b","
            line: bytes = b"".join((_encode(own)[:-1], comma, rest, b"\n"))
        else:
            line = _encode(own | self.value | own) + b"\n"
        if len(line) > LINE_BYTES:
            raise RefusedPost(413, f"a record of {len(line)} bytes, at most {LINE_BYTES}")
        return line


def event_of(*parts: str) -> str:
    """A short name of what the parts identify together.

    >>> event_of("a", "b") == event_of("a", "b"), event_of("ab", "") == event_of("a", "b")
    (True, False)
    """
    text = "\x00".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def model_of(name: object, models: Collection[str]) -> str:
    """The model that a record is for: by its name, or the only one there is."""
    if isinstance(name, str) and name in models:
        return name
    if len(models) == 1 and name is None:
        return next(iter(models))
    known = ", ".join(sorted(models))
    if name is None:
        raise RefusedPost(400, f"several models are received here, name one of {known}")
    raise RefusedPost(400, f"no model {str(name)[:60]!r} is received here; expected {known}")


def limited(number: int) -> None:
    """RefusedPost where a body holds more records than are taken at once."""
    if number > RECORDS:
        raise RefusedPost(413, f"more than {RECORDS} records; send less at once")


def parsed(body: bytes) -> Any:
    """The JSON value of a body; RefusedPost if it is none, or one that takes too much memory."""
    if body.count(b"{") + body.count(b"[") > OPENINGS:
        raise RefusedPost(413, f"more than {OPENINGS} objects and lists; send less at once")
    try:
        return _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RefusedPost(400, f"not JSON: {error}") from error
    except RecursionError as error:
        raise RefusedPost(400, "not JSON that can be read: nested too deeply") from error


def an_object(value: Any, what: str) -> dict[str, Any]:
    """The value, which must be an object."""
    if not isinstance(value, dict):
        raise RefusedPost(400, f"{what}: expected a JSON object")
    return value
