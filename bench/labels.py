"""The join of predictions with late labels: speed, memory, disk, with 1 and 10 million pending."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from bench import child, traffic
from bench.result import Result, Settings, Table, Target, number, say

_METHOD = """\
The exporter's pipeline, model and SQLite store in one process, its state filled with predictions of
the last 24 hours that wait for a label. Then labels as JSON lines, each for a random one of them;
then prediction lines of the standard shape (8 features and a reference) that have to wait too, and
the same lines without `labels:` in the configuration. Rates are per CPU second, user and system, of
everything: decoding, joining, counting, commits (after 200,000 predictions or 100,000 labels here,
and after 5 s at usual rates). *Peak* is the resident memory while predictions and labels were
taken, what makes them included; *bytes* is the state database per pending prediction, all of it.
"""


class Run(msgspec.Struct, frozen=True):
    """What `bench.pending` prints."""

    rows: int
    fill_per_second: float
    labels_per_second: float
    bytes_per_pending: float
    peak_bytes: float
    lines_per_second: float
    lines_per_second_without: float

    @property
    def cost(self) -> float:
        """Speed with the join over speed without."""
        return self.lines_per_second / self.lines_per_second_without


def measure(settings: Settings) -> Result:
    """Once with each number of pending predictions: the larger one takes minutes to make."""
    sizes = (settings.size(1_000_000, 20_000), settings.size(10_000_000, 40_000))
    runs = [_run(settings, rows) for rows in sizes]
    return Result(
        "labels",
        "Late labels",
        _METHOD,
        "one run for each size",
        (_table(runs),),
        _targets(*runs),
        raw={str(run.rows): msgspec.to_builtins(run) for run in runs},
    )


def _run(settings: Settings, rows: int) -> Run:
    folder = settings.subfolder(f"labels-{rows}")
    for place, labels in ((folder, True), (folder / "without", False)):
        prepare(place, labels=labels)
    size = str(settings.size(400_000, 5_000))  # of labels, and of lines
    arguments = [str(folder), str(rows), size, size]
    output, _ = child.run([sys.executable, "-m", "bench.pending", *arguments], folder)
    for file in (folder / "state").iterdir():
        file.unlink()
    run = msgspec.json.decode(output, type=Run)
    say(f"{rows:,} pending: {run.labels_per_second:,.0f} labels per CPU second")
    return run


def prepare(folder: Path, *, labels: bool) -> None:
    """A configuration with or without the join."""
    folder.mkdir(exist_ok=True)
    traffic.prepare(folder)
    path = folder / "config.yaml"
    text = json.loads(path.read_text(encoding="utf-8"))
    if labels:
        section = {"id": "id", "actual": "actual", "logs": "labels.jsonl"}
        text["models"][traffic.MODEL]["labels"] = section | {"max_pending": 100_000_000}
    path.write_text(json.dumps(text), encoding="utf-8")


def _table(runs: list[Run]) -> Table:
    columns = (
        "pending", "remembered /s", "labels joined /s", "lines /s with", "lines /s without",
        "with over without", "peak", "bytes per pending",
    )  # fmt: skip
    rows = tuple(
        (
            f"{run.rows:,}",
            number(run.fill_per_second),
            number(run.labels_per_second),
            number(run.lines_per_second),
            number(run.lines_per_second_without),
            f"{run.cost:.2f}",
            f"{run.peak_bytes / 1e6:.0f} MB",
            f"{run.bytes_per_pending:.1f}",
        )
        for run in runs
    )
    return Table(columns, rows)


def _targets(small: Run, large: Run) -> tuple[Target, ...]:
    peak = max(small.peak_bytes, large.peak_bytes)
    size = max(small.bytes_per_pending, large.bytes_per_pending)
    return (
        Target("labels per CPU second at 1 million pending", "at least 150,000",
               number(small.labels_per_second), small.labels_per_second >= 150_000),
        Target("labels per CPU second at 10 million pending", "at least 60,000",
               number(large.labels_per_second), large.labels_per_second >= 60_000),
        Target("lines with the join over lines without, 1 million pending", "at least 0.5",
               f"{small.cost:.2f}", small.cost >= 0.5),
        Target("peak memory with 10 million pending", "under 150 MB",
               f"{peak / 1e6:.0f} MB", peak < 150e6),
        Target("state per pending prediction", "under 60 bytes", f"{size:.1f}", size < 60),
    )  # fmt: skip
