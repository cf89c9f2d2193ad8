"""The same pages as values, for `inference-exporter status`: JSON of what the HTML is made of.

It is no interface for anyone else: its shape is that of the views, and changes with them. What
others read is `/metrics`.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from inference_exporter.exposition.status.views import HomeView, ModelView

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A page: that of a model where one was asked for, else the front page.

    `version` is that of the exporter, `timestamp` the time of publication in epoch seconds.
    """

    version: str
    timestamp: float
    not_ready: str = ""
    home: HomeView | None = None
    model: ModelView | None = None


def encoded(answer: Answer) -> bytes:
    """As JSON."""
    return msgspec.json.encode(answer)


def decoded(body: bytes) -> Answer:
    """What `encoded` made; ValueError where it is something else."""
    return msgspec.json.decode(body, type=Answer)


def wants_json(accept: str) -> bool:
    """Whether a client asks for JSON before all else.

    >>> wants_json("application/json"), wants_json("text/html,application/json"), wants_json("*/*")
    (True, False, False)
    """
    return accept.partition(",")[0].partition(";")[0].strip().lower() == JSON
