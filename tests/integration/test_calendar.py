"""Calendar periods against a list of all events, with the dates that `zoneinfo` gives them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from exporter_process import Series
from late_sidecar import LateSidecar

DAY, HOUR = 86400.0, 3600.0
EARLY = 7 * DAY
LABELS = "logs: labels.jsonl, timestamp: at, wait: 300d, selection: show"
CALENDAR = "calendar: {{timezone: {zone}, early: 7d{more}}}"
KINDS = ("day", "week", "month", "quarter")
KEPT = {"day": 62, "week": 27, "month": 14, "quarter": 6}
Key = tuple[int, ...]


def key_of(kind: str, day: date) -> Key:
    year, week, _ = day.isocalendar()
    return {
        "day": (day.toordinal(),), "week": (year, week), "month": (day.year, day.month),
        "quarter": (day.year, (day.month - 1) // 3),
    }[kind]  # fmt: skip


def before(kind: str, day: date) -> Key:
    """The period before the one with this day."""
    key = key_of(kind, day)
    while key_of(kind, day) == key:
        day -= timedelta(days=1)
    return key_of(kind, day)


@dataclass
class Event:
    number: int
    time: float
    predicted: str
    counts: bool  # neither late nor from the future
    actual: str = ""
    first: str = ""  # its first label, and how long that took
    delay: float = 0.0


class Events:
    """What was written, and what a page must say about it."""

    def __init__(self, zone: str, seed: int, *, last: bool = False) -> None:
        self.zone, self.rng, self.last = ZoneInfo(zone), random.Random(seed), last
        self.all: list[Event] = []

    def predict(self, sidecar: LateSidecar, rows: int) -> None:
        now = sidecar.clock.now()
        for _ in range(rows):
            age = self.rng.choice([0.0, 60.0, 5 * HOUR, 23 * HOUR, 25 * HOUR, 9 * DAY, -200, -400])
            time = now - age * self.rng.uniform(0.98, 1.0)
            counts = now - 24 * HOUR + 60 <= time <= now + 300
            one = Event(len(self.all), time, self.rng.choice("ab"), counts)
            self.all.append(one)
            sidecar.predict({"at": time, "id": str(one.number), "version": "1",
                             "predicted": one.predicted, "score": 0.5})  # fmt: skip

    def label(self, sidecar: LateSidecar, rows: int) -> None:
        """Labels of any predictions of the last 250 days, a few of them for the second time."""
        now = sidecar.clock.now()
        open_ones = [one for one in self.all if not one.actual and one.time > now - 250 * DAY]
        again = [one for one in self.all[-300:] if one.actual]
        chosen = self.rng.sample(open_ones, min(rows, len(open_ones)))
        chosen += self.rng.sample(again, min(1, len(again)))
        for one in chosen:
            actual = self.rng.choice("ab")
            sidecar.label({"at": now, "id": str(one.number), "actual": actual})
            if not one.first:
                one.first, one.delay = actual, max(0.0, now - one.time)
            if not one.actual or self.last:
                one.actual = actual

    def local(self, time: float) -> date:
        return datetime.fromtimestamp(time, self.zone).date()

    def of(self, kind: str, now: float, *, previous: bool) -> list[Event]:
        today = self.local(now)
        key = before(kind, today) if previous else key_of(kind, today)
        return [one for one in self.all if one.counts and key_of(kind, self.local(one.time)) == key]

    def check(self, page: Series, now: float, kinds: tuple[str, ...] = KINDS) -> None:
        found = {window: dict(values) for window, values in _by_window(page)}
        for kind in kinds:
            for window, previous in ((kind, False), (f"previous_{kind}", True)):
                events = self.of(kind, now, previous=previous)
                assert found.get(window, {}) == pytest.approx(_expected(events)), (window, now)


def _by_window(page: Series) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """What is compared, by window; what is 0 or is not there says the same."""
    names = {
        "inference_cohort_outcomes": ("predicted", "actual"),
        "inference_performance_samples": (), "inference_performance_early_samples": (),
        "inference_label_coverage_ratio": (),
        "inference_performance": ("metric",), "inference_performance_early": ("metric",),
    }  # fmt: skip
    found: dict[str, list[tuple[str, float]]] = {}
    for (name, pairs), value in page.items():
        labels = dict(pairs)
        if name in names and value and labels.get("metric", "accuracy") == "accuracy":
            key = "/".join([name, *(labels[one] for one in names[name])])
            found.setdefault(labels["window"], []).append((key, value))
    yield from found.items()


def _expected(events: list[Event]) -> dict[str, float]:
    labelled = [one for one in events if one.actual]
    early = [one for one in labelled if one.delay <= EARLY]
    cells = Counter(f"{one.predicted}/{one.actual}" for one in labelled)
    found = {f"inference_cohort_outcomes/{cell}": float(n) for cell, n in cells.items()}
    if events:
        found["inference_label_coverage_ratio"] = len(labelled) / len(events)
    for family, ones, of in (("", labelled, "actual"), ("_early", early, "first")):
        found[f"inference_performance{family}_samples"] = len(ones)
        if ones:
            right = sum(one.predicted == getattr(one, of) for one in ones)
            found[f"inference_performance{family}/accuracy"] = right / len(ones)
    return {name: value for name, value in found.items() if value}


def sidecar_of(folder: Path, zone: str, labels: str = LABELS, more: str = "") -> LateSidecar:
    return LateSidecar(folder, labels, more=CALENDAR.format(zone=zone, more=more))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("zone", "last"),
    [("Europe/Paris", False), ("America/New_York", True), ("Australia/Lord_Howe", False)],
)  # fmt: skip
def test_periods_equal_a_list_of_events_over_a_year(tmp_path: Path, zone: str, last: bool) -> None:
    """Past both moves of the clocks, the end of a year and a 29th of February, with crashes."""
    labels = f"{LABELS}, update: {'last' if last else 'first'}"
    sidecar, events = sidecar_of(tmp_path, zone, labels), Events(zone, 7, last=last)
    end = sidecar.clock.now() + 420 * DAY  # 2027-01-15 until 2028-03-10
    seen: set[str] = set()
    while sidecar.clock.now() < end:
        events.predict(sidecar, events.rng.randrange(1, 4))
        events.label(sidecar, events.rng.randrange(3))
        if events.rng.random() < 0.15:
            sidecar.crash()
        page = sidecar.settle()
        events.check(page, sidecar.clock.now())
        seen |= {window for window, values in _by_window(page) if len(values) > 4}
        if events.rng.random() < 0.15:
            sidecar.crash()
        sidecar.clock.advance(events.rng.choice([HOUR, 7 * HOUR, DAY, 3 * DAY, 6 * DAY]))
    assert seen >= {*KINDS, *(f"previous_{kind}" for kind in KINDS)}
    for kind in KINDS:
        periods = _periods(sidecar, kind)
        assert 0 < len(periods) <= KEPT[kind]


def _periods(sidecar: LateSidecar, kind: str) -> set[str]:
    """The periods of a kind in the committed state."""
    return {key for key in sidecar.store.load() if f'calendar/kept/["pane","1","{kind}",' in key}


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [("Europe/Paris", "2027-03-28", 23), ("Europe/Paris", "2027-10-31", 25),
     ("Australia/Lord_Howe", "2027-10-03", 23.5), ("Africa/Cairo", "2027-04-30", 23)],
)  # fmt: skip
def test_a_day_has_the_hours_that_its_zone_gives_it(
    tmp_path: Path, zone: str, day: str, hours: float
) -> None:
    """One prediction every half hour from the day before to the day after."""
    sidecar, events = sidecar_of(tmp_path, zone), Events(zone, 1)
    begin = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).timestamp()
    sidecar.clock.advance(begin - 12 * HOUR - sidecar.clock.now())
    while events.local(sidecar.clock.now() + 60) <= date.fromisoformat(day):
        one = Event(len(events.all), sidecar.clock.now() + 1, "a", counts=True)
        events.all.append(one)
        sidecar.predict({"at": one.time, "id": str(one.number), "version": "1",
                         "predicted": "a", "score": 0.5})  # fmt: skip
        sidecar.clock.advance(1800 - 10)
        sidecar.turn(10)
    page = sidecar.settle()
    events.check(page, sidecar.clock.now())
    assert len(events.of("day", sidecar.clock.now(), previous=True)) == 2 * hours
    starts = {dict(labels)["window"]: value for (name, labels), value in page.items()
              if name == "inference_period_start_timestamp_seconds"}  # fmt: skip
    assert starts["previous_day"] == begin
    assert starts["day"] - begin == hours * HOUR


def test_the_day_is_another_at_midnight_although_nothing_is_read(tmp_path: Path) -> None:
    """With windows of 30 days panes age every twelve hours."""
    sidecar = sidecar_of(tmp_path, "Asia/Kolkata")
    config = (sidecar.folder / "config.yaml").read_text()
    (sidecar.folder / "config.yaml").write_text(config.replace("[1h, 24h]", "[30d]"))
    sidecar.crash()
    events = Events("Asia/Kolkata", 1)
    now = sidecar.clock.now()
    events.all.append(Event(0, now, "a", counts=True))
    sidecar.predict({"at": now, "id": "0", "version": "1", "predicted": "a", "score": 0.5})
    sidecar.settle()
    events.label(sidecar, 1)
    today = events.local(sidecar.clock.now())
    while events.local(sidecar.clock.now()) == today:
        events.check(sidecar.settle(), sidecar.clock.now())
        sidecar.clock.advance(600)
    events.check(sidecar.settle(), sidecar.clock.now())
    assert events.of("day", sidecar.clock.now(), previous=True)


def test_another_zone_begins_anew_and_other_periods_stay(tmp_path: Path) -> None:
    sidecar, events = sidecar_of(tmp_path, "Europe/Paris"), Events("Europe/Paris", 3)
    events.predict(sidecar, 40)
    events.label(sidecar, 20)
    events.check(sidecar.settle(), sidecar.clock.now())
    sidecar.reconfigure(more=CALENDAR.format(zone="Europe/Paris", more=", periods: [week, month]"))
    page = sidecar.settle()
    events.check(page, sidecar.clock.now(), ("week", "month"))
    assert not {"day", "quarter", "previous_quarter"} & {window for window, _ in _by_window(page)}
    assert not _periods(sidecar, "day")
    sidecar.reconfigure(more=CALENDAR.format(zone="Asia/Tokyo", more=""))
    page = sidecar.settle()
    assert {window for window, _ in _by_window(page)} <= {"1h", "24h"}
    assert not _periods(sidecar, "week")
    assert len(events.all) == 40  # the windows and totals of before stay
    sidecar.reconfigure(more="")
    sidecar.settle()
    assert not [key for key in sidecar.store.load() if "calendar/" in key]


def test_labels_that_were_early_by_another_measure_are_not_mixed_with_these(tmp_path: Path) -> None:
    sidecar, events = sidecar_of(tmp_path, "UTC"), Events("UTC", 5)
    events.predict(sidecar, 30)
    events.label(sidecar, 10)
    events.check(sidecar.settle(), sidecar.clock.now())
    for early in (", early: 3d", ""):
        more = CALENDAR.format(zone="UTC", more="").replace(", early: 7d", early)
        sidecar.reconfigure(more=more)
        found = dict(_by_window(sidecar.settle()))
        names = {name for name, _ in found["month"]}
        assert "inference_performance_samples" in names
        assert not [name for name in names if name.startswith("inference_performance_early")]
        assert not [key for key in sidecar.store.load() if "calendar/early/604800/" in key]
    assert not [key for key in sidecar.store.load() if "calendar/early/" in key]


def test_a_reference_that_is_complete_leaves_periods_as_they_are(tmp_path: Path) -> None:
    """Half of the predictions are counted before there are bins, and estimates come with it."""
    more = CALENDAR.format(zone="Europe/Paris", more="")
    sidecar = LateSidecar(tmp_path, LABELS, more=f"{more}\n    reference: {{warmup: 40}}")
    events = Events("Europe/Paris", 11)
    for _ in range(8):
        events.predict(sidecar, 12)
        events.label(sidecar, 5)
        sidecar.settle()
        sidecar.crash()
        events.check(sidecar.settle(), sidecar.clock.now())
        sidecar.clock.advance(9 * HOUR)
    assert "inference_reference_info" in {name for name, _ in sidecar.page()}


def test_a_calendar_that_is_new_begins_with_what_comes(tmp_path: Path) -> None:
    """The state of before has no periods; what is read from now on is all they have."""
    sidecar, events = LateSidecar(tmp_path, LABELS), Events("UTC", 5)
    events.predict(sidecar, 30)
    sidecar.settle()
    sidecar.reconfigure(more=CALENDAR.format(zone="UTC", more=""))
    for one in events.all:
        one.counts = False
    sidecar.clock.advance(DAY)
    events.predict(sidecar, 30)
    events.check(sidecar.settle(), sidecar.clock.now())
