"""The join of predictions with late labels: speed, memory, disk, with 1 and 10 million pending."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec

from bench import child, pending, traffic
from bench.result import Result, Settings, Spread, Table, Target, number, say

_LABELS, _LINES = 100_000, 400_000  # of a round

_METHOD = f"""\
The exporter's pipeline, model and SQLite store in one process, its state filled with predictions of
the last 24 hours that wait for a label. Then labels as JSON lines, each for a random one of them;
then prediction lines of the standard shape (8 features and a reference) that have to wait too, in
turns with the same lines without `labels:` in the configuration. {pending.ROUNDS} rounds of
{_LABELS:,} labels and as many of {_LINES:,} lines. Rates are per CPU second, user and system, of
everything: decoding, joining, counting, commits (after 200,000 predictions or 100,000 labels here,
and after 5 s at usual rates). *With over without* compares the rates of a round. *Peak* is the
resident memory while the state was filled, labels were joined and the first round of lines was
counted, what makes them included; *bytes* is the state database per pending prediction, all of it,
with the labels.
"""


class Run(msgspec.Struct, frozen=True):
    """What `bench.pending` prints."""

    rows: int
    fill_per_second: float
    labels_per_second: tuple[float, ...]
    bytes_per_pending: float
    peak_bytes: float
    lines_per_second: tuple[float, ...]
    lines_per_second_without: tuple[float, ...]

    @property
    def labels(self) -> Spread:
        """Labels per CPU second."""
        return Spread(self.labels_per_second)

    @property
    def cost(self) -> Spread:
        """Speed with the join over speed without, round by round."""
        pairs = zip(self.lines_per_second, self.lines_per_second_without, strict=True)
        return Spread(joined / alone for joined, alone in pairs)


def measure(settings: Settings) -> Result:
    """Once with each number of pending predictions: the larger one takes minutes to make."""
    sizes = (settings.size(1_000_000, 20_000), settings.size(10_000_000, 40_000))
    runs = [_run(settings, rows) for rows in sizes]
    return Result(
        "labels",
        "Late labels",
        _METHOD,
        f"one state of each size, {pending.ROUNDS} rounds with it",
        (_table(runs),),
        _targets(*runs),
        raw={str(run.rows): msgspec.to_builtins(run) for run in runs},
    )


def _run(settings: Settings, rows: int) -> Run:
    folder = settings.subfolder(f"labels-{rows}")
    for place, labels in ((folder, True), (folder / "without", False)):
        prepare(place, labels=labels)
    sizes = (rows, settings.size(_LABELS, 2_000), settings.size(_LINES, 5_000))
    arguments = [str(folder), *map(str, sizes)]
    say(f"{rows:,} pending")
    command = [sys.executable, "-m", "bench.pending", *arguments]
    output, _ = child.run(command, folder, aloud=True)
    for file in (folder / "state").iterdir():
        file.unlink()
    run = msgspec.json.decode(output, type=Run)
    say(f"{run.labels.text()} labels per CPU second; {run.cost.text()} of the lines")
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
            run.labels.text(),
            Spread(run.lines_per_second).text(),
            Spread(run.lines_per_second_without).text(),
            run.cost.text(),
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
               small.labels.text(), small.labels.low >= 150_000),
        Target("labels per CPU second at 10 million pending", "at least 60,000",
               large.labels.text(), large.labels.low >= 60_000),
        Target("lines with the join over lines without, 1 million pending", "at least 0.5",
               small.cost.text(), small.cost.low >= 0.5),
        Target("lines with the join over lines without, 10 million pending", "at least 0.5",
               large.cost.text(), large.cost.low >= 0.5),
        Target("peak memory with 10 million pending", "under 150 MB",
               f"{peak / 1e6:.0f} MB", peak < 150e6),
        Target("state per pending prediction", "under 60 bytes", f"{size:.1f}", size < 60),
    )  # fmt: skip
