"""One process with a state full of pending predictions: fills it, joins labels, counts lines.

    python -m bench.pending FOLDER ROWS LABELS LINES

`FOLDER` has a configuration (bench.labels makes it). Prints a JSON object with what was measured:
user and system CPU seconds of this process.
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
from inference_exporter.batch import Batch, Floats, NumericColumn
from inference_exporter.clock import ManualClock
from inference_exporter.exposition.published import Published
from inference_exporter.pipeline import Feed, Pipeline
from inference_exporter.state import Store
from inference_exporter.telemetry import Telemetry
from inference_exporter.truth.join import FULL

CHUNK = 50_000
_STRIDE = 7_368_787  # a prime
_LINES = 3000  # labels in a block of 128 KiB


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
        late = self.model.late
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

    def join(self, rows: int, labels: int) -> float:
        """Labels as JSON lines for predictions all over the log, each once; CPU seconds."""
        assert math.gcd(_STRIDE, rows) == 1
        numbers = np.arange(labels) * _STRIDE % rows  # keys are hashes: any order is random
        seconds = 0.0
        for first in range(0, labels, _LINES):
            chosen = numbers[first : first + _LINES].tolist()
            self.labels.queue = [
                b"".join(b'{"id": "%016x", "actual": %d}\n' % (n, n & 1) for n in chosen)
            ]
            seconds += _seconds(self.pipeline.turn)  # which commits as often as it must
        return seconds + _seconds(self._commit)

    def count(self, lines: list[bytes]) -> float:
        """Prediction lines; CPU seconds."""
        blocks = blocks_of(lines)

        def take() -> None:
            for block in blocks:
                self.lines.queue.append(block)
                self.pipeline.turn()
            self._commit()

        return _seconds(take)


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _without(folder: Path, lines: list[bytes]) -> float:
    """The same lines without a join, committed as often."""
    bench = Bench(folder, state=folder / "state", clock=ManualClock(traffic.START))
    bench.pipeline.turn()
    blocks = blocks_of(lines)

    def take() -> None:
        for number, block in enumerate(blocks):
            bench.source.queue.append(block)
            bench.pipeline.turn()
            if number % max(1, len(blocks) * FULL // len(lines)) == 0:
                bench.pipeline.commit()
        bench.pipeline.commit()

    seconds = _seconds(take)
    bench.close()
    return seconds


def _peak_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main(folder: Path, rows: int, labels: int, count: int) -> dict[str, float]:
    """Everything, once."""
    assembly.calm_memory()
    full = Full(folder)
    filled = list(full.fill(rows))
    full.count(traffic.Writer().lines(1))  # the log of the last large commit shrinks
    size = full.store.size_bytes
    joined = full.join(rows, labels)
    late = full.model.late
    assert late is not None
    last = min(rows, 20 * CHUNK)
    matched = late.join.samples()["inference_labels_total"][
        (full.model.config.name, "7", "matched")
    ]
    assert matched == labels, matched
    peak = _peak_bytes()
    lines = traffic.Writer(start=traffic.START - 3600, random=np.random.default_rng(7)).lines(count)
    with_join = full.count(lines)
    full.pipeline.close()
    full.store.close()
    return {
        "rows": rows,
        "fill_per_second": last / sum(filled[-1 - last // CHUNK :]),
        "labels_per_second": labels / joined,
        "bytes_per_pending": size / rows,
        "peak_bytes": peak,
        "lines_per_second": count / with_join,
        "lines_per_second_without": count / _without(folder / "without", lines),
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))))
