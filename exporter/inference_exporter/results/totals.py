"""Totals -> counters: what was counted since ever, per version, as samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from inference_exporter.accumulators import (
    CategoryBins,
    Histogram,
    LabelDelay,
    Layout,
    NumericBins,
)
from inference_exporter.config.budget import allowed
from inference_exporter.config.schema import ModelConfig
from inference_exporter.families import FAMILIES
from inference_exporter.results.binned import binned_performance
from inference_exporter.results.counters import SPARSE_FAMILIES, dense_values, sparse_values
from inference_exporter.results.durations import duration_samples
from inference_exporter.results.expectations import expected_values
from inference_exporter.results.seasonal import SeasonalTotals, swing_samples
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.statistics.rule_quantiles import missing_ratio, psi_quantiles
from inference_exporter.values import importance
from inference_exporter.values.batch import Floats
from inference_exporter.values.edges import shown
from inference_exporter.values.order import midranks
from inference_exporter.values.profile import FeatureProfile, NumericProfile, Reference
from inference_exporter.values.samples import Labels, Samples, SeriesSet
from inference_exporter.values.tally import Tally
from inference_exporter.values.vocabulary import OVERFLOW

Bins = NumericBins | CategoryBins


@dataclass(frozen=True, slots=True)
class _Static:
    """Series of one version whose labels never change while the layout stands."""

    bins: dict[str, SeriesSet]  # by scope
    histograms: dict[str, SeriesSet]  # by accumulator key
    reference: tuple[Samples, ...]  # values and all


class Totals:
    """Counters of one model; those that are published by segment come from `segments`."""

    def __init__(self, model: ModelConfig, layout: Layout, reference: Reference | None) -> None:
        self._model, self._layout, self._reference = model.name, layout, reference
        self._false_alarms = allowed(model.thresholds, "drift")
        self._importance = model.importance
        self._static: dict[str, _Static] = {}
        self._bins = [one for one in layout.dense if isinstance(one, NumericBins | CategoryBins)]
        self._by_segment = bool(model.segments)
        self._seasonal = SeasonalTotals(
            model.name, layout, reference.fingerprint if reference else ""
        )
        self._histograms = [
            one
            for one in layout.dense
            if isinstance(one, LabelDelay)
            or (isinstance(one, Histogram) and (one.step or not self._by_segment))
        ]

    def samples(
        self,
        version: str,
        total: Tally,
        created: float | None,
        cache: SeriesCache,
    ) -> Iterator[Samples]:
        """All counters of one version, and the reference's shares beside them."""
        static = self._static.get(version)
        if static is None:
            static = self._static[version] = self._make_static(version)
        yield from self._counted(version, total, created, cache)
        for histogram in self._histograms:
            cells = self._layout.cells_of(histogram, total)
            yield duration_samples(static.histograms[histogram.key], histogram, cells, created)
        yield from self._binned(total, created, static)
        yield from self._seasonal.samples(version, total, created)
        yield from self._quality(version, total, created, cache)
        yield from self._expected(version, total, created, cache)
        yield from static.reference

    def overflowed(self, total: Tally, version: str) -> dict[str, float]:
        """Values counted under `__overflow__`, by family."""
        dropped: dict[str, float] = {}
        for key, value in total.sparse.items():
            if OVERFLOW in key or (version == OVERFLOW and key[0] == "code"):
                family = SPARSE_FAMILIES[key[0]]
                dropped[family] = dropped.get(family, 0.0) + value
        return dropped

    def _binned(self, total: Tally, created: float | None, static: _Static) -> Iterator[Samples]:
        for scope, series in static.bins.items():
            counts = [
                bin_counts(one, self._layout.cells_of(one, total))
                for one in self._bins
                if one.scope == scope
            ]
            yield Samples(series, np.concatenate(counts).tolist(), created)

    def _quality(
        self, version: str, total: Tally, created: float | None, cache: SeriesCache
    ) -> Iterator[Samples]:
        missing: dict[Labels, float] = {}
        invalid: dict[Labels, float] = {}
        out_of_range: dict[Labels, float] = {}
        for one in self._bins:
            if one.scope == "feature":
                labels = (self._model, version, one.name)
                cells = self._layout.cells_of(one, total)
                missing[labels] = one.missing(cells)
                invalid[labels] = one.invalid(cells)
                if isinstance(one, NumericBins):
                    out_of_range[labels] = one.out_of_range(cells)
        yield cache.samples("inference_feature_missing_total", missing, created)
        yield cache.samples("inference_feature_invalid_total", invalid, created)
        yield cache.samples("inference_feature_out_of_range_total", out_of_range, created)

    def _counted(
        self, version: str, total: Tally, created: float | None, cache: SeriesCache
    ) -> Iterator[Samples]:
        """Counters of traffic and truth, without those that are published by segment."""
        base: Labels = (self._model, version)
        for family, values in sparse_values(base, total):
            if not (self._by_segment and FAMILIES[family].segmented):
                yield cache.samples(family, values, created)
        for one in self._layout.dense:
            for family, values in dense_values(base, one, self._layout.cells_of(one, total)):
                if not (self._by_segment and FAMILIES[family].segmented):
                    yield cache.samples(family, values, created)

    def _expected(
        self, version: str, total: Tally, created: float | None, cache: SeriesCache
    ) -> Iterator[Samples]:
        for one in self._layout.dense:
            cells = self._layout.cells_of(one, total)
            for family, values in expected_values((self._model, version), one, cells):
                yield cache.samples(family, values, created)

    def _make_static(self, version: str) -> _Static:
        base = (self._model, version)
        histograms = {}
        for one in self._histograms:
            family, labels = _histogram_family(base, one)
            histograms[one.key] = SeriesSet(FAMILIES[family], [labels], one.bounds)
        if self._reference is None:
            return _Static({}, histograms, ())
        bins = {}
        for scope in _scopes(self._reference):
            # In the order of the layout, as `_binned` reads the counts: not the reference's.
            labels_of = [
                (*base, self._reference.fingerprint, one.name, cell)
                for one in self._bins
                if one.scope == scope
                for cell in one.profile.bins
            ]
            if labels_of:
                bins[scope] = SeriesSet(FAMILIES[f"inference_{scope}_bin_total"], labels_of)
        reference = (
            *reference_samples(base, self._reference),
            *quantile_samples(base, self._reference, self._false_alarms),
            importance_samples(base, self._reference, self._importance),
        )
        return _Static(bins, histograms, reference)


def bin_counts(one: Bins, cells: Floats) -> Floats:
    """Counts per exported bin of one feature or output."""
    if isinstance(one, NumericBins):
        return one.profile.coarse(one.fine_counts(cells))
    return one.counts(cells)


def reference_samples(base: Labels, reference: Reference) -> Iterator[Samples]:
    """The reference's shares, sizes and performance as samples of one version."""
    for scope, profiles in _scopes(reference).items():
        ratios: dict[Labels, float] = {}
        ranks: dict[Labels, float] = {}
        sizes: dict[Labels, float] = {}
        for name, profile in profiles.items():
            labels = (*base, reference.fingerprint, name)
            sizes[labels] = profile.samples
            cells = zip(profile.bins, _shares(profile), _ranges(profile), strict=True)
            ratios.update({(*labels, cell, text): share for cell, share, text in cells})
            if isinstance(profile, NumericProfile):
                of_bins = midranks(profile.cell_counts).tolist()
                names = [(*labels, cell) for cell in profile.bins]
                ranks.update(zip(names, of_bins, strict=True))
        yield _samples(f"inference_{scope}_reference_ratio", ratios)
        yield _samples(f"inference_{scope}_bin_rank", ranks)
        yield _samples(f"inference_{scope}_reference_samples", sizes)
    yield from swing_samples((*base, reference.fingerprint), reference)
    performance = {(*base, *key): value for key, value in reference.performance.items()}
    yield _samples("inference_performance_reference", performance)
    for at, bound in enumerate(("lower", "upper")):
        ends = {(*base, *key): ends[at] for key, ends in reference.performance_intervals.items()}
        yield _samples(f"inference_performance_reference_{bound}", ends)
    binned = {(*base, *key): value for key, value in binned_performance(reference).items()}
    yield _samples("inference_performance_reference_binned", binned)
    errors = {(*base, metric): error for metric, error in reference.estimate_errors.items()}
    yield _samples("inference_performance_estimate_reference_error", errors)
    created = f"{np.datetime64(int(reference.created), 's')}Z"
    info = (*base, reference.fingerprint, str(reference.rows), created, reference.source)
    yield _samples("inference_reference_info", {info: 1.0})
    yield _samples("inference_reference_timestamp_seconds", {base: reference.created})


def quantile_samples(base: Labels, reference: Reference, budget: float) -> Iterator[Samples]:
    """What recording rules need to tell drift from noise; `budget` in false alarms per month."""
    quantiles = psi_quantiles(reference, budget)
    for scope, profiles in _scopes(reference).items():
        labels_of = {name: (*base, reference.fingerprint, name) for name in profiles}
        values = {labels_of[name]: value for name, value in quantiles[scope].items()}
        yield _samples(f"inference_{scope}_drift_quantile", values)
        if scope == "feature":
            missing = {labels_of[name]: missing_ratio(one) for name, one in profiles.items()}
            yield _samples("inference_feature_reference_missing_ratio", missing)


def importance_samples(base: Labels, reference: Reference, given: Mapping[str, float]) -> Samples:
    """How much each feature matters, `given` or measured; none where it is not known."""
    shares = importance.in_force(given, reference.importance, reference.features)
    values = {(*base, name): value for name, value in shares.items()}
    return _samples("inference_feature_importance_ratio", values)


def _samples(family: str, values: Mapping[Labels, float]) -> Samples:
    return Samples(SeriesSet(FAMILIES[family], values), list(values.values()))


def _scopes(reference: Reference) -> dict[str, Mapping[str, FeatureProfile]]:
    return {"feature": reference.features, "output": reference.outputs}


def _shares(profile: FeatureProfile) -> list[float]:
    counts = profile.cell_counts
    shares: list[float] = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts))).tolist()
    return shares


def _ranges(profile: FeatureProfile) -> list[str]:
    if not isinstance(profile, NumericProfile):
        return [""] * len(profile.bins)
    edges = shown(profile.edges, profile.minimum, profile.maximum)
    bounds = ["-Inf", *edges, "+Inf"]
    closed = [f"({low}, {high}]" for low, high in pairwise(bounds)]
    return [*closed[:-1], f"({bounds[-2]}, +Inf)"]


def _histogram_family(base: Labels, one: Histogram | LabelDelay) -> tuple[str, Labels]:
    if isinstance(one, LabelDelay):
        return "inference_label_delay_seconds", base
    if one.step:
        return "inference_step_duration_seconds", (*base, one.step)
    return "inference_request_duration_seconds", base
