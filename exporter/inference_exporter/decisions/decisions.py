"""Decisions of one model: counts in, states out. One decision per tumbling window, once.

A window is decided on a little after its end (`Span.wait`): until then its rows may still come. All
features and outputs of all versions with rows in it are one family of tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from inference_exporter.accumulators import Layout
from inference_exporter.accumulators.cell_table import Cells
from inference_exporter.config.budget import allowed
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.thresholds import in_force
from inference_exporter.decisions import budget, points
from inference_exporter.decisions.evidence import Evidence, beside_constants, weigh
from inference_exporter.decisions.hours import Expected
from inference_exporter.decisions.judgement import Judgement, Watch
from inference_exporter.decisions.spans import Span
from inference_exporter.decisions.states import States
from inference_exporter.decisions.subjects import Subjects
from inference_exporter.decisions.track import NEVER, Track
from inference_exporter.values.batch import Floats
from inference_exporter.values.kept_state import restored
from inference_exporter.windows import NO_PANE, Placement

PREFIX = "decisions/"
MOST_WAITING = 64  # windows not yet decided on, per version and configured window

Judged = tuple[tuple[str, str], Floats, float, Expected | None, Floats, Floats]
"""Version and window, blocks, entities, what is expected, the reference, usual design effects."""


@dataclass(frozen=True, slots=True)
class OfPart:
    """Decisions on a part of the rows: its own level, state and reference.

    `known` are the part's rows of the reference by bin, by `feature/name` and `output/name`. Point
    masses are looked for in all rows only.
    """

    prefix: str
    alpha: float
    known: Mapping[str, Floats]


class Decisions:
    """When it is drift. `base` is the length in seconds of the panes that rows are placed in."""

    def __init__(
        self, model: ModelConfig, layout: Layout, base: float, part: OfPart | None = None
    ) -> None:
        self._prefix = part.prefix if part else PREFIX
        self.subjects = Subjects(model, layout, part.known if part else None)
        self.spans = [Span.of(window, base) for window in model.windows]
        self._lengths = {span.window.name: f"{span.seconds:g}" for span in self.spans}
        self._rows = {key: row for row, key in enumerate(self.subjects.keys)}
        self.alpha = part.alpha if part else level_of(model)
        features = [one for one in self.subjects.bins if one.scope == "feature" and part is None]
        self.cells = Cells(features, layout.slices)
        self._least_mass = np.full(len(features), in_force(model.thresholds)["feature_point_ratio"])
        self.tracks: dict[tuple[str, str], Track] = {}
        self.decided: dict[str, int] = {}  # number of the last window decided on, by window
        self._changed: set[tuple[str, str, int]] = set()
        self._moved: set[tuple[str, str]] = set()
        self._deleted: set[str] = set()
        self.watchers: list[Watch] = []  # are told of every decision

    @property
    def test_alpha(self) -> float:
        """The level of a single test of one version: of what critical values speak."""
        return self.alpha / max(1, self.subjects.size)

    # -- counts ---------------------------------------------------------------------------------

    def add(
        self,
        placement: Placement,
        names: Sequence[str],
        dense: Floats,
        entities: Sequence[Floats] | None = None,
    ) -> None:
        """Count what a batch adds: `dense` (groups, cells) of the placement's groups.

        `entities`, of every span, (groups, 2): see `Track.add_entities`.
        """
        if not self.subjects.size:
            return
        rows, tables = self.subjects.rows(dense), self.cells.table(dense)
        expected = self.subjects.expected(dense) if self.subjects.season else None
        for at, (version, pane) in enumerate(placement.groups):
            if pane != NO_PANE:
                for number, span in enumerate(self.spans):
                    self._add(names[version], span, pane, rows[at], tables[at])
                    if expected is not None:
                        self._add_expected(names[version], span, pane, expected[at])
                    if entities is not None:
                        self._add_entities(names[version], span, pane, entities[number][at])

    def _add(self, version: str, span: Span, pane: int, row: Floats, table: Floats) -> None:
        number, stretch = span.place(pane)
        if number <= self.decided.get(span.window.name, NEVER):
            return  # it is in the counters; the decision stands
        key = (version, span.window.name)
        track = self.tracks.get(key)
        if track is None:
            track = self.tracks[key] = Track(self.subjects, self.cells)
        track.add(number, stretch, row, table)
        self._changed.add((*key, number))
        if len(track.waiting) > MOST_WAITING:
            self._decide_until(span, min(track.waiting))

    def _add_expected(self, version: str, span: Span, pane: int, row: Floats) -> None:
        number, stretch = span.place(pane)
        track = self.tracks.get((version, span.window.name))
        if track is not None and number in track.waiting:
            track.add_expected(number, stretch, row)

    def _add_entities(self, version: str, span: Span, pane: int, sums: Floats) -> None:
        number, _ = span.place(pane)
        track = self.tracks.get((version, span.window.name))
        if track is not None and number in track.waiting:
            track.add_entities(number, sums)

    # -- decisions ------------------------------------------------------------------------------

    def decide(self, now: float, lateness: float, *, live: bool) -> None:
        """Decide on every window that is complete at `now`.

        In a log that is read after the fact rows come in the order of the files, not of time: every
        window waits for all of `lateness`.
        """
        for span in self.spans:
            wait = span.wait(lateness) if live else lateness
            self._decide_until(span, span.complete(now - wait))

    def _decide_until(self, span: Span, last: int) -> None:
        name = span.window.name
        if last <= self.decided.get(name, NEVER):
            return
        mine = {key: one for key, one in self.tracks.items() if key[1] == name}
        waiting = sorted({n for one in mine.values() for n in one.waiting if n <= last})
        for number in waiting:
            self._judge(mine, number)
        for key, track in mine.items():
            if track.decided < last:
                track.silence()
                track.decided = last
                self._moved.add(key)
        self.decided[name] = last

    def _judge(self, tracks: Mapping[tuple[str, str], Track], number: int) -> None:
        weighed: list[tuple[Track, Evidence]] = []
        judged: list[Judged] = []
        subjects = self.subjects
        for key, track in tracks.items():
            masses, entities = track.masses_of(number), track.entities_of(number)
            blocks, expected = track.blocks(number), track.expected_of(number)
            if blocks is None:
                track.silence()
            else:
                known, cells, least = subjects.known, subjects.cells, subjects.least
                evidence, track.memory = weigh(
                    blocks, known, cells, least, track.memory, entities, expected
                )
                live, design = blocks.sum(axis=1), track.memory.usual(evidence.design.mean)
                evidence = beside_constants(evidence, live, known, cells, least, design)
                self._judge_masses(track, masses, design)
                track.design = evidence.tail_design(self.test_alpha)
                weighed.append((track, evidence))
                judged.append((key, blocks, entities, expected, known, design))
                self._changed.discard((*key, number))
                self._deleted.add(self._key(*key, number))
            track.decided = number
            self._moved.add(key)
        adjusted, plain = (
            budget.holm(np.concatenate(values)).reshape(len(weighed), -1)
            for values in (
                [evidence.p_value for _, evidence in weighed],
                [evidence.plain for _, evidence in weighed],
            )
        )
        for at, ((track, evidence), own, free) in enumerate(
            zip(weighed, adjusted, plain, strict=True)
        ):
            before = replace(track.states)
            noise = evidence.noise(self.test_alpha, track.design, subjects.cells)
            track.states.decide(evidence, own, subjects.threshold, self.alpha, free, noise)
            if self.watchers:
                told = self._judgement(number, track, before, evidence, own, judged[at])
                for watch in self.watchers:
                    watch(told)

    def _judgement(
        self, number: int, track: Track, before: States, evidence: Evidence, adjusted: Floats,
        judged: Judged,
    ) -> Judgement:  # fmt: skip
        (version, window), blocks, entities, expected, known, usual = judged
        subjects, states = self.subjects, track.states
        span = next(one for one in self.spans if one.window.name == window)
        return Judgement(
            version, window, number, span.end(number),
            subjects.names,
            evidence, adjusted, self.alpha, subjects.threshold, subjects.cells, subjects.least,
            states.drifted & states.enough, states.enough, states.wanders, blocks, entities,
            expected, span.end(number) - span.seconds, known,
            before.drifted & before.enough, before.enough,
            states.drifted & ~before.drifted, usual, track.design, self.test_alpha,
        )  # fmt: skip

    def _judge_masses(self, track: Track, live: Floats, design: Floats) -> None:
        """Point masses of a window, with what is known of how its rows resemble each other."""
        if not self.cells.names:
            return
        found = points.look(self.cells, live, design[self.subjects.is_feature])
        track.masses.decide(
            found, budget.holm(found.p_value), self.alpha * points.SHARE, self._least_mass
        )

    def due(self, now: float, lateness: float) -> bool:
        """Whether a window is complete at `now` that is not decided on, in a followed log."""
        return bool(self.tracks) and any(
            span.complete(now - span.wait(lateness)) > self.decided.get(span.window.name, NEVER)
            for span in self.spans
        )

    def design(self, version: str, window: str, key: str) -> float:
        """The design effect behind critical values, for a feature's or output's key."""
        track = self.tracks.get((version, window))
        return 1.0 if track is None else float(track.design[self._rows[key]])

    def alike(self, version: str, window: str) -> float:
        """How many rows are worth one, by outputs: the model's successes resemble each other."""
        track = self.tracks.get((version, window))
        if track is None or not self.subjects.size:
            return 1.0
        outputs = track.design[~self.subjects.is_feature]
        return float(max(outputs if len(outputs) else track.design))

    # -- state ----------------------------------------------------------------------------------

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """Keys to write and keys to delete since the last call."""
        puts: dict[str, bytes] = {}
        for version, window, number in self._changed:
            key = (version, window)
            puts[self._key(*key, number)] = self.tracks[key].encode_counts(number)
        for key in self._moved:
            puts[self._key(*key)] = self.tracks[key].encode()
        deletes, self._deleted = self._deleted - puts.keys(), set()
        self._changed.clear()
        self._moved.clear()
        return puts, deletes

    def abandon(self) -> set[str]:
        """The keys of everything that is kept: for who takes the place."""
        tracks = {self._key(*key) for key in self.tracks}
        counts = {self._key(*key, n) for key, one in self.tracks.items() for n in one.waiting}
        return tracks | counts | self._deleted

    def forget(self, keys: set[str]) -> None:
        """Have these keys deleted at the next commit."""
        self._deleted |= keys

    def restore(self, state: Mapping[str, bytes]) -> list[str]:
        """Take up committed state; returns a sentence for each value that could not be used."""
        problems, unusable = restored(state, self._prefix, self._restore)
        self.forget(unusable)
        for (_, window), track in self.tracks.items():
            self.decided[window] = max(self.decided.get(window, NEVER), track.decided)
        return problems

    def _key(self, version: str, window: str, *number: int) -> str:
        parts = (version, window, self._lengths[window], *map(str, number))
        return self._prefix + msgspec.json.encode(parts).decode()

    def _restore(self, key: str, value: bytes) -> bool:
        """Whether it was taken up: other bins, or a window no longer configured, are not."""
        version, window, length, *number = msgspec.json.decode(
            key.removeprefix(self._prefix), type=list[str]
        )
        if self._lengths.get(window) != length or not self.subjects.size:
            return False
        track = self.tracks.get((version, window)) or Track(self.subjects, self.cells)
        taken = track.decode_counts(int(number[0]), value) if number else track.decode(value)
        if taken:
            self.tracks[version, window] = track
        return taken

    def ends(self) -> Iterator[tuple[str, float]]:
        """The windows with the end of the last one that was decided on."""
        for span in self.spans:
            number = self.decided.get(span.window.name, NEVER)
            if number != NEVER:
                yield span.window.name, span.end(number)


def level_of(model: ModelConfig, kind: str = "drift") -> float:
    """The probability that chance alone makes one look at all windows find a kind of alert."""
    return budget.level(model.windows, allowed(model.thresholds, kind))
