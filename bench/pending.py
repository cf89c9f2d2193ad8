"""One process with a state full of pending predictions: fills it, joins labels, counts lines.

    python -m bench.pending FOLDER ROWS LABELS LINES

`FOLDER` has a configuration (bench.labels makes it); `LABELS` and `LINES` are those of a round.
Says on standard error how far it is, and prints a JSON object with what was measured: user and
system CPU seconds of this process.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench import traffic
from bench.feed import NEVER, Bench, MemorySource, blocks_of
from inference_exporter import assembly
from inference_exporter.clock import ManualClock
from inference_exporter.exposition.published import Published
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.model import LateLabels
from inference_exporter.state import Store
from inference_exporter.truth.join import FULL
from inference_exporter.values.batch import Batch, Floats, NumericColumn

CHUNK = 50_000
ROUNDS = 5
_STRIDE = 7_368_787  # a prime
_LINES = 3000  # labels in a block of 128 KiB
_MADE = 10_000  # lines of predictions that are in memory at the same time


class Full:
    """The exporter's loop, its sources in memory, its state on disk."""

    def __init__(self, folder: Path) -> None:
        config, references = assembly.load_all(str(folder / "config.yaml"))
        (model,) = config.models
        self.clock = ManualClock(traffic.START)
        self.lines, self.labels = MemorySource(), MemorySource()
        self.model = assembly.make_model(model, references[model.name])
        self.store = Store.open(str(folder / "state"), self.clock.now())
        self.pipeline = Pipeline(
            [Feed(self.model, self.lines, labels=self.labels)],
            store=self.store,
            publish=Published().publish,
            telemetry=Telemetry(),
            clock=self.clock,
            commit_interval=NEVER,
        )
        self.pipeline.restore()
        self.pipeline.turn()

    def fill(self, rows: int) -> Iterator[float]:
        """Predictions `0` to `rows`; CPU seconds of each chunk."""
        late = self.model.part(LateLabels)
        assert late is not None
        draw = np.random.default_rng(traffic.SEED)
        for first in range(0, rows, CHUNK):
            count = min(CHUNK, rows - first)
            times = traffic.START - draw.random(count) * 86_400
            scores = draw.random(count)
            batch = Batch(
                rows=count,
                timestamp=NumericColumn(times),
                id=[f"{number:016x}" for number in range(first, first + count)],
                version=["7"] * count,
                prediction=[str(score > 0.5) for score in scores],
                score=NumericColumn(scores),
            )

            def take(batch: Batch = batch, times: Floats = times) -> None:
                late.intake.predictions(batch, times)
                self.pipeline.turn()  # which commits as often as it must

            yield _seconds(take)
        yield _seconds(self._commit)

    def _commit(self) -> None:
        self.pipeline.feeds[0].dirty = True
        self.pipeline.commit()

    def join(self, rows: int, first: int, labels: int) -> float:
        """Labels as JSON lines for predictions all over the log, each once; CPU seconds."""
        assert math.gcd(_STRIDE, rows) == 1
        numbers = np.arange(first, first + labels) * _STRIDE % rows  # keys are hashes anyway
        seconds = 0.0
        for start in range(0, labels, _LINES):
            chosen = numbers[start : start + _LINES].tolist()
            self.labels.queue = [
                b"".join(b'{"id": "%016x", "actual": %d}\n' % (n, n & 1) for n in chosen)
            ]
            seconds += _seconds(self.pipeline.turn)  # which commits as often as it must
        return seconds + _seconds(self._commit)

    def matched(self) -> float:
        """Labels joined so far."""
        late = self.model.part(LateLabels)
        assert late is not None
        values = late.join.samples()["inference_labels_total"]
        return values[self.model.config.name, "7", "matched"]

    def count(self, seed: int, lines: int) -> float:
        """Prediction lines; CPU seconds."""
        seconds = 0.0
        for block in _blocks(seed, lines):
            self.lines.queue.append(block)
            seconds += _seconds(self.pipeline.turn)  # which commits as often as it must
        return seconds + _seconds(self._commit)


def _blocks(seed: int, lines: int) -> Iterator[bytes]:
    """Blocks as files are read, made one after the other: they are not to be in memory."""
    writer = traffic.Writer(start=traffic.START - 3600, random=np.random.default_rng(seed))
    for first in range(0, lines, _MADE):
        yield from blocks_of(writer.lines(min(_MADE, lines - first)))


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _without(folder: Path, seed: int, lines: int) -> float:
    """The same lines without a join, committed as often."""
    bench = Bench(folder, state=folder / "state", clock=ManualClock(traffic.START))
    bench.pipeline.turn()
    commits = max(1, lines // FULL)
    waiting, seconds = 0, 0.0
    for block in _blocks(seed, lines):
        bench.source.queue.append(block)
        seconds += _seconds(bench.pipeline.turn)
        waiting += block.count(b"\n")
        if waiting * commits >= lines:
            waiting = 0
            seconds += _seconds(bench.pipeline.commit)
    seconds += _seconds(bench.pipeline.commit)
    bench.close()
    for file in (folder / "state").iterdir():
        file.unlink()
    return seconds


def _peak_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main(folder: Path, rows: int, labels: int, lines: int) -> dict[str, object]:
    """Everything, `ROUNDS` times what is quick."""
    assembly.calm_memory()
    full = Full(folder)
    filled = []
    for number, seconds in enumerate(full.fill(rows)):
        filled.append(seconds)
        if number % 20 == 19 and number * CHUNK < rows:
            _tell(f"{(number + 1) * CHUNK:,} of {rows:,} predictions wait")
    last = min(rows, 20 * CHUNK)
    joined = [full.join(rows, turn * labels, labels) for turn in range(ROUNDS)]
    assert full.matched() == ROUNDS * labels, full.matched()
    _tell(f"{ROUNDS * labels:,} labels joined")
    full.count(0, 1)  # the log of the last large commit shrinks
    size = full.store.size_bytes
    with_join, without = [full.count(1, lines)], list[float]()
    peak = _peak_bytes()  # before there is a second exporter in this process
    for turn in range(1, ROUNDS + 1):
        without.append(_without(folder / "without", turn, lines))
        if turn < ROUNDS:
            with_join.append(full.count(turn + 1, lines))
        _tell(f"{turn * lines:,} lines with the join and without")
    full.pipeline.close()
    full.store.close()
    return {
        "rows": rows,
        "fill_per_second": last / sum(filled[-1 - last // CHUNK :]),
        "labels_per_second": [labels / seconds for seconds in joined],
        "bytes_per_pending": size / rows,
        "peak_bytes": peak,
        "lines_per_second": [lines / seconds for seconds in with_join],
        "lines_per_second_without": [lines / seconds for seconds in without],
    }


def _tell(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))))
