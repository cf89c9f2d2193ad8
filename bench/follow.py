"""What following a log costs while it grows at a steady rate."""

from __future__ import annotations

import time
from pathlib import Path

from bench import traffic
from bench.result import Result, Settings, Table, say
from bench.sidecar import Sidecar

_TICK = 0.05
_RATES = (200, 2_000, 10_000)

_METHOD = """\
`inference-exporter run` at default settings follows one file to which lines of the standard shape
are appended 20 times a second, with events of now; it is scraped every 5 s. The share of a core
is the CPU time of the process over the time that was written. Afterwards every line is on the
page.
"""


def measure(settings: Settings) -> Result:
    """Write at several rates."""
    seconds = settings.size(12, 3)
    rows, raw = [], {}
    for rate in _RATES:
        folder = settings.subfolder(f"follow-{rate}")
        traffic.prepare(folder)
        share, memory = _follow(folder, rate, seconds)
        say(f"{rate:,} lines/s: {share:.1%} of a core, {memory / 1e6:.0f} MB")
        rows.append((f"{rate:,}", f"{share:.1%}", f"{memory / 1e6:.0f} MB"))
        raw[str(rate)] = {"share": share, "peak_bytes": memory}
    columns = ("lines per second", "share of one core", "peak memory")
    return Result(
        "follow",
        "Following a log that grows",
        _METHOD,
        f"1 run of {seconds} s at each rate",
        (Table(columns, tuple(rows)),),
        raw=raw,
    )


def _follow(folder: Path, rate: int, seconds: float) -> tuple[float, int]:
    """Share of a core and peak memory in bytes."""
    log = folder / "predictions.jsonl"
    writer = traffic.Writer(start=time.time(), step=1 / rate)
    batch, ticks = max(1, round(rate * _TICK)), round(seconds / _TICK)
    batches = [b"".join(writer.lines(batch)) for _ in range(ticks)]
    log.touch()
    with Sidecar(folder) as sidecar, log.open("ab", buffering=0) as file:
        before, begin = sidecar.cpu_seconds(), time.monotonic()
        for tick, lines in enumerate(batches):
            time.sleep(max(0.0, begin + tick * _TICK - time.monotonic()))
            file.write(lines)
            if tick % round(5 / _TICK) == 0:
                sidecar.page()
        share = (sidecar.cpu_seconds() - before) / (time.monotonic() - begin)
        sidecar.wait_for_lines(writer.written.lines)
        return share, sidecar.memory()
