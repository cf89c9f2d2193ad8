"""Lines that share an id are rows of one request, which counts once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

import msgspec
import numpy as np

from inference_exporter.model.part import Part, Setting
from inference_exporter.values.batch import Batch, Bools, Floats, NumericColumn

SEEN, BEGAN = "request_rows/seen/", "request_rows/began"
_MOST = 100_000  # ids of one generation


class RequestRows(Part):
    """The ids of the last lines of one model, and how many lines each had.

    Ids are kept in two generations: one is begun when the last is old, or full, and the one before
    is forgotten. So an id is known for at least `within` seconds, or the last 100,000 ids.
    """

    leftovers = ("request_rows/",)

    def __init__(self, within: float) -> None:
        self._within, self._began = within, -np.inf
        self._ids: dict[object, int] = {}
        self._before: dict[object, int] = {}
        self._fresh: dict[object, int] = {}  # since the last commit
        self._chunks: list[str] = []  # keys of the state, of this generation
        self._chunks_before: list[str] = []
        self._gone: set[str] = set()
        self._number = 0

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        within = setting.config.lines_of_request
        return None if within is None else cls(within)

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:  # noqa: ARG002
        """See `Part.columns`: which rows begin a request, and the number of each in it."""
        if batch.id is None or batch.requests is not None:
            return batch
        if now - self._began > self._within or len(self._ids) > _MOST:
            self._turn(now)
        rows = self._numbered(batch.id)
        first = np.array(rows, np.int64) == 0
        if first.all():
            return batch if batch.row is not None else replace(batch, row=rows)
        return replace(
            batch,
            requests=first,
            row=rows if batch.row is None else batch.row,
            latency=None if batch.latency is None else _first(batch.latency, first),
            steps={name: _first(step, first) for name, step in batch.steps.items()},
        )

    def _numbered(self, ids: Sequence[object]) -> list[int]:
        """How many lines with its id came before each line."""
        known, before, fresh = self._ids, self._before, self._fresh
        rows = []
        for one in ids:
            row = 0
            if one is not None:
                found = known.get(one)
                row = before.get(one, 0) if found is None else found
                known[one] = fresh[one] = row + 1
            rows.append(row)
        return rows

    def _turn(self, now: float) -> None:
        """Begin a generation; what was the last one is the one before."""
        self._before, self._ids, self._began = self._ids, {}, now
        self._gone |= set(self._chunks_before)
        self._chunks_before, self._chunks = self._chunks, []

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`: a chunk of ids for every commit."""
        gone, self._gone = self._gone, set()
        if not self._fresh:
            return {}, gone
        self._number += 1
        key = f"{SEEN}{self._number:012}"
        self._chunks.append(key)
        ids, self._fresh = list(self._fresh.items()), {}
        began = msgspec.msgpack.encode((self._number, self._began))
        return {key: msgspec.msgpack.encode(ids), BEGAN: began}, gone

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        decode = msgspec.msgpack.decode
        try:
            if BEGAN in state:
                self._number, self._began = decode(state[BEGAN], type=tuple[int, float])
            for key in sorted(key for key in state if key.startswith(SEEN)):
                self._ids.update(
                    decode(state[key], type=list[tuple[str | int | float | bool, int]])
                )
                self._chunks.append(key)
        except (ValueError, msgspec.MsgspecError) as error:
            return [f"ids of requests: {error}"]
        return []


def _first(column: NumericColumn, first: Bools) -> NumericColumn:
    """Only in the first row of each request."""
    invalid = None if column.invalid is None else column.invalid & first
    return NumericColumn(np.where(first, column.values, np.nan), invalid)
