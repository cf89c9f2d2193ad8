"""Which column is what, and how the model is configured: as in a file, or said in the notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from inference_exporter import config as configuration
from inference_exporter.config.schema import (
    FeaturesField,
    Field,
    Fields,
    JsonFormat,
    ModelConfig,
    TimestampField,
)
from inference_exporter.errors import UsageError

NAME = "model"  # of a model that nobody named
KINDS = ("prediction", "score", "scores", "ranking", "actual", "version", "timestamp", "weight",
         "entity", "id")  # fmt: skip


def configured(path: str, name: str | None) -> ModelConfig:
    """A model of a configuration file."""
    models = {one.name: one for one in configuration.load(path).models}
    if name is None and len(models) == 1:
        (name,) = models
    if name not in models:
        raise UsageError(f"model={name!r}: {path} has {', '.join(models)}")
    return models[name]


def described(
    name: str, columns: Mapping[str, str | None], settings: Mapping[str, Any]
) -> ModelConfig:
    """A model of which the columns are named here; `settings` are those of a configuration."""
    unknown = sorted(columns.keys() - set(KINDS))
    if unknown:
        raise TypeError(f"unknown: {', '.join(unknown)}; columns are named by {', '.join(KINDS)}")
    given = {kind: column for kind, column in columns.items() if column is not None}
    fields = {"features": "rest", **given, **settings.get("fields", {})}
    model = {"logs": ["frame"], "format": "json", **settings, "fields": fields}
    text = yaml.safe_dump({"models": {name: model}})
    return configuration.parse(text, "settings").models[0]


def with_columns(model: ModelConfig, timestamp: str | None, version: str | None) -> ModelConfig:
    """The model with other names of two columns."""
    fields = model.fields
    if timestamp is not None:
        fields = replace(fields, timestamp=TimestampField((timestamp,)))
    if version is not None:
        fields = replace(fields, version=Field((version,)))
    return replace(model, fields=fields)


def as_log(model: ModelConfig, *, timed: bool, versioned: bool) -> ModelConfig:
    """The model with a log of plain JSON lines, as `lines` writes them.

    How lines are told, taken apart and joined is for real logs; so are labels that come later.
    """
    return replace(
        model,
        format=JsonFormat(),
        fields=_fields(model, timed=timed, versioned=versioned),
        source="files", path_pattern=None, receive=(), preset=None, exclude=(), unwrap="none",
        records=None, decode={}, explode=(), pairs=None, lines_of_request=None, when={},
        requests_when={}, start_at="beginning", concept_drift=None, similar_inputs=None,
        compare_versions=None,
        labels=None, segments=(),
    )  # fmt: skip


def _fields(model: ModelConfig, *, timed: bool, versioned: bool) -> Fields:
    known, features = model.fields, model.fields.features
    actual = known.actual is not None or model.labels is not None
    return Fields(
        timestamp=TimestampField(("timestamp",)) if timed else None,
        version=Field(("version",)) if versioned else None,
        features=features and _features(features),
        prediction=known.prediction and Field(("prediction",)),
        score=known.score and Field(("score",)),
        scores=known.scores and replace(known.scores, paths=("scores",)),
        ranking=known.ranking and replace(known.ranking, paths=("ranking",)),
        actual=Field(("actual",)) if actual else None,
        weight=known.weight and Field(("weight",)),
        entity=known.entity and Field(("entity",)),
    )


def _features(features: FeaturesField) -> FeaturesField:
    return FeaturesField(
        "object", ("features",), numeric=features.numeric, categorical=features.categorical
    )
