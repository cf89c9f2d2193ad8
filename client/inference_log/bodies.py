"""What a request asked and what was answered, found in the JSON of both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import getrandbits
from typing import Any, Callable

from inference_log.call import Call
from inference_log.log import PredictionLog

Read = Callable[[Any, Any], Mapping[str, Any]]
_INPUTS = ("features", "instances", "inputs", "dataframe_records", "data")
_OUTPUTS = ("prediction", "predictions", "outputs", "label", "result")
_SCORES = ("score", "scores", "probability", "probabilities")


def fields_of(asked: Any, answered: Any) -> Mapping[str, Any]:
    """Features, prediction and score by their usual names; else all of the request, and no more."""
    return {
        "features": _first(asked, _INPUTS, asked),
        "prediction": _first(answered, _OUTPUTS, None if _is_object(answered) else answered),
        "score": _first(answered, _SCORES, None),
    }


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _first(value: Any, names: tuple[str, ...], otherwise: Any) -> Any:
    if _is_object(value):
        for name in names:
            if name in value:
                return value[name]
    return otherwise


class Exchange:
    """One request with its answer; bodies are kept as they pass, up to `limit` bytes each."""

    def __init__(self, log: PredictionLog, id: str | None, read: Read, limit: int) -> None:
        self.id = id or f"{getrandbits(128):032x}"
        self.call: Call = log.call(id=self.id, _read=self._fields)
        self._read, self._limit = read, limit
        self._asked: list[bytes] = []
        self._answered: list[bytes] = []
        self._sizes = [0, 0]

    def asked(self, body: bytes) -> None:
        """A part of the request's body."""
        self._keep(self._asked, 0, body)

    def answered(self, body: bytes) -> None:
        """A part of the answer's body."""
        self._keep(self._answered, 1, body)

    def _keep(self, parts: list[bytes], side: int, body: bytes) -> None:
        self._sizes[side] += len(body)
        if self._sizes[side] <= self._limit:
            parts.append(body)

    def _fields(self) -> Mapping[str, Any]:
        """Both bodies taken apart; called in the writer's thread."""
        sides = zip((self._asked, self._answered), self._sizes)
        asked, answered = (_json(parts, size <= self._limit) for parts, size in sides)
        return self._read(asked, answered)


def _json(parts: list[bytes], whole: bool) -> Any:
    try:
        return json.loads(b"".join(parts)) if whole else None
    except (ValueError, RecursionError):
        return None
