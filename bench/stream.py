"""The exporter over a source that never runs dry, to see from outside what a scrape does to it.

    python -m bench.stream FOLDER VERSIONS FEATURES

A child process of `bench.scrape`. It is the real loop, model and web server; the source is
memory. Prints its port and the number of series, then obeys lines on standard input:

    flow, dry   begin and end reading blocks of 128 KiB, one a turn, as fast as it can
    quit        write the monotonic times at which turns ended to FOLDER/turns, print the seconds
                that publications took in the loop, and end

Every half second a copy of the snapshot is published, so that each scrape renders a new page
as it does in production; the loop itself publishes nothing meanwhile.
"""

from __future__ import annotations

import array
import json
import sys
import time
from pathlib import Path
from threading import Thread

from bench import traffic
from bench.feed import Bench, blocks_of
from inference_exporter.exposition.server import WebServer
from inference_exporter.values.samples import Snapshot

LINES_PER_VERSION = 400  # enough for every windowed value to be there
_REFRESH = 0.5
_PUBLICATIONS = 5


class Stream:
    """The loop and what is measured of it."""

    def __init__(self, folder: Path, versions: int, features: int) -> None:
        self.folder = folder
        self.bench = Bench(folder)
        shape = traffic.wide(features, versions)
        count = LINES_PER_VERSION * versions
        writer = traffic.Writer(shape=shape, start=time.time() - 10, step=10 / count)
        lines = writer.lines(count)
        self.bench.source.queue += [b"".join(lines)]
        self.bench.source.endless = blocks_of(lines)
        self.turns = array.array("d")
        self.ending = False
        self.server = WebServer(
            self.bench.published,
            listen="127.0.0.1:0",
            is_ready=lambda: (True, ""),
            request_reload=lambda: (False, ""),
        )

    def run(self) -> None:
        """Serve, obey, report."""
        self.bench.pipeline.turn()
        print(json.dumps({"url": self.server.start(), "series": self.bench.series}), flush=True)
        Thread(target=self._obey, daemon=True).start()
        self._loop()
        with (self.folder / "turns").open("wb") as file:
            self.turns.tofile(file)
        print(json.dumps(self._publications()), flush=True)
        self.server.close()

    def _loop(self) -> None:
        refresh = 0.0
        while not self.ending:
            read = self.bench.pipeline.turn()
            now = time.monotonic()
            self.turns.append(now)
            if now >= refresh:
                refresh = now + _REFRESH
                snapshot = self.bench.published.snapshot
                assert snapshot is not None
                self.bench.published.publish(Snapshot(snapshot.blocks, snapshot.timestamp))
            if not read:
                time.sleep(0.05)

    def _obey(self) -> None:
        for line in sys.stdin:
            self.bench.source.flowing = line.strip() == "flow"
            if line.strip() == "quit":
                break
        self.ending = True

    def _publications(self) -> list[float]:
        """Seconds that a publication after new lines takes in the loop."""
        seconds = []
        for block in self.bench.source.endless[:_PUBLICATIONS]:
            self.bench.source.queue.append(block)
            self.bench.pipeline.turn()
            started = time.monotonic()
            self.bench.pipeline.publish()
            seconds.append(time.monotonic() - started)
        return seconds


if __name__ == "__main__":
    Stream(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])).run()
