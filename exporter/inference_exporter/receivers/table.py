"""What can be received: a file each, and a line here."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from inference_exporter.exposition.posts import Post, Reply
from inference_exporter.receivers import cloudevents, otlp, otlp_logs, otlp_traces, predictions
from inference_exporter.receivers.records import Record


def _counted(_post: Post, count: int) -> Reply:
    return Reply(202, json.dumps({"accepted": count}).encode())


def _plainly(_post: Post, _count: int) -> Reply:
    return Reply(200)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A route: what its bodies hold for which models, and what is answered when it is safe.

    `records` raises RefusedPost at once or while it is gone through.
    """

    path: str
    records: Callable[[Post, Collection[str]], Iterable[Record]]
    accepted: Callable[[Post, int], Reply]


RECEIVERS: Mapping[str, Receiver] = {
    "predictions": Receiver(predictions.PATH, predictions.records, _counted),
    "cloudevents": Receiver(cloudevents.PATH, cloudevents.records, _plainly),
    "otlp-logs": Receiver(otlp_logs.PATH, otlp_logs.records, otlp.accepted),
    "otlp-traces": Receiver(otlp_traces.PATH, otlp_traces.records, otlp.accepted),
}
