"""What following a hundred files costs while nobody writes to them."""

from __future__ import annotations

import time

from bench import traffic
from bench.result import Result, Settings, Spread, Table, Target, say
from bench.sidecar import Sidecar

_FILES = 100

_METHOD = f"""\
`inference-exporter run` at default settings (a look every 250 ms, a publication every 5 s) follows
{_FILES} files with 100 lines each, their events spread over the last half hour so that the windows
are not empty. Nothing is written while it is measured. CPU seconds of the process come from
`/proc/<pid>/stat`; *scraped* adds one scrape per period, as Prometheus does every 15 s.
"""


def measure(settings: Settings) -> Result:
    """Follow, wait, look at the CPU time."""
    folder = settings.subfolder("idle")
    traffic.prepare(folder, logs="logs/*.jsonl")
    (folder / "logs").mkdir()
    writer = traffic.Writer(start=time.time() - 1800, step=1800 / (_FILES * 100))
    for number in range(_FILES):
        writer.write(folder / "logs" / f"predictions-{number:02d}.jsonl", 100)
    seconds = settings.size(20, 2)
    with Sidecar(folder) as sidecar:
        sidecar.wait_for_lines(writer.written.lines)
        time.sleep(settings.size(6, 1))  # the commit of what was read is over
        quiet = [_share(sidecar, seconds) for _ in range(3)]
        scraped = [_share(sidecar, 15.0 if seconds > 15 else 2.0, scrape=True) for _ in range(2)]
        memory = sidecar.memory("VmRSS") / 1e6
    rows = (
        ("idle", Spread(quiet).text("%", 100)),
        ("idle, scraped every 15 s", Spread(scraped).text("%", 100)),
        ("resident memory", f"{memory:.0f} MB"),
    )
    worst = max(quiet)
    return Result(
        "idle",
        f"Idle with {_FILES} files",
        _METHOD,
        f"3 periods of {seconds} s, 2 of 15 s with a scrape",
        (Table(("", "share of one core"), rows),),
        (
            Target(
                f"share of a core when idle with {_FILES} files", "at most 1 %",
                Spread(quiet).text("%", 100), worst <= 0.01,
            ),
        ),
        {"idle": quiet, "scraped": scraped, "resident_mb": memory},
    )  # fmt: skip


def _share(sidecar: Sidecar, seconds: float, *, scrape: bool = False) -> float:
    """CPU seconds per second over a period."""
    started, before = time.monotonic(), sidecar.cpu_seconds()
    if scrape:
        sidecar.page()
    time.sleep(seconds)
    share = (sidecar.cpu_seconds() - before) / (time.monotonic() - started)
    say(f"{share:.2%} of a core over {seconds:g} s{', scraped' if scrape else ''}")
    return share
