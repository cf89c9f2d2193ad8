"""Columns as lines of a log: `{"timestamp": …, "features": {…}, "prediction": …}`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from inference_exporter.config.schema import Fields, ModelConfig
from inference_exporter.notebook.frames import Columns
from inference_exporter.reference.reading.roles import Block, column_of, flat_block
from inference_exporter.values.batch import Floats

_ROWS = 10_000  # that are lines in memory at once
_OUTPUTS = ("prediction", "score", "actual", "weight")
_ALONE = ("version", "entity")


def roles(columns: Columns, fields: Fields) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The columns that are inputs, and the others by what they are: the rule of flat tables."""
    block = flat_block(columns, _rows(columns), ModelConfig("frame", (), fields=fields))
    other = dict(_other(block)) | dict(_found(columns, fields))
    return block.features, other


def _other(block: Block) -> Iterator[tuple[str, Sequence[object]]]:
    for name in _OUTPUTS:
        cells = getattr(block, name)
        if cells is not None:
            yield name, cells
    yield from block.raw.items()


def _found(columns: Columns, fields: Fields) -> Iterator[tuple[str, Sequence[object]]]:
    for name in (*_ALONE, "timestamp"):
        cells = column_of(columns, getattr(fields, name))
        if cells is not None:
            yield name, cells


def lines(
    inputs: Mapping[str, Sequence[object]],
    other: Mapping[str, Sequence[object]],
    times: Floats | None,
    order: Sequence[int],
) -> Iterator[bytes]:
    """Blocks of lines of the rows in `order`; `times` in seconds take the place of a column."""
    encoder, names = msgspec.json.Encoder(), list(inputs)
    given = {name: cells for name, cells in other.items() if name != "timestamp"}
    if times is not None:
        given["timestamp"] = times.tolist()
    for begin in range(0, len(order), _ROWS):
        rows = []
        for at in order[begin : begin + _ROWS]:
            row = {name: cells[at] for name, cells in given.items() if cells[at] is not None}
            row["features"] = {name: inputs[name][at] for name in names}
            rows.append(row)
        yield encoder.encode_lines(rows)


def _rows(columns: Columns) -> int:
    return max(map(len, columns.values()))


def in_order(times: Floats) -> list[int]:
    """Rows by time, those of one moment as they are; rows without a time are left out."""
    order = np.argsort(times, kind="stable")
    kept: list[int] = order[: int(np.isfinite(times).sum())].tolist()
    return kept
