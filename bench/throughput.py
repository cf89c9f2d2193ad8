"""Lines per CPU-second and peak memory: `once`, mtail and a bare decoding loop on the same log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import bare_loop, child, mtail, sidecar, traffic
from bench.child import Usage
from bench.result import Result, Settings, Spread, Table, Target, number, ratios, say

ONCE, BARE, BLOCKS = "inference-exporter once", "bare loop, line by line", "bare loop, blocks"
MTAIL, FIELDS = "mtail, one regex", "mtail, one regex for all fields"
BLEMISHED = "inference-exporter once, blemished log"

_METHOD = f"""\
All programs read the same file to its end, LINES lines of SIZE bytes on average in the
page cache, and are checked to have counted every line. CPU seconds are those of all threads, user
and system, with start and end of the process (`os.wait4`); memory is the peak resident size from
the same call. The programs take turns in each round. *once against it* is how many times as many
lines per CPU-second `once` reads as that program, from two runs of the same round.

- *{ONCE}* has a reference profile and uses every field: it bins the 8 features and the score,
  counts predictions, latencies and failures by version, fills 1 h and 24 h windows, and prints
  its page.
- *{MTAIL}* is the least that is of use: requests and milliseconds by status.
  *{FIELDS}* also takes every other field out of the line, and counts two of them.
- *{BARE}* decodes each line into a typed msgspec Struct and counts it, nothing else: what any
  Python program must spend. With *blocks*, 128 KiB at a time with `decode_lines`.
- *blemished*: one line in a hundred has a null for a number, one in a thousand is cut off.

The mtail programs:

```
{mtail.REQUESTS.strip()}
```

```
{mtail.FIELDS.strip()}
```
"""


@dataclass(slots=True)
class _Program:
    """A program that reads a log, and a check of what it printed."""

    command: list[str]
    check: Callable[[str], None]
    usages: list[Usage] = field(default_factory=list)

    @property
    def cpu(self) -> list[float]:
        """CPU seconds of each run."""
        return [usage.cpu_seconds for usage in self.usages]


def measure(settings: Settings) -> Result:
    """Run all programs in turns."""
    lines, rounds = settings.size(1_000_000, 20_000), settings.size(5, 2)
    clean, blemished = traffic.Writer(), traffic.Writer(blemished=True)
    folder = settings.subfolder("throughput")
    say(f"writing {lines:,} lines twice")
    for name, writer in (("clean", clean), ("blemished", blemished)):
        (folder / name).mkdir()
        writer.write(folder / name / "predictions.jsonl", lines)
        traffic.prepare(folder / name)
    programs = _programs(folder, clean.written, blemished.written)
    for count in range(rounds):
        _round(programs, folder, backwards=bool(count % 2))
    (folder / "clean" / "predictions.jsonl").unlink()
    (folder / "blemished" / "predictions.jsonl").unlink()
    return _result(programs, clean.written, rounds)


def _round(programs: Mapping[str, _Program], folder: Path, *, backwards: bool) -> None:
    """Each program once, in the other direction every other time."""
    order = list(programs.items())
    for name, program in reversed(order) if backwards else order:
        output, usage = child.run(program.command, folder / "clean")
        program.check(output)
        program.usages.append(usage)
        say(f"{name}: {usage.cpu_seconds:.2f} CPU s, {usage.peak_bytes / 1e6:.0f} MB")


def _programs(
    folder: Path, clean: traffic.Written, blemished: traffic.Written
) -> dict[str, _Program]:
    log, counted = folder / "clean" / "predictions.jsonl", _expects(clean.lines)
    config = folder / "blemished" / "config.yaml"
    (folder / "fields").mkdir()
    bare = [sys.executable, str(Path(bare_loop.__file__))]

    def of_mtail(output: str) -> None:
        mtail.check(output, clean)

    return {
        ONCE: _Program(child.exporter("once"), _page_of(clean)),
        MTAIL: _Program(mtail.command(mtail.REQUESTS, log, folder), of_mtail),
        BARE: _Program([*bare, "lines", str(log)], counted),
        BLOCKS: _Program([*bare, "blocks", str(log)], counted),
        FIELDS: _Program(mtail.command(mtail.FIELDS, log, folder / "fields"), of_mtail),
        BLEMISHED: _Program(child.exporter("once", f"--config.file={config}"), _page_of(blemished)),
    }


def _expects(lines: int) -> Callable[[str], None]:
    def check(output: str) -> None:
        if output.strip() != str(lines):
            raise RuntimeError(f"the bare loop counted {output.strip()} of {lines} lines")

    return check


def _page_of(written: traffic.Written) -> Callable[[str], None]:
    def check(page: str) -> None:
        read = sidecar.total(page, "inference_exporter_lines_total", 'result="ok"')
        if read != written.lines - written.malformed:
            raise RuntimeError(f"once counted {read:g} of {written.lines} lines")

    return check


def _result(programs: Mapping[str, _Program], written: traffic.Written, rounds: int) -> Result:
    against = {name: ratios(one.cpu, programs[ONCE].cpu) for name, one in programs.items()}
    rows = tuple(
        (
            name,
            Spread(written.lines / cpu for cpu in one.cpu).text(),
            Spread(usage.peak_bytes / 1e6 for usage in one.usages).text("MB"),
            "" if name == ONCE else against[name].text(),
        )
        for name, one in programs.items()
    )
    columns = (
        "program",
        "lines per CPU-second",
        "peak memory",
        "once against it",
    )
    size = round(written.size / written.lines)
    return Result(
        "throughput",
        "Reading a log of a million lines",
        _METHOD.replace("LINES", f"{written.lines:,}").replace("SIZE", str(size)),
        f"{rounds} rounds",
        (Table(columns, rows),),
        _targets(programs, against),
        {
            "lines": written.lines,
            "cpu_seconds": {name: one.cpu for name, one in programs.items()},
            "peak_bytes": {
                name: [usage.peak_bytes for usage in one.usages] for name, one in programs.items()
            },
        },
    )


def _targets(programs: Mapping[str, _Program], against: Mapping[str, Spread]) -> tuple[Target, ...]:
    memory = max(usage.peak_bytes for usage in programs[ONCE].usages) / 1e6
    peer, bare = against[MTAIL], against[BARE]
    return (
        Target(
            "lines per CPU-second against mtail", "4 times, at least 3", peer.text(),
            peer.median >= 4,
        ),
        Target(
            "lines per CPU-second against the bare loop", "half", bare.text(), bare.median >= 0.5
        ),
        Target("peak memory of `once`", "under 100 MB", f"{number(memory)} MB", memory < 100),
    )  # fmt: skip
