"""The whole program in one loop: read, decode, count, commit, publish. Read this first.

One thread runs this loop and owns all state. The order inside `commit` is the point of the
design: offsets and counts go to disk in one transaction, and only then do the counts appear on
the page. After a `kill -9` the exporter resumes at the committed offset with the committed
counts, so no counter on the page ever steps back and no line is counted twice or lost.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inference_exporter.clock import Clock
from inference_exporter.labelling import Labelling, Side, count_labels, source_name
from inference_exporter.model import BlockFacts, Model
from inference_exporter.profile import Reference
from inference_exporter.recording import counters_of, note_block, note_source
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.samples import Samples, Snapshot
from inference_exporter.source_states import SourceStates
from inference_exporter.sources import Source
from inference_exporter.status_facts import StatusFacts
from inference_exporter.store import Store
from inference_exporter.telemetry import Telemetry
from inference_exporter.truth import Inbox

log = logging.getLogger("inference_exporter.pipeline")

IDLE_COMMIT_INTERVAL = 60.0  # seconds between commits while nothing is read
HELD_COMMITS = 12  # so many commits may fail before the page shows what is not committed
LOG_INTERVAL = 60.0  # at most one message about bad lines per source and minute
BEHIND = 4 << 20  # bytes in a turn: a log with as much is behind, and its labels wait
_ME = "inference_exporter_"
_PERSISTENT = f"{_ME}state_persistent"


@dataclass(slots=True)
class Feed:
    """A model and where its lines come from."""

    model: Model
    source: Source
    logged: float = -math.inf  # monotonic time of the last message about a bad line
    newest: float = math.nan  # event time of the newest line
    dirty: bool = False  # something was read since the last commit
    resumed: bool = False  # the source goes on from before a reload: it knows where it is
    waiting_for: tuple[str, ...] = ()  # files and folders that are not there yet
    labels: Source | None = None  # the log of labels that come later
    labels_resumed: bool = False
    labels_logged: float = -math.inf


class Pipeline:
    """Reads all sources, counts, commits, publishes.

    Parameters
    ----------
    feeds
        The models with their sources.
    store
        The committed state.
    publish
        Receives every snapshot; called after the commit that it shows.
    telemetry
        The exporter's metrics about itself.
    clock
        The time.
    commit_interval
        Seconds between commits while there is traffic: the age published values may reach.
    on_frozen
        Told when a warm-up reference is complete.
    note
        Asked before each commit to add its own facts to the telemetry (the web server's).
    inbox
        Labels from HTTP clients, who are answered after the commit.
    """

    def __init__(  # noqa: PLR0913
        self,
        feeds: Sequence[Feed],
        *,
        store: Store,
        publish: Callable[[Snapshot], None],
        telemetry: Telemetry,
        clock: Clock,
        commit_interval: float = 5.0,
        on_frozen: Callable[[Reference], None] = lambda _: None,
        note: Callable[[Telemetry], None] = lambda _: None,
        inbox: Inbox | None = None,
    ) -> None:
        self.feeds = list(feeds)
        sides = [Side(feed.model, feed.labels, feed.labels_resumed) for feed in self.feeds]
        self._labelling = Labelling(sides, telemetry, inbox)
        self.telemetry = telemetry
        self._store, self._publish, self._clock = store, publish, clock
        self._commit_interval, self._on_frozen, self._note = commit_interval, on_frozen, note
        self._evaluation, self._sources = EvaluationFacts(), SourceStates()
        self._next_commit = self._last_commit = -math.inf
        self._next_idle_commit = -math.inf
        self._failed = 0  # commits in a row
        self._snapshot: Snapshot | None = None
        self._held: Snapshot | None = None  # the last page whose counts were committed
        self.first_sweep_done = False

    # -- the loop ------------------------------------------------------------------------------

    def turn(self) -> bool:
        """One look at every source, and a commit if it is due. True if anything was read."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        read = self._sweep(now, monotonic)
        soon = self._labelling.full or self._labelling.hurries(monotonic - self._last_commit)
        if soon or monotonic >= self._next_commit:
            self._note_sources()
            due = soon or monotonic >= self._next_idle_commit or not self.first_sweep_done
            self._commit() if due or self._is_dirty else self.publish()
            self.first_sweep_done = True
        return read

    def _sweep(self, now: float, monotonic: float) -> bool:
        """One look at every source, labels after predictions."""
        sizes = {feed.model.config.name: self._read(feed, now, monotonic) for feed in self.feeds}
        behind = {name for name, size in sizes.items() if size >= BEHIND}
        labelled = self._labelling.read(now, monotonic, behind)
        for feed in self.feeds:
            feed.dirty = feed.dirty or feed.model.config.name in labelled
        return bool(labelled) or any(sizes.values())

    def _read(self, feed: Feed, now: float, monotonic: float) -> int:
        """Read a turn's worth of lines; how many bytes they were."""
        read = 0
        for block in feed.source.poll(now, monotonic):
            self._take(feed, block.data, now, monotonic)
            read += len(block.data)
        return read

    def drain(self) -> None:
        """Read everything to its end, partial last lines included: for `once`."""
        now, monotonic = self._clock.now, self._clock.monotonic
        while self._sweep(now(), monotonic()):
            if self._labelling.full:
                self._settle_unkept()
        for feed in self.feeds:
            for block in feed.source.finish():
                self._take(feed, block.data, now(), monotonic())
        self._labelling.finish(now(), monotonic())
        self._settle_unkept()
        self.first_sweep_done = True
        self._note_sources()
        self._note_counters()
        self.publish()  # nothing to commit: who reads a log once keeps no state

    def _settle_unkept(self) -> None:
        """Join labels of a log that is read once: pending predictions are kept in memory."""
        self._labelling.settle(self._store, self._clock.now())
        self._labelling.commit(self._store, {}, ())

    # -- commit, then publish -------------------------------------------------------------------

    @property
    def _is_dirty(self) -> bool:
        return any(feed.dirty for feed in self.feeds)

    def commit(self) -> None:
        """Everything counted so far to disk, in one transaction; then onto the page."""
        self._note_sources()
        self._commit()

    def _commit(self) -> None:
        started = self._last_commit = self._clock.monotonic()
        self._note_counters()
        persistent = self._settle() and self._labelling.commit(self._store, *self._changes())
        if not persistent:
            self.telemetry.inc(f"{_ME}state_commit_failures_total")
        ended = self._clock.monotonic()
        self.telemetry.set(f"{_ME}state_commit_seconds", value=ended - started)
        if persistent:
            now = self._clock.now()
            self.telemetry.set(f"{_ME}state_last_commit_timestamp_seconds", value=now)
        self._next_idle_commit = ended + (IDLE_COMMIT_INTERVAL if persistent else 0.0)
        self._failed = 0 if persistent else self._failed + 1
        if self._held is not None and 0 < self._failed <= HELD_COMMITS:
            self._hold(self._held)
            return
        self.publish()
        if persistent:
            self._held = self._snapshot

    def _settle(self) -> bool:
        """Join labels with their predictions and count them; False if that cannot be done now."""
        changed = self._labelling.settle(self._store, self._clock.now())
        for feed in self.feeds:
            feed.dirty = feed.dirty or feed.model.config.name in (changed or ())
        return changed is not None

    def _hold(self, held: Snapshot) -> None:
        """Keep the last committed page while commits fail: a crash now would step back to it.

        Only that the state does not persist is said at once. If it lasts, showing nothing new is
        the greater harm, and `commit` publishes again.
        """
        self._next_commit = self._clock.monotonic() + self._commit_interval
        warning = Telemetry()
        warning.set(f"{_ME}state_persistent", value=0.0)
        blocks = [block for block in held.blocks if block.series.family.name != _PERSISTENT]
        shown = (*blocks, *warning.samples())
        self._publish(Snapshot(shown, held.timestamp, held.facts))

    def publish(self) -> None:
        """Put what is committed on the page. Called alone only when nothing was read since."""
        now, tell = self._clock.now(), self.telemetry
        self._next_commit = self._clock.monotonic() + self._commit_interval
        self._note_gauges()
        self._evaluation.seconds.clear()
        blocks: list[Samples] = []
        for feed in self.feeds:
            blocks += feed.model.samples(now, self._evaluation)
        tell.set(f"{_ME}series", value=0.0)
        size = sum(len(block.values) for block in [*blocks, *tell.samples()])
        tell.set(f"{_ME}series", value=float(size))
        models = tuple(feed.model.status() for feed in self.feeds)
        status = StatusFacts(models, self._sources.states)
        self._snapshot = Snapshot((*blocks, *tell.samples()), now, status)
        self._publish(self._snapshot)

    def _changes(self) -> tuple[dict[str, bytes], list[str]]:
        puts: dict[str, bytes] = {}
        deletes: list[str] = []
        for feed in self.feeds:
            prefix = f"model/{feed.model.config.name}/"
            if feed.dirty:
                changed, gone = feed.model.take_changes()
                puts.update({prefix + key: value for key, value in changed.items()})
                deletes += [prefix + key for key in gone]
            puts[f"source/{feed.model.config.name}"] = feed.source.checkpoint()
            feed.dirty = False
        puts["telemetry"] = self.telemetry.to_bytes()
        return puts, deletes

    def restore(self, *, telemetry: bool = True) -> None:
        """Take up the committed state: counts, offsets, counters about the exporter itself.

        After a reload the telemetry is still there: `telemetry=False`.
        """
        state = self._store.load()
        now = self._clock.now()
        problems: list[str] = []
        if telemetry:
            self.telemetry.inc(f"{_ME}state_load_errors_total", by=self._store.load_errors)
        if telemetry and "telemetry" in state:
            problems += _attempt(self.telemetry.restore, state["telemetry"], "telemetry")
        names = {feed.model.config.name for feed in self.feeds}
        self.telemetry.keep_sources(names | {source_name(name) for name in names})
        for feed in self.feeds:
            name = feed.model.config.name
            prefix = f"model/{name}/"
            own = {
                key.removeprefix(prefix): v for key, v in state.items() if key.startswith(prefix)
            }
            found = feed.model.restore(own, now)
            found += self._labelling.restore(name, own, state, self._store)
            problems += [f"{name}: {problem}" for problem in found]
            feed.model.start(now)
            if f"source/{name}" in state and not feed.resumed:
                problems += _attempt(
                    feed.source.restore, state[f"source/{name}"], f"{name}: offsets"
                )
        self.telemetry.inc(f"{_ME}state_load_errors_total", by=len(problems))
        for problem in problems:
            log.error("state not used: %s", problem)

    def close(self) -> None:
        """Close the sources. The store belongs to the caller."""
        self._labelling.close()
        for feed in self.feeds:
            feed.source.close()

    # -- facts become metrics -------------------------------------------------------------------

    def _take(self, feed: Feed, block: bytes, now: float, monotonic: float) -> None:
        feed.dirty = True
        for part in feed.model.pieces(block):
            self._count(feed, feed.model.take(part, now), now, monotonic)

    def _count(self, feed: Feed, facts: BlockFacts, now: float, monotonic: float) -> None:
        source, tell = feed.model.config.name, self.telemetry
        note_block(tell, source, facts, now)
        if not math.isnan(facts.newest):
            feed.newest = facts.newest
        if facts.decoded.bad_example:
            self._complain(feed, *facts.decoded.bad_example, now, monotonic)
        if facts.frozen is not None:
            self._on_frozen(facts.frozen)
        if facts.labels is not None:
            logged, name = feed.labels_logged, source_name(source)
            feed.labels_logged = count_labels(tell, name, facts.labels, logged, monotonic)

    def _complain(
        self, feed: Feed, reason: str, excerpt: str, now: float, monotonic: float
    ) -> None:
        self._sources.note_bad_line(feed.model.config.name, now, reason, excerpt)
        if monotonic - feed.logged >= LOG_INTERVAL:
            feed.logged, source = monotonic, feed.model.config.name
            log.warning("%s: line not understood (%s): %s", source, reason, excerpt)

    def _note_counters(self) -> None:
        """Counters move only before a commit, so that the page never shows an uncommitted one."""
        tell = self.telemetry
        tell.inc(f"{_ME}state_commits_total")
        for name, seconds in self._evaluation.seconds.items():
            tell.set(f"{_ME}statistic_seconds", name, value=seconds)
            tell.inc(f"{_ME}statistic_failures_total", name, by=0)
        for name, failures in self._evaluation.failures.items():
            tell.inc(f"{_ME}statistic_failures_total", name, by=failures)
        self._evaluation.failures.clear()
        self._note(tell)
        self._labelling.note()

    def _note_sources(self) -> None:
        """Gauges of the files always follow; where a counter moved there is something to commit."""
        for name, facts in self._labelling.facts():
            note_source(self.telemetry, name, facts)
            self._sources.note(name, facts)
        for feed in self.feeds:
            facts = feed.source.take_facts()
            note_source(self.telemetry, feed.model.config.name, facts)
            self._sources.note(feed.model.config.name, facts)
            feed.dirty = feed.dirty or any(counters_of(facts).values())
            if facts.waiting_for and facts.waiting_for != feed.waiting_for:
                name, missing = feed.model.config.name, ", ".join(facts.waiting_for)
                log.warning("%s: waiting for %s, which is not there", name, missing)
            feed.waiting_for = facts.waiting_for

    def _note_gauges(self) -> None:
        tell = self.telemetry
        tell.set(f"{_ME}state_persistent", value=float(self._store.persistent))
        tell.set(f"{_ME}state_bytes", value=float(self._store.size_bytes))
        for family in ("state_commit_failures_total", "state_load_errors_total"):
            tell.inc(f"{_ME}{family}", by=0)
        for feed in self.feeds:
            source = feed.model.config.name
            for result in ("ok", "malformed"):
                tell.inc(f"{_ME}lines_total", source, result, by=0)
        dropped: dict[str, float] = {}
        for feed in self.feeds:
            for family, value in feed.model.overflowed().items():
                dropped[family] = dropped.get(family, 0.0) + value
        for family, value in dropped.items():
            tell.set(f"{_ME}series_dropped_total", family, value=value)


def _attempt(restore: Callable[[bytes], object], data: bytes, what: str) -> list[str]:
    try:
        restore(data)
    except ValueError as error:
        return [f"{what}: {error}"]
    return []
