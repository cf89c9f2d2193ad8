"""What receiving OTLP/HTTP takes, whatever the signal: bodies, the model of a resource, answers.

Protobuf and JSON are understood. An entry becomes a flat record, as `formats.peeling.records` has
it. Where several models are received, a resource names its own with the attribute `model`,
`ml.model.name` or `service.name`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from inference_exporter.exposition.posts import Post, Reply
from inference_exporter.formats.peeling.records import mapping
from inference_exporter.receivers.otlp_flat import FlatReader
from inference_exporter.receivers.otlp_wire import WireError
from inference_exporter.receivers.records import RefusedPost, an_object, limited, model_of, parsed

PROTOBUF, JSON = "application/x-protobuf", "application/json"
_NAMES = ("model", "ml.model.name", "service.name")

_Object = dict[str, Any]
_Pairs = Iterator[tuple[_Object, _Object]]


@dataclass(frozen=True, slots=True)
class Signal:
    """What a signal is called in OTLP's JSON, and the reader of its protobuf."""

    name: str
    groups: str
    scopes: str
    entries: str
    reader: FlatReader

    def found(self, post: Post, models: Collection[str]) -> Iterator[tuple[str, _Object]]:
        """(model, record) of every entry of a body."""
        for number, (resource, record) in enumerate(self._records(post), 1):
            limited(number)
            yield _model(resource, post, models), record

    def _records(self, post: Post) -> _Pairs:
        if post.content_type == PROTOBUF:
            try:
                yield from self.reader.records(post.body)
            except WireError as error:
                raise RefusedPost(400, f"not an OTLP {self.name} request: {error}") from error
        elif post.content_type == JSON:
            try:
                yield from self._of_json(an_object(parsed(post.body), "the request"))
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                text = f"not an OTLP {self.name} request: {type(error).__name__}: {error}"
                raise RefusedPost(400, text[:300]) from error
        else:
            text = f"content type {post.content_type[:60]}: expected {PROTOBUF} or {JSON}"
            raise RefusedPost(415, text)

    def _of_json(self, request: _Object) -> _Pairs:
        for group in request.get(self.groups, ()):
            resource = mapping((group.get("resource") or {}).get("attributes"))
            for scope in group.get(self.scopes, ()):
                for entry in scope.get(self.entries, ()):
                    yield resource, self.reader.kind.record(entry) | {"resource": resource}


def accepted(post: Post, _count: int) -> Reply:
    """An empty message of the client's own kind: all was taken."""
    if post.content_type == PROTOBUF:
        return Reply(200, b"", PROTOBUF)
    return Reply(200, b"{}", JSON)


def _model(resource: _Object, post: Post, models: Collection[str]) -> str:
    if name := post.query.get("model"):
        return model_of(name, models)
    if len(models) == 1:
        return next(iter(models))
    names = [resource[key] for key in _NAMES if resource.get(key)]
    return next((name for name in names if name in models), None) or model_of(
        names[0] if names else None, models
    )
