"""One model: its lines become counts, its counts become samples. No I/O, no waiting."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from inference_exporter.accumulators import Vocabulary, arrange, binary_classes, task_of
from inference_exporter.batch import Batch, Floats, Ints
from inference_exporter.concept import ConceptRunner
from inference_exporter.config.schema import ModelConfig, Warmup
from inference_exporter.decisions import PREFIX as DECISIONS
from inference_exporter.decisions import Decisions, gauges, significance
from inference_exporter.derived import Deriver, with_derived
from inference_exporter.formats import Decoded, Decoder
from inference_exporter.late import LateLabels
from inference_exporter.ledger import Ledger
from inference_exporter.mismatch import Mismatch, absent
from inference_exporter.numeric import numeric_column
from inference_exporter.outliers import Outliers, usable
from inference_exporter.profile import Reference
from inference_exporter.reference import WarmupBuilder, dumps, loads
from inference_exporter.results import particulars
from inference_exporter.results.evaluate import Chance, EvaluationFacts, Evaluator, Gauges
from inference_exporter.results.exemplars import Exemplars
from inference_exporter.results.expectations import Forecast
from inference_exporter.results.judge import judge_of
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.results.totals import Totals
from inference_exporter.samples import Labels, Samples
from inference_exporter.segments import GaugesBySegment, Segments, foreign
from inference_exporter.status_facts import ModelFacts, ReferenceKind
from inference_exporter.windows import Placement, Timeline

log = logging.getLogger("inference_exporter.model")

DecoderFactory = Callable[[Reference | None], Decoder]


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """What became of one block of lines."""

    decoded: Decoded
    placement: Placement | None = None
    newest: float = float("nan")
    frozen: Reference | None = field(default=None)  # a warm-up reference that is now complete
    labels: Decoded | None = None  # the same lines, read as labels


class Model:
    """Counts of one model.

    With `event_time` the windows end at the newest event instead of at the clock, and no event is
    late: for reading a log after the fact (`once`). With `created_series` OpenMetrics scrapers get
    a `_created` series beside each counter, which doubles what they store.
    """

    def __init__(
        self,
        config: ModelConfig,
        reference: Reference | None,
        make_decoder: DecoderFactory,
        *,
        event_time: bool = False,
        created_series: bool = False,
        make_sampler: Callable[[], Decoder] | None = None,
    ) -> None:
        self.config = config
        self._make_sampler = make_sampler
        self._created_series = created_series
        self._make_decoder, self._event_time = make_decoder, event_time
        self._versions = Vocabulary(config.limits.versions)
        self._exemplars = Exemplars(config.latency_buckets)
        self._evaluated: tuple[int, GaugesBySegment] | None = None
        self._unwanted: set[str] = set()  # state of segments that are not configured any more
        self._cache = SeriesCache()
        self._unsaved: Reference | None = None  # a warm-up reference not yet committed
        self.warmup: WarmupBuilder | None = None
        if reference is None and isinstance(config.reference, Warmup):
            self.warmup = WarmupBuilder(config)
        self.concept = ConceptRunner(config.concept_drift) if config.concept_drift else None
        self.late: LateLabels | None = None
        if config.labels is not None:
            regression = task_of(config, reference) == "regression"
            self.late = LateLabels(
                config, config.labels, regression=regression, event_time=event_time
            )
            self.late.on_joined = self._joined
        self._use(reference)

    def _use(self, reference: Reference | None) -> None:
        self.reference = reference = usable(self.config, reference)
        self._outliers = Outliers(self.config, reference)
        self._deriver: Deriver | None = None
        if self.config.derived and reference is not None:
            self._deriver = Deriver(self.config.derived, reference.centroids)
        self._decoder = self._make_decoder(reference)
        self.layout = layout = arrange(self.config, reference)
        self._regression = task_of(self.config, reference) == "regression"
        self.timeline = Timeline(self.config.windows, layout.slices, layout.signature, layout.empty)
        self._totals = Totals(self.config, layout, reference)
        self.decisions = Decisions(self.config, layout, self.timeline.base)
        chance = Chance(self.decisions.test_alpha, self.decisions.design)
        judge = judge_of(self.config, layout, reference)
        forecast = Forecast(self.config, layout, reference)
        self._evaluator = Evaluator(self.config, layout, chance, judge, forecast)
        self._ledger = Ledger(layout, self.timeline, self._keys)
        self.segments = self._make_segments(reference)
        self._mismatch = self._watch(reference)
        if self.concept is not None:
            pair = binary_classes(self.config, reference)
            self.concept.positive = pair[1] if pair else None
        if self.config.fields.version is None:
            self.timeline.version("", 0.0)
        if self.late is not None:
            ledgers = [self._ledger, *([self.segments.ledger] if self.segments else [])]
            self.late.use(ledgers, reference)

    def _make_segments(self, reference: Reference | None) -> Segments | None:
        if not self.config.segments:
            return None
        return Segments(
            self.config,
            self.layout,
            reference,
            self._keys,
            alpha=self.decisions.alpha,
            least=self._evaluator.least_labelled,
        )

    def _keys(self, batch: Batch) -> tuple[Ints | None, list[str]]:
        versions = None if batch.version is None else self._versions.indexes(batch.version)
        return versions, self._versions.names

    def _watch(self, reference: Reference | None) -> Mismatch | None:
        """Who looks for features that the reference does not know."""
        if reference is None or self._make_sampler is None or not self.config.fields.features:
            return None
        sources = self._deriver.sources if self._deriver else ()
        return Mismatch(reference, self._make_sampler(), sources)

    def start(self, now: float) -> None:
        """Note when the series known beforehand began."""
        for history in self.timeline.versions.values():
            history.created = history.created or now
        self._foresee(now)

    def _foresee(self, now: float) -> None:
        if self.segments is not None:
            self.segments.foresee(self.timeline.versions, now)

    def parts(self, block: bytes) -> Iterator[bytes]:
        """The block, cut where a warm-up may be complete: what follows counts against it."""
        while self.warmup is not None and block:
            wanted = self.warmup.remaining
            rest = b"".join(block.split(b"\n", wanted)[wanted:])
            yield block[: len(block) - len(rest)]
            block = rest
        if block:
            yield block

    def take(self, block: bytes, now: float) -> BlockFacts:
        """Decode and count a block of whole lines."""
        self._evaluated = None
        decoded = self._decoder.decode(block)
        labels = self.late.same_log(block, now) if self.late is not None else None
        batch = decoded.batch
        if not batch.rows:
            return BlockFacts(decoded, labels=labels)
        if self._regression and batch.prediction is not None:
            batch = _with_numbers(batch)
        times = np.full(batch.rows, now) if batch.timestamp is None else batch.timestamp.values
        if self._deriver is not None:
            batch = with_derived(batch, self._deriver)
        batch = self._outliers.mark(batch, times, now)
        if self.segments is not None:
            batch = self.segments.named(batch)
        placement = self._count(batch, times, now)
        if self.late is not None:
            self.late.predictions(batch, times, placement)
        newest = float(np.fmax.reduce(placement.newest))
        if self._mismatch is not None:
            self._mismatch.sample(block)
        return BlockFacts(decoded, placement, newest, self._warm(batch, now), labels)

    def _count(self, batch: Batch, times: Floats, now: float) -> Placement:
        oldest = -np.inf if self._event_time else now - self.config.lateness
        known = len(self.timeline.versions)
        placement, names, increments = self._ledger.count(batch, times, now, oldest)
        if self.segments is not None:
            if len(self.timeline.versions) > known:
                self._foresee(now)
            self.segments.count(batch, times, now, oldest)
        self.decisions.add(placement, names, increments.dense)
        if self._event_time:
            self.decisions.decide(self.clock(now), self.config.lateness, live=False)
        if self.concept is not None:
            newest = float(np.fmax.reduce(times)) if self._event_time else now
            seen = now if np.isnan(newest) else newest
            self.concept.take(batch, *self._keys(batch), seen)
        self._exemplars.mark(batch, times, placement, names)
        return placement

    def _joined(self, batch: Batch) -> None:
        """Predictions whose labels came late: the sequential tests see them now."""
        self._evaluated = None
        if self.concept is not None:
            assert batch.timestamp is not None
            seen = self.timeline.newest if self._event_time else self._settled
            self.concept.take(batch, *self._keys(batch), seen)

    def settle(self, connection: sqlite3.Connection | None, now: float) -> bool:
        """Join late labels with their predictions; whether anything changed. Before a commit."""
        self._settled = now
        return self.late is not None and self.late.settle(connection, now)

    def _warm(self, batch: Batch, now: float) -> Reference | None:
        if self.warmup is None:
            return None
        self.warmup.add(batch)
        if not self.warmup.complete:
            return None
        reference = self.warmup.build(now)
        self.warmup = None
        self._unsaved = reference
        self.adopt(reference, now)
        return reference

    def adopt(self, reference: Reference, now: float) -> None:
        """Count against this reference from now on; what was counted before stays."""
        state, _ = self.timeline.take_changes(everything=True)
        if self.segments is not None:
            state |= self.segments.take_changes(everything=True)[0]
        abandoned = self.decisions.abandon()
        self._use(reference)
        self.decisions.forget(abandoned)
        self._restore_counts(state, now)
        self.timeline.mark_all()  # what was restored here was never committed
        if self.segments is not None:
            self.segments.ledger.timeline.mark_all()

    def clock(self, now: float) -> float:
        """The time at which the windows end."""
        newest = self.timeline.newest
        return newest if self._event_time and not np.isnan(newest) else now

    def samples(self, now: float, facts: EvaluationFacts) -> Iterator[Samples]:
        """Everything there is to publish about this model."""
        clock = self.clock(now)
        self._cache.next_publication()
        self.timeline.expire(clock)
        if self.segments is not None:
            self.segments.ledger.timeline.expire(clock)
        # a log that is read after the fact has no later lines: what is complete can be decided on
        lateness = 0.0 if self._event_time else self.config.lateness
        self.decisions.decide(clock, lateness, live=not self._event_time)
        for version, history in self.timeline.versions.items():
            marks = self._exemplars.of(version)
            created = history.created if self._created_series else None
            yield from self._totals.samples(version, history.total, created, self._cache, marks)
            counters = self._outliers.counters(version, self.layout, history.total)
            for family, labels, value in counters:
                yield self._cache.samples(family, {labels: value}, created)
        if self.segments is not None:
            yield from self.segments.samples(self._created_series, self._cache)
        yield from self._evaluate(clock, facts)
        if self.late is not None:
            yield from self.late.samples(self._cache)
        for family, values in gauges(self.config.name, self.decisions).items():
            yield self._cache.samples(family, values)
        for family, values in self._particulars(clock):
            yield self._cache.samples(family, values)

    def _evaluate(self, clock: float, facts: EvaluationFacts) -> list[Samples]:
        """Windowed values; those of the last time while no line came and no pane has aged."""
        pane = int(clock // self.timeline.base)
        if self._evaluated is None or self._evaluated[0] != pane:
            gauges = self._evaluator.evaluate(self.timeline, clock, facts)
            self._add_absent(gauges, clock)
            self._add_whole(gauges, clock)
            found: GaugesBySegment = {(family, ()): values for family, values in gauges.items()}
            if self.segments is not None:
                found |= self.segments.gauges(clock)
            self._evaluated = (pane, found)
        return [
            self._cache.samples(family, values, more=more)
            for (family, more), values in self._evaluated[1].items()
        ]

    def _add_absent(self, gauges: Gauges, now: float) -> None:
        """Features of the reference without any value in the shortest window."""
        if self._mismatch is None:
            return
        shortest = min(self.timeline.windows, key=lambda window: window.seconds)
        tally = self.layout.empty()
        for version in self.timeline.versions:
            tally.merge(self.timeline.window(version, shortest.name, now))
        number = absent(self.layout, tally)
        if number is not None:
            family = gauges.setdefault("inference_reference_schema_differences", {})
            family[self.config.name, "absent"] = float(number)

    def _add_whole(self, gauges: Gauges, now: float) -> None:
        """Predictions as a whole, over every window."""
        for version in self.timeline.versions if self._outliers.active else ():
            for window in self.timeline.windows:
                tally = self.timeline.window(version, window.name, now)
                found = self._outliers.gauges(version, window.name, self.layout, tally)
                for family, labels, value in found:
                    gauges.setdefault(family, {})[labels] = value

    def _particulars(self, now: float) -> Iterator[tuple[str, dict[Labels, float]]]:
        """What is true of the model beside its counts."""
        name = self.config.name
        if self.concept is not None:
            yield from particulars.of_streams(self.config, self.concept, now).items()
        if self._mismatch is not None:
            yield from particulars.of_features(self.config, self._mismatch).items()
        versions = self.timeline.versions
        yield from particulars.of_versions(self.config, self.reference, versions).items()
        limits = {
            **particulars.thresholds(self.config),
            **significance(name, self.decisions),
        }
        yield "inference_threshold", limits
        yield from particulars.positive_class(self.config, self.layout).items()
        if isinstance(self.config.reference, Warmup):
            remaining = float(self.warmup.remaining if self.warmup else 0)
            yield "inference_reference_warmup_remaining", {(name,): remaining}

    def status(self) -> ModelFacts:
        """What the status page says beyond the samples; of the same time as they are."""
        kind: ReferenceKind = "none" if self.config.reference is None else "file"
        if isinstance(self.config.reference, Warmup):
            kind = "warmup"
        return ModelFacts(
            self.config.name,
            tuple(window.name for window in self.config.windows),
            kind,
            self._evaluator.least_labelled,
            {one.window.name: one.wait(self.config.lateness) for one in self.decisions.spans},
            self._evaluator.evidence,
            self._evaluator.traffic,
        )

    def overflowed(self) -> dict[str, float]:
        """Values counted under `__overflow__` since ever, by family."""
        dropped: dict[str, float] = {}
        for version, history in self.timeline.versions.items():
            for family, value in self._totals.overflowed(history.total, version).items():
                dropped[family] = dropped.get(family, 0.0) + value
        for family, value in self.segments.overflowed().items() if self.segments else ():
            dropped[family] = dropped.get(family, 0.0) + value
        return dropped

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """State to write and to delete since the last call."""
        puts, deletes = self.timeline.take_changes()
        decided, forgotten = self.decisions.take_changes()
        puts, deletes = puts | decided, deletes | forgotten | self._unwanted
        self._unwanted = set()
        if self.segments is not None:
            changed, gone = self.segments.take_changes()
            puts, deletes = puts | changed, deletes | gone
        if self.concept is not None:
            puts.update(self.concept.take_changes())
        if self._mismatch is not None:
            puts.update(self._mismatch.take_changes())
        puts.update(self._outliers.take_changes())
        if self.late is not None:
            puts.update(self.late.join.take_changes())
        if self.warmup is not None and self.warmup.changed:
            puts[_WARMUP] = self.warmup.to_bytes()
        elif self.warmup is None:
            deletes.add(_WARMUP)
            if self._unsaved is not None and isinstance(self.config.reference, Warmup):
                puts[_frozen_key(self.config.reference)] = dumps(self._unsaved)
                self._unsaved = None
        return puts, deletes

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:
        """Take up committed state; returns what could not be used, in sentences."""
        problems = self._restore_warmup(state)
        problems += self._restore_counts(state, now)
        problems += self.decisions.restore(
            {key: value for key, value in state.items() if key.startswith(DECISIONS)}
        )
        if self.concept is not None:
            problems += self.concept.restore(state)
        if self._mismatch is not None:
            problems += self._mismatch.restore(state)
        problems += self._outliers.restore(state)
        self._unwanted |= foreign(state, self.segments)
        self._versions.learn(name for name in self.timeline.versions if name)
        for history in self.timeline.versions.values():
            self.layout.learn(history.total.sparse)
        return problems

    def _restore_warmup(self, state: Mapping[str, bytes]) -> list[str]:
        if self.warmup is None or not isinstance(self.config.reference, Warmup):
            return []
        frozen = state.get(_frozen_key(self.config.reference))
        try:
            if frozen is not None:
                self._use(loads(frozen))
                self.warmup = None
            elif _WARMUP in state:
                self.warmup = WarmupBuilder.from_bytes(self.config, state[_WARMUP])
        except ValueError as error:
            return [f"warm-up reference: {error}"]
        return []

    def _restore_counts(self, state: Mapping[str, bytes], now: float) -> list[str]:
        counts = {key: value for key, value in state.items() if key.startswith("[")}
        problems = self.timeline.restore(counts, now)
        if self.segments is not None:
            problems += self.segments.restore(state, now)
        return problems


_WARMUP = "warmup"


def _frozen_key(warmup: Warmup) -> str:
    """Another number of rows is a new wish: it makes a new reference."""
    return f"reference/{warmup.rows}"


def _with_numbers(batch: Batch) -> Batch:
    assert batch.prediction is not None
    return replace(
        batch,
        prediction_value=numeric_column(batch.prediction),
        actual_value=None if batch.actual is None else numeric_column(batch.actual),
    )
