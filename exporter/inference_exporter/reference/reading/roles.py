"""Which column of the reference data is what: features, outputs, the label, and the rest.

In a flat table a column is an output, the label or an id if it is called as the path of such a
field in the config, or as the last part of that path; every other column is a feature, unless the
config excludes it. In rows that look like the log itself (an object or list where the config says
the features are) everything is read by its path. A path `a.b` means a key that is literally `a.b`
first, then `b` inside `a`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from inference_exporter.config.conditions import holds
from inference_exporter.config.schema import (
    DurationField,
    FeaturesField,
    Field,
    Fields,
    ModelConfig,
    Segment,
    TimestampField,
)
from inference_exporter.config.segments import segment_paths
from inference_exporter.config.vector_fields import RankingField, ScoresField
from inference_exporter.derived import Deriver
from inference_exporter.outputs import VECTORS, Choices
from inference_exporter.reference.reading.moments import moments, time_column
from inference_exporter.values.batch import (
    ClassScores,
    Floats,
    NumericColumn,
    RankedItems,
    Scalar,
    TextColumn,
)

Row = Mapping[str, object]
_Output = Field | DurationField | ScoresField | RankingField | TimestampField | Segment


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of reference data in columns; `rejected` lines among them could not be read."""

    rows: int
    features: Mapping[str, TextColumn] = field(default_factory=dict)
    prediction: TextColumn | None = None
    score: TextColumn | None = None
    actual: TextColumn | None = None
    rejected: int = 0
    scores: ClassScores | None = None
    ranking: RankedItems | None = None
    raw: Mapping[str, Sequence[object]] = field(default_factory=dict)  # both, as they are written
    weight: TextColumn | None = None
    times: Floats | None = None  # seconds since the epoch, NaN for none
    segments: Mapping[str, TextColumn] = field(default_factory=dict)  # raw values by name


def derived_block(block: Block, deriver: Deriver) -> Block:
    """The block with derived features instead of what they are made of."""
    features: dict[str, TextColumn] = {
        name: cells for name, cells in block.features.items() if name not in deriver.sources
    }
    for name, column in deriver.columns(block.features, block.rows).items():
        present = ~np.isnan(column.values)
        if column.invalid is not None:
            present |= column.invalid  # a NaN that is present is invalid
        pairs = zip(column.values.tolist(), present.tolist(), strict=True)
        features[name] = [value if there else None for value, there in pairs]
    return replace(block, features=features)


def with_choices(block: Block, choices: Choices) -> Block:
    """The block with probabilities and rankings read, and the outputs that follow from them."""
    if not block.raw:
        return block
    found: dict[str, Any] = dict(choices.read(block.raw, {}))
    score = found.get("score")
    if isinstance(score, NumericColumn):
        found["score"] = [None if one != one else one for one in score.values.tolist()]
    return replace(block, **found, raw={})


def flat_block(columns: Mapping[str, TextColumn], rows: int, model: ModelConfig) -> Block:
    """A block of a flat table."""
    fields, found = model.fields, time_column(columns, model)
    moment = found[0] if found else None
    return Block(
        rows,
        {name: columns[name] for name in _feature_names(columns, fields) if name != moment},
        column_of(columns, fields.prediction),
        column_of(columns, fields.score),
        column_of(columns, fields.actual),
        weight=column_of(columns, fields.weight),
        times=found[1] if found else None,
        segments={
            one.name: column
            for one in model.segments
            if (column := column_of(columns, one)) is not None
        },
        raw={
            name: column
            for name in VECTORS
            if (column := column_of(columns, getattr(fields, name))) is not None
        },
    )


def _feature_names(columns: Iterable[str], fields: Fields) -> list[str]:
    features = fields.features
    if features is None:
        return []  # live data has none either
    names = list(columns)
    if features.form == "list" and not set(features.names).isdisjoint(names):
        return [name for name in features.names if name in names]
    taken = {*features.exclude, *_taken(fields)}
    return [name for name in _wanted(names, features) if name not in taken]


def _wanted(names: list[str], features: FeaturesField) -> list[str]:
    """Only those that are asked for, if some are."""
    return [name for name in names if not features.only or name in features.only]


def _taken(fields: Fields) -> Iterable[str]:
    single = (
        fields.timestamp, fields.id, fields.version, fields.prediction, fields.score,
        fields.latency, fields.status, fields.trace_id, fields.span_id, fields.actual,
        fields.weight, fields.scores, fields.ranking, fields.entity,
    )  # fmt: skip
    for one in (*single, *fields.steps.values()):
        for path in one.paths if one else ():
            yield path
            yield path.rpartition(".")[2]
            if fields.features and fields.features.form == "rest":
                yield path.partition(".")[0]


def column_of(columns: Mapping[str, TextColumn], one: _Output | None) -> TextColumn | None:
    """The column that is called as a path of the field, or as the last part of one."""
    paths = one.paths if one else ()
    for path in (*paths, *(path.rpartition(".")[2] for path in paths)):
        if path in columns:
            return columns[path]
    return None


def looks_like_log(rows: Iterable[Row], model: ModelConfig) -> bool:
    """Whether the features of some row are nested where the config says."""
    features = model.fields.features
    if features is None or features.form == "rest":
        return False
    kind = dict if features.form == "object" else list
    return any(isinstance(first(row, features.paths), kind) for row in rows)


def log_block(rows: Sequence[Row], model: ModelConfig) -> Block:
    """A block of rows that are lines of the log; lines without any input or output do not count."""
    fields = model.fields
    when = [(path, holds(wanted)) for path, wanted in model.when.items()]
    rows = [row for row in rows if all(one(first(row, (path,))) for path, one in when)]
    prediction = [_scalar(row, fields.prediction) for row in rows]
    objects = [_features(row, fields) for row in rows]
    raw = {name: [first(row, one.paths) for row in rows] for name, one in _vectors(fields)}
    outputs: list[Sequence[object]] = [prediction, *raw.values()]
    used = [
        i
        for i, one in enumerate(objects)
        if one or any(output[i] is not None for output in outputs)
    ]
    rows = [rows[i] for i in used]
    return Block(
        len(rows),
        feature_columns([objects[i] for i in used]),
        [prediction[i] for i in used] if fields.prediction else None,
        [_scalar(row, fields.score) for row in rows] if fields.score else None,
        [_scalar(row, fields.actual) for row in rows] if fields.actual else None,
        raw={name: [column[i] for i in used] for name, column in raw.items()},
        weight=[_scalar(row, fields.weight) for row in rows] if fields.weight else None,
        times=_times(rows, fields),
        segments=dict(_segments(rows, [objects[i] for i in used], model)),
    )


def _segments(
    rows: Sequence[Row], inputs: Sequence[Row], model: ModelConfig
) -> Iterable[tuple[str, TextColumn]]:
    """As live lines have them: at a path, or among the inputs under that name."""
    features = model.fields.features
    containers = features.paths if features and features.form != "rest" else ()
    for one in model.segments:
        outer, names = segment_paths(one, containers)
        found = [
            value if (value := first(row, outer.paths)) is not None else first(own, names)
            for row, own in zip(rows, inputs, strict=True)
        ]
        yield one.name, [one if isinstance(one, (str, int, float)) else None for one in found]


def _times(rows: Sequence[Row], fields: Fields) -> Floats | None:
    field = fields.timestamp
    return moments([first(row, field.paths) for row in rows], field) if field else None


def _vectors(fields: Fields) -> Iterable[tuple[str, ScoresField | RankingField]]:
    for name in VECTORS:
        one = getattr(fields, name)
        if one is not None:
            yield name, one


def feature_columns(objects: Sequence[Row]) -> dict[str, TextColumn]:
    """Columns of rows of name: value; None where a row lacks the name."""
    names = dict.fromkeys(name for one in objects for name in one)
    return {name: [one.get(name) for one in objects] for name in names}  # type: ignore[misc]


def first(row: Row, paths: Sequence[str]) -> object:
    """The first value that is present and not null."""
    for path in paths:
        value = row.get(path)
        if value is None and "." in path:
            value = _nested(row, path)
        if value is not None:
            return value
    return None


def _nested(row: Row, path: str) -> object:
    head, dot, rest = path.partition(".")
    while dot:
        inner = row.get(head)
        if isinstance(inner, Mapping):
            value = first(inner, (rest,))
            if value is not None:
                return value
        part, dot, rest = rest.partition(".")
        head = f"{head}.{part}"
    return None


def _scalar(row: Row, one: Field | None) -> Scalar:
    value = first(row, one.paths) if one else None
    return value if isinstance(value, (str, int, float)) else None


def _features(row: Row, fields: Fields) -> Row:
    features = fields.features
    found = first(row, features.paths) if features else None
    if isinstance(found, dict) and features:
        return {name: found[name] for name in _wanted(list(found), features)}
    if isinstance(found, list) and features and len(found) == len(features.names):
        return dict(zip(features.names, found, strict=True))
    return {}
