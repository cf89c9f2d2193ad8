"""What a scrape of many series costs: seconds, bytes, and the pause it causes in reading."""

from __future__ import annotations

import array
import json
import math
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from bench import child, traffic
from bench.feed import Bench
from bench.result import Result, Settings, Spread, Table, number, say
from bench.sidecar import OPENMETRICS, PROTOBUF, TEXT, get
from bench.stream import LINES_PER_VERSION

_FEATURES = 50
_APART = 0.6  # seconds between scrapes; a new snapshot is published every 0.5 s
_KINDS = {
    "text": {"Accept": TEXT, "Accept-Encoding": "identity"},
    "text, gzip": {"Accept": TEXT, "Accept-Encoding": "gzip"},
    "OpenMetrics": {"Accept": OPENMETRICS, "Accept-Encoding": "identity"},
    "OpenMetrics, gzip": {"Accept": OPENMETRICS, "Accept-Encoding": "gzip"},
    "protobuf, gzip": {"Accept": PROTOBUF, "Accept-Encoding": "gzip"},
}

_METHOD = f"""\
A model with {_FEATURES} features and as many versions as make the number of series. The exporter's
loop, model and web server run in a process of their own over a source in memory; pages are
fetched over loopback by another process, and each one is rendered anew (a new snapshot is
published before it). *Idle* reads nothing meanwhile; *reading* counts blocks of 128 KiB without
end, so that the renderer and the reader compete for the interpreter.

The pause is taken from the times at which the loop's turns end, one block each: the longest gap
between two of them from a scrape's request to its last byte. The longest gap of the same loop
outside of scrapes stands beside it. The reading time lost is the turns that were missing during a
scrape, against the rate without, as a mean; pause and loss are those of the worst kind of page.
*Publication* is what the loop itself does at each commit after new lines: evaluate all statistics
and hand over the snapshot. It is a pause in reading too.
"""


@dataclass(slots=True)
class _Scrapes:
    """Begin, end (monotonic) and size of the scrapes of one kind."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    size: int = 0

    @property
    def seconds(self) -> list[float]:
        """How long each took."""
        return [end - begin for begin, end in self.spans]


@dataclass(slots=True)
class _Measured:
    """One number of series."""

    series: int = 0
    first: float = 0.0
    idle: dict[str, _Scrapes] = field(default_factory=dict)
    reading: dict[str, _Scrapes] = field(default_factory=dict)
    turns: list[float] = field(default_factory=list)
    undisturbed: tuple[float, float] = (0.0, 0.0)
    publications: list[float] = field(default_factory=list)


def measure(settings: Settings) -> Result:
    """Both numbers of series."""
    scrapes = settings.size(5, 2)
    sizes = [10_000, 50_000] if not settings.quick else [3_000]
    measured = [_measure(settings, size, scrapes) for size in sizes]
    return Result(
        "scrape",
        "Scrapes of many series",
        _METHOD,
        f"{scrapes} scrapes of each kind",
        (_seconds_table(measured), _pause_table(measured)),
        raw={str(one.series): _raw(one) for one in measured},
    )


def _measure(settings: Settings, size: int, scrapes: int) -> _Measured:
    folder = settings.subfolder(f"scrape-{size}")
    traffic.prepare(folder, traffic.wide(_FEATURES), limits={"versions": 200})
    versions = _versions_for(folder, size)
    measured = _Measured()
    command = [sys.executable, "-m", "bench.stream", str(folder), str(versions), str(_FEATURES)]
    with (folder / "stream.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            env=child.environment(), text=True,
        )  # fmt: skip
    try:
        _drive(process, measured, scrapes)
    finally:
        process.kill()
        process.wait(10)
    turns = array.array("d")
    turns.frombytes((folder / "turns").read_bytes())
    measured.turns = turns.tolist()
    text = Spread(measured.idle["text"].seconds).text("ms", 1000)
    say(f"{measured.series:,} series: text {text}")
    return measured


def _drive(process: subprocess.Popen[str], measured: _Measured, scrapes: int) -> None:
    """Scrape while it is idle, then while it reads."""
    assert process.stdin is not None
    assert process.stdout is not None

    def order(word: str) -> None:
        print(word, file=process.stdin, flush=True)

    hello = json.loads(process.stdout.readline())
    measured.series, port = hello["series"], int(hello["url"].rstrip("/").rpartition(":")[2])
    started = time.monotonic()
    get(port, "/metrics", _KINDS["text"])
    measured.first = time.monotonic() - started
    measured.idle = {kind: _scrape(port, kind, scrapes) for kind in _KINDS}
    order("flow")
    time.sleep(0.5)
    started = time.monotonic()
    time.sleep(2)
    measured.undisturbed = (started, time.monotonic())
    measured.reading = {kind: _scrape(port, kind, scrapes) for kind in _KINDS}
    order("quit")
    measured.publications = json.loads(process.stdout.readline())


def _scrape(port: int, kind: str, scrapes: int) -> _Scrapes:
    result = _Scrapes()
    for _ in range(scrapes):
        time.sleep(_APART)
        started = time.monotonic()
        status, body = get(port, "/metrics", _KINDS[kind])
        result.spans.append((started, time.monotonic()))
        result.size = len(body)
        if status != 200:
            raise RuntimeError(f"the scrape answered {status}")
    return result


def _versions_for(folder: Path, size: int) -> int:
    """How many versions make so many series: each adds as many as the second one did."""
    counts = []
    for versions in (1, 2):
        bench = Bench(folder)
        writer = traffic.Writer(shape=traffic.wide(_FEATURES, versions), start=time.time() - 1)
        bench.take(writer.lines(LINES_PER_VERSION * versions))
        counts.append(bench.series)
        bench.close()
    one, two = counts
    return 1 + max(0, math.ceil((size - one) / (two - one)))


def _seconds_table(measured: list[_Measured]) -> Table:
    rows = [
        (
            f"{one.series:,}",
            kind,
            f"{one.idle[kind].size / 1e6:.2f} MB",
            Spread(one.idle[kind].seconds).text("ms", 1000),
            Spread(one.reading[kind].seconds).text("ms", 1000),
        )
        for one in measured
        for kind in _KINDS
    ]
    columns = ("series", "page", "bytes sent", "idle", "reading")
    return Table(columns, tuple(rows), "From the request to the last byte")


def _pause_table(measured: list[_Measured]) -> Table:
    rows = [
        (
            f"{one.series:,}",
            _milliseconds(max(_pauses(one, kind)[0] for kind in _KINDS)),
            _milliseconds(_gap(one.turns, *one.undisturbed)),
            _milliseconds(max(_pauses(one, kind)[1] for kind in _KINDS)),
            Spread(one.publications).text("ms", 1000),
            _milliseconds(one.first),
        )
        for one in measured
    ]
    columns = (
        "series", "longest pause, any scrape", "longest gap without scrapes",
        "reading time lost by a scrape", "publication in the loop", "first scrape after a start",
    )  # fmt: skip
    return Table(columns, tuple(rows), "What it does to reading")


def _milliseconds(seconds: float) -> str:
    return f"{number(seconds * 1000)} ms"


def _pauses(measured: _Measured, kind: str) -> tuple[float, float]:
    """Longest gap during scrapes of a kind, and the mean reading time that one cost."""
    spans = measured.reading[kind].spans
    begin, end = measured.undisturbed
    rate = _count(measured.turns, begin, end) / (end - begin)
    longest = max(_gap(measured.turns, *span) for span in spans)
    lost = sum(
        span_end - span_begin - _count(measured.turns, span_begin, span_end) / rate
        for span_begin, span_end in spans
    )
    return longest, max(0.0, lost / len(spans))


def _gap(turns: list[float], begin: float, end: float) -> float:
    """The longest gap that overlaps a span."""
    return max(
        after - before for before, after in pairwise(turns) if after > begin and before < end
    )


def _count(turns: list[float], begin: float, end: float) -> int:
    return sum(begin <= turn < end for turn in turns)


def _raw(one: _Measured) -> dict[str, object]:
    return {
        "series": one.series,
        "first_scrape": one.first,
        "publications": one.publications,
        "idle": {kind: scrapes.seconds for kind, scrapes in one.idle.items()},
        "reading": {kind: scrapes.seconds for kind, scrapes in one.reading.items()},
        "bytes": {kind: scrapes.size for kind, scrapes in one.idle.items()},
        "longest_pause": {kind: _pauses(one, kind)[0] for kind in _KINDS},
        "reading_seconds_lost": {kind: _pauses(one, kind)[1] for kind in _KINDS},
        "longest_gap_without": _gap(one.turns, *one.undisturbed),
    }
