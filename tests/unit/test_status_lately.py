"""The last day on the status page: panes side by side, decisions, and what they cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from html_page import faults, read
from inference_exporter.config.schema import Window
from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.status import StatusPages
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.status.views import VersionView
from inference_exporter.results.lately import MOST, Lately, window_of
from inference_exporter.values.samples import Snapshot
from inference_exporter.values.tally import Tally
from inference_exporter.windows.panes import Panes
from sidecar import NOW, Sidecar, line
from status_case import CONFIG, HOURS, thirty_hours


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Sidecar:
    return thirty_hours(tmp_path_factory.mktemp("day"))


def shown(snapshot: Snapshot, **query: str) -> VersionView:
    view = model_view(snapshot, "m", Selection.of(query))
    assert view is not None
    assert view.shown is not None
    return view.shown


def test_lines_show_the_drift_where_it_was(sidecar: Sidecar) -> None:
    view = shown(sidecar.snapshot)
    start, end = view.lines_of
    row = next(one for one in view.drift.features if one.name == "income")
    step = (end - start) / len(row.past)
    for at, value in enumerate(row.past):
        begin, over = start + at * step - NOW, start + (at + 1) * step - NOW
        if begin >= 12 * 3600 and over <= 16 * 3600:
            assert value is not None
            assert value > 1.0
        elif value is not None and (over < 12 * 3600 or begin > 16 * 3600):
            assert value < 0.3


def test_counts_of_the_lines_are_those_of_the_window(sidecar: Sidecar) -> None:
    """Each row is in one stretch: all requests of the day but those of the stretch not over."""
    requests = next(one for one in shown(sidecar.snapshot).lines if one.name == "Requests")
    known = [value for value in requests.values if value is not None]
    assert set(known[1:]) <= {240.0, 360.0}  # 120 in twenty minutes, 48 minutes each
    assert requests.values[-1] is None


def test_a_distance_is_that_of_the_counts_of_its_stretch(sidecar: Sidecar) -> None:
    past = sidecar.snapshot.facts.models[0].past["7"]
    view = shown(sidecar.snapshot, feature="income")
    row = next(one for one in view.drift.features if one.name == "income")
    known = np.array([one.reference for one in row.bins])
    compared = 0
    for value, shares in zip(past.distances("feature", "income"),
                             past.shares("feature", "income"), strict=True):  # fmt: skip
        if value is not None and shares is not None:
            assert value == pytest.approx(np.sum((shares - known) * np.log(shares / known)))
            compared += 1
    assert compared > 20


def test_decisions_are_on_the_timeline_and_come_back_after_a_crash(sidecar: Sidecar) -> None:
    def timeline(snapshot: Snapshot) -> list[str]:
        view = shown(snapshot).decisions
        assert view is not None
        assert view.rows[0].name == "income"  # what was drifted comes first
        return [one.state for one in view.rows[0].decisions]

    states = timeline(sidecar.snapshot)
    assert states.count("drifted") >= 3
    assert states[0] != "drifted" != states[-1]
    again = Sidecar(sidecar.log.parent, CONFIG, sidecar.store)
    again.clock.advance(HOURS * 3600.0)
    again.reads()
    assert timeline(again.snapshot) == states


def test_the_page_has_them_without_a_fault(sidecar: Sidecar) -> None:
    pages = StatusPages(Landing(), "/metrics")
    page = pages.model(sidecar.snapshot, "m", {"feature": "income"})
    assert page is not None
    assert faults(page) == []
    root = read(page)
    kinds = [one.attributes.get("class") for one in root.all("svg")]
    assert kinds.count("time") == 2  # bins over time, and decisions
    assert kinds.count("spark") >= 9
    assert "Freshness" in [one.text for one in root.all("h2")]
    bars = [one for one in root.all("rect") if one.attributes["class"] == "share"]
    assert len(bars) <= 10 * (MOST + 1)


@pytest.mark.parametrize("seconds", [3600.0, 86400.0, 7 * 86400.0, 90 * 86400.0])
def test_a_line_has_at_most_so_many_stretches_however_long_the_window(seconds: float) -> None:
    window = Window("w", seconds)
    panes = Panes(window, 60.0)
    past = Lately(None, "1", window, {}, panes.length, NOW)  # type: ignore[arg-type]
    assert 1 <= len(past.stretches) <= MOST + 1
    assert past.stretches[-1].start <= NOW < past.stretches[-1].end
    ends = [one.end for one in past.stretches[:-1]]
    assert ends == [one.start for one in past.stretches[1:]]


def test_the_window_is_the_one_nearest_above_a_day() -> None:
    hour, day, week = (Window("w", h * 3600.0) for h in (1, 24, 168))
    assert window_of((hour, week, day)) == day
    assert window_of((hour,)) == hour


def test_panes_that_were_handed_over_are_not_added_to() -> None:
    panes = Panes(Window("1h", 3600.0), 60.0)
    panes.add(7, Tally(np.array([1.0])))
    handed = panes.handed()
    for _ in range(2):
        panes.add(7, Tally(np.array([1.0])))
    assert handed[7].dense.tolist() == [1.0]
    assert panes.tallies[7].dense.tolist() == [3.0]
    second = panes.tallies[7]
    panes.add(7, Tally(np.array([1.0])))
    assert panes.tallies[7] is second  # copied once for each time it is handed over


def test_requests_that_stand_out_are_the_slowest_with_a_trace_and_what_went_wrong(
    tmp_path: Path,
) -> None:
    traced = Sidecar(tmp_path, CONFIG.replace("  status: code", "  status: code\n  trace_id: tid"))
    slow, fast, bad = (f"{n:032x}" for n in (1, 2, 3))
    one = {"t": NOW, "v": "7", "f": {"income": 1.0}, "p": "yes", "s": 0.9, "y": "yes"}
    traced.reads(
        line(**one, ms=5.0, code=200, tid=fast),
        line(**one, ms=4000.0, code=200, tid=slow),
        line(**one, ms=1.0, code=500, tid=bad),
        line(**{**one, "y": "no"}, ms=1.0, code=200, tid=f"{4:032x}"),
    )
    found = shown(traced.snapshot).stand_out
    assert (found[0].what, found[0].trace_id, found[0].value.value) == ("slow", slow, 4.0)
    told = {one.what: one.trace_id for one in found}
    assert told["failed"] == bad
    assert told["predicted yes, was no"] == f"{4:032x}"
