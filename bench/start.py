"""How long the exporter takes to be of use after it was started."""

from __future__ import annotations

import time
from pathlib import Path

from bench import traffic
from bench.result import Result, Settings, Spread, Table, Target, say
from bench.sidecar import Sidecar

_METHOD = """\
From the start of the process until `/-/ready` answers 200 for the first time, asked every 2 ms:
configuration, reference and state are loaded and the first look at the logs is done. The log has
{lines:,} lines whose events are spread over the last day. *No state* begins at the end of the log;
*existing state* has all of it counted, with full 1 h and 24 h windows. Python's compiled files
and the log are in the page cache, as after an installation and a first start.
"""


def measure(settings: Settings) -> Result:
    """Start it again and again, without state and with it."""
    starts, lines = settings.size(10, 2), settings.size(20_000, 2_000)
    folder = settings.subfolder("start")
    traffic.prepare(folder)
    writer = traffic.Writer(start=time.time() - 86_000, step=86_000 / lines)
    writer.write(folder / "predictions.jsonl", lines)
    with Sidecar(folder) as sidecar:  # not counted; leaves the state
        sidecar.wait_for_lines(lines)
    existing = [_start(folder) for _ in range(starts)]
    say("existing state: " + Spread(existing).text("s"))
    config = folder / "config.yaml"
    config.write_text(
        config.read_text(encoding="utf-8").replace('"beginning"', '"end"'), encoding="utf-8"
    )
    none = []
    for count in range(starts):
        (folder / "state").rename(folder / f"state-{count}")
        none.append(_start(folder))
    say("no state: " + Spread(none).text("s"))
    rows = (
        ("no state", Spread(none).text("s")),
        ("existing state", Spread(existing).text("s")),
    )
    worst = max(Spread(none), Spread(existing), key=lambda spread: spread.median)
    return Result(
        "start",
        "Start",
        _METHOD.format(lines=lines),
        f"{starts} starts of each",
        (Table(("", "start to ready"), rows),),
        (Target("start to ready", "under 1 s", worst.text("s"), worst.median < 1),),
        {"no_state": none, "existing_state": existing},
    )


def _start(folder: Path) -> float:
    with Sidecar(folder) as sidecar:
        return sidecar.seconds_to_ready
