"""A call that is timed, with its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from inference_log.log import PredictionLog

T = TypeVar("T")
current: ContextVar[Call | None] = ContextVar("inference_log_call", default=None)


class Call:
    """One call of a model: logged as it ends, with status `error` if it raises."""

    def __init__(self, log: PredictionLog, fields: dict[str, Any]) -> None:
        self._log, self._fields = log, fields
        self._steps: dict[str, float] = {}
        self._token: Token[Call | None] | None = None
        self._begin = 0.0

    def note(self, **fields: Any) -> None:
        """Say something of it: `prediction`, `score`, `id`, `features`, a segment."""
        self._fields.update(fields)

    def returned(self, result: T) -> T:
        """What the function gave back is the prediction, or a dict that has it; gives it back."""
        if isinstance(result, Mapping) and "prediction" in result:
            self.note(**{key: result[key] for key in ("prediction", "score") if key in result})
        else:
            self.note(prediction=result)
        return result

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; what happens several times adds up."""
        begin = perf_counter()
        try:
            yield
        finally:
            self._steps[name] = self._steps.get(name, 0.0) + perf_counter() - begin

    def __enter__(self) -> Call:
        self._token = current.set(self)
        self._begin = perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        latency = perf_counter() - self._begin
        if self._token is not None:
            with suppress(ValueError):  # a generator may end in another context
                current.reset(self._token)
        fields = {"latency": latency, "steps": self._steps, **self._fields}
        if kind is not None:
            fields.setdefault("status", "error")
        self._log.write(**fields)
