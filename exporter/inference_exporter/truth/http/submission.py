"""The body of `POST /api/v1/labels` -> labels by model, or what is wrong with each record.

A body is one JSON object, an array of them, or one object a line (NDJSON):

    {"model": "credit-risk", "id": "a-17", "actual": 1, "row": 0, "timestamp": 1795396040.5}

`model` may be left out where only one model takes labels; `row` and `timestamp` (seconds since the
epoch, or ISO 8601 text) where there is none. One bad record refuses the whole body: nothing of it
is counted, and it can be sent again as a whole.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from inference_exporter.values.batch import Batch, NumericColumn, Scalar

MAX_RECORDS = 50_000
SHOWN = 100  # bad records that an answer lists
_SIGNS = 10 * MAX_RECORDS  # of objects, lists and lines: more are not parsed, as they take memory

_KEYS = frozenset(("model", "id", "actual", "row", "timestamp"))
_ScalarTypes = str | int | float | bool
Record = tuple[str, Scalar, Scalar, Scalar, float]


class Refused(Exception):
    """The body cannot be taken: the reasons by record, counted from 0 (-1: the body as a whole)."""

    def __init__(self, *problems: tuple[int, str, str]) -> None:
        super().__init__(problems)
        self.problems = problems  # (record, reason from a closed set, sentence)


@dataclass(frozen=True, slots=True)
class Parsed:
    """Labels by model."""

    batches: Mapping[str, Batch]
    records: int


REASONS = (
    "malformed", "too_many", "unknown_model", "unknown_key", "no_id", "no_actual", "bad_row",
    "bad_timestamp",
)  # fmt: skip


def parse(body: bytes, models: Collection[str]) -> Parsed:
    """Read a body; raises Refused."""
    records = _records(body)
    if len(records) > MAX_RECORDS:
        text = f"{len(records)} records, at most {MAX_RECORDS} at once"
        raise Refused((-1, "too_many", text))
    good: dict[str, list[Record]] = {}
    problems = []
    for number, value in enumerate(records):
        try:
            record = _record(value, models)
            good.setdefault(record[0], []).append(record)
        except _Bad as error:
            problems.append((number, *error.why))
    if problems:
        raise Refused(*problems)
    return Parsed({model: _batch(rows) for model, rows in good.items()}, len(records))


class _Bad(Exception):
    def __init__(self, reason: str, text: str) -> None:
        super().__init__(reason, text)
        self.why = (reason, text)


def _records(body: bytes) -> list[object]:
    """The values in the body, whether they are objects or not."""
    if sum(map(body.count, (b"{", b"[", b"\n"))) > _SIGNS:
        raise Refused((-1, "too_many", f"far more than {MAX_RECORDS} records, the most at once"))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused((-1, "malformed", "not UTF-8")) from error
    try:
        value = _json(text)
    except ValueError as error:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise Refused((-1, "malformed", f"not JSON: {error}")) from error
        return _lines(lines)
    return value if isinstance(value, list) else [value]


def _lines(lines: list[str]) -> list[object]:
    values: list[object] = []
    problems = []
    for number, line in enumerate(lines):
        try:
            values.append(_json(line))
        except ValueError as error:
            problems.append((number, "malformed", f"not JSON: {error}"))
    if problems:
        raise Refused(*problems)
    return values


def _json(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _record(value: object, models: Collection[str]) -> Record:
    if not isinstance(value, dict):
        raise _Bad("malformed", "not a JSON object")
    unknown = value.keys() - _KEYS
    if unknown:
        known = ", ".join(sorted(_KEYS))
        raise _Bad("unknown_key", f"unknown key {sorted(unknown)[0]!r:.60}; expected {known}")
    one = _given(value, "id", "no_id")
    actual = _given(value, "actual", "no_actual")
    return _model(value.get("model"), models), one, actual, _row(value), _time(value)


def _given(value: dict[str, object], key: str, reason: str) -> Scalar:
    found = value.get(key)
    if not isinstance(found, _ScalarTypes) or found == "":
        raise _Bad(reason, f"{key}: expected text or a number")
    return found


def _model(name: object, models: Collection[str]) -> str:
    if name is None and len(models) == 1:
        return next(iter(models))
    if not isinstance(name, str) or name not in models:
        known = ", ".join(sorted(models)) or "none"
        raise _Bad("unknown_model", f"no model of that name takes labels; those that do: {known}")
    return name


def _row(value: dict[str, object]) -> Scalar:
    row = value.get("row")
    if row is None:
        return None
    if isinstance(row, bool) or not isinstance(row, int) or row < 0:
        raise _Bad("bad_row", "row: expected a whole number from 0")
    return row


def _time(value: dict[str, object]) -> float:
    time = value.get("timestamp")
    if time is None:
        return math.nan
    if isinstance(time, int | float) and not isinstance(time, bool) and 0 < time < 2**32:
        return float(time)
    try:
        read = datetime.fromisoformat(time) if isinstance(time, str) else None
    except ValueError:
        read = None
    if read is None:
        raise _Bad("bad_timestamp", "timestamp: expected seconds since the epoch, or ISO 8601")
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _batch(records: list[Record]) -> Batch:
    _, ids, actuals, rows, times = zip(*records, strict=True)
    return Batch(
        rows=len(records), id=ids, actual=actuals, row=rows,
        timestamp=NumericColumn(np.array(times, np.float64)),
    )  # fmt: skip
