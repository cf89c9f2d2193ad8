"""What segments cost: CPU per line and memory of `once`, and the time to compare them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench import child, sidecar, traffic
from bench.feed import Bench
from bench.result import Result, Settings, Spread, Table, say
from inference_exporter.clock import ManualClock
from inference_exporter.model import SegmentsPart
from inference_exporter.values.samples import Snapshot

_AGES = {"from": "age", "bins": [25, 33, 41, 49, 57, 65, 73]}
_CASES: dict[str, dict[str, object]] = {
    "none": {},
    "12 countries": {"country": "country"},
    "12 countries × 8 ages": {"country": "country", "age": _AGES},
}
_STEP = 20.0  # seconds between lines; every pane of both windows is filled
_PORTION = 720
_METHOD = """\
*once* reads LINES lines of the standard shape (8 inputs, a score; the prediction stands for the
label as well), with a reference and two windows, 1h and 24h. CPU seconds are those of all threads
with start and end of the process; the ways take turns, and *against none* is from two runs of the
same round. *Comparing* is what is done after new lines at each publication: merge the panes of all
combinations, compute performance by segment, find the worst. Every pane of both windows is filled
for it.
"""


@dataclass(slots=True)
class _Case:
    """One way to be configured."""

    cpu: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    comparing: list[float] = field(default_factory=list)
    series: int = 0


def measure(settings: Settings) -> Result:
    """Read one log in all ways, in turns; then fill all panes."""
    lines, rounds = settings.size(500_000, 20_000), settings.size(5, 2)
    folder = settings.subfolder("segments")
    log = folder / "predictions.jsonl"
    traffic.Writer().write(log, lines)
    cases = {name: _Case() for name in _CASES}
    for name, segments in _CASES.items():
        (folder / name).mkdir()
        _prepare(folder / name, segments, str(log))
    for _ in range(rounds):
        for name, case in cases.items():
            _read(folder / name, lines, case)
            say(f"{name}: {case.cpu[-1]:.2f} CPU s, {case.peaks[-1] / 1e6:.0f} MB")
    for name, case in cases.items():
        _compare(settings.subfolder(f"segments-{name}"), _CASES[name], settings.quick, case)
    log.unlink()
    return _result(cases, lines, rounds)


def _prepare(folder: Path, segments: dict[str, object], log: str) -> None:
    traffic.prepare(folder, logs=log, windows=["1h", "24h"], min_samples=30)
    path = folder / "config.yaml"
    config = json.loads(path.read_text(encoding="utf-8"))
    model = config["models"][traffic.MODEL]
    model["fields"]["actual"] = "prediction"
    if segments:
        model["segments"] = segments
    path.write_text(json.dumps(config), encoding="utf-8")


def _read(folder: Path, lines: int, case: _Case) -> None:
    output, usage = child.run(child.exporter("once"), folder)
    counted = sidecar.total(output, "inference_requests_total")
    if counted != lines:
        raise RuntimeError(f"once counted {counted:g} of {lines} lines")
    case.cpu.append(usage.cpu_seconds)
    case.peaks.append(usage.peak_bytes)


def _compare(folder: Path, segments: dict[str, object], quick: bool, case: _Case) -> None:
    _prepare(folder, segments, "predictions.jsonl")
    clock = ManualClock(traffic.START)
    bench = Bench(folder, clock=clock)
    writer = traffic.Writer(start=clock.now(), step=_STEP)
    for _ in range(3 if quick else int(24 * 3600 / _STEP / _PORTION)):
        clock.advance(_STEP * _PORTION)
        bench.take(writer.lines(_PORTION))
    bench.pipeline.publish()
    case.series = len(bench.published.snapshot or Snapshot())
    part = bench.model.part(SegmentsPart)
    for _ in range(3 if quick else 30):
        started = time.thread_time()
        if part is not None:
            part.gauges_by_segment(clock.now())
        case.comparing.append(time.thread_time() - started)
    bench.close()


def _result(cases: dict[str, _Case], lines: int, rounds: int) -> Result:
    plain = cases["none"]
    rows = tuple(
        (
            name,
            Spread(lines / one for one in case.cpu).text(),
            Spread(one / other for one, other in zip(case.cpu, plain.cpu, strict=True)).text(),
            Spread(one / 1e6 for one in case.peaks).text("MB"),
            Spread(case.comparing).text("ms", 1000) if case is not plain else "",
            f"{case.series:,}",
        )
        for name, case in cases.items()
    )
    columns = (
        "segments", "lines per CPU-second", "CPU against none", "peak memory",
        "comparing", "series",
    )  # fmt: skip
    return Result(
        "segments",
        "Segments",
        _METHOD.replace("LINES", f"{lines:,}"),
        f"{rounds} rounds; 30 comparisons each",
        (Table(columns, rows),),
        raw={name: {"cpu": case.cpu, "comparing": case.comparing} for name, case in cases.items()},
    )
