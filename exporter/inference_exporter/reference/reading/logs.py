"""The model's own log as reference data: read by the decoder that reads it live.

So whatever a configuration says of lines (steps, lists that are rows, requests and responses that
are lines of their own) holds for reference data too. Other files are tables.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from inference_exporter.config.schema import JsonFormat, ModelConfig
from inference_exporter.formats import Decoded, Decoder, make_decoder
from inference_exporter.pairs import HalfReader, waiting_of
from inference_exporter.reference.reading.roles import Block, Row, feature_columns
from inference_exporter.values.batch import Batch, NumericColumn, TextColumn

_BLOCK_BYTES = 1 << 20
_LOOK_BYTES = 1 << 18  # what is looked at to tell a log from a table


def is_log(path: str, model: ModelConfig) -> bool:
    """Whether the file is a log of the model that only its decoder can read.

    Plain JSON lines are read by their paths, which takes half the time.
    """
    if isinstance(model.format, JsonFormat) and not _is_mapped(model):
        return False
    with opened(path) as (stream, _):
        lines = stream.readlines(_LOOK_BYTES)
    batch = _Reader(model).decoded(b"".join(lines)).batch
    features = any(row for row in batch.raw_features or ())
    return batch.rows > 0 and (features or model.fields.features is None)


def _is_mapped(model: ModelConfig) -> bool:
    features = model.fields.features
    special = features is not None and (features.form == "any" or features.convert)
    return bool(model.decode or model.explode or model.pairs or special)


def log_blocks(path: str, model: ModelConfig, progress: Callable[[int], None]) -> Iterator[Block]:
    """The rows of a log."""
    reader = _Reader(model)
    with opened(path) as (stream, position):
        while lines := stream.readlines(_BLOCK_BYTES):
            yield _block(reader.decoded(b"".join(lines)), model)
            progress(position())
    yield _block(reader.rest(), model)


class _Reader:
    """Decodes a log from its beginning to its end."""

    def __init__(self, model: ModelConfig) -> None:
        self._decoder: Decoder = make_decoder(model, None, collect=True)
        self._halves = self._waiting = None
        if model.pairs is not None:
            self._halves = HalfReader(model)
            self._waiting = waiting_of(model.pairs)

    def decoded(self, lines: bytes) -> Decoded:
        """The rows of some lines."""
        if self._halves is not None and self._waiting is not None:
            halves, _ = self._halves.read(lines)
            lines = b"".join([self._waiting.meet(half, 0.0) for half in halves])
        return self._decoder.decode(lines)

    def rest(self) -> Decoded:
        """The rows of requests that were never answered."""
        return self._decoder.decode(self._waiting.overdue(math.inf) if self._waiting else b"")


def _block(decoded: Decoded, model: ModelConfig) -> Block:
    batch, fields = decoded.batch, model.fields
    used = _used(batch)
    rows: list[Row] = [(batch.raw_features or [None] * batch.rows)[row] or {} for row in used]
    bad = sum(decoded.results.get(result, 0) for result in ("malformed", "unmatched"))

    def chosen(column: TextColumn | None) -> TextColumn | None:
        return None if column is None else [column[row] for row in used]

    at = np.array(used, np.int64)
    return Block(
        len(used),
        feature_columns(rows),
        chosen(batch.prediction) if fields.predicts else None,
        chosen(None if batch.score is None else _numbers(batch.score)),
        chosen(batch.actual),
        rejected=bad,
        scores=None if batch.scores is None else batch.scores.take(at),
        ranking=None if batch.ranking is None else batch.ranking.take(at),
        times=None if batch.timestamp is None else batch.timestamp.values[at],
        segments={name: [cells[row] for row in used] for name, cells in batch.segments.items()},
    )


def _used(batch: Batch) -> list[int]:
    """Rows with any input or output."""
    if batch.inputs is None:
        return list(range(batch.rows))
    return [int(row) for row in np.flatnonzero(batch.inputs)]


def _numbers(column: NumericColumn) -> TextColumn:
    return [None if value != value else value for value in column.values.tolist()]


@contextmanager
def opened(path: str) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """The bytes of a file, unpacked if they are packed, and how far it was read."""
    with Path(path).open("rb") as raw:
        if path.lower().endswith(".gz"):
            with gzip.open(raw) as unpacked:
                yield unpacked, raw.tell  # type: ignore[misc]  # a GzipFile is binary input
        else:
            yield raw, raw.tell
