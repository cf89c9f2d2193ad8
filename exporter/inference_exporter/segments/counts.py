"""Counts of one model by version and segment: a second, smaller ledger beside that of versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from inference_exporter.accumulators import (
    ErrorSpread,
    ExpectedOutcomes,
    ExpectedScoreLosses,
    Histogram,
    Labelled,
    Layout,
    Made,
    RegressionOutcomes,
    ScoreOutcomes,
    WeightSpread,
)
from inference_exporter.config.buckets import objective, segment_buckets, segment_native
from inference_exporter.config.schema import ModelConfig
from inference_exporter.families import FAMILIES, with_labels
from inference_exporter.ledger import Keys, Ledger
from inference_exporter.results.counters import SPARSE_FAMILIES, dense_values, sparse_values
from inference_exporter.results.durations import duration_samples
from inference_exporter.results.exemplars import Exemplars
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.segments.comparison import Comparison
from inference_exporter.segments.naming import Naming, parts
from inference_exporter.segments.page import Gauges
from inference_exporter.values.batch import Batch, Floats, Ints
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Exemplar, Labels, Samples, SeriesSet
from inference_exporter.values.tally import Tally
from inference_exporter.values.vocabulary import OVERFLOW
from inference_exporter.windows import Timeline

PREFIX = "segments/"
_EXPECTED = (ExpectedOutcomes, ExpectedScoreLosses)  # of fields with `estimates`
_KINDS = (ScoreOutcomes, RegressionOutcomes, ErrorSpread, Made, Labelled, WeightSpread)


class Segments:
    """The segments of one model.

    Parameters
    ----------
    versions
        Tells the version of each row.
    layout
        That of the model, of which only what is published or compared by segment is counted.
    alpha, design
        See `Comparison`.
    least
        Rows below which nothing is said about a segment.
    """

    def __init__(
        self,
        config: ModelConfig,
        layout: Layout,
        reference: Reference | None,
        versions: Keys,
        *,
        alpha: float,
        design: Callable[[str, str], float],
        least: int,
    ) -> None:
        self._config, self._versions = config, versions
        estimated = any(one.estimates for one in config.segments)
        layout = layout.only(_KINDS + (_EXPECTED if estimated else ()), *_latency(config))
        self._naming = Naming(config, reference)
        timeline = Timeline(config.windows, layout.slices, layout.signature, layout.empty)
        self.ledger = Ledger(layout, timeline, self._keys)
        self._comparison = Comparison(
            config, layout, reference, alpha=alpha, design=design, least=least
        )
        self._exemplars = Exemplars(layout, lambda name: FAMILIES[name].segmented)
        self._series: dict[str, SeriesSet] = {}
        self.prefix = f"{PREFIX}{','.join(self._naming.fields)}/"

    # -- counts --------------------------------------------------------------------------------

    def _keys(self, batch: Batch) -> tuple[Ints, list[str]]:
        return self._naming.find(batch, *self._versions(batch)), self._naming.keys

    def named(self, batch: Batch) -> Batch:
        """The batch with names of segments instead of raw values."""
        return self._naming.named(batch)

    def count(self, batch: Batch, times: Floats, now: float, oldest: float) -> None:
        """Count rows that were just read; as `Ledger.count`, of a batch with names."""
        placement, _, _ = self.ledger.count(batch, times, now, oldest)
        self._exemplars.mark(batch, times, placement)

    def next_round(self) -> None:
        """The next commit has exemplars of its own."""
        self._exemplars.next_round()

    def exemplars(self) -> Iterator[tuple[str, Labels, int, Exemplar]]:
        """Traced requests by family, label set and bucket."""
        for family, name, labels, bucket, exemplar in self._exemplars.items(self._naming.keys):
            version, values = parts(name)
            yield family, (self._config.name, version, *labels, *values), bucket, exemplar

    def foresee(self, versions: Iterable[str], now: float) -> None:
        """Let counters of what is known beforehand begin at 0."""
        for version in versions:
            for values in self._naming.foreseen():
                at = self._naming.index(version, values)
                self.ledger.timeline.version(self._naming.keys[at], now)

    # -- on the page ---------------------------------------------------------------------------

    def samples(self, created: bool, cache: SeriesCache) -> Iterator[Samples]:
        """Counters by segment."""
        for name, history in self.ledger.timeline.versions.items():
            version, values = parts(name)
            base, born = (self._config.name, version), history.created if created else None
            for family, numbers in sparse_values(base, history.total, values):
                yield cache.samples(family, numbers, born, self._naming.fields)
            yield from self._dense(name, history.total, born, cache)

    def _dense(
        self, name: str, total: Tally, born: float | None, cache: SeriesCache
    ) -> Iterator[Samples]:
        version, values = parts(name)
        base, layout = (self._config.name, version), self.ledger.layout
        for one in layout.dense:
            cells = layout.cells_of(one, total)
            if isinstance(one, Histogram):
                series = self._histogram(name, one, (*base, *values))
                yield duration_samples(series, one, cells, born)
            for family, numbers in dense_values(base, one, cells, values):
                if FAMILIES[family].segmented:
                    yield cache.samples(family, numbers, born, self._naming.fields)

    def _histogram(self, name: str, one: Histogram, labels: Labels) -> SeriesSet:
        series = self._series.get(name)
        if series is None:
            family = with_labels("inference_request_duration_seconds", self._naming.fields)
            series = self._series[name] = SeriesSet(family, [labels], one.bounds)
        return series

    def gauges(self, now: float) -> Gauges:
        """Windowed values of every segment, and what they say about each other."""
        found: Gauges = {}
        for version in {parts(name)[0]: None for name in self.ledger.timeline.versions}:
            self._comparison.own.put(found, version)
        for window in self.ledger.timeline.windows:
            by_version: dict[str, list[tuple[tuple[str, ...], Tally]]] = {}
            for name in self.ledger.timeline.versions:
                version, values = parts(name)
                tally = self.ledger.timeline.window(name, window.name, now)
                if tally.sparse:
                    by_version.setdefault(version, []).append((values, tally))
            for version, counted in by_version.items():
                for at, one in enumerate(self._config.segments):
                    tallies = _by_value(at, counted)
                    self._comparison.put(found, version, window.name, one, tallies)
        return found

    def overflowed(self) -> dict[str, float]:
        """Values counted under a segment `__overflow__`, by family."""
        dropped: dict[str, float] = {}
        for name, history in self.ledger.timeline.versions.items():
            if OVERFLOW in parts(name)[1]:
                for key, number in history.total.sparse.items():
                    if key[0] == "code":
                        family = SPARSE_FAMILIES[key[0]]
                        dropped[family] = dropped.get(family, 0.0) + number
        return dropped

    # -- state ---------------------------------------------------------------------------------

    def take_changes(self, *, everything: bool = False) -> tuple[dict[str, bytes], set[str]]:
        """State to write and to delete since the last call; or all there is."""
        puts, deletes = self.ledger.timeline.take_changes(everything=everything)
        return (
            {self.prefix + key: value for key, value in puts.items()},
            {self.prefix + key for key in deletes},
        )

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:
        """Take up committed counts; those of other segments are `foreign`."""
        own = {
            key.removeprefix(self.prefix): value
            for key, value in state.items()
            if key.startswith(self.prefix)
        }
        problems = self.ledger.timeline.restore(own, now)
        self._naming.learn(self.ledger.timeline.versions)
        for history in self.ledger.timeline.versions.values():
            self.ledger.layout.learn(history.total.sparse)
        return [f"segments: {problem}" for problem in problems]


def foreign(state: Mapping[str, bytes], segments: Segments | None) -> set[str]:
    """Keys of segments that are not configured any more."""
    own = segments.prefix if segments else None
    return {key for key in state if key.startswith(PREFIX) and not (own and key.startswith(own))}


def _latency(config: ModelConfig) -> list[Histogram]:
    if not config.fields.latency:
        return []
    native, limit = segment_native(config), objective(config)
    return [Histogram(segment_buckets(config), native=native, objective=limit, fine=False)]


def _by_value(at: int, counted: list[tuple[tuple[str, ...], Tally]]) -> dict[str, Tally]:
    """Counts by the value of one segment, whatever the others are."""
    merged: dict[str, Tally] = {}
    for values, tally in counted:
        if values[at] in merged:
            merged[values[at]].merge(tally)
        else:
            merged[values[at]] = tally.copy()
    return merged
