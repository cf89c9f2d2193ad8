"""`POST /api/v1/predictions`: a JSON object, an array of them, or one object a line (NDJSON).

What is in an object is up to the model's configuration, as in a log. Where several models are
received here, an object names its own with the key `model`, or all of them with `?model=`. With the
header `Idempotency-Key` a body that is sent again counts once.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from inference_exporter.exposition.posts import Post
from inference_exporter.receivers.records import (
    Record,
    RefusedPost,
    an_object,
    event_of,
    limited,
    model_of,
    parsed,
)

PATH = "/api/v1/predictions"
_Found = tuple[object, dict[str, Any] | bytes]
"""What the key `model` says, and an object or its text."""


class _Head(msgspec.Struct):
    model: Any = None


_decode_lines = msgspec.json.Decoder(_Head).decode_lines
_TYPES = ("", "application/json", "application/x-ndjson", "application/jsonl", "text/plain")


def records(post: Post, models: Collection[str]) -> list[Record]:
    """The predictions of a body; RefusedPost if one of them cannot be taken."""
    if post.content_type not in _TYPES:
        raise RefusedPost(415, f"content type {post.content_type[:60]}: expected application/json")
    text = post.body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text.startswith(b"["):
        limited(text.count(b"\n") + 1)
    found = _by_line(text)
    if found is None:
        found = [(one.get("model"), one) for one in _objects(text)]
    several, asked = len(models) > 1, post.query.get("model")
    key = post.headers.get("idempotency-key", "")
    return [
        Record(
            model_of(asked or (name if several else None), models),
            value,
            event_of(key, str(number)) if key else "",
        )
        for number, (name, value) in enumerate(found)
    ]


def _by_line(text: bytes) -> list[_Found] | None:
    """The lines of NDJSON as they are; None where they are to be read one by one."""
    if b'"$' in text or not text.startswith(b"{"):  # keys that are ours
        return None
    lines = text.replace(b"\r\n", b"\n").split(b"\n")
    try:
        text.decode()
        heads = _decode_lines(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if len(heads) != len(lines):  # a line is empty, or an object is over several
        return None
    return [(head.model, line) for head, line in zip(heads, lines, strict=True)]


def _objects(text: bytes) -> list[dict[str, Any]]:
    return [an_object(value, f"record {number}") for number, value in enumerate(_values(text))]


def _values(text: bytes) -> list[Any]:
    if not text:
        return []
    if text.startswith(b"["):
        value = parsed(text)
        limited(len(value))
        return list(value)
    lines = [line for line in text.split(b"\n") if line.strip()]
    if len(lines) == 1 or not all(line.lstrip().startswith(b"{") for line in lines):
        return [parsed(text)]  # one object, over several lines or not
    return [_line(number, line) for number, line in enumerate(lines)]


def _line(number: int, line: bytes) -> Any:
    try:
        return parsed(line)
    except RefusedPost as error:
        raise RefusedPost(400, f"record {number}: {error.text}") from error
