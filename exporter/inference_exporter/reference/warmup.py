"""A reference from the first predictions: rows are kept until there are enough of them.

Rows are kept compressed, 4,096 to a chunk (about 100 bytes a row at ten numeric features), and at
most `Warmup.rows` of them, so memory is bounded. `to_bytes` and `from_bytes` carry them over a
restart.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import msgspec

from inference_exporter.batch import Batch, Scalar, TextColumn
from inference_exporter.config.schema import ModelConfig, Warmup
from inference_exporter.profile import Reference
from inference_exporter.reference.passes import build_from
from inference_exporter.reference.roles import Block, feature_columns

MAX_ROWS = 100_000
SOURCE = "warm-up"
_CHUNK_ROWS = 4096
_VERSION = 1

_Row = tuple[dict[str, object], Scalar, Scalar, Scalar]  # features, prediction, score, actual


class _Kept(msgspec.Struct, array_like=True):
    version: int
    rows: int
    chunks: list[bytes]


class WarmupBuilder:
    """Collects rows with inputs of one model; `changed` since the last `to_bytes`."""

    def __init__(self, model: ModelConfig) -> None:
        self._model = model
        wanted = model.reference.rows if isinstance(model.reference, Warmup) else MAX_ROWS
        self._limit = min(wanted, MAX_ROWS)
        self._chunks: list[bytes] = []
        self._open: list[_Row] = []
        self.rows = 0
        self.changed = False

    @property
    def remaining(self) -> int:
        """Rows still wanted."""
        return max(0, self._limit - self.rows)

    @property
    def complete(self) -> bool:
        """Whether a profile can be built."""
        return not self.remaining

    def add(self, batch: Batch) -> None:
        """Keep the batch's rows that have inputs, as far as they are still wanted."""
        for row in _rows(batch):
            if self.rows >= self._limit:
                return
            self._open.append(row)
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
        return msgspec.msgpack.encode(_Kept(_VERSION, self.rows, chunks))

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
            last = _unpack(self._chunks[-1])
            if len(last) < _CHUNK_ROWS:
                self._open = last
                self._chunks = self._chunks[:-1]
        self.rows = len(self._chunks) * _CHUNK_ROWS + len(self._open)
        if self.rows != kept.rows:
            raise ValueError(f"damaged: {self.rows} rows where {kept.rows} were kept")

    def _blocks(self) -> Iterator[Block]:
        for chunk in self._chunks:
            yield _block(_unpack(chunk))
        if self._open:
            yield _block(self._open)


def _rows(batch: Batch) -> Iterator[_Row]:
    features = batch.raw_features
    nothing: TextColumn = [None] * batch.rows
    score: TextColumn = nothing if batch.score is None else batch.score.values.tolist()
    prediction, actual = batch.prediction or nothing, batch.actual or nothing
    for row in range(batch.rows):
        if batch.inputs is None or batch.inputs[row]:
            found = features[row] if features is not None else None
            number = score[row]
            yield (
                {} if found is None else dict(found),
                prediction[row],
                None if number != number else number,  # NaN
                actual[row],
            )


def _pack(rows: list[_Row]) -> bytes:
    try:
        packed = msgspec.msgpack.encode(rows)
    except OverflowError:  # an integer beyond 64 bits; as text it is still the same number
        packed = msgspec.msgpack.encode([_with_text(row) for row in rows])
    return zlib.compress(packed, 1)


def _with_text(row: _Row) -> _Row:
    features, *outputs = row
    plain = {name: _short(value) for name, value in features.items()}
    prediction, score, actual = map(_short, outputs)
    return plain, prediction, score, actual  # type: ignore[return-value]


def _short(value: object) -> object:
    return str(value) if isinstance(value, int) and not -(2**63) <= value < 2**64 else value


def _unpack(chunk: bytes) -> list[_Row]:
    return msgspec.msgpack.decode(zlib.decompress(chunk), type=list[_Row])


def _block(rows: list[_Row]) -> Block:
    return Block(
        len(rows),
        feature_columns([row[0] for row in rows]),
        [row[1] for row in rows],
        [row[2] for row in rows],
        [row[3] for row in rows],
    )
