"""Counts of durations -> the histograms on the page, with buckets of both kinds."""

from __future__ import annotations

from inference_exporter.accumulators import Histogram, LabelDelay
from inference_exporter.values.batch import Floats
from inference_exporter.values.samples import Samples, SeriesSet


def duration_samples(
    series: SeriesSet, one: Histogram | LabelDelay, cells: Floats, created: float | None
) -> Samples:
    """One histogram; `series` is its label set."""
    native = one.native(cells) if isinstance(one, Histogram) else None
    return Samples(series, one.exported(cells), created, native=(native,) if native else ())
