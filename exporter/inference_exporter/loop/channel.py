"""Where lines come from and who takes them: a source with its taker, and all there is to tell.

Predictions and late labels are channels that differ in nothing but their names and their taker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from inference_exporter.loop.feed import Feed
from inference_exporter.loop.telling import Teller
from inference_exporter.model import BlockFacts
from inference_exporter.sources import Source

Taker = Callable[[bytes, float], Iterable[BlockFacts]]
"""Takes a block of whole lines at a time (epoch seconds); says what became of them."""


class Channel:
    """One stream of lines for the model of a feed, which has then something to commit.

    `name` is the source's on the page, `key` that of its offsets.
    `resumed`: the source goes on from before a reload, so it knows where it is.
    """

    def __init__(
        self,
        feed: Feed,
        name: str,
        key: str,
        source: Source,
        take: Taker,
        teller: Teller,
        *,
        resumed: bool,
    ) -> None:
        self.feed, self.name, self.key, self.source = feed, name, key, source
        self._take, self._teller, self._resumed = take, teller, resumed

    def read(self, now: float, monotonic: float, stopping: Callable[[], bool]) -> int:
        """Read a turn's worth of lines; how many bytes they were.

        Who is `stopping` waits for one block at most: what is left is read after the next start.
        """
        size = 0
        if stopping():
            return size
        for block in self.source.poll(now, monotonic):
            self._lines(block.data, now, monotonic)
            size += len(block.data)
            if stopping():
                break
        return size

    def finish(self, now: float, monotonic: float) -> None:
        """The last lines, complete or not."""
        for block in self.source.finish():
            self._lines(block.data, now, monotonic)

    def _lines(self, block: bytes, now: float, monotonic: float) -> None:
        self.feed.dirty = True
        for facts in self._take(block, now):
            self._teller.block(self.name, facts, now, monotonic)

    def tell(self) -> None:
        """How the source stands. Where a counter moved there is something to commit."""
        if self._teller.source(self.name, self.source.take_facts()):
            self.feed.dirty = True

    def checkpoint(self) -> dict[str, bytes]:
        """The offsets, to be committed with what was counted."""
        return {self.key: self.source.checkpoint()}

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Take up committed offsets; ValueError if they cannot be used."""
        if self.key in state and not self._resumed:
            self.source.restore(state[self.key])
