"""Thresholds and facts that rules and people need beside the numbers."""

from __future__ import annotations

from inference_exporter.families.family import family

FACTS = (
    family(
        "gauge",
        "inference_threshold",
        "model name feature",
        "A configured threshold; rules compare metrics with it.",
    ),
    family(
        "gauge",
        "inference_positive_class_info",
        "model class",
        "Constant 1 for the class whose probability the score is, of a two-class model.",
    ),
    family(
        "gauge",
        "inference_model_info",
        "model version format task",
        "Constant 1 with facts about a model and version that was seen in the log.",
    ),
    family(
        "gauge",
        "inference_reference_info",
        "model version reference rows created source",
        "Constant 1 with facts about the reference profile in use.",
    ),
    family(
        "gauge",
        "inference_reference_timestamp_seconds",
        "model version",
        "When the reference profile was made.",
    ),
    family(
        "gauge",
        "inference_reference_schema_differences",
        "model difference",
        "Features on one side only: `unknown` to the reference, seen in sampled lines since it is "
        "in use; `absent`: of the reference, without any value in the shortest window.",
    ),
    family(
        "gauge",
        "inference_reference_warmup_remaining",
        "model",
        "Predictions still to be collected before a warm-up reference is frozen; 0 once it is.",
    ),
    family(
        "gauge",
        "inference_last_prediction_timestamp_seconds",
        "model version",
        "Event time of the newest line read (its arrival where lines carry no time).",
    ),
)
