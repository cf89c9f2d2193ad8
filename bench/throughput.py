"""Lines per CPU-second and peak memory: `once`, mtail and a bare decoding loop on the same log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench import bare_loop, child, mtail, sidecar, traffic
from bench.child import Usage
from bench.result import Result, Settings, Spread, Table, Target, number, say

ONCE, BARE, BLOCKS = "inference-exporter once", "bare loop, line by line", "bare loop, blocks"
MTAIL, FIELDS = "mtail, one regex", "mtail, one regex for all fields"
BLEMISHED = "inference-exporter once, blemished log"
_FOR_INFORMATION = (BLOCKS, FIELDS, BLEMISHED)  # no target: every second round is enough

_METHOD = f"""\
All programs read the same file to its end, LINES lines of SIZE bytes on average in the
page cache, and are checked to have counted every line. CPU seconds are those of all threads, user
and system, with start and end of the process (`os.wait4`); memory is the peak resident size from
the same call. The programs take turns in each round. *once against it* is how many times as many
lines per CPU-second `once` reads as that program, from two runs of the same round.

- *{ONCE}* has a reference profile and uses every field: it bins the 8
  features and the score, counts predictions, latencies and failures by version, fills 1 h and
  24 h windows, and prints its page.
- *{MTAIL}* is the least that is of use: requests and milliseconds by status.
- *{FIELDS}* also takes the other fields out of the line, and counts two.
- *{BARE}* decodes each line into a typed msgspec Struct and counts it: what
  any Python program must spend. With *blocks*, 128 KiB at a time with `decode_lines`.
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
    usages: dict[int, Usage] = field(default_factory=dict)  # by round

    @property
    def cpu(self) -> dict[int, float]:
        """CPU seconds by round."""
        return {count: usage.cpu_seconds for count, usage in self.usages.items()}

    @property
    def peaks(self) -> list[int]:
        """Peak memory of each run in bytes."""
        return [usage.peak_bytes for usage in self.usages.values()]


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
        _round(programs, folder, count)
    (folder / "clean" / "predictions.jsonl").unlink()
    (folder / "blemished" / "predictions.jsonl").unlink()
    return _result(programs, clean.written, rounds)


def _round(programs: Mapping[str, _Program], folder: Path, count: int) -> None:
    """Each program once, in the other direction every other time."""
    odd = bool(count % 2)
    order = [
        (name, one) for name, one in programs.items() if not (odd and name in _FOR_INFORMATION)
    ]
    for name, program in reversed(order) if odd else order:
        output, usage = child.run(program.command, folder / "clean")
        program.check(output)
        program.usages[count] = usage
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
    ours = programs[ONCE].cpu
    against = {
        name: Spread(cpu / ours[count] for count, cpu in one.cpu.items())
        for name, one in programs.items()
    }
    rows = tuple(
        (
            name,
            Spread(written.lines / cpu for cpu in one.cpu.values()).text(),
            Spread(peak / 1e6 for peak in one.peaks).text("MB"),
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
        f"{rounds} rounds, {(rounds + 1) // 2} of them with all programs",
        (Table(columns, rows),),
        _targets(programs, against),
        {
            "lines": written.lines,
            "cpu_seconds": {name: one.cpu for name, one in programs.items()},
            "peak_bytes": {name: one.peaks for name, one in programs.items()},
        },
    )


def _targets(programs: Mapping[str, _Program], against: Mapping[str, Spread]) -> tuple[Target, ...]:
    memory = max(programs[ONCE].peaks) / 1e6
    peer, bare = against[MTAIL], against[BARE]
    return (
        Target(
            "lines per CPU-second against mtail, least", "3 times", peer.text(), peer.median >= 3
        ),
        Target("lines per CPU-second against mtail", "4 times", peer.text(), peer.median >= 4),
        Target(
            "lines per CPU-second against the bare loop", "half", bare.text(), bare.median >= 0.5
        ),
        Target("peak memory of `once`", "under 100 MB", f"{number(memory)} MB", memory < 100),
    )  # fmt: skip
