"""`POST /v1/logs`: log records of OpenTelemetry (OTLP/HTTP), as protobuf or as JSON.

Every record becomes a line in the shape of OTLP's JSON, with its resource; the preset `otlp-logs`
reads it. Where several models are received here, a resource names its own with the attribute
`model` or `service.name`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from inference_exporter.exposition.posts import Post, Reply
from inference_exporter.receivers.otlp_wire import WireError, logs_request
from inference_exporter.receivers.records import Record, RefusedPost, an_object, model_of, parsed

PATH = "/v1/logs"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
_NAMES = ("model", "ml.model.name", "service.name")


def records(post: Post, models: Collection[str]) -> list[Record]:
    """The log records of a body."""
    found: list[Record] = []
    for resource, record in _records(_request(post)):
        model = _model(resource, post, models)
        scope = {"logRecords": [record]}
        line = {"resourceLogs": [{"resource": resource, "scopeLogs": [scope]}]}
        found.append(Record(model, line))
    return found


def accepted(post: Post, _count: int) -> Reply:
    """An empty message of the client's own kind."""
    if post.content_type == PROTOBUF:
        return Reply(200, b"", PROTOBUF)
    return Reply(200, b"{}", JSON)


def _request(post: Post) -> dict[str, Any]:
    if post.content_type == PROTOBUF:
        try:
            return logs_request(post.body)
        except WireError as error:
            raise RefusedPost(400, f"not an OTLP logs request: {error}") from error
    if post.content_type == JSON:
        return an_object(parsed(post.body), "the request")
    text = f"content type {post.content_type[:60]}: expected {PROTOBUF} or {JSON}"
    raise RefusedPost(415, text)


def _records(request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    try:
        for group in request.get("resourceLogs", ()):
            resource = an_object(group.get("resource") or {}, "resource")
            for scope in group.get("scopeLogs", ()):
                for record in scope.get("logRecords", ()):
                    yield resource, an_object(record, "a log record")
    except (AttributeError, TypeError) as error:
        raise RefusedPost(400, "not an OTLP logs request: a list of objects is missing") from error


def _model(resource: dict[str, Any], post: Post, models: Collection[str]) -> str:
    if name := post.query.get("model"):
        return model_of(name, models)
    if len(models) == 1:
        return next(iter(models))
    named = {
        one.get("key"): one.get("value", {}).get("stringValue")
        for one in resource.get("attributes", ())
        if isinstance(one, dict) and isinstance(one.get("value"), dict)
    }
    names = [named[key] for key in _NAMES if named.get(key)]
    return next((name for name in names if name in models), None) or model_of(
        names[0] if names else None, models
    )
