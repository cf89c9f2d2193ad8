"""Windows against a brute-force list of all events, on a clock that does what clocks do."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest

from inference_exporter.config.schema import Window
from inference_exporter.values.tally import Tally
from inference_exporter.windows import MAX_AHEAD, NO_PANE, Timeline, place

HOUR, DAY = Window("1h", 3600.0), Window("1d", 86400.0)
START = 1_800_000_000.0


@dataclass
class Event:
    time: float
    version: int
    value: float


class Harness:
    """One dense cell (sum of values) and one sparse cell (rows), beside the list of events."""

    def __init__(self, windows: tuple[Window, ...] = (HOUR, DAY), lateness: float = 3600) -> None:
        self.windows, self.lateness = windows, lateness
        self.timeline = self.new_timeline()
        self.events: list[Event] = []  # those that were neither late nor from the future
        self.rows = 0

    def new_timeline(self, cells: dict[str, slice] | None = None) -> Timeline:
        slices = cells or {"sum": slice(0, 1)}
        size = max(one.stop for one in slices.values())
        return Timeline(self.windows, slices, repr(sorted(slices)), lambda: Tally.zeros(size))

    def add(self, now: float, events: list[Event]) -> None:
        times = np.array([event.time for event in events])
        versions = np.array([event.version for event in events])
        base = self.timeline.base
        oldest = now - self.lateness
        placement = place(times, versions, base=base, now=now, oldest=oldest)
        tallies = []
        for group in range(len(placement.groups)):
            of_group = [e for e, i in zip(events, placement.index, strict=True) if i == group]
            total = sum(event.value for event in of_group)
            tallies.append(Tally(np.array([total]), {("rows",): float(len(of_group))}))
        self.timeline.add(placement, ["a", "b"], tallies, now)
        self.events += [e for e in events if now - self.lateness <= e.time <= now + MAX_AHEAD]
        self.rows += len(events)

    def expected(self, version: int, window: Window, now: float) -> tuple[float, int]:
        """The events whose pane reaches into the window: a pane is 1/60 of it."""
        panes = self.timeline.versions["ab"[version]].panes[window.name]
        inside = [
            event
            for event in self.events
            if event.version == version
            and (event.time // panes.length + 1) * panes.length > now - window.seconds
        ]
        return sum(event.value for event in inside), len(inside)

    def check(self, now: float) -> None:
        self.timeline.expire(now)
        for version, name in enumerate("ab"):
            if name in self.timeline.versions:
                for window in self.windows:
                    tally = self.timeline.window(name, window.name, now)
                    total, rows = self.expected(version, window, now)
                    assert tally.dense[0] == pytest.approx(total)
                    assert tally.sparse.get(("rows",), 0.0) == rows
        totals = [h.total.sparse[("rows",)] for h in self.timeline.versions.values()]
        assert sum(totals) == self.rows


@pytest.mark.parametrize("seed", range(20))
def test_windows_equal_a_brute_force_list_of_events(seed: int) -> None:
    rng = random.Random(seed)
    harness = Harness(windows=(Window("10m", 600.0), HOUR, Window("7h", 25200.0)))
    now = START
    state: dict[str, bytes] = {}
    for _ in range(150):
        now += rng.choice([0.0, 0.3, 5.0, 61.0, 400.0, 5000.0])
        if rng.random() < 0.05:
            # After a restart the windows are as they were: nothing is blanked.
            puts, deletes = harness.timeline.take_changes()
            state.update(puts)
            for key in deletes:
                state.pop(key, None)
            harness.timeline = harness.new_timeline()
            assert harness.timeline.restore(state, now) == []
        late = [0.0, 10.0, 700.0, 3599.0, 3601.0, 90000.0, -200.0, -301.0, -1e9, 1.8e9]
        events = [
            Event(now - rng.choice(late), rng.randrange(2), float(rng.randrange(1, 9)))
            for _ in range(rng.randrange(1, 12))
        ]
        harness.add(now, events)
        harness.check(now)


@pytest.mark.parametrize("seed", range(3))
def test_windows_of_months_equal_a_brute_force_list_of_events(seed: int) -> None:
    """However long, a window has 60 panes and one that is being filled."""
    rng = random.Random(seed)
    day = 86400.0
    windows = (HOUR, Window("90d", 90 * day), Window("400d", 400 * day))
    harness = Harness(windows=windows, lateness=20 * day)
    now = START
    for _ in range(200):
        now += rng.choice([60.0, 3600.0, day, 5 * day, 20 * day])
        late = [0.0, 3000.0, day, 19 * day, 21 * day]
        harness.add(now, [Event(now - rng.choice(late), 0, float(rng.randrange(1, 9)))])
        harness.check(now)
        for panes in harness.timeline.versions["a"].panes.values():
            assert len(panes.tallies) <= 61


def test_a_window_ages_on_the_clock_when_traffic_stops() -> None:
    harness = Harness()
    harness.add(START, [Event(START, 0, 5.0)])
    assert harness.timeline.window("a", "1h", START + 3600).dense[0] == 5.0
    assert harness.timeline.window("a", "1h", START + 3661).dense[0] == 0.0
    assert harness.timeline.window("a", "1d", START + 3661).dense[0] == 5.0


def test_a_clock_that_steps_back_loses_nothing_and_does_not_fail() -> None:
    harness = Harness()
    harness.add(START, [Event(START, 0, 1.0)])
    harness.add(START - 1800, [Event(START - 1800, 0, 2.0)])
    harness.timeline.expire(START - 1800)
    assert harness.timeline.window("a", "1h", START - 1800).dense[0] == 3.0
    assert harness.timeline.window("a", "1h", START).dense[0] == 3.0


def test_events_of_1970_and_2099_are_counted_but_stay_out_of_the_windows() -> None:
    times = np.array([0.0, 4_080_000_000.0, START, np.nan])
    placement = place(times, None, base=60.0, now=START, oldest=START - 3600)
    assert (placement.late, placement.future, placement.untimed) == (1, 1, 1)
    panes = [placement.groups[index][1] for index in placement.index]
    assert [pane == NO_PANE for pane in panes] == [True, True, False, True]
    assert np.nanmax(placement.newest) == START


def test_expired_panes_are_deleted_from_the_state() -> None:
    harness = Harness(windows=(HOUR,))
    harness.add(START, [Event(START, 0, 1.0)])
    puts, _ = harness.timeline.take_changes()
    panes = {key for key in puts if key.startswith('["pane"')}
    assert len(panes) == 1
    harness.timeline.expire(START + 7200)
    assert harness.timeline.take_changes() == ({}, panes)


def test_only_what_changed_is_written() -> None:
    harness = Harness(windows=(HOUR,))
    for minute in range(10):
        harness.add(START + 60 * minute, [Event(START + 60 * minute, 0, 1.0)])
    harness.timeline.take_changes()
    assert harness.timeline.take_changes() == ({}, set())
    harness.add(START + 600, [Event(START + 540, 0, 1.0)])
    puts, _ = harness.timeline.take_changes()
    assert len(puts) == 2  # the totals and the one pane


def test_after_a_change_of_layout_cells_keep_their_counts_where_they_mean_the_same() -> None:
    harness = Harness(windows=(HOUR,))
    harness.timeline = harness.new_timeline({"sum": slice(0, 1), "gone": slice(1, 3)})
    placement = place(np.array([START]), None, base=60.0, now=START, oldest=0)
    tally = Tally(np.array([7.0, 8.0, 9.0]), {("rows",): 1.0})
    harness.timeline.add(placement, ["a"], [tally], START)
    state, _ = harness.timeline.take_changes()
    harness.timeline = harness.new_timeline({"new": slice(0, 2), "sum": slice(2, 3)})
    assert harness.timeline.restore(state, START) == []
    assert harness.timeline.versions["a"].total.dense.tolist() == [0.0, 0.0, 7.0]
    assert harness.timeline.window("a", "1h", START).dense.tolist() == [0.0, 0.0, 7.0]
    puts, deletes = harness.timeline.take_changes()
    assert len(puts) == 3  # layout, totals, pane: everything is written in the new layout
    assert len(deletes) == 1  # the old layout


def test_damaged_state_is_reported_and_the_rest_is_used() -> None:
    harness = Harness(windows=(HOUR,))
    harness.add(START, [Event(START, 0, 1.0), Event(START, 1, 2.0)])
    state, _ = harness.timeline.take_changes()
    state['["total","a"]'] = b"\x00garbage"
    harness.timeline = harness.new_timeline()
    problems = harness.timeline.restore(state, START)
    assert len(problems) == 1
    assert problems[0].startswith('["total","a"]: damaged')
    assert harness.timeline.versions["b"].total.dense[0] == 2.0


def test_other_windows_in_the_configuration_drop_the_old_panes_only() -> None:
    harness = Harness(windows=(HOUR, DAY))
    harness.add(START, [Event(START, 0, 1.0)])
    state, _ = harness.timeline.take_changes()
    harness.windows = (HOUR,)
    harness.timeline = harness.new_timeline()
    assert harness.timeline.restore(state, START) == []
    _, deletes = harness.timeline.take_changes()
    assert [key for key in deletes if '"1d"' in key] == list(deletes)
    assert harness.timeline.window("a", "1h", START).dense[0] == 1.0
