"""How soon a broken feature is found, and how often one is said to be broken that is not.

`python -m bench.calibration.broken [--months=N]`: the tables of docs/broken.md, through the
exporter's own reading of rows as columns, counting and judging. Some minutes a month.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.calibration import broken_traffic as traffic
from bench.calibration.broken_traffic import DAY, HOUR, Day, Habits, People, Rows
from inference_exporter import assembly
from inference_exporter.accumulators import Groups, Layout, arrange
from inference_exporter.broken import Broken
from inference_exporter.cli import main as exporter
from inference_exporter.config.budget import SHARES
from inference_exporter.model.parts.repeats import HOURLY, SOON, RepeatsPart
from inference_exporter.values.batch import Batch, Bools, Floats
from inference_exporter.windows import place

REFERENCE_ROWS = 20_000
START = 1_793_491_200.0  # a midnight
PER_HOUR = (250, 1_000)  # rows
LATER = 30.0  # seconds at most from a verdict to the alert: a scrape and a look of the rules, of 15
CONFIG = """\
models:
  credit:
    logs: [predictions.jsonl]
    fields: {features: {from: features, categorical: [country, plan, channel]}}
    reference: reference.json
"""


def layout_of(habits: Habits, per_hour: float) -> Layout:
    """What a model counts whose reference is of days of such traffic, made by the exporter."""
    people = People(1)
    lines: list[str] = []
    while len(lines) < REFERENCE_ROWS:
        day = Day(people, per_hour, habits)
        batch = traffic.batch_of(day.rows)
        columns = {name: column.values for name, column in batch.features.items()}
        for row in range(batch.rows):
            values = {name: column[row] for name, column in columns.items()}
            clean = {n: None if v != v else v for n, v in values.items()}
            lines.append(json.dumps({"features": clean}))
    chosen = np.random.default_rng(2).choice(len(lines), REFERENCE_ROWS, replace=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
        text = "".join(lines[row] + "\n" for row in chosen)
        (folder / "reference.jsonl").write_text(text, encoding="utf-8")
        exporter([
            "reference", "build", str(folder / "reference.jsonl"),
            f"--config.file={folder / 'config.yaml'}", f"--output={folder / 'reference.json'}",
        ])  # fmt: skip
        config, references = assembly.load_all(str(folder / "config.yaml"))
    return arrange(config.models[0], references["credit"])


class Sidecar:
    """What the exporter does with rows, without the log."""

    def __init__(self, layout: Layout) -> None:
        self._layout, self._repeats = layout, RepeatsPart("credit", ids=False)
        self.broken = Broken(layout, SHARES["broken"])

    def read(self, rows: Rows, times: Floats, now: float) -> None:
        """Count rows that came, and judge."""
        if len(times):
            self._count(traffic.batch_of(rows), times, now)
        self.broken.advance(now)

    def _count(self, batch: Batch, times: Floats, now: float) -> None:
        batch = self._repeats.columns(batch, times, now)
        placed = place(times, None, base=60.0, now=now, oldest=now - HOUR)
        groups = Groups(placed.index, len(placed.groups))
        dense = self._layout.count(batch, groups).dense
        again = batch.flags[SOON], batch.flags[HOURLY]
        keys = [("1", pane) for _, pane in placed.groups]
        self.broken.add(batch, times, placed.index, keys, self.broken.of(dense), again)

    def found(self) -> set[tuple[str, str]]:
        """Features that are said to be broken, and how."""
        return {(name, kind) for _, name, kind, broken, _ in self.broken.found() if broken}


def false_alarms(layout: Layout, per_hour: float, habits: Habits, days: int, step: float) -> int:
    """Onsets of a breakage that there is not: features that were not said to be broken before."""
    people, sidecar, alarms = People(3), Sidecar(layout), 0
    before: set[tuple[str, str]] = set()
    for number in range(days):
        day, begin = Day(people, per_hour, habits), START + number * DAY
        ends = np.arange(step, DAY + step, step)
        cuts = np.searchsorted(day.times, ends)
        for start, stop, end in zip(np.append(0, cuts), cuts, ends, strict=False):
            rows = traffic.taken(day.rows, start, stop) if stop > start else {}
            sidecar.read(rows, begin + day.times[start:stop], begin + end)
            found = sidecar.found()
            alarms += bool({name for name, _ in found} - {name for name, _ in before})
            before = found
    return alarms


def _null(rows: Rows) -> None:
    rows["income"][:] = np.nan


def _no_category(rows: Rows) -> None:
    rows["country"][:] = -1.0


def _null_where_some_are(rows: Rows) -> None:
    rows["tenure"][:] = np.nan


def _one_number(rows: Rows) -> None:
    rows["income"][:] = 20_000.0


def _one_category(rows: Rows) -> None:
    rows["country"][:] = 0.0


def _thousandfold(rows: Rows) -> None:
    rows["income"] *= 1000.0


def _thousandth(rows: Rows) -> None:
    rows["income"] /= 1000.0


def _text(rows: Rows) -> None:
    rows["income"][:] = np.inf  # what is no number


def _half(rows: Rows) -> Bools:
    """Half of the rows, whatever is read with them."""
    chosen: Bools = np.floor(rows["score"] * 1e6) % 2 == 0
    return chosen


def _renamed(rows: Rows) -> None:
    rows["channel"] += 10.0 * _half(rows)


def _half_null(rows: Rows) -> None:
    rows["balance"][_half(rows)] = np.nan


BREAKAGES: dict[str, tuple[str, Callable[[Rows], None]]] = {
    "a number is null in all rows": ("income", _null),
    "a category is null in all rows": ("country", _no_category),
    "a number that is null in 5 % is null in all": ("tenure", _null_where_some_are),
    "a number has one value only": ("income", _one_number),
    "a category has one value only, that 40 % have": ("country", _one_category),
    "a unit, × 1,000": ("income", _thousandfold),
    "a unit, ÷ 1,000": ("income", _thousandth),
    "a number becomes text": ("income", _text),
    "half of the rows have a renamed category": ("channel", _renamed),
    "a field is renamed in half of the rows": ("balance", _half_null),
}


def delays(
    layout: Layout,
    per_hour: float,
    habits: Habits,
    breakage: tuple[str, Callable[[Rows], None]],
    trials: int,
) -> list[float]:
    """Seconds from each breakage, by day, to its alert; infinite after half an hour."""
    feature, change = breakage
    people, found = People(4), []
    calm = replace(habits, pauses=False)
    for _ in range(trials):
        day = Day(people, per_hour, calm)
        onset = people.random.uniform(9 * HOUR, 20 * HOUR)
        found.append(_delay(Sidecar(layout), day, onset, feature, change) + LATER)
    return found


def _delay(
    sidecar: Sidecar, day: Day, onset: float, feature: str, change: Callable[[Rows], None]
) -> float:
    for end in _around(sidecar, day, onset, change):
        if end > onset and feature in {name for name, _ in sidecar.found()}:
            return end - onset
    return float("inf")


def _around(
    sidecar: Sidecar, day: Day, onset: float, change: Callable[[Rows], None] | None = None
) -> Iterator[float]:
    """Times at which is judged: an hour before something happens, and closely for half of one."""
    ends = np.append(np.arange(onset - 1.2 * HOUR, onset, 60.0), onset)
    every = np.append(ends, np.arange(onset + 5.0, onset + 0.5 * HOUR, 5.0))
    cuts = np.searchsorted(day.times, every)
    for start, stop, end in zip(cuts, cuts[1:], every[1:].tolist(), strict=False):
        rows = traffic.taken(day.rows, start, stop) if stop > start else {}
        if rows and end > onset and change is not None:
            change(rows)
        sidecar.read(rows, START + day.times[start:stop], START + end)
        yield end


def jobs(layout: Layout, per_hour: float, habits: Habits, trials: int) -> int:
    """How many jobs that begin by day, on top of other traffic, are taken for a breakage."""
    people, alarms = People(5), 0
    calm = replace(habits, pauses=False)
    for _ in range(trials):
        day, sidecar = Day(people, per_hour, calm), Sidecar(layout)
        alarms += any([bool(sidecar.found()) for _ in _around(sidecar, day, day.jobs[-1])])
    return alarms


REGIMES = {
    "independent": Habits(),
    "with pauses": Habits(pauses=True),
    "with retries": Habits(retries=True),
    "with batch jobs": Habits(batches=True),
    "with all of them": Habits(pauses=True, retries=True, batches=True),
}


_MONTHS = "model months of all of it; a fifth of that of each thing alone"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.calibration.broken")
    parser.add_argument("--months", type=float, default=10.0, help=_MONTHS)
    parser.add_argument("--trials", type=int, default=100, help="breakages of a kind")
    parser.add_argument(
        "--jobs", type=int, default=1_000, help="that begin by day, each on its own"
    )
    options = parser.parse_args(arguments)
    _print_delays(options.trials)
    _print_false_alarms(options.months)
    _print_jobs(options.jobs)


def _print_delays(trials: int) -> None:
    every = REGIMES["with all of them"]
    print("| what breaks | rows an hour | found | median minutes | 90 % within |")
    print("|---|---|---|---|---|")
    for per_hour in PER_HOUR:
        layout = layout_of(every, per_hour)
        for name, breakage in BREAKAGES.items():
            found = np.array(delays(layout, per_hour, every, breakage, trials)) / 60
            print(
                f"| {name} | {per_hour:,} | {np.isfinite(found).mean():.0%} "
                f"| {np.median(found):.1f} | {np.quantile(found, 0.9, method='lower'):.1f} |",
                flush=True,
            )


def _print_false_alarms(most: float) -> None:
    print(
        "\n| traffic | rows an hour | false alarms | model months | a month |"
        "\n|---|---|---|---|---|"
    )
    for per_hour in PER_HOUR:
        for name, habits in REGIMES.items():
            months = most if name == "with all of them" else most / 5
            layout = layout_of(habits, per_hour)
            alarms = false_alarms(layout, per_hour, habits, round(30 * months), 60.0)
            print(
                f"| {name} | {per_hour:,} | {alarms} | {months:g} | {alarms / months:.2f} |",
                flush=True,
            )


def _print_jobs(trials: int) -> None:
    every = REGIMES["with all of them"]
    print("\n| rows an hour | jobs by day | taken for a breakage |\n|---|---|---|")
    for per_hour in PER_HOUR:
        taken = jobs(layout_of(every, per_hour), per_hour, every, trials)
        print(f"| {per_hour:,} | {trials:,} | {taken} |", flush=True)


if __name__ == "__main__":
    main()
