"""The time from a line written to its value on the page."""

from __future__ import annotations

import time
from pathlib import Path

from bench import traffic
from bench.result import Result, Settings, Spread, Table, number, percentile, say
from bench.sidecar import Sidecar

_METHOD = """\
One line at a time is appended, at moments that do not repeat within the commit interval, to a log
that is otherwise quiet. Measured is from the end of `write` to the arrival of the first
`/metrics` page on which it is counted; the page is asked for every 10 ms. The greatest part is the
wait for the next commit: only committed values are published.
"""


def measure(settings: Settings) -> Result:
    """Write lines, watch the page, at two commit intervals."""
    count = settings.size(20, 3)
    rows, raw = [], {}
    for name, interval in (("5 s (default)", 5.0), ("1 s", 1.0)):
        folder = settings.subfolder(f"freshness-{interval:g}")
        traffic.prepare(folder, commit_interval=f"{interval:g}s")
        delays = _delays(folder, count, pause=interval * (0.2378 if not settings.quick else 0.1))
        say(f"commit_interval {name}: {Spread(delays).text('s')}")
        ninth = number(percentile(delays, 0.9))
        rows.append((name, Spread(delays).text("s"), f"{ninth} s"))
        raw[f"commit_interval_{interval:g}s"] = delays
    return Result(
        "freshness",
        "From a line to its value on the page",
        _METHOD,
        f"{count} lines each",
        (Table(("commit_interval", "median (least–greatest)", "90th percentile"), tuple(rows)),),
        raw=raw,
    )


def _delays(folder: Path, count: int, pause: float) -> list[float]:
    log = folder / "predictions.jsonl"
    writer = traffic.Writer(start=time.time(), step=0.001)
    writer.write(log, 100)
    written: list[float] = []
    seen: list[float] = []
    with Sidecar(folder) as sidecar, log.open("ab", buffering=0) as file:
        sidecar.wait_for_lines(100)
        begin = time.monotonic()
        while len(seen) < count:
            if len(written) < count and time.monotonic() >= begin + len(written) * pause:
                file.write(writer.lines(1)[0])
                written.append(time.monotonic())
            page_lines = int(sidecar.lines()) - 100
            seen += [time.monotonic()] * (page_lines - len(seen))
            time.sleep(0.01)
    return [after - before for before, after in zip(written, seen, strict=True)]
