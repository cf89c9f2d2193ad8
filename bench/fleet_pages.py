"""The page of one replica, and a server that shows it under the names of a whole fleet.

    python -m bench.fleet_pages PAGE MODEL RATE

Serves /NAME/REPLICA: the page in the file PAGE with NAME for MODEL; counters grow by RATE of what
they are on the page, a second. Prints its port.
"""

from __future__ import annotations

import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench import traffic
from bench.feed import Bench
from inference_exporter.clock import ManualClock
from inference_exporter.exposition.text import render_text

_GROWS = re.compile(r"\w+_(?:total|bucket|sum|count)(?:\{| )")
HOURS = 3
LINES = 3600  # over these hours


def page(folder: Path, features: int, **settings: object) -> str:
    """The page of an exporter some hours after its start, as this configuration makes it."""
    folder.mkdir(parents=True)
    shape = traffic.wide(features)
    traffic.prepare(folder, shape)
    path = folder / "config.yaml"
    config = json.loads(path.read_text(encoding="utf-8"))
    model = config["models"][traffic.MODEL]
    model |= settings
    model["fields"]["actual"] = "prediction"
    path.write_text(json.dumps(config), encoding="utf-8")
    step = HOURS * 3600 / LINES
    clock = ManualClock(traffic.START)
    bench = Bench(folder, clock=clock)
    writer = traffic.Writer(shape=shape, start=clock.now(), step=step)
    for _ in range(HOURS * 4):
        bench.take(writer.lines(LINES // (HOURS * 4)))
        clock.advance(900)
    bench.pipeline.turn()
    bench.pipeline.publish()
    snapshot = bench.published.snapshot
    bench.close()
    assert snapshot is not None
    return render_text(snapshot).decode()


class Growing:
    """A page whose counters grow."""

    def __init__(self, text: str, rate: float) -> None:
        self._lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        parts = [line.rpartition(" ") for line in self._lines]
        self._grows = [(head, float(value)) for head, _, value in parts if _GROWS.match(head + " ")]
        self._still = "\n".join(
            line for line, (head, _, _) in zip(self._lines, parts, strict=True)
            if not _GROWS.match(head + " ")
        )  # fmt: skip
        self._rate, self._began = rate, time.monotonic()

    def text(self) -> str:
        """As it is now."""
        factor = 1 + self._rate * (time.monotonic() - self._began)
        grown = "\n".join(f"{head} {value * factor}" for head, value in self._grows)
        return f"{self._still}\n{grown}\n"


class _Server(ThreadingHTTPServer):
    """A scrape that gave up is no news."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: Prometheus counts it."""


def main(arguments: list[str]) -> None:
    """Serve until it is ended."""
    path, model, rate = arguments
    growing = Growing(Path(path).read_text(encoding="utf-8"), float(rate))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.split("/")[1]
            body = growing.text().replace(f'"{model}"', f'"{name}"').encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
