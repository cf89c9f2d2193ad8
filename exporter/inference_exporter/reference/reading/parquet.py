"""Parquet files of reference data, where the optional pyarrow is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from inference_exporter.config.schema import ModelConfig
from inference_exporter.errors import ProfileError
from inference_exporter.reference.reading.roles import Block, flat_block, log_block, looks_like_log
from inference_exporter.values.batch import TextColumn

_BLOCK_CELLS = 200_000


def parquet_blocks(
    path: str, model: ModelConfig, progress: Callable[[int], None]
) -> Iterator[Block]:
    """The blocks of a Parquet file; nested features are read like lines of the log."""
    parquet = _pyarrow(path)
    size = Path(path).stat().st_size
    try:
        file = parquet.ParquetFile(path)
    except ValueError as error:  # pyarrow.ArrowInvalid
        raise ProfileError(
            f"{path}: not a Parquet file: {error}; write it anew, or as CSV"
        ) from error
    with file:
        total, done = max(1, file.metadata.num_rows), 0
        width = max(1, file.metadata.num_columns)
        rows = max(256, min(16_384, _BLOCK_CELLS // width))
        for batch in file.iter_batches(batch_size=rows):
            yield _block(batch, model)
            done += batch.num_rows
            progress(size * done // total)


def _pyarrow(path: str) -> Any:
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise ProfileError(
            f"{path}: reading Parquet needs pyarrow: pip install 'inference-exporter[parquet]', "
            "or convert the file to CSV"
        ) from error


def _block(batch: Any, model: ModelConfig) -> Block:
    columns: dict[str, TextColumn] = {
        name: [_scalar(value) for value in column.to_pylist()]
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if looks_like_log(rows[:100], model):
        return log_block(rows, model)
    return flat_block(columns, batch.num_rows, model)


def _scalar(value: Any) -> Any:
    """A value as JSON would have it."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {name: _scalar(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_scalar(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else str(value)
