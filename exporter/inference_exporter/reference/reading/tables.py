"""Files of reference data to blocks of columns, in constant memory, as often as one likes.

Read: `.csv` with a header (comma, semicolon, tab or bar; an empty cell is missing), JSON lines
(`.jsonl`, `.ndjson`, `.json`), both also with `.gz`, and `.parquet` where pyarrow is installed. A
line that cannot be read is skipped and counted; a file of which no line can be read is an error.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import msgspec

from inference_exporter.config.schema import CsvFormat, ModelConfig
from inference_exporter.errors import ProfileError
from inference_exporter.formats.csv_lines import quote_of
from inference_exporter.reference.reading.logs import is_log, log_blocks, opened
from inference_exporter.reference.reading.parquet import parquet_blocks
from inference_exporter.reference.reading.roles import (
    Block,
    Row,
    flat_block,
    log_block,
    looks_like_log,
)
from inference_exporter.values.batch import TextColumn

Progress = Callable[[int], None]  # called with the bytes of the file that are done

_BLOCK_CELLS = 200_000
_BLOCK_BYTES = 1 << 20
_DELIMITERS = ",;\t|"
_decoder = msgspec.json.Decoder()


def blocks(path: str, model: ModelConfig, progress: Progress) -> Iterator[Block]:
    """The blocks of one file, by the suffix of its name."""
    name = Path(path).name.lower()
    kind = name.removesuffix(".gz").rpartition(".")[2]
    try:
        if kind not in ("csv", "parquet") and is_log(path, model):
            yield from log_blocks(path, model, progress)
        elif kind == "csv":
            yield from _csv_blocks(path, model, progress)
        elif kind in ("jsonl", "ndjson", "json"):
            yield from _json_blocks(path, model, progress)
        elif name.endswith(".parquet"):
            yield from parquet_blocks(path, model, progress)
        else:
            raise ProfileError(
                f"{path}: reference data is read from .csv, .csv.gz, .jsonl, .ndjson, .json "
                "(also .gz) and .parquet files, and from logs of the model"
            )
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ProfileError(
            f"{path}: cannot be read: {reason}; name a file that is whole, and that you may read"
        ) from error


def _csv_blocks(path: str, model: ModelConfig, progress: Progress) -> Iterator[Block]:
    with opened(path) as (stream, position):
        text = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
        rows = _csv_reader(path, text, model)
        try:
            header = _header(path, next(rows, []))
            size = max(256, min(16_384, _BLOCK_CELLS // len(header)))
            while block := list(islice(rows, size)):
                yield _csv_block(block, header, model)
                progress(position())
        except csv.Error as error:
            raise ProfileError(
                f"{path}: not a CSV file: {error}; `delimiter` and `quote` say how it is"
            ) from error
        text.detach()


def _csv_reader(path: str, text: TextIO, model: ModelConfig) -> Iterator[list[str]]:
    line = text.readline()
    if isinstance(model.format, CsvFormat) and model.format.delimiter:
        delimiter = model.format.delimiter
    else:
        delimiter = max(_DELIMITERS, key=line.count)
    if not line.strip():
        raise ProfileError(f"{path}: is empty; the first line must name the columns")
    quote = model.format.quote if isinstance(model.format, CsvFormat) else None
    quote = quote or quote_of([line])
    return csv.reader(chain([line], text), delimiter=delimiter, quotechar=quote)


def _header(path: str, names: list[str]) -> list[str]:
    header = [name.strip() for name in names]
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise ProfileError(
            f"{path}: the header names a column twice: {', '.join(repeated)}; rename one of them"
        )
    if "" in header:
        raise ProfileError(
            f"{path}: column {header.index('') + 1} has no name in the header; name it, or leave it"
            " out"
        )
    return header


def _csv_block(block: list[list[str]], header: list[str], model: ModelConfig) -> Block:
    width = len(header)
    whole = [row for row in block if len(row) == width]
    rejected = sum(1 for row in block if row and len(row) != width)
    columns: dict[str, TextColumn] = {
        name: [cell or None for cell in cells] if "" in cells else cells
        for name, cells in zip(header, zip(*whole, strict=True), strict=False)
    }
    return replace(flat_block(columns, len(whole), model), rejected=rejected)


def _json_blocks(path: str, model: ModelConfig, progress: Progress) -> Iterator[Block]:
    log: bool | None = None
    with opened(path) as (stream, position):
        while lines := stream.readlines(_BLOCK_BYTES):
            rows, rejected = _json_rows(lines)
            if not rows and log is None and lines[0].lstrip()[:1] == b"[":
                raise ProfileError(f"{path}: is a JSON array; write one JSON object a line")
            if log is None and rows:
                log = looks_like_log(rows, model)
            block = rows_block(rows, model, log=bool(log))
            yield replace(block, rejected=rejected)
            progress(position())


def rows_block(rows: Sequence[Row], model: ModelConfig, *, log: bool) -> Block:
    """A block of rows that are objects: lines of the log, or flat."""
    if log:
        return log_block(rows, model)
    names = dict.fromkeys(name for row in rows for name in row)
    columns: dict[str, TextColumn] = {
        name: [row.get(name) for row in rows]  # type: ignore[misc]
        for name in names
    }
    return flat_block(columns, len(rows), model)


def _json_rows(lines: list[bytes]) -> tuple[list[Row], int]:
    try:
        rows = _decoder.decode_lines(b"".join(lines))
    except (msgspec.DecodeError, UnicodeDecodeError):
        rows = [_json_row(line) for line in lines if line.strip()]
    kept: list[Row] = [row for row in rows if isinstance(row, dict)]
    return kept, len(rows) - len(kept)


def _json_row(line: bytes) -> object:
    """A line as tolerantly as live data is read: NaN, text before the brace, lone surrogates."""
    text = line.decode("utf-8", "replace")
    try:
        row = json.loads(text[max(text.find("{"), 0) :], strict=False)
        if "\\u" in text:
            row = json.loads(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return row
