"""Champion and challenger of one model: from labelled rows to a difference and its interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Self

import msgspec
import numpy as np

from inference_exporter.accumulators.weights import filled
from inference_exporter.config.compared_versions import CompareVersions
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.versions import level
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.performance.sequence import row_sums
from inference_exporter.results.gauges import Gauges
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.results.two_versions import inputs_apart
from inference_exporter.truth import Pairs
from inference_exporter.values.batch import Batch, Bools, Floats, Ints
from inference_exporter.values.kept_state import restored
from inference_exporter.values.samples import Samples
from inference_exporter.values.tally import Tally
from inference_exporter.values.vocabulary import Vocabulary
from inference_exporter.versions import Agreement, Contest, Rules, measure_of, published
from inference_exporter.windows import NO_PANE

PREFIX = "versions/"
LOOKS_PER_MONTH = 750  # of a sliding window, at most: see alert_rules/ruleset/budget.py
INPUT_DRIFT = "inference_comparison_input_drift"
LEAST = 200  # labelled rows of a side before anything is said, where `min_samples` is not set
_KEY = f"{PREFIX}contest"
_FIRST = 2  # index of the champion among the names that are known


class _Kept(msgspec.Struct, array_like=True):
    contest: tuple[str, str, str]
    since: float
    state: bytes
    agreement: dict[str, float]


class VersionsPart(Part):
    """The contest of one model's versions."""

    leftovers = (PREFIX,)

    def __init__(self, config: ModelConfig, wanted: CompareVersions, *, event_time: bool) -> None:
        self._config, self._wanted, self._event_time = config, wanted, event_time
        self._since = math.nan if wanted.since is None else wanted.since
        self._names = Vocabulary(2, (wanted.champion, wanted.challenger))
        self._longest = max(config.windows, key=lambda one: one.seconds).name
        self._changed = False
        self._unusable: set[str] = set()
        self._contest: Contest | None = None
        self.agreement = Agreement()

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        wanted = setting.config.compare_versions
        return cls(setting.config, wanted, event_time=setting.event_time) if wanted else None

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`. The contest goes on: it does not ask the reference."""
        self._counting = counting
        self.measure = measure_of(self._config)
        if self._contest is None:
            self._contest = Contest(self._rules())

    @property
    def contest(self) -> Contest:
        """The one in force."""
        assert self._contest is not None  # a model uses its parts before anything else
        return self._contest

    def _rules(self) -> Rules:
        wanted, measure = self._wanted, self.measure
        least = self._config.min_samples or LEAST
        return Rules(
            wanted.paired, level(self._config), wanted.margin, wanted.planned, least,
            measure.reach, measure.sign,
        )  # fmt: skip

    # -- counting ------------------------------------------------------------------------------

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`: rows that have their label on the line."""
        sides = self._sides(rows.batch)
        if self._wanted.paired:
            self._saw(rows.batch, sides, rows.times)
            return
        first = self._begin(sides, rows.times)
        placement = rows.placement
        inside = np.array([pane != NO_PANE for _, pane in placement.groups], np.bool_)
        usable = inside[placement.index] & (np.arange(rows.batch.rows) >= first)
        self._add(rows.batch, sides, rows.times, usable, self._seen(rows))

    def _seen(self, rows: Rows) -> float:
        newest = float(np.fmax.reduce(rows.times)) if self._event_time else rows.now
        return rows.now if math.isnan(newest) else newest

    def joined(self, batch: Batch, seen: float) -> None:
        """See `Part.joined`: the first label of a prediction counts."""
        if self._wanted.paired or batch.timestamp is None:
            return
        again = batch.relabelled
        usable = np.ones(batch.rows, np.bool_) if again is None else ~again
        times = batch.timestamp.values
        self._add(batch, self._sides(batch), times, usable, seen, in_order=True)

    def _saw(self, batch: Batch, sides: Ints, times: Floats) -> None:
        """Count the predictions of both sides that could meet their partner."""
        if batch.id is None:
            return
        named = np.fromiter((one is not None for one in batch.id), np.bool_, batch.rows)
        own = sides[named & self._after(times)]
        seen = int((own == 0).sum()), int((own == 1).sum())
        if any(seen):
            self.agreement.seen(*seen)
            self._changed = True

    def _after(self, times: Floats) -> Bools:
        """Rows that are in the comparison by their time; all, where it has no beginning."""
        if self._wanted.since is None:
            return np.ones(len(times), np.bool_)
        with np.errstate(invalid="ignore"):
            found: Bools = times >= self._wanted.since
        return found

    def paired(self, pairs: Pairs, seen: float) -> None:
        """See `Part.paired`."""
        met, complete = self._since_then(pairs.met), self._since_then(pairs.complete)
        if met is not None:
            self.agreement.met(*met)
        if complete is not None:
            self._add_pairs(*complete, seen)
        self._changed = True

    def _since_then(self, pair: tuple[Batch, Batch] | None) -> tuple[Batch, Batch] | None:
        if pair is None or self._wanted.since is None:
            return pair
        assert pair[0].timestamp is not None
        assert pair[1].timestamp is not None
        rows = self._after(pair[0].timestamp.values) & self._after(pair[1].timestamp.values)
        chosen = np.flatnonzero(rows)
        return (pair[0].take(chosen), pair[1].take(chosen)) if len(chosen) else None

    def _add_pairs(self, champion: Batch, challenger: Batch, seen: float) -> None:
        differences = self.measure.values(challenger) - self.measure.values(champion)
        assert champion.timestamp is not None
        times = champion.timestamp.values
        rows = np.flatnonzero(np.isfinite(differences))
        rows = rows[np.argsort(times[rows], kind="stable")]
        weight = champion.weight
        weights = np.ones(champion.rows) if weight is None else filled(weight.values)
        self.contest.design = self._design()
        self.contest.add_pairs(differences[rows], weights[rows], seen, times[rows])

    def _sides(self, batch: Batch) -> Ints:
        """0 for rows of the champion, 1 of the challenger, else less or more."""
        if batch.version is None:
            return np.full(batch.rows, -_FIRST)
        return self._names.indexes(batch.version) - _FIRST

    def _begin(self, sides: Ints, times: Floats) -> int:
        """The first row that may count: it begins with the first of the challenger."""
        if not math.isnan(self._since):
            return 0
        known = np.flatnonzero((sides == 1) & ~np.isnan(times))
        if not len(known):
            return len(sides)
        self._since, self._changed = float(times[known[0]]), True
        return int(known[0])

    def _add(
        self, batch: Batch, sides: Ints, times: Floats, usable: Bools, seen: float,
        *, in_order: bool = False,
    ) -> None:  # fmt: skip
        """Count rows as they stand; joined ones, which stand anyhow, `in_order` of their time."""
        with np.errstate(invalid="ignore"):
            usable = usable & ((sides == 0) | (sides == 1)) & (times >= self._since)
        if not usable.any():
            return
        values = self.measure.values(batch)
        rows = np.flatnonzero(usable & np.isfinite(values))
        weights = np.ones(batch.rows) if batch.weight is None else filled(batch.weight.values)
        self.contest.design = self._design()
        if in_order:
            rows = rows[np.argsort(times[rows], kind="stable")]
        sums = row_sums(values[rows], weights[rows])
        self.contest.add(sides[rows], sums, seen, times[rows])
        self._changed = self._changed or bool(len(rows))

    def _design(self) -> tuple[float, float]:
        """How many rows of each side are worth one, as decisions found."""
        alike = self._counting.alike
        return (
            alike(self._wanted.champion, self._longest),
            alike(self._wanted.challenger, self._longest),
        )

    # -- what is published ---------------------------------------------------------------------

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        self.contest.design = self._design()
        wanted = self._wanted
        key = (self._config.name, wanted.champion, wanted.challenger, wanted.metric)
        for family, values in published(self.contest, self.agreement, self.measure.origin).items():
            yield cache.samples(family, {(*key, *more): one for more, one in values.items()})

    def gauges(self, clock: float, gauges: Gauges) -> None:
        """See `Part.gauges`: whether both versions get the same inputs."""
        for window in self._config.windows:
            tallies = self._tallies(window.name, clock)
            if tallies is not None:
                self._put_inputs(window.name, *tallies, gauges)

    def _tallies(self, window: str, clock: float) -> tuple[Tally, Tally] | None:
        timeline, sides = self._counting.timeline, self._identity[:2]
        if not all(side in timeline.versions for side in sides):
            return None
        champion, challenger = (timeline.window(side, window, clock) for side in sides)
        return champion, challenger

    def _put_inputs(self, window: str, champion: Tally, challenger: Tally, gauges: Gauges) -> None:
        counting, sides = self._counting, self._identity[:2]
        features = max(1, len(counting.reference.features) if counting.reference else 0)
        looks = LOOKS_PER_MONTH * len(self._config.windows) * features
        found = list(
            inputs_apart(
                self._config, counting.layout, champion, challenger,
                lambda side, key: counting.find_design(sides[side], window, key),
                level(self._config) / looks,
            )
        )  # fmt: skip
        key = (self._config.name, *sides)
        for one in found:
            labels = (*key, one.feature, window)
            gauges.setdefault(INPUT_DRIFT, {})[labels] = one.distance
            gauges.setdefault(f"{INPUT_DRIFT}_critical", {})[labels] = one.critical
        if found:
            differ = sum(one.distance > one.critical for one in found)
            gauges.setdefault("inference_comparison_differing_inputs", {})[*key, window] = differ

    # -- state ---------------------------------------------------------------------------------

    @property
    def _identity(self) -> tuple[str, str, str]:
        return self._wanted.champion, self._wanted.challenger, self._wanted.metric

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        deletes, self._unusable = self._unusable, set()
        if not self._changed:
            return {}, deletes
        self._changed = False
        kept = _Kept(
            self._identity, self._since, self.contest.encode(), self.agreement.counts
        )  # fmt: skip
        return {_KEY: msgspec.msgpack.encode(kept)}, deletes - {_KEY}

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`. Other versions or another metric are another contest."""
        problems, self._unusable = restored(state, PREFIX, self._restore)
        return problems

    def _restore(self, _: str, value: bytes) -> bool:
        kept = msgspec.msgpack.decode(value, type=_Kept)
        if kept.contest != self._identity or not self.contest.decode(kept.state):
            return False
        self.agreement.counts |= kept.agreement
        if self._wanted.since is None:
            self._since = kept.since
        return True
