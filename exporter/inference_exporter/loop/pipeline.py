"""The whole program in one loop: read, decode, count, commit, publish. Read this first.

One thread runs this loop and owns all state. The order inside `commit` is the point of the
design: offsets and counts go to disk in one transaction, and only then do the counts appear on
the page. After a `kill -9` the exporter resumes at the committed offset with the committed
counts, so no counter on the page ever steps back and no line is counted twice or lost.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from inference_exporter.clock import Clock
from inference_exporter.loop.catching_up import CatchingUp
from inference_exporter.loop.channel import Channel
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.labelling import Labelling
from inference_exporter.loop.recording import Recording
from inference_exporter.loop.store import Store
from inference_exporter.loop.telemetry import Telemetry, not_kept
from inference_exporter.loop.telling import Teller, labels_name
from inference_exporter.model import BlockFacts, LateLabels
from inference_exporter.record import Journal
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.truth import Inbox
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Samples, Snapshot
from inference_exporter.values.status_facts import StatusFacts

log = logging.getLogger("inference_exporter.pipeline")

IDLE_COMMIT_INTERVAL = 60.0  # seconds between commits while nothing is read
COMMITTED = "committed"  # when the last commit was
HELD_COMMITS = 12  # so many commits may fail before the page shows what is not committed
BEHIND = 4 << 20  # bytes in a turn: a log with as much is behind, and its labels wait
T = TypeVar("T")
_ME = "inference_exporter_"


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
    journal
        The record of decisions, which is appended to after the commit.
    stopping
        Asked after every block whether to end the turn.
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
        journal: Journal | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stopping = stopping
        self.feeds = list(feeds)
        self._labelling = Labelling(self.feeds, telemetry, inbox)
        self._recording = Recording(self.feeds, telemetry, journal, clock)
        self._teller, self.telemetry, self._behind = Teller(telemetry), telemetry, CatchingUp()
        self._predictions = [self._channel(feed) for feed in self.feeds]
        found = (self._labels_channel(feed) for feed in self.feeds)
        self._labels = [channel for channel in found if channel is not None]
        self._channels = (*self._labels, *self._predictions)
        self._store, self._publish, self._clock = store, publish, clock
        self._commit_interval, self._on_frozen, self._note = commit_interval, on_frozen, note
        self._evaluation = EvaluationFacts()
        self._next_commit = self._last_commit = self._next_idle_commit = -math.inf
        self._failed = 0  # commits in a row
        self._snapshot: Snapshot | None = None
        self._held: Snapshot | None = None  # the last page whose counts were committed
        self.first_sweep_done = False

    # -- channels --------------------------------------------------------------------------------

    def _channel(self, feed: Feed) -> Channel:
        take, key = partial(self._take, feed), f"source/{feed.name}"
        source, resumed = feed.source, feed.resumed
        return Channel(feed, feed.name, key, source, take, self._teller, resumed=resumed)

    def _labels_channel(self, feed: Feed) -> Channel | None:
        late = feed.model.part(LateLabels)
        if late is None or feed.labels is None:
            return None

        def take(block: bytes, now: float) -> Iterator[BlockFacts]:
            yield BlockFacts(late.log(block, now))

        name, key = labels_name(feed.name), f"labels/{feed.name}"
        source, resumed = feed.labels, feed.labels_resumed
        return Channel(feed, name, key, source, take, self._teller, resumed=resumed)

    def _take(self, feed: Feed, block: bytes, now: float) -> Iterator[BlockFacts]:
        for piece in feed.model.pieces(block):
            facts = feed.model.take(piece, now)
            if facts.frozen is not None:
                self._on_frozen(facts.frozen)
            yield facts

    # -- the loop ------------------------------------------------------------------------------

    def turn(self) -> bool:
        """One look at every source, and a commit if it is due. True if anything was read."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        read = self._sweep(now, monotonic)
        soon = self._labelling.full or self._labelling.hurries(monotonic - self._last_commit)
        if soon or monotonic >= self._next_commit:
            self._note_sources()
            self._behind.look(self._teller.states.states, monotonic)
            due = soon or monotonic >= self._next_idle_commit or not self.first_sweep_done
            looked = self._clock.now()
            self._commit() if due or self._is_dirty(looked) else self.publish(looked)
            self.first_sweep_done = True
        return read

    def _sweep(self, now: float, monotonic: float) -> bool:
        """One look at every channel: predictions, then labels.

        Labels wait where a log of predictions is behind: at the start after a pause, they would
        else run ahead of the predictions they belong to. What is read of them is joined at once, in
        memory, so they stop where it is enough.
        """
        read = partial(Channel.read, now=now, monotonic=monotonic)
        sizes = {one.feed.name: read(one, stopping=self._stopping) for one in self._predictions}
        labelled = self._labelling.take_submissions(now)
        for channel in self._labels:
            if sizes[channel.feed.name] < BEHIND:
                labelled = read(channel, stopping=self._enough) > 0 or labelled
        return labelled or any(sizes.values())

    def _enough(self) -> bool:
        return self._labelling.full or self._stopping()

    def drain(self, tell: Callable[[int, int], None] = lambda _done, _of: None) -> None:
        """Read all to its end, partial last lines too; `tell` gets bytes that are read, and all."""
        now, monotonic = self._clock.now, self._clock.monotonic
        while self._sweep(now(), monotonic()):
            self._note_sources()
            tell(*self._teller.states.amount())
            if self._labelling.full:
                self._settle_unkept()
        for channel in (*self._predictions, *self._labels):
            channel.finish(now(), monotonic())
        for feed in self.feeds:
            feed.model.close_books(now())
        self._settle_unkept()
        self._labelling.close_books()
        self.first_sweep_done = True
        self._note_sources()
        self._note_counters()
        self._recording.note()
        self.publish()  # nothing to commit: who reads a log once keeps no state

    def _settle_unkept(self) -> None:
        """Join labels of a log that is read once: pending predictions are kept in memory."""
        self._labelling.settle(self._store, self._clock.now())
        self._labelling.commit(self._store, {}, ())

    # -- commit, then publish -------------------------------------------------------------------

    def _is_dirty(self, now: float) -> bool:
        return any(feed.dirty or feed.model.is_due(now) for feed in self.feeds)

    def commit(self) -> None:
        """Everything counted so far to disk, in one transaction; then onto the page."""
        self._note_sources()
        self._commit()

    def _commit(self) -> None:
        started = self._last_commit = self._clock.monotonic()
        self._note_counters()
        now = self._clock.now()
        settled = self._labelling.settle(self._store, now)
        self._recording.note()
        persistent = settled and self._labelling.commit(self._store, *self._changes())
        if not persistent:
            self.telemetry.inc(f"{_ME}state_commit_failures_total")
        ended = self._clock.monotonic()
        self.telemetry.set(f"{_ME}state_commit_seconds", value=ended - started)
        if persistent:
            self._recording.append(now)
            done = self._clock.now()
            self.telemetry.set(f"{_ME}state_last_commit_timestamp_seconds", value=done)
        self._next_idle_commit = ended + (IDLE_COMMIT_INTERVAL if persistent else 0.0)
        self._failed = 0 if persistent else self._failed + 1
        if self._held is not None and 0 < self._failed <= HELD_COMMITS:
            self._hold(self._held)
            return
        self.publish(now)
        if persistent:
            self._held = self._snapshot

    def _hold(self, held: Snapshot) -> None:
        """Keep the last committed page while commits fail: a crash now would step back to it.

        If it lasts, showing nothing new is the greater harm, and `commit` publishes again.
        """
        self._next_commit = self._clock.monotonic() + self._commit_interval
        self._publish(not_kept(held))

    def publish(self, now: float | None = None) -> None:
        """Put what is committed on the page, as of `now`; alone only when nothing was read."""
        now, tell = self._clock.now() if now is None else now, self.telemetry
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
        status = StatusFacts(models, self._teller.states.states)
        self._snapshot = Snapshot((*blocks, *tell.samples()), now, status)
        self._publish(self._snapshot)

    def _changes(self) -> tuple[dict[str, bytes], list[str]]:
        puts: dict[str, bytes] = {}
        deletes: list[str] = []
        for feed in self.feeds:
            prefix = f"model/{feed.name}/"
            if feed.dirty:
                changed, gone = feed.model.take_changes()
                puts.update({prefix + key: value for key, value in changed.items()})
                deletes += [prefix + key for key in gone]
            feed.dirty = False
        for channel in self._channels:
            puts |= channel.checkpoint()
        recorded, written = self._recording.take_changes()
        puts["telemetry"] = self.telemetry.to_bytes()
        puts[COMMITTED] = repr(self._clock.now()).encode()
        return puts | recorded, deletes + written

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
        if telemetry:
            problems += _attempt(self._recording.restore, state, "record")
        names = {feed.name for feed in self.feeds}
        self.telemetry.keep_sources(names | {labels_name(name) for name in names})
        self.telemetry.keep_models(names)
        for feed in self.feeds:
            prefix = f"model/{feed.name}/"
            own = {
                key.removeprefix(prefix): v for key, v in state.items() if key.startswith(prefix)
            }
            found = feed.model.restore(own, now)
            found += self._labelling.restore(feed.name, own, self._store)
            problems += [f"{feed.name}: {problem}" for problem in found]
            feed.model.start(now)
        for channel in self._channels:
            problems += _attempt(channel.restore, state, f"{channel.name}: offsets")
        self.telemetry.inc(f"{_ME}state_load_errors_total", by=len(problems))
        for problem in problems:
            log.error("state not used: %s", problem)

    def read_files(self) -> list[tuple[str, int]]:
        """(path, bytes read) of every file that is followed; what is read is committed next."""
        return [(file.path, file.offset) for file in self._teller.states.files()]

    def close(self) -> None:
        """Close the sources. The store belongs to the caller."""
        for channel in self._channels:
            channel.source.close()

    # -- facts become metrics -------------------------------------------------------------------

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
        for channel in self._channels:
            channel.tell()

    def _note_gauges(self) -> None:
        tell = self.telemetry
        tell.set(f"{_ME}state_persistent", value=float(self._store.persistent))
        tell.set(f"{_ME}state_bytes", value=float(self._store.size_bytes))
        for family in ("state_commit_failures_total", "state_load_errors_total"):
            tell.inc(f"{_ME}{family}", by=0)
        for feed in self.feeds:
            for result in ("ok", "malformed"):
                tell.inc(f"{_ME}lines_total", feed.name, result, by=0)
        dropped: dict[str, float] = {}
        for feed in self.feeds:
            for family, value in feed.model.overflowed().items():
                dropped[family] = dropped.get(family, 0.0) + value
        for family, value in dropped.items():
            tell.set(f"{_ME}series_dropped_total", family, value=value)


def _attempt(restore: Callable[[T], object], data: T, what: str) -> list[str]:
    try:
        restore(data)
    except ValueError as error:
        return [f"{what}: {error}"]
    return []
