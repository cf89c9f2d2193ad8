"""`reference merge`: profiles of parts of the data become the profile of all of it.

Numbers: where all parts have the same edges (`reference build --edges-from`), counts add and are
exact. Where they do not, the sketches of the shards are merged: edges and counts are those of the
merged sketch, every rank within n ceil(log2(n / 32768)) / 32768 of the truth (0.015 % at a
million rows; exact up to 32,767). Mean, standard deviation, minimum and maximum are exact in both
cases, and so are categories (up to 10,000 names) and outcomes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from inference_exporter.errors import ProfileError
from inference_exporter.reference.files.fingerprint import fingerprint
from inference_exporter.reference.files.shard import Shard
from inference_exporter.reference.judging.outcomes import (
    ClassOutcomes,
    NumberOutcomes,
    OutcomeState,
)
from inference_exporter.reference.judging.segment_outcomes import merged as merged_segments
from inference_exporter.reference.merge_seasons import merged_seasons, merged_times
from inference_exporter.reference.merged_importance import merged_importance
from inference_exporter.reference.profiling.census import CategoryCensus
from inference_exporter.reference.profiling.grid import edges_of
from inference_exporter.reference.profiling.sketch import QuantileSketch
from inference_exporter.reference.profiling.whole import without_whole
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import (
    CategoricalProfile,
    FeatureProfile,
    Multivariate,
    NumericProfile,
    Reference,
    by_key,
)

_HUGE = 1e150
_HINT = "build the parts with --shard, or all with the same --edges-from"


def merge(
    parts: Sequence[Shard], *, now: float, classes: int = 50, segments: int = 20
) -> Reference:
    """One profile of all parts; `classes` limits the classes with performance of their own.

    `segments` limits the values of a field with performance of their own.

    Raises ProfileError where the parts do not fit together.
    """
    if len(parts) < 2:
        raise ProfileError("merging takes at least two parts; one alone is used as it is")
    first = parts[0].reference
    for name, values in (
        ("model", {part.reference.model for part in parts}),
        ("task", {part.reference.task for part in parts}),
    ):
        if len(values) > 1:
            raise ProfileError(
                f"the parts differ in their {name}: {', '.join(sorted(values))}"
                + ("; set `task` in the configuration" if name == "task" else "")
                + ("; merge only those of one model" if name == "model" else "")
            )
    rows = sum(part.reference.rows for part in parts)
    outcomes = _outcomes(parts, first.task)
    names = {name for part in parts for name in part.reference.classes}
    centroids = {name: one.tolist() for name, one in first.centroids.items()}
    for part in parts:
        if {name: one.tolist() for name, one in part.reference.centroids.items()} != centroids:
            raise ProfileError(
                "the parts have different centroids of embeddings; build them with --edges-from"
            )
    fit = _common_fit(parts)
    if fit is None:
        parts = [replace(part, reference=without_whole(part.reference)) for part in parts]
    merged = Reference(
        model=first.model,
        rows=rows,
        created=now,
        fingerprint="",
        task=first.task,
        features=(features := _profiles("feature", parts, rows)),
        outputs=(outputs := _profiles("output", parts, rows)),
        classes=tuple(sorted(names)),
        performance=(performance := outcomes.metrics(classes)),
        performance_intervals={
            key: interval for key, interval in outcomes.intervals().items() if key in performance
        },
        performance_samples=outcomes.samples,
        source=f"{first.source} and {len(parts) - 1} more parts",
        rejected=sum(part.reference.rejected for part in parts),
        multivariate=fit,
        centroids=first.centroids,
        times=merged_times(parts),
        seasons=merged_seasons(parts, by_key(features, outputs)),
        segments=merged_segments(
            [part.segments for part in parts], first.task, tuple(sorted(names)), segments
        )
        if outcomes.samples
        else {},
    )
    merged = replace(merged, importance=merged_importance(parts, merged.features))
    return replace(merged, fingerprint=fingerprint(merged))


def _common_fit(parts: Sequence[Shard]) -> Multivariate | None:
    """The fit of rows as a whole that all parts share: built with the same --edges-from."""
    fits = [part.reference.multivariate for part in parts]
    first = fits[0]
    if first is None or any(other is None for other in fits):
        return None
    for other in fits[1:]:
        assert other is not None
        if first.features != other.features or first.quantile != other.quantile:
            return None
        if not np.array_equal(first.covariance, other.covariance):
            return None
        if not np.array_equal(first.centre, other.centre):
            return None
    return first


def _outcomes(parts: Sequence[Shard], task: str) -> ClassOutcomes | NumberOutcomes:
    """Outcomes of all parts; none if only some parts have what adds up."""
    found = NumberOutcomes() if task == "regression" else ClassOutcomes()
    states = [part.outcomes for part in parts]
    if all(isinstance(one, OutcomeState) for one in states):
        for state in states:
            assert state is not None
            found.merge(state)
    return found


def _profiles(scope: str, parts: Sequence[Shard], rows: int) -> dict[str, FeatureProfile]:
    names = [
        name
        for part in parts
        for name in (part.reference.features if scope == "feature" else part.reference.outputs)
    ]
    merged: dict[str, FeatureProfile] = {}
    for name in dict.fromkeys(names):
        try:
            merged[name] = _one(f"{scope}/{name}", parts, rows)
        except ValueError as error:
            raise ProfileError(f"{name}: {error}") from error
    return merged


def _of(part: Shard, key: str) -> FeatureProfile | None:
    scope, _, name = key.partition("/")
    profiles = part.reference.features if scope == "feature" else part.reference.outputs
    return profiles.get(name)


def _one(key: str, parts: Sequence[Shard], rows: int) -> FeatureProfile:
    present = [(part, one) for part in parts if (one := _of(part, key)) is not None]
    invalid = sum(one.invalid for _, one in present)
    filled = [(part, one) for part, one in present if one.samples]
    numeric = [one for _, one in filled if isinstance(one, NumericProfile)]
    if not numeric:
        return _categorical(key, [part for part, _ in filled], rows, invalid)
    if len(numeric) < len(filled):
        raise ValueError(
            "is numeric in some parts and categorical in others; name it in features.numeric or "
            "features.categorical of the configuration, or build with --edges-from"
        )
    counted = _same_bins(numeric)
    if counted is None:
        sketches = [part.sketches.get(key) for part, _ in filled]
        counted = _from_sketches([one for one in sketches if one], numeric)
    missing = rows - int(sum(one.samples for one in numeric)) - invalid
    return replace(counted, missing=missing, invalid=invalid)


def _same_bins(numeric: Sequence[NumericProfile]) -> NumericProfile | None:
    """The sum of profiles with the same edges; None if they have not."""
    first = numeric[0]
    for other in numeric[1:]:
        if not np.array_equal(first.fine_edges, other.fine_edges):
            return None
        if not np.array_equal(first.edges, other.edges):
            return None
    table = np.array([one.counts for one in numeric])
    counts: Floats = table.sum(axis=0)
    known = np.nan_to_num(np.array([one.means for one in numeric]))
    means: Floats = (table / np.maximum(counts, 1.0) * known).sum(axis=0)
    means[counts == 0] = np.nan
    return _with_moments(numeric, first.edges, first.fine_edges, counts, means)


def _from_sketches(
    sketches: Sequence[QuantileSketch], numeric: Sequence[NumericProfile]
) -> NumericProfile:
    """The profile of the merged sketch."""
    if len(sketches) < len(numeric):
        raise ValueError(f"the parts have different bins; {_HINT}")
    merged = QuantileSketch()
    for sketch in sketches:
        merged.merge(sketch)
    edges, fine_edges = edges_of(merged)
    values, weights = merged.weighted()
    index = np.searchsorted(fine_edges, values)
    size = len(fine_edges) + 1
    counts = np.bincount(index, weights, minlength=size).astype(np.float64)
    shares = weights / counts[index]
    means = np.bincount(index, values * shares, minlength=size).astype(np.float64)
    means[counts == 0] = np.nan
    return _with_moments(numeric, edges, fine_edges, counts, means)


def _with_moments(
    numeric: Sequence[NumericProfile],
    edges: Floats,
    fine_edges: Floats,
    counts: Floats,
    means: Floats,
) -> NumericProfile:
    """Mean and variance of the union: those of the parts, and of their means, by weight.

    The variance is as good as the means are: values that differ only in the last digits of a
    float64 (integers near 2**53) lose it.
    """
    minimum = min(one.minimum for one in numeric)
    maximum = max(one.maximum for one in numeric)
    scale = 2.0**-600 if max(-minimum, maximum) > _HUGE else 1.0
    weights = np.array([one.samples for one in numeric])
    weights /= weights.sum()
    centres = np.array([one.mean * scale for one in numeric])
    spreads = np.array([one.std * scale for one in numeric])
    mean = float(weights @ centres)
    variance = float(weights @ (spreads**2 + (centres - mean) ** 2))
    low, high = np.append(minimum, fine_edges), np.append(fine_edges, maximum)
    return NumericProfile(
        edges=edges,
        fine_edges=fine_edges,
        counts=counts,
        means=np.clip(means, low, high),
        minimum=minimum,
        maximum=maximum,
        mean=min(max(mean / scale, minimum), maximum),
        std=0.0 if minimum == maximum else float(np.sqrt(variance)) / scale,
    )


def _categorical(key: str, parts: Sequence[Shard], rows: int, invalid: int) -> CategoricalProfile:
    census = CategoryCensus()
    census.merge({}, invalid=invalid)
    for counts, overflow in _counts(key, parts):
        census.merge(counts, overflow=overflow)
    return census.profile(rows)


def _counts(key: str, parts: Sequence[Shard]) -> Iterator[tuple[dict[str, int], int]]:
    """Rows by category and rows beyond, of every part."""
    for part in parts:
        profile = _of(part, key)
        assert isinstance(profile, CategoricalProfile)
        counts = part.categories.get(key)
        if counts is None and profile.known_others:
            raise ValueError(f"the parts do not say how often each category occurs; {_HINT}")
        if counts is None:
            pairs = zip(profile.categories, profile.counts.tolist(), strict=True)
            counts = {name: int(count) for name, count in pairs}
        yield dict(counts), profile.overflow
