"""What receiving OTLP/HTTP takes, whatever the signal: bodies, the model of a resource, answers.

Protobuf and JSON are understood. Where several models are received, a resource names its own with
the attribute `model`, `ml.model.name` or `service.name`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from inference_exporter.exposition.posts import Post, Reply
from inference_exporter.receivers.otlp_wire import WireError
from inference_exporter.receivers.records import RefusedPost, an_object, model_of, parsed

PROTOBUF, JSON = "application/x-protobuf", "application/json"
_NAMES = ("model", "ml.model.name", "service.name")


@dataclass(frozen=True, slots=True)
class Signal:
    """What a signal is called in OTLP's JSON, and the reader of its protobuf."""

    name: str
    groups: str
    scopes: str
    entries: str
    read: Callable[[bytes], dict[str, Any]]

    def found(
        self, post: Post, models: Collection[str]
    ) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """(model, line, entry) of every entry of a body; the line is the entry in OTLP's JSON."""
        for resource, entry in self._each(self._request(post)):
            scope = {self.entries: [entry]}
            line = {self.groups: [{"resource": resource, self.scopes: [scope]}]}
            yield _model(resource, post, models), line, entry

    def _request(self, post: Post) -> dict[str, Any]:
        if post.content_type == PROTOBUF:
            try:
                return self.read(post.body)
            except WireError as error:
                raise RefusedPost(400, f"not an OTLP {self.name} request: {error}") from error
        if post.content_type == JSON:
            return an_object(parsed(post.body), "the request")
        text = f"content type {post.content_type[:60]}: expected {PROTOBUF} or {JSON}"
        raise RefusedPost(415, text)

    def _each(self, request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        try:
            for group in request.get(self.groups, ()):
                resource = an_object(group.get("resource") or {}, "resource")
                for scope in group.get(self.scopes, ()):
                    for entry in scope.get(self.entries, ()):
                        yield resource, an_object(entry, f"one of the {self.entries}")
        except (AttributeError, TypeError) as error:
            text = f"not an OTLP {self.name} request: a list of objects is missing"
            raise RefusedPost(400, text) from error


def accepted(post: Post, _count: int) -> Reply:
    """An empty message of the client's own kind: all was taken."""
    if post.content_type == PROTOBUF:
        return Reply(200, b"", PROTOBUF)
    return Reply(200, b"{}", JSON)


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
