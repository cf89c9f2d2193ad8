"""One model: its lines become counts, its counts become samples. No I/O, no waiting.

`take` is what happens to a block of lines: it is decoded, the parts work out their columns, the
ledger counts, the parts are told. What the parts are is said in `parts/`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import numpy as np

from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.schema_services import EventsConfig, TracesConfig
from inference_exporter.formats import Decoder
from inference_exporter.formats.peeling.located import MARK
from inference_exporter.model.counting import Counting
from inference_exporter.model.facts import BlockFacts
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.model.parts import PARTS
from inference_exporter.model.publisher import Publisher
from inference_exporter.model.reading import decoded_by
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.truth import Pairs
from inference_exporter.values.batch import Batch, Ints
from inference_exporter.values.events import Teller
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Samples
from inference_exporter.values.spans import SendSpans
from inference_exporter.values.status_facts import ModelFacts
from inference_exporter.values.vocabulary import Vocabulary
from inference_exporter.windows import Placement, Timeline

DecoderFactory = Callable[[Reference | None], Decoder]
P = TypeVar("P", bound=Part)


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
        traces: tuple[TracesConfig, SendSpans] | None = None,
        events: tuple[EventsConfig, Teller] | None = None,
    ) -> None:
        self.config = config
        self._make_decoder, self._event_time = make_decoder, event_time
        self._created_series = created_series
        self._versions = Vocabulary(config.limits.versions)
        self._cache = SeriesCache()
        self._unwanted: set[str] = set()  # state of parts that are not configured any more
        self._settled = np.nan
        setting = Setting(
            config,
            reference,
            event_time,
            created_series,
            make_sampler,
            self._joined,
            self._paired,
            self._labelled,
            traces,
            events,
        )
        made = [kind.of(setting) for kind in PARTS]
        self._parts = [part for part in made if part is not None]
        missing = [kind for kind, part in zip(PARTS, made, strict=True) if part is None]
        self._leftovers = tuple(key for kind in missing for key in kind.leftovers)
        self._use(reference, np.nan)

    def _use(self, reference: Reference | None, now: float) -> None:
        self.counting = Counting(self.config, reference, self._keys, event_time=self._event_time)
        self._decoder = self._make_decoder(self.counting.reference)
        self._ledger = self.counting.ledgers[0]
        for part in self._parts:
            part.use(self.counting, now)
        self.publisher = Publisher(self.counting, self._parts, created=self._created_series)
        if self.config.fields.version is None:
            self.timeline.version("", 0.0)

    def _keys(self, batch: Batch) -> tuple[Ints | None, list[str]]:
        versions = None if batch.version is None else self._versions.indexes(batch.version)
        return versions, self._versions.names

    @property
    def timeline(self) -> Timeline:
        """The counts in time, by version."""
        return self.counting.timeline

    @property
    def reference(self) -> str:
        """The fingerprint of the reference in force, empty where there is none."""
        reference = self.counting.reference
        return reference.fingerprint if reference else ""

    def part(self, kind: type[P]) -> P | None:
        """The part of this kind, where it is configured."""
        return next((part for part in self._parts if isinstance(part, kind)), None)

    def start(self, now: float) -> None:
        """Note when the series known beforehand began."""
        for history in self.timeline.versions.values():
            history.created = history.created or now
        for part in self._parts:
            part.start(now)

    # -- lines ----------------------------------------------------------------------------------

    def pieces(self, block: bytes) -> Iterator[bytes]:
        """The block, cut where a reference may be complete: what follows counts against it.

        A line that says where the lines are from stands in front of every piece.
        """
        located = self.config.path_pattern and block.startswith(MARK)
        mark = block[: block.find(b"\n") + 1] if located else b""
        block = block[len(mark) :]
        while block and (rows := max((one.rows_until_reference for one in self._parts), default=0)):
            rest = b"".join(block.split(b"\n", rows)[rows:])
            yield mark + block[: len(block) - len(rest)]
            block = rest
        if block:
            yield mark + block

    def take(self, lines: bytes, now: float) -> BlockFacts:
        """Decode and count a block of whole lines."""
        self.publisher.stale()
        decoded, block = decoded_by(self._decoder, self._parts, lines, now)
        found = [part.lines(lines, now) for part in self._parts]
        labels = next((one for one in found if one is not None), None)
        placement = self._count(decoded.batch, block, now)
        if placement is None:
            return BlockFacts(decoded, labels=labels)
        newest = float(np.fmax.reduce(placement.newest))
        return BlockFacts(decoded, placement, newest, self._new_reference(now), labels)

    def _count(self, batch: Batch, block: bytes, now: float) -> Placement | None:
        """Count rows, which are those of the lines `block`; None if there are none."""
        if not batch.rows:
            return None
        times = np.full(batch.rows, now) if batch.timestamp is None else batch.timestamp.values
        for part in self._parts:
            batch = part.columns(batch, times, now)
        oldest = -np.inf if self._event_time else now - self.config.lateness
        placement, names, increments = self._ledger.count(batch, times, now, oldest)
        rows = Rows(batch, times, placement, names, increments, now, oldest, block)
        for part in self._parts:
            part.counted(rows)
        return placement

    def _count_overdue(self, now: float, until: float) -> bool:
        """Count lines whose time has come; whether there were any."""
        lines = b"".join([part.overdue(until) for part in self._parts])
        if not lines:
            return False
        self.publisher.stale()
        self._count(self._decoder.decode(lines).batch, lines, now)
        return True

    def _new_reference(self, now: float) -> Reference | None:
        found = [part.new_reference(now) for part in self._parts]
        reference = next((one for one in found if one is not None), None)
        if reference is not None:
            self.adopt(reference, now)
        return reference

    def adopt(self, reference: Reference, now: float) -> None:
        """Count against this reference from now on; what was counted before stays."""
        state, _ = self.timeline.take_changes(everything=True)
        self._use(reference, now)
        self.timeline.restore(state, now)
        self.timeline.mark_all()  # what was restored here was never committed

    def _labelled(self, labels: Batch) -> None:
        """Labels came."""
        for part in self._parts:
            part.labelled(labels)

    def _joined(self, batch: Batch) -> None:
        """Predictions whose labels came late are counted."""
        self.publisher.stale()
        seen = self.timeline.newest if self._event_time else self._settled
        for part in self._parts:
            part.joined(batch, seen)

    def _paired(self, pairs: Pairs) -> None:
        """Two versions scored the same requests."""
        seen = self.timeline.newest if self._event_time else self._settled
        for part in self._parts:
            part.paired(pairs, seen)

    # -- commits and pages ----------------------------------------------------------------------

    def settle(self, connection: sqlite3.Connection | None, now: float) -> bool:
        """What is done once, before a commit; whether anything changed."""
        self._settled = now
        overdue = self._count_overdue(now, now)
        return any([part.settle(connection, now) for part in self._parts]) or overdue

    def is_due(self, now: float) -> bool:
        """Whether a commit would count what has waited, although nothing was read."""
        return any(part.is_due(now) for part in self._parts)

    def close_books(self, now: float) -> None:
        """The log has ended: what waited for other lines waits no more."""
        self._count_overdue(now, np.inf)

    def samples(self, now: float, facts: EvaluationFacts) -> Iterator[Samples]:
        """Everything there is to publish about this model."""
        return self.publisher.samples(now, self._cache, facts)

    def status(self) -> ModelFacts:
        """What the status page says beyond the samples; of the same time as they are."""
        return self.publisher.facts()

    def overflowed(self) -> dict[str, float]:
        """Values counted under `__overflow__` since ever, by family."""
        return self.publisher.overflowed()

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """State to write and to delete since the last call."""
        puts, deletes = self.timeline.take_changes()
        deletes, self._unwanted = deletes | self._unwanted, set()
        for part in self._parts:
            changed, gone = part.take_changes()
            puts, deletes = puts | changed, deletes | gone
        return puts, deletes

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:
        """Take up committed state; returns what could not be used, in sentences."""
        for part in self._parts:
            reference = part.kept_reference(state)
            if reference is not None:
                self._use(reference, now)
        counts = {key: value for key, value in state.items() if key.startswith("[")}
        problems = self.timeline.restore(counts, now)
        for part in self._parts:
            problems += part.restore(state, now)
        if self._leftovers:
            self._unwanted |= {key for key in state if key.startswith(self._leftovers)}
        self._versions.learn(name for name in self.timeline.versions if name)
        for history in self.timeline.versions.values():
            self.counting.layout.learn(history.total.sparse)
        return problems
