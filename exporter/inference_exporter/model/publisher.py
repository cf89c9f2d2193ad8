"""What is published about a model: counters, windowed values, and what its parts add."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from inference_exporter.config.schema import Warmup
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import GaugesByFamily, Part
from inference_exporter.results import particulars
from inference_exporter.results.evaluate import Chance, EvaluationFacts, Evaluator
from inference_exporter.results.exemplars import ByPlace, with_exemplars
from inference_exporter.results.expectations import Forecast
from inference_exporter.results.gauges import least_labelled
from inference_exporter.results.judge import judge_of
from inference_exporter.results.lately import Lately, window_of
from inference_exporter.results.performance import Performance
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.results.totals import Totals
from inference_exporter.values.samples import Samples
from inference_exporter.values.status_facts import ModelFacts, Past, ReferenceKind


class Publisher:
    """The page of one model, for one `Counting`."""

    def __init__(self, counting: Counting, parts: Sequence[Part], *, created: bool) -> None:
        config, layout, reference = counting.config, counting.layout, counting.reference
        self._config, self._counting, self._parts = config, counting, parts
        self._created_series = created
        self._totals = Totals(config, layout, reference)
        self.evaluator = Evaluator(
            config,
            layout,
            _chance(parts),
            Performance(
                config,
                layout,
                judge_of(config, layout, reference),
                Forecast(config, layout, reference),
            ),
        )
        self._clock = math.nan  # of the last page
        self._evaluated: tuple[tuple[int, ...], GaugesByFamily] | None = None

    def stale(self) -> None:
        """Something was counted: windowed values are to be worked out anew."""
        self._evaluated = None

    def samples(self, now: float, cache: SeriesCache, facts: EvaluationFacts) -> Iterator[Samples]:
        """Everything there is to publish."""
        clock = self._clock = self._counting.clock(now)
        cache.next_publication()
        for ledger in self._counting.ledgers:
            ledger.timeline.expire(clock)
        for part in self._parts:
            part.advance(clock)
        yield from with_exemplars(self._counters(clock, cache), self._exemplars())
        yield from self._windowed(clock, cache, facts)
        yield from self._particulars(cache)

    def _counters(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:
        """What was counted since ever, and what parts add to it."""
        for version, history in self._counting.timeline.versions.items():
            created = history.created if self._created_series else None
            yield from self._totals.samples(version, history.total, created, cache)
        for part in self._parts:
            yield from part.samples(clock, cache)

    def _exemplars(self) -> dict[str, ByPlace]:
        found: dict[str, ByPlace] = {}
        for part in self._parts:
            for family, labels, bucket, exemplar in part.exemplars():
                found.setdefault(family, {})[labels, bucket] = exemplar
        return found

    def _windowed(
        self, clock: float, cache: SeriesCache, facts: EvaluationFacts
    ) -> Iterator[Samples]:
        """Values of the windows; those of the last time while no line came and no pane aged."""
        timeline = self._counting.timeline
        pane = (int(clock // timeline.base), *(part.epoch(clock) for part in self._parts))
        if self._evaluated is None or self._evaluated[0] != pane:
            gauges = self.evaluator.evaluate(timeline, clock, facts)
            for part in self._parts:
                part.gauges(clock, gauges)
            found: GaugesByFamily = {(family, ()): values for family, values in gauges.items()}
            for part in self._parts:
                found |= part.gauges_by_segment(clock)
            self._evaluated = (pane, found)
        for (family, more), values in self._evaluated[1].items():
            yield cache.samples(family, values, more=more)

    def _particulars(self, cache: SeriesCache) -> Iterator[Samples]:
        """What is true of the model beside its counts."""
        config, counting = self._config, self._counting
        versions = counting.timeline.versions
        origins = next((one for part in self._parts if (one := part.origins()) is not None), None)
        found = particulars.of_versions(config, counting.reference, versions, origins)
        found |= {"inference_threshold": particulars.thresholds(config)}
        found |= particulars.positive_class(config, counting.layout)
        more = {"inference_model_info": particulars.more_of_versions(config, origins)}
        for family, values in found.items():
            yield cache.samples(family, values, more=more.get(family, ()))

    def facts(self) -> ModelFacts:
        """What the status page says beyond the samples; of the same time as they are."""
        config = self._config
        kind: ReferenceKind = "none" if config.reference is None else "file"
        if isinstance(config.reference, Warmup):
            kind = "warmup"
        facts = ModelFacts(
            config.name,
            tuple(window.name for window in config.windows),
            kind,
            least_labelled(config),
            evidence=self.evaluator.evidence,
            traffic=self.evaluator.traffic,
            lengths={window.name: window.seconds for window in config.windows},
            past=self._past(),
        )
        for part in self._parts:
            facts = part.facts(facts)
        return facts

    def _past(self) -> dict[str, Past]:
        """Hands over panes: nothing is worked out unless somebody asks."""
        timeline = self._counting.timeline
        window = window_of(timeline.windows)
        length = timeline.pane_length(window)
        return {
            version: Lately(
                self.evaluator, version, window, history.panes[window.name].handed(), length,
                self._clock,
            )
            for version, history in timeline.versions.items()
            if math.isfinite(self._clock)
        }  # fmt: skip

    def overflowed(self) -> dict[str, float]:
        """Values counted under `__overflow__` since ever, by family."""
        dropped: dict[str, float] = {}
        own = [
            self._totals.overflowed(history.total, version)
            for version, history in self._counting.timeline.versions.items()
        ]
        for found in (*own, *(part.overflowed() for part in self._parts)):
            for family, value in found.items():
                dropped[family] = dropped.get(family, 0.0) + value
        return dropped


def _chance(parts: Sequence[Part]) -> Chance:
    """Every model has decisions, which say it."""
    return next(one for one in (part.chance() for part in parts) if one is not None)
