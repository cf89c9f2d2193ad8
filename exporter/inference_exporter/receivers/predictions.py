"""`POST /api/v1/predictions`: a JSON object, an array of them, or one object a line (NDJSON).

What is in an object is up to the model's configuration, as in a log. Where several models are
received here, an object names its own with the key `model`, or all of them with `?model=`. With the
header `Idempotency-Key` a body that is sent again counts once.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from inference_exporter.exposition.posts import Post
from inference_exporter.receivers.records import (
    Record,
    RefusedPost,
    an_object,
    event_of,
    model_of,
    parsed,
)

PATH = "/api/v1/predictions"
_TYPES = ("", "application/json", "application/x-ndjson", "application/jsonl", "text/plain")


def records(post: Post, models: Collection[str]) -> list[Record]:
    """The predictions of a body; RefusedPost if one of them cannot be taken."""
    if post.content_type not in _TYPES:
        raise RefusedPost(415, f"content type {post.content_type[:60]}: expected application/json")
    key = post.headers.get("idempotency-key", "")
    found: list[Record] = []
    for number, value in enumerate(_values(post.body)):
        one = an_object(value, f"record {number}")
        name = post.query.get("model") or (one.get("model") if len(models) > 1 else None)
        event = event_of(key, str(number)) if key else ""
        found.append(Record(model_of(name, models), one, event))
    return found


def _values(body: bytes) -> list[Any]:
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        return []
    if text.startswith(b"["):
        value = parsed(text)
        return value if isinstance(value, list) else [value]
    lines = [line for line in text.split(b"\n") if line.strip()]
    if len(lines) == 1 or not all(line.lstrip().startswith(b"{") for line in lines):
        return [parsed(text)]  # one object, over several lines or not
    return [_line(number, line) for number, line in enumerate(lines)]


def _line(number: int, line: bytes) -> Any:
    try:
        return parsed(line)
    except RefusedPost as error:
        raise RefusedPost(400, f"record {number}: {error.text}") from error
