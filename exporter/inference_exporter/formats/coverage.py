"""How much of a sample each field was found in: the table that `check --sample` begins with.

field       where          rows   examples
timestamp   ts             100 %  2026-11-23T01:07:20.204Z
  age       features.age    98 %  41, 17, 62
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from inference_exporter.config.lines import field_paths
from inference_exporter.config.presets import preset
from inference_exporter.config.schema import CsvFormat, Fields, ModelConfig
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.csv_lines import QUOTES
from inference_exporter.formats.guessing.written import step_of
from inference_exporter.formats.shown import duration, moment, number, text
from inference_exporter.values.batch import (
    Batch,
    ClassScores,
    NumericColumn,
    RankedItems,
    category_name,
)

_EXAMPLES = 3
_WIDE = 90  # letters of a column of paths
_MOST_FEATURES = 40
_SOME = 20  # values that tell whether hardly two are alike
_ALIKE = 0.9  # distinct values by values
LEAST = 50  # different values below which nothing is said
NEAR_UNIQUE = 0.3  # different values per row
_NONE_BY_NUMBER = frozenset((-999, -9999, -99999, -999999))
_NUMBER = re.compile(r"\s*[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?\s*")
_SHOWN = {"timestamp": moment, "latency": duration}

_Line = tuple[str, str, str, str]
_HEAD: _Line = ("field", "where", "rows", "examples")


def coverage(model: ModelConfig, decoded: Decoded) -> str:
    """The table, what the log lacks, and what looks wrong, for a decoded sample."""
    batch = decoded.batch
    table = [
        ("field", "where", "rows", "examples"),
        *_fields(model, batch),
        *_features(model, batch),
    ]
    widths = [max(len(line[i]) for line in table) for i in range(3)]
    lines = [
        f"{name:<{widths[0]}}  {where:<{widths[1]}}  {rows:>{widths[2]}}  {examples}".rstrip()
        for name, where, rows, examples in table
    ]
    requests = batch.rows if batch.requests is None else int(batch.requests.sum())
    said = f"{requests} requests, {batch.rows} predictions" if requests < batch.rows else (
        f"{batch.rows} rows"
    )  # fmt: skip
    return "\n".join([said, *lines, *_lacks(model), *_warnings(model, batch)]) + "\n"


def _fields(model: ModelConfig, batch: Batch) -> Iterator[_Line]:
    for key, paths in field_paths(model.fields):
        name = key.removeprefix("fields.")
        column: Any = (
            batch.steps.get(name.removeprefix("steps."))
            if name.startswith("steps.")
            else getattr(batch, name)
        )
        once = name == "latency" or name.startswith("steps.")
        rows = batch.rows if not once or batch.requests is None else int(batch.requests.sum())
        found = list(_values(column))
        show = _SHOWN.get(name, duration if once else number)
        examples = [show(v) if isinstance(v, float) else text(v) for v in _some(found)]
        yield name, _where(paths), _share(len(found), rows), ", ".join(examples)


def _where(paths: Sequence[str]) -> str:
    """Paths, cut after some: a preset tries many."""
    text = ", ".join(paths)
    return text if len(text) <= _WIDE else f"{', '.join(paths[:2])}, …"


def _values(column: Any) -> Iterator[object]:
    """The usable values of a column."""
    if isinstance(column, NumericColumn):
        yield from (float(v) for v in column.values if v == v)
    elif isinstance(column, ClassScores):
        rows = column.values[~np.isnan(column.values[:, 0])]
        yield from (" ".join(f"{v:.3g}" for v in row[:5]) for row in rows)
    elif isinstance(column, RankedItems):
        yield from ("a list" for listed in column.listed if listed)
    elif column is not None:
        yield from (value for value in column if value is not None)


def _some(values: Sequence[object]) -> list[object]:
    return list(dict.fromkeys(values))[:_EXAMPLES]


def _share(found: int, rows: int) -> str:
    if not rows:
        return "-"
    return f"{found / rows:.0%}" if 0 < found < rows else ("100%" if found else "none")


# -- inputs ----------------------------------------------------------------------------------


def _columns(batch: Batch) -> dict[str, list[object]]:
    """Values by input, of rows that have any."""
    rows = [row for row in batch.raw_features or () if row]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row[name] for row in rows if row.get(name) is not None] for name in names}


def _features(model: ModelConfig, batch: Batch) -> Iterator[_Line]:
    where = model.fields.features
    if where is None:
        return
    columns = _columns(batch)
    path = _where(where.paths) or "the line itself"
    having = sum(1 for row in batch.raw_features or () if row)
    yield "features", path, _share(having, batch.rows), f"{len(columns)} inputs"
    for name, values in list(columns.items())[:_MOST_FEATURES]:
        examples = ", ".join(map(text, _some(list(filter(_is_plain, values)))))
        yield f"  {name}", "", _share(len(values), batch.rows), examples
    if len(columns) > _MOST_FEATURES:
        yield f"  and {len(columns) - _MOST_FEATURES} more", "", "", ""


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


# -- what to look at -------------------------------------------------------------------------


def _lacks(model: ModelConfig) -> Iterator[str]:
    if model.preset is not None:
        for sentence in preset(model.preset).lacks:
            yield f"such a log lacks {sentence}"
        return
    if model.fields.features is None and not model.fields.predicts:
        yield "no features and no predictions: there will be no drift and no performance"
    yield from _not_configured(model.fields)


def _not_configured(fields: Fields) -> Iterator[str]:
    answers = fields.predicts or fields.score is not None
    for lacking, said in (
        (fields.latency is None, "no latency is configured: its panels will be empty"),
        (
            fields.timestamp is None,
            "no timestamp is configured: predictions count when they are read",
        ),
        (
            fields.features is not None and not answers,
            "no prediction is configured: there will be no drift of outputs and no performance",
        ),
        (
            fields.features is None and answers,
            "no features are configured: there will be no drift of inputs",
        ),
    ):
        if lacking:
            yield said


def _warnings(model: ModelConfig, batch: Batch) -> Iterator[str]:
    where = model.fields.features
    categorical = where.categorical if where else ()
    for name, values in _columns(batch).items():
        texts = [value for value in values if isinstance(value, str)]
        csv = isinstance(model.format, CsvFormat)
        if csv and name not in categorical and (quote := _around(texts)) is not None:
            yield f"warning: the values of {name} are between {quote}; set quote: {quote!r}"
        elif name not in categorical and texts:
            yield from _of_texts(name, texts)
        elif not texts:
            yield from _of_numbers(name, values)
        if any(isinstance(value, dict) for value in values):
            yield (
                f"warning: {name} is an object, which is no input: what is in it becomes inputs"
                " with `decode`, by the step flat"
            )
    yield from _of_answers(model, batch)


def _of_texts(name: str, texts: Sequence[str]) -> Iterator[str]:
    step = step_of(texts)
    distinct = len(set(texts))
    if step is not None:
        yield (
            f"warning: {name} has numbers written as text ({texts[0]!r}), which count as"
            f" categories; add to features: as: {{{name}: {step}}}"
        )
    elif len(texts) >= _SOME and distinct > _ALIKE * len(texts) and not _number(texts):
        yield (
            f"warning: {name} hardly has two values alike ({distinct} of {len(texts)}):"
            " an identifier or a free text is no input to watch; exclude it"
        )
    elif distinct >= LEAST and distinct >= NEAR_UNIQUE * len(texts) and not _number(texts):
        yield (
            f"warning: {name} has {distinct} different values in {len(texts)} rows: as many"
            " categories say little; exclude it, or log something coarser"
        )


def _of_numbers(name: str, values: Sequence[object]) -> Iterator[str]:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    odd = sorted({v for v in numbers if v in _NONE_BY_NUMBER})
    if odd and len(set(numbers)) > len(odd):
        yield (
            f"warning: {name} has {odd[0]} in {numbers.count(odd[0])} of {len(numbers)} rows; if it"
            f" means that there is none, add to features: as: {{{name}: {{missing: [{odd[0]}]}}}}"
        )
    steps = {b - a for a, b in pairwise(numbers)}
    if len(numbers) >= _SOME and all(isinstance(v, int) for v in numbers) and min(steps) > 0:
        yield (
            f"warning: {name} only grows, by row: a counter or an identifier is no input to watch;"
            " exclude it"
        )


def _of_answers(model: ModelConfig, batch: Batch) -> Iterator[str]:
    """Predictions that are numbers on a scale, and are counted as classes."""
    texts = [category_name(value) for value in batch.prediction or () if value is not None]
    distinct = len(set(texts))
    many = distinct >= LEAST and distinct >= NEAR_UNIQUE * len(texts)
    if many and not _number(texts):
        yield (
            f"warning: prediction has {distinct} different texts in {len(texts)} rows: texts that a"
            " model wrote, or identifiers, are no classes"
        )
    elif many and model.task != "regression" and _number(texts):
        yield (
            f"warning: prediction has {distinct} different numbers in {len(texts)} rows, which"
            " count as classes; add task: regression"
        )


def _around(texts: Sequence[str]) -> str | None:
    """A quote that is around all values, and so belongs to none of them."""
    found = {text[0] if len(text) > 1 and text[0] == text[-1] else "" for text in texts}
    one = found.pop() if len(found) == 1 else ""
    return one if one and one in QUOTES else None


def _number(texts: Sequence[str]) -> bool:
    kinds = Counter(_NUMBER.fullmatch(text) is not None for text in texts)
    return kinds[True] > kinds[False]
