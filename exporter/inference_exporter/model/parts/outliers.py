"""Predictions as a whole, live: outliers, bursts of similar inputs, scores near the boundary.

`columns` works out the columns of a batch before it is counted; everything else reads counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Self

import numpy as np

from inference_exporter.accumulators import Flags, Layout, NumericBins
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Setting
from inference_exporter.multivariate import (
    DISTANCE,
    STATISTICS,
    UNSEEN_SHARE,
    Scorer,
    SimilarInputs,
)
from inference_exporter.results.gauges import Gauges
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.batch import Batch, Bools, Floats, NumericColumn
from inference_exporter.values.profile import Multivariate, NumericProfile
from inference_exporter.values.samples import Labels, Samples
from inference_exporter.values.tally import Tally

KEY = "similar"
SIMILAR, BOUNDARY, OUTLIER = "similar", "boundary", "outlier"
_AHEAD = 300.0  # seconds; as for windows
_COUNTERS = {
    SIMILAR: "inference_similar_inputs_total",
    BOUNDARY: "inference_boundary_predictions_total",
}
_OUTLIERS = "inference_outliers_total"
_DRIFT = "inference_multivariate_drift"


class Outliers(Part):
    """What is worked out of the rows of one model."""

    def __init__(self, *, created_series: bool) -> None:
        self._created_series = created_series

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        config = setting.config
        if not config.multivariate and config.boundary is None:
            return None
        return cls(created_series=setting.created_series)

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        model, reference = counting.config, counting.reference
        self._counting = counting
        self._model = model.name
        self._boundary = model.boundary
        self._fit = reference.multivariate if reference else None
        self._scorer: Scorer | None = None
        if reference is not None and any(name in reference.outputs for name in STATISTICS):
            self._scorer = Scorer(self._fit, reference.features)
        whole = reference.outputs.get(DISTANCE) if reference else None
        self._beyond = np.inf  # outliers are the rows further out: an edge, as they are counted so
        if self._fit is not None and isinstance(whole, NumericProfile):
            first = _first_outlying(whole, self._fit)
            self._beyond = np.append(whole.fine_edges, np.inf)[first - 1]
        self._similar: SimilarInputs | None = None
        if self._fit is not None and model.similar_inputs:
            self._similar = SimilarInputs(len(self._fit.features), model.similar_inputs)

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:
        """See `Part.columns`: derived outputs and flags."""
        flags: dict[str, Bools] = {}
        derived: dict[str, NumericColumn] = {}
        if self._boundary is not None and batch.score is not None:
            distance = np.abs(batch.score.values - self._boundary.score)
            flags[BOUNDARY] = distance <= self._boundary.margin
            flags[f"{BOUNDARY}/looked"] = ~np.isnan(distance)
        if self._scorer is not None and batch.features:
            derived = self._scorer.batch(batch)
            if DISTANCE in derived:
                flags[OUTLIER] = derived[DISTANCE].values > self._beyond
            if self._similar is not None:
                # a time far ahead would make every honest minute an old one
                times = np.where(times > now + _AHEAD, np.nan, times)
                self._flag_similar(batch, times, derived[DISTANCE], flags)
        if not flags and not derived:
            return batch
        return replace(batch, derived={**batch.derived, **derived}, flags={**batch.flags, **flags})

    def _flag_similar(
        self, batch: Batch, times: Floats, distance: NumericColumn, flags: dict[str, Bools]
    ) -> None:
        """Rows with at least one number are looked at."""
        assert self._scorer is not None
        assert self._similar is not None
        looked = ~np.isnan(distance.values)
        rows = np.flatnonzero(looked)
        columns = {
            name: column.values
            for name, column in batch.features.items()
            if isinstance(column, NumericColumn)
        }
        z = self._scorer.scaled(columns, batch.rows)
        flagged = np.zeros(batch.rows, np.bool_)
        flagged[rows] = self._similar.flags(z[rows], times[rows])
        flags[SIMILAR], flags[f"{SIMILAR}/looked"] = flagged, looked

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        layout = self._counting.layout
        for version, history in self._counting.timeline.versions.items():
            created = history.created if self._created_series else None
            for family, labels, value in self._counters(version, layout, history.total):
                yield cache.samples(family, {labels: value}, created)

    def _counters(
        self, version: str, layout: Layout, total: Tally
    ) -> Iterator[tuple[str, Labels, float]]:
        """Outliers and flags since ever."""
        for one in layout.dense:
            cells = layout.cells_of(one, total)
            if isinstance(one, Flags):
                yield _COUNTERS[one.name], (self._model, version), float(cells[0])
            elif isinstance(one, NumericBins) and _is_whole(one) and one.name == DISTANCE:
                outliers, _ = self._outliers(one, cells)
                yield _OUTLIERS, (self._model, version), outliers

    def gauges(self, clock: float, gauges: Gauges) -> None:
        """See `Part.gauges`: shares and means over every window, where there are rows."""
        layout, timeline = self._counting.layout, self._counting.timeline
        for version in timeline.versions:
            for window in timeline.windows:
                tally = timeline.window(version, window.name, clock)
                for name, value in self._values(layout, tally):
                    labels = (self._model, version, name, window.name)
                    gauges.setdefault(_DRIFT, {})[labels] = value

    def _values(self, layout: Layout, tally: Tally) -> Iterator[tuple[str, float]]:
        for one in layout.dense:
            cells = layout.cells_of(one, tally)
            if isinstance(one, Flags) and cells[1]:
                yield f"{one.name}_share", float(cells[0] / cells[1])
            elif isinstance(one, NumericBins) and _is_whole(one):
                rows = float(one.fine_counts(cells).sum())
                if rows:
                    yield from self._of_bins(one, cells, rows)

    def _of_bins(self, one: NumericBins, cells: Floats, rows: float) -> Iterator[tuple[str, float]]:
        mean = float(one.fine_sums(cells).sum()) / rows
        if one.name == UNSEEN_SHARE:
            yield UNSEEN_SHARE, mean
        elif one.profile.mean > 0:
            yield one.name, mean / one.profile.mean
        if one.name == DISTANCE:
            yield "outlier_share", self._outliers(one, cells)[0] / rows

    def _outliers(self, one: NumericBins, cells: Floats) -> tuple[float, float]:
        assert self._fit is not None
        counts = one.fine_counts(cells)
        first = _first_outlying(one.profile, self._fit)
        return float(counts[first:].sum()), float(counts.sum())

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        if self._similar is None or not self._similar.changed:
            return {}, set()
        return {KEY: self._similar.to_bytes()}, set()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        if self._similar is not None and KEY in state:
            try:
                self._similar.restore(state[KEY])
            except ValueError as error:
                return [str(error)]
        return []


def _is_whole(one: NumericBins) -> bool:
    return one.scope == "output" and one.name in STATISTICS


def _first_outlying(profile: NumericProfile, fit: Multivariate) -> int:
    """The first cell of distances that are outliers'."""
    return int(np.searchsorted(profile.fine_edges, fit.quantile)) + 1
