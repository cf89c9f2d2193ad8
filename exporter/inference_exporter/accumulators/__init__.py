"""Columns in, increments out. One kind of count per file; no time inside, no state.

`arrange` is the one place that says which accumulators a model has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from inference_exporter.accumulators.base import (
    DenseAccumulator,
    Groups,
    SparseAccumulator,
)
from inference_exporter.accumulators.category_bins import CategoryBins
from inference_exporter.accumulators.choices import expected_of, outcomes_of
from inference_exporter.accumulators.class_scores import (
    ActualRanks,
    ClassLosses,
    OneVsRest,
    ScoredClasses,
    TopScores,
)
from inference_exporter.accumulators.error_spread import ErrorSpread
from inference_exporter.accumulators.expected import ExpectedOutcomes, ExpectedScoreLosses
from inference_exporter.accumulators.expected_bins import ExpectedBins, expected_bins
from inference_exporter.accumulators.expected_classes import ExpectedClasses
from inference_exporter.accumulators.expected_errors import ExpectedErrors
from inference_exporter.accumulators.flags import Flags
from inference_exporter.accumulators.histogram import Histogram
from inference_exporter.accumulators.late_labels import (
    LabelDelay,
    Labelled,
    Made,
    MadeByScore,
    Retracted,
)
from inference_exporter.accumulators.layout import RETRACTED, Increments, Layout
from inference_exporter.accumulators.log_loss_spread import LogLossSpread
from inference_exporter.accumulators.numeric_bins import NumericBins
from inference_exporter.accumulators.outcomes import (
    Confusion,
    RegressionOutcomes,
    ScoreOutcomes,
    wrong_rows,
)
from inference_exporter.accumulators.score_ranks import ScoreRanks
from inference_exporter.accumulators.traffic import Predictions, StatusCodes, Weights
from inference_exporter.accumulators.weights import WeightSpread
from inference_exporter.config.buckets import objective, request_buckets, step_buckets
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.worth import class_pair
from inference_exporter.performance import rank_edges
from inference_exporter.values.profile import FeatureProfile, NumericProfile, Reference
from inference_exporter.values.seasons import Seasons
from inference_exporter.values.vocabulary import Vocabulary

__all__ = [
    "RETRACTED",
    "ActualRanks",
    "CategoryBins",
    "ClassLosses",
    "Confusion",
    "DenseAccumulator",
    "ErrorSpread",
    "ExpectedBins",
    "ExpectedClasses",
    "ExpectedErrors",
    "ExpectedOutcomes",
    "ExpectedScoreLosses",
    "Flags",
    "Groups",
    "Histogram",
    "Increments",
    "LabelDelay",
    "Labelled",
    "Layout",
    "LogLossSpread",
    "Made",
    "MadeByScore",
    "NumericBins",
    "OneVsRest",
    "Predictions",
    "RegressionOutcomes",
    "Retracted",
    "ScoreOutcomes",
    "ScoreRanks",
    "ScoredClasses",
    "SparseAccumulator",
    "StatusCodes",
    "TopScores",
    "WeightSpread",
    "Weights",
    "arrange",
    "binary_classes",
    "expected_bins",
    "seasons_of",
    "task_of",
    "wrong_rows",
]


def arrange(model: ModelConfig, reference: Reference | None) -> Layout:
    """The accumulators of a model, from its configuration and, if there is one, its reference."""
    fields, limits = model.fields, model.limits
    known = known_classes(model, reference)
    regression = task_of(model, reference) == "regression"
    classes = Vocabulary(limits.classes, known)
    dense: list[DenseAccumulator] = []
    sparse: list[SparseAccumulator] = [
        StatusCodes(limits.status_codes, fields.status.ok if fields.status else None),
        Predictions(classes, known, regression),
    ]
    if fields.latency:
        dense.append(Histogram(request_buckets(model), objective=objective(model)))
    dense += [Histogram(step_buckets(model), step) for step in fields.steps]
    if fields.weight:
        dense += [Weights(), WeightSpread()]
    dense += _flags(model, reference)
    if reference:
        bins = _bins("feature", reference.features, reference.fingerprint)
        bins += _bins("output", reference.outputs, reference.fingerprint)
        # Numeric columns side by side are counted in one go (numeric_table).
        bins.sort(key=lambda one: not isinstance(one, NumericBins))
        dense += bins
        if (seasons := seasons_of(model, reference)) is not None:
            dense.append(ExpectedBins(bins, seasons, reference.fingerprint))
    dense += _expectations(model, reference)
    if model.has_labels and regression:
        dense += [RegressionOutcomes(), ErrorSpread(_centre(reference))]
    elif model.has_labels:
        sparse.append(Confusion(classes, known))
        dense += outcomes_of(model)
        if fields.has_score and (pair := binary_classes(model, reference)):
            scores = ScoreOutcomes(positive=pair[1], negative=pair[0])
            dense += [scores, LogLossSpread(scores), MadeByScore()]
            dense += _ranks(pair[1], reference)
    return Layout([*dense, *_of_labels(model, dense)], sparse)


def _of_labels(model: ModelConfig, dense: Sequence[DenseAccumulator]) -> list[DenseAccumulator]:
    """What tells how labels arrive, and what newer ones took back from the others."""
    coverage: list[DenseAccumulator] = [Made(), Labelled()] if model.has_labels else []
    if model.labels is None:
        return coverage
    truth = [one for one in (*dense, *coverage) if getattr(one, "joined", False)]
    corrections = [Retracted(one) for one in truth] if model.labels.update == "last" else []
    return [*coverage, *corrections, LabelDelay()]


def _centre(reference: Reference | None) -> float:
    """About where labels are: the mean prediction of the reference, to few digits."""
    profile = reference.outputs.get("prediction") if reference else None
    mean = profile.mean if isinstance(profile, NumericProfile) else 0.0
    return float(f"{mean:.3g}") if math.isfinite(mean) else 0.0


def _ranks(positive: str, reference: Reference | None) -> list[DenseAccumulator]:
    """Finer bins than the 20, where the reference says where scores are."""
    profile = reference.outputs.get("score") if reference else None
    if not isinstance(profile, NumericProfile):
        return []
    return [ScoreRanks(positive, rank_edges(profile.fine_edges))]


def _expectations(model: ModelConfig, reference: Reference | None) -> list[DenseAccumulator]:
    """What estimates performance without labels."""
    if reference is None or not model.fields.predicts:
        return []
    if task_of(model, reference) == "regression":
        return [ExpectedErrors(reference.losses)] if reference.losses else []
    if more := expected_of(model, reference):
        return more
    known, pair = reference.calibration, binary_classes(model, reference)
    if known is None or not model.fields.has_score or pair != (known.negative, known.positive):
        return []
    outcomes = ExpectedOutcomes(known)
    return [outcomes, ExpectedScoreLosses(outcomes)]


def _flags(model: ModelConfig, reference: Reference | None) -> list[Flags]:
    flags = [Flags("boundary")] if model.boundary and model.fields.has_score else []
    if reference and reference.multivariate and model.similar_inputs:
        flags.append(Flags("similar"))
    return flags


def known_classes(model: ModelConfig, reference: Reference | None) -> tuple[str, ...]:
    """The classes that exist from the start, sorted: of the reference, or with probabilities.

    `limits.classes` at most; of more items of rankings none, for then the first that are seen have
    series, as without a reference.
    """
    limit, scores = model.limits.classes, model.fields.scores
    if reference is not None and reference.classes:
        few = len(reference.classes) <= limit or model.fields.ranking is None
        return reference.classes[:limit] if few else ()
    return tuple(sorted(scores.classes)) if scores else ()


def task_of(model: ModelConfig, reference: Reference | None) -> str:
    """`classification` or `regression`: as configured, else as the reference data looks."""
    return model.task or (reference.task if reference else "classification")


def binary_classes(model: ModelConfig, reference: Reference | None) -> tuple[str, str] | None:
    """(negative, positive) of a two-class model; None where there is no positive class."""
    return class_pair(model, reference.classes if reference else ())


def seasons_of(model: ModelConfig, reference: Reference | None) -> Seasons | None:
    """The reference by hour, if the model has a season and the reference knows it."""
    known = reference.seasons if reference else None
    return known.wanted(model.season, model.season_timezone) if known else None


def _bins(
    scope: str, profiles: Mapping[str, FeatureProfile], fingerprint: str
) -> list[NumericBins | CategoryBins]:
    return [_bins_of(scope, name, profile, fingerprint) for name, profile in profiles.items()]


def _bins_of(
    scope: str, name: str, profile: FeatureProfile, fingerprint: str
) -> NumericBins | CategoryBins:
    if isinstance(profile, NumericProfile):
        return NumericBins(scope, name, profile, fingerprint)
    return CategoryBins(scope, name, profile, fingerprint)
