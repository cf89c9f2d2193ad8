"""`POST /cloudevents`: what the payload loggers of KServe and Seldon Core send.

CloudEvents 1.0 over HTTP in all three modes: binary (attributes are headers `ce-…`, the body is the
data), structured (`application/cloudevents+json`) and batch. An event becomes an object with its
attributes and, under `data`, its body; the presets `kserve` and `seldon` join requests and
responses. The answer is exactly 200: KServe's agent takes anything else for a failure and does not
try again. An event that comes twice (same source, id and type) counts once.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from typing import Any

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

PATH = "/cloudevents"
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
_NAMES = ("model", "inferenceservicename", "modelid")


def records(post: Post, models: Collection[str]) -> list[Record]:
    """The events of a body; RefusedPost if it holds none."""
    if post.content_type == STRUCTURED:
        events = [an_object(parsed(post.body), "the event")]
    elif post.content_type == BATCH:
        found = parsed(post.body)
        if not isinstance(found, list):
            raise RefusedPost(400, "a batch: expected a JSON array of events")
        limited(len(found))
        events = [an_object(one, f"event {number}") for number, one in enumerate(found)]
    else:
        events = [_binary(post)]
    return [_record(event, post, models) for event in events]


def _binary(post: Post) -> dict[str, Any]:
    attributes = {
        name.removeprefix("ce-"): value
        for name, value in post.headers.items()
        if name.startswith("ce-")
    }
    if not {"id", "type"} <= attributes.keys():
        raise RefusedPost(400, f"expected the headers ce-id and ce-type, or the type {STRUCTURED}")
    return attributes | {"data": _data(post)}


def _data(post: Post) -> Any:
    """The data of an event: JSON, else its bytes as text (an image is no row of a table)."""
    opening = post.body.lstrip()[:1]
    if "json" in post.content_type or opening in (b"{", b"["):
        return parsed(post.body)
    try:
        return post.body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _record(event: Mapping[str, Any], post: Post, models: Collection[str]) -> Record:
    value = dict(event)
    if isinstance(packed := value.pop("data_base64", None), str):
        value["data"] = _unpacked(packed)
    identity = [str(value.get(key, "")) for key in ("source", "id", "type")]
    if not identity[1]:
        raise RefusedPost(400, "an event without an id")
    return Record(_model(value, post, models), value, event_of(*identity))


def _unpacked(packed: str) -> Any:
    try:
        body = base64.b64decode(packed, validate=True)
    except ValueError as error:
        raise RefusedPost(400, f"data_base64: {error}") from error
    return parsed(body) if body.lstrip()[:1] in (b"{", b"[") else None


def _model(event: Mapping[str, Any], post: Post, models: Collection[str]) -> str:
    """The model by `?model=`, or by the names that loggers give; the only one takes all."""
    if name := post.query.get("model"):
        return model_of(name, models)
    if len(models) == 1:
        return next(iter(models))
    names = [event[key] for key in _NAMES if isinstance(event.get(key), str)]
    return next((name for name in names if name in models), None) or model_of(
        names[0] if names else None, models
    )
