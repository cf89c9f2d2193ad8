"""The log: what is predicted, and what turned out to be true."""

from __future__ import annotations

import functools
import inspect
import os
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timezone
from hashlib import blake2b
from pathlib import Path
from typing import Any, Callable, TypeVar

from inference_log.call import Call, current
from inference_log.files import File
from inference_log.plain import line_of
from inference_log.rows import alone, count, kept, named, part
from inference_log.trace import trace
from inference_log.writer import Writer

F = TypeVar("F", bound=Callable[..., Any])
ROWS = 256  # of one line; more are several lines
_PLAIN = frozenset((int, float, str, bool, type(None)))  # what needs no copy
_BY_ROW = ("features", "prediction", "score", "scores")
LINE_BYTES = 1 << 20  # more is not read by the exporter, as it is set up


class PredictionLog:
    """A log of predictions, JSON lines in `path`, a file for each process that writes.

    `names` are those of inputs that are given as lists or arrays. `redact` names fields that are
    left out wherever they are. Of all predictions a share of `sample` is logged, each with its
    weight; by id where there is one, so that labels go with their predictions. A file of
    `max_bytes` is rotated, and `backups` older ones are kept. Up to `queue` rows wait for
    `interval` seconds or as long as the disk refuses; what comes on top is counted as dropped.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        model: str | None = None,
        version: str | None = None,
        names: Sequence[str] | None = None,
        redact: Sequence[str] = (),
        sample: float = 1.0,
        max_bytes: int = 64_000_000,
        backups: int = 3,
        queue: int = 10_000,
        interval: float = 0.1,
    ) -> None:
        if not 0 < sample <= 1:
            raise ValueError(f"sample: expected a share above 0 and up to 1, got {sample!r}")
        self._settings = dict(locals())
        del self._settings["self"]
        self._about = {"kind": "prediction", "timestamp": 0, "id": None, "model": model,
                       "version": version}  # fmt: skip
        self._names, self._redact, self._sample = names, frozenset(redact), sample
        self._writer = Writer(File(Path(path), max_bytes, backups), self._lines, queue, interval)

    def write(
        self,
        features: Any = None,
        prediction: Any = None,
        *,
        score: Any = None,
        id: str | None = None,
        latency: float | None = None,
        steps: Mapping[str, float] | None = None,
        **more: Any,
    ) -> None:
        """Log a prediction, or one for each row of a list, an array or a frame; never raises.

        `latency` and `steps` are in seconds. `more` are other keys of the line: `status`, `actual`,
        `scores`, a segment. Values that are nested in others must not be changed afterwards.
        """
        try:
            if self._sample < 1 and not self._chosen(id):
                return
            rows = count(features)
            record = {
                "timestamp": time.time(), "id": id, "_rows": rows, "features": kept(features),
                "prediction": prediction if prediction.__class__ in _PLAIN else kept(prediction),
                "score": score if score.__class__ in _PLAIN else kept(score), "latency": latency,
                "steps": dict(steps) if steps else None, "_trace": trace(), **more,
            }  # fmt: skip
            self._writer.put(record, rows or 1)
        except Exception:
            self._writer.drop("error")

    def label(self, id: str, actual: Any, *, row: int | None = None, **more: Any) -> None:
        """Log what turned out to be true of the prediction with that id, or of one of its rows."""
        try:
            if self._sample < 1 and not self._chosen(id):
                return
            begin, place = divmod(row or 0, ROWS)
            record = {
                "kind": "label", "timestamp": time.time(), "id": _numbered(id, begin),
                "row": None if row is None else place, "actual": kept(actual), **more,
            }  # fmt: skip
            self._writer.put(record)
        except Exception:
            self._writer.drop("error")

    def call(self, features: Any = None, **fields: Any) -> Call:
        """Time a block and log it as it ends: `with log.call(row) as call: call.note(…)`."""
        return Call(self, {"features": features, **fields})

    def step(self, name: str) -> AbstractContextManager[Any]:
        """Time a step of the call around it: `with log.step("lookup"): …`."""
        call = current.get()
        return nullcontext() if call is None else call.step(name)

    def note(self, **fields: Any) -> None:
        """Say something of the call around it, such as its `id` or its `score`."""
        call = current.get()
        if call is not None:
            call.note(**fields)

    def logged(self, function: F) -> F:
        """A decorator: logs every call with its time.

        Inputs are the argument if there is one, else all of them by name. The prediction is what is
        returned, or in a dict what has the names `prediction` and `score`.
        """
        signature = inspect.signature(function)
        known = signature.parameters.values()
        names = [one.name for one in known if one.kind is one.POSITIONAL_OR_KEYWORD]

        def called(given: tuple[Any, ...], by_name: dict[str, Any]) -> Call:
            if len(given) == len(names) == len(known):
                arguments = dict(zip(names, given))  # `bind` takes longer than all the rest
            else:
                arguments = dict(signature.bind(*given, **by_name).arguments)
            arguments.pop("self", None)
            (features,) = arguments.values() if len(arguments) == 1 else (arguments,)
            return self.call(features)

        @functools.wraps(function)
        def plain(*given: Any, **by_name: Any) -> Any:
            with called(given, by_name) as call:
                return call.returned(function(*given, **by_name))

        @functools.wraps(function)
        async def waiting(*given: Any, **by_name: Any) -> Any:
            with called(given, by_name) as call:
                return call.returned(await function(*given, **by_name))

        return waiting if inspect.iscoroutinefunction(function) else plain  # type: ignore[return-value]

    def flush(self) -> bool:
        """Write at once what waits; whether the disk took it."""
        return self._writer.flush()

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits, for so many seconds at most, and let go of the file."""
        self._writer.close(timeout)

    def __enter__(self) -> PredictionLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return functools.partial(PredictionLog, **self._settings), ()

    def _chosen(self, id: str | None) -> bool:
        if id is None:
            return random.random() < self._sample
        digest = blake2b(str(id).encode("utf-8", "replace"), digest_size=8).digest()
        return int.from_bytes(digest, "big") < self._sample * 2**64

    def _lines(self, record: dict[str, Any]) -> bytes:
        """The lines of a record; in the writer's thread."""
        record = {**self._about, **record}
        names, rows, read = (record.pop(key, None) for key in ("_names", "_rows", "_read"))
        if read is not None:  # what nobody has looked into yet, such as the bodies of a request
            record.update({key: one for key, one in read().items() if record.get(key) is None})
            rows = count(record["features"])
        record.update(record.pop("_trace", None) or {})
        when = datetime.fromtimestamp(record["timestamp"], timezone.utc)
        record["timestamp"] = when.isoformat(timespec="microseconds")[:-6] + "Z"
        record["latency_ms"] = _ms(record.pop("latency", None))
        steps = record.pop("steps", None) or {}
        record["steps"] = {f"{step}_ms": _ms(took) for step, took in steps.items()} or None
        if record["kind"] != "prediction":
            return self._line(record)
        record.setdefault("status", "ok")
        if self._sample < 1:
            record["weight"] = 1 / self._sample
        return b"".join(map(self._line, self._parts(record, rows, names or self._names)))

    def _parts(
        self, record: dict[str, Any], rows: int | None, names: Sequence[str] | None
    ) -> list[dict[str, Any]]:
        """A record of one row, or those of at most ROWS rows each; time is said once."""
        columns = [key for key in _BY_ROW if record.get(key) is not None]
        if rows is None:
            record.update({key: alone(record[key]) for key in columns if key != "features"})
            record["features"] = named(record["features"], names)
            if isinstance(record["prediction"], (list, tuple)):  # several outputs of one row
                record.update({key: [record[key]] for key in columns})
            return [record]
        found = []
        for number, begin in enumerate(range(0, rows, ROWS)):
            one = {**record, "id": _numbered(record["id"], number)}
            one.update({key: part(record[key], begin, begin + ROWS) for key in columns})
            one["features"] = named(one["features"], names)
            found.append(one if not number else {**one, "latency_ms": None, "steps": None})
        return found

    def _line(self, record: dict[str, Any]) -> bytes:
        line = line_of({k: v for k, v in record.items() if v is not None}, self._redact)
        if len(line) <= LINE_BYTES:
            return line
        self._writer.drop("line_too_long", count(record.get("features")) or 1)
        return b""


def _numbered(id: str | None, number: int) -> str | None:
    return id if not number or id is None else f"{id}#{number}"


def _ms(seconds: Any) -> Any:
    try:
        return round(float(seconds) * 1000, 4)
    except (TypeError, ValueError, OverflowError):
        return seconds  # none, or no duration: whoever reads that counts it as invalid
