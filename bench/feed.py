"""A pipeline in this process whose source is memory, for measuring what has no process of its own.

Everything else is real: model, windows, store, published page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from inference_exporter import assembly
from inference_exporter.clock import Clock, SystemClock
from inference_exporter.exposition.published import Published
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.sources import Block, SourceFacts
from inference_exporter.state import MemoryStore, Store

NEVER = 1e9  # seconds: publications happen only when they are asked for
BLOCK_BYTES = 128 * 1024


def blocks_of(lines: list[bytes]) -> list[bytes]:
    """Lines in blocks of about 128 KiB, as files are read."""
    blocks, waiting, size = [], list[bytes](), 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= BLOCK_BYTES:
            blocks.append(b"".join(waiting))
            waiting, size = [], 0
    return [*blocks, b"".join(waiting)] if waiting else blocks


class MemorySource:
    """Hands over blocks from memory: those of `queue` once; with `endless`, those in turns."""

    def __init__(self) -> None:
        self.queue: list[bytes] = []
        self.endless: list[bytes] = []
        self.flowing = False
        self._turn = 0

    def poll(self, now: float, monotonic: float) -> Iterator[Block]:  # noqa: ARG002
        """The queue, or the next block."""
        while self.queue:
            yield Block(self.queue.pop(0), "memory")
        if self.flowing:
            self._turn = (self._turn + 1) % len(self.endless)
            yield Block(self.endless[self._turn], "memory")

    def checkpoint(self) -> bytes:
        """As large as that of a file."""
        return b"-" * 200

    def restore(self, checkpoint: bytes) -> None:
        """Nothing to go on from."""

    def take_facts(self) -> SourceFacts:
        """No facts."""
        return SourceFacts()

    def idle(self) -> bool:
        """Whether there is nothing to read."""
        return not self.queue and not self.flowing

    def finish(self) -> Iterator[Block]:
        """No partial line."""
        yield from ()

    def close(self) -> None:
        """Nothing is open."""


class Bench:
    """The parts of the exporter for the configuration in a folder."""

    def __init__(self, folder: Path, *, state: Path | None = None, clock: Clock | None = None):
        config, references = assembly.load_all(str(folder / "config.yaml"))
        self.clock = clock or SystemClock()
        self.source = MemorySource()
        self.published = Published()
        self.telemetry = Telemetry()
        self.model = assembly.make_model(config.models[0], references[config.models[0].name])
        self.store = MemoryStore() if state is None else Store.open(str(state), self.clock.now())
        self.pipeline = Pipeline(
            [Feed(self.model, self.source)],
            store=self.store,
            publish=self.published.publish,
            telemetry=self.telemetry,
            clock=self.clock,
            commit_interval=NEVER,
        )
        self.pipeline.restore()

    @property
    def series(self) -> int:
        """How many samples are on the page."""
        return len(self.published.snapshot or ())

    def take(self, lines: list[bytes]) -> None:
        """Count these lines, without a commit if there was one already."""
        self.source.queue += blocks_of(lines)
        self.pipeline.turn()

    def close(self) -> None:
        """Close the store."""
        self.pipeline.close()
        self.store.close()
