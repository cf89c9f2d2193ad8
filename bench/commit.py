"""What a commit costs with many features and full windows, and how large the state is."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench import traffic
from bench.feed import Bench
from bench.result import Result, Settings, Spread, Table, say
from inference_exporter.clock import ManualClock

_FEATURES = 50
_RATE = 200  # lines a second: what a busy model server logs
_EVERY = 5  # seconds between commits
_FILL = 600  # the same while the windows fill
_WINDOWS = {"1h (60 panes)": ["1h"], "1h and 24h, the default (120 panes)": ["1h", "24h"]}

_METHOD = f"""\
The exporter's pipeline, model and SQLite store in this process, {_FEATURES} features, one version,
every pane of every window filled. Between two commits {_RATE * _EVERY:,} lines arrive
({_RATE} a second, {_EVERY} s, by a clock that is set). *Commit* is from counts to a finished
transaction on disk, *publication* what follows it: evaluation and a new snapshot. The
state is the size of the database with its log, in the folder for temporary
files.
"""


@dataclass(slots=True)
class _Measured:
    """One choice of windows."""

    panes: int
    commits: list[float]
    publications: list[float]
    size: int
    payload: int


def measure(settings: Settings) -> Result:
    """Fill the windows, then commit at steady traffic."""
    commits = settings.size(60, 5)
    measured = {}
    for name, windows in _WINDOWS.items():
        one = measured[name] = _measure(settings, windows, commits)
        say(f"{name}: commit {Spread(one.commits).text('ms', 1000)}, {one.size / 1e6:.2f} MB")
    rows = tuple(
        (
            name,
            Spread(one.commits).text("ms", 1000),
            Spread(one.publications).text("ms", 1000),
            f"{one.size / 1e6:.2f} MB",
            f"{one.payload / 1e6:.2f} MB",
        )
        for name, one in measured.items()
    )
    columns = ("windows", "commit", "publication", "state on disk", "of it values")
    return Result(
        "commit",
        f"Commits with {_FEATURES} features",
        _METHOD,
        f"{commits} commits each",
        (Table(columns, rows),),
        raw={
            name: {
                "panes": one.panes,
                "commits": one.commits,
                "publications": one.publications,
                "state_bytes": one.size,
                "value_bytes": one.payload,
            }
            for name, one in measured.items()
        },
    )


def _measure(settings: Settings, windows: list[str], commits: int) -> _Measured:
    folder = settings.subfolder("commit-" + "-".join(windows))
    shape = traffic.wide(_FEATURES)
    traffic.prepare(folder, shape, windows=windows)
    clock = ManualClock(traffic.START)
    bench = Bench(folder, state=folder / "state", clock=clock)
    bench.pipeline.turn()  # the first commit of an empty state
    hours = 24 if "24h" in windows else 1
    _fill(bench, clock, shape, hours)
    writer = traffic.Writer(shape=shape, start=clock.now(), step=1 / _RATE)
    taken = []
    for _ in range(commits):
        clock.advance(_EVERY)
        bench.take(writer.lines(_RATE * _EVERY))
        taken.append(_commit(bench))
    panes = sum(len(one.tallies) for one in bench.model.timeline.versions["1"].panes.values())
    size = bench.store.size_bytes
    payload = sum(map(len, bench.store.load().values()))
    bench.close()
    seconds, publications = zip(*taken, strict=True)
    return _Measured(panes, list(seconds), list(publications), size, payload)


def _fill(bench: Bench, clock: ManualClock, shape: traffic.Shape, hours: int) -> None:
    """Traffic in every minute of these hours, committed from time to time: old panes go."""
    writer = traffic.Writer(shape=shape, start=clock.now(), step=1.0)
    for _ in range(hours * 3600 // _FILL):
        clock.advance(_FILL)
        bench.take(writer.lines(_FILL))
        bench.pipeline.commit()


def _commit(bench: Bench) -> tuple[float, float]:
    """Seconds of the commit and of the publication after it."""
    published: list[float] = []
    publish = bench.pipeline.publish

    def timed(now: float | None = None) -> None:
        published.append(time.perf_counter())
        publish(now)

    bench.pipeline.publish = timed  # type: ignore[method-assign]
    started = time.perf_counter()
    try:
        bench.pipeline.commit()
    finally:
        bench.pipeline.publish = publish  # type: ignore[method-assign]
    return published[0] - started, time.perf_counter() - published[0]
