"""What is true of a model beside its counts: infos, thresholds.

Each function gives values by family and label set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from inference_exporter.accumulators import Layout, ScoreOutcomes, task_of
from inference_exporter.config.budget import parts
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.thresholds import in_force
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Labels
from inference_exporter.windows import History

ORIGIN = "model_uri"  # a label
Values = dict[str, dict[Labels, float]]


def more_of_versions(config: ModelConfig, origins: Mapping[str, str] | None) -> tuple[str, ...]:
    """The labels of the info that the configuration adds to it."""
    return (*(() if origins is None else (ORIGIN,)), *config.owner)


def of_versions(
    config: ModelConfig,
    reference: Reference | None,
    versions: Mapping[str, History],
    origins: Mapping[str, str] | None = None,
) -> Values:
    """Which versions there are, where they are from, and when they were seen last.

    The labels of the info end with those of `more_of_versions`.
    """
    facts = (
        type(config.format).__name__.removesuffix("Format").lower(),
        task_of(config, reference),
    )
    owner = tuple(config.owner.values())
    return {
        "inference_model_info": {
            (config.name, version, *facts, *_origin(origins, version), *owner): 1.0
            for version in versions
        },
        "inference_last_prediction_timestamp_seconds": {
            (config.name, version): history.newest
            for version, history in versions.items()
            if not math.isnan(history.newest)
        },
    }


def _origin(origins: Mapping[str, str] | None, version: str) -> tuple[str, ...]:
    return () if origins is None else (origins.get(version, ""),)


def thresholds(config: ModelConfig) -> dict[Labels, float]:
    """The thresholds in force, and the parts of the budget that rules spend."""
    found = in_force(config.thresholds) | parts(config.thresholds)
    return {(config.name, key, ""): value for key, value in found.items()}


def positive_class(config: ModelConfig, layout: Layout) -> Values:
    """The class whose probability the score is, of a two-class model."""
    scored = [one for one in layout.dense if isinstance(one, ScoreOutcomes)]
    return {"inference_positive_class_info": {(config.name, one.classes[1]): 1.0 for one in scored}}
