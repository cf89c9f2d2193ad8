"""A reference from the first predictions: rows are kept until there are enough of them.

Rows are kept compressed, 4,096 to a chunk (about 100 bytes a row at ten numeric features), and at
most `Warmup.rows` of them, so memory is bounded. `to_bytes` and `from_bytes` carry them over a
restart.
"""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import msgspec
import numpy as np

from inference_exporter.config.schema import ModelConfig, Warmup
from inference_exporter.reference.profiling.kept_choices import (
    choices_to_keep,
    has_choices,
    with_kept,
)
from inference_exporter.reference.profiling.passes import build_from
from inference_exporter.reference.reading.roles import Block, feature_columns
from inference_exporter.values.batch import Batch, Floats, Scalar, TextColumn
from inference_exporter.values.profile import Reference

log = logging.getLogger("inference_exporter.reference.warmup")

MAX_ROWS = 100_000
SOURCE = "warm-up"
_CHUNK_ROWS = 4096
_VERSION = 1

_Row = tuple[dict[str, object], Scalar, Scalar, Scalar]  # features, prediction, score, actual
_LongRow = tuple[dict[str, object], Scalar, Scalar, Scalar, list[float] | None]  # and choices
_AnyRow = _Row | _LongRow


class _Kept(msgspec.Struct, array_like=True):
    version: int
    rows: int
    chunks: list[bytes]
    times: bytes = b""  # of the rows, in their order, if the model has a season


class WarmupBuilder:
    """Collects rows with inputs of one model; `changed` since the last `to_bytes`."""

    def __init__(self, model: ModelConfig) -> None:
        self._model = model
        wanted = model.reference.rows if isinstance(model.reference, Warmup) else MAX_ROWS
        self._limit = min(wanted, MAX_ROWS)
        self._chunks: list[bytes] = []
        self._open: list[_AnyRow] = []
        self._long = has_choices(model)
        self._times: list[float] | None = [] if model.season else None
        self.rows = 0
        self.changed = False
        self._warned = False
        self._weights: set[float] = set()

    @property
    def remaining(self) -> int:
        """Rows still wanted."""
        return max(0, self._limit - self.rows)

    @property
    def complete(self) -> bool:
        """Whether a profile can be built."""
        return not self.remaining

    def add(self, batch: Batch, times: Floats | None = None) -> None:
        """Keep the batch's rows that have inputs, as far as they are still wanted.

        `times` (rows,) are when they were made, NaN where that is not known.

        None once weights differ: every row of a reference counts once, so what is kept of such a
        sample would be another distribution.
        """
        if batch.weight is not None:
            self._weights |= set(
                np.unique(np.nan_to_num(batch.weight.values, nan=1.0)).tolist()[:2]
            )
        if len(self._weights) > 1:
            if not self._warned:
                log.warning(
                    "model %s: no warm-up from lines of different weights", self._model.name
                )
            self._warned = True
            return
        choices = choices_to_keep(batch) if self._long else None
        for at, row in _rows(batch, choices):
            if self.rows >= self._limit:
                return
            self._open.append(row)
            if self._times is not None:
                self._times.append(math.nan if times is None else float(times[at]))
            self.rows += 1
            self.changed = True
            if len(self._open) >= _CHUNK_ROWS:
                self._chunks.append(_pack(self._open))
                self._open = []

    def build(self, now: float) -> Reference:
        """The profile of the rows kept."""
        return build_from(self._blocks, self._model, now=now, source=SOURCE)

    def to_bytes(self) -> bytes:
        """Everything kept, to be committed."""
        chunks = [*self._chunks, _pack(self._open)] if self._open else self._chunks
        self.changed = False
        times = zlib.compress(np.array(self._times or [], dtype="<f8").tobytes(), 1)
        return msgspec.msgpack.encode(_Kept(_VERSION, self.rows, chunks, times))

    @classmethod
    def from_bytes(cls, model: ModelConfig, data: bytes) -> WarmupBuilder:
        """Go on from what `to_bytes` gave; ValueError if it cannot be used."""
        try:
            kept = msgspec.msgpack.decode(data, type=_Kept)
            if kept.version != _VERSION:
                raise ValueError(f"written by another version ({kept.version})")
            builder = cls(model)
            builder._restore(kept)
        except (msgspec.MsgspecError, zlib.error) as error:
            raise ValueError(f"damaged: {error}") from error
        return builder

    def _restore(self, kept: _Kept) -> None:
        self._chunks = kept.chunks
        if self._chunks:
            last = self._unpack(self._chunks[-1])
            if len(last) < _CHUNK_ROWS:
                self._open = last
                self._chunks = self._chunks[:-1]
        self.rows = len(self._chunks) * _CHUNK_ROWS + len(self._open)
        if self.rows != kept.rows:
            raise ValueError(f"damaged: {self.rows} rows where {kept.rows} were kept")
        if self._times is not None:
            known = np.frombuffer(zlib.decompress(kept.times)) if kept.times else np.empty(0)
            usable = len(known) == self.rows  # kept without a season: no times
            self._times = known.tolist() if usable else [math.nan] * self.rows

    def _blocks(self) -> Iterator[Block]:
        start = 0
        for rows in chain(map(self._unpack, self._chunks), [self._open]):
            if rows:
                block, stop = self._block(rows), start + len(rows)
                times = None if self._times is None else np.array(self._times[start:stop])
                yield replace(block, times=times)
                start = stop

    def _unpack(self, chunk: bytes) -> list[_AnyRow]:
        kind = list[_LongRow] if self._long else list[_Row]
        rows: list[_AnyRow] = msgspec.msgpack.decode(zlib.decompress(chunk), type=kind)
        return rows

    def _block(self, rows: list[_AnyRow]) -> Block:
        block = Block(
            len(rows),
            feature_columns([row[0] for row in rows]),
            [row[1] for row in rows],
            [row[2] for row in rows],
            [row[3] for row in rows],
        )
        if not self._long:
            return block
        kept = [row[4] for row in rows]  # type: ignore[misc]  # rows are long ones
        return with_kept(block, self._model, kept)


def _rows(batch: Batch, choices: list[list[float] | None] | None) -> Iterator[tuple[int, _AnyRow]]:
    features = batch.raw_features
    nothing: TextColumn = [None] * batch.rows
    score: TextColumn = nothing if batch.score is None else batch.score.values.tolist()
    prediction, actual = batch.prediction or nothing, batch.actual or nothing
    for row in range(batch.rows):
        if batch.inputs is None or batch.inputs[row]:
            found = features[row] if features is not None else None
            number = score[row]
            kept: _Row = (
                {} if found is None else dict(found),
                prediction[row],
                None if number != number else number,  # NaN
                actual[row],
            )
            yield row, kept if choices is None else (*kept, choices[row])


def _pack(rows: list[_AnyRow]) -> bytes:
    try:
        packed = msgspec.msgpack.encode(rows)
    except OverflowError:  # an integer beyond 64 bits; as text it is still the same number
        packed = msgspec.msgpack.encode([_with_text(row) for row in rows])
    return zlib.compress(packed, 1)


def _with_text(row: _AnyRow) -> _AnyRow:
    features, *outputs = row
    plain = {name: _short(value) for name, value in features.items()}
    return plain, *map(_short, outputs)  # type: ignore[return-value]


def _short(value: object) -> object:
    return str(value) if isinstance(value, int) and not -(2**63) <= value < 2**64 else value
