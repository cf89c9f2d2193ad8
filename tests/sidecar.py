"""The exporter's loop in this process: real files, real formats, a clock that the test moves."""

from __future__ import annotations

import json
from pathlib import Path

from exporter_process import Series, parse
from inference_exporter.assembly import load_all, make_label_source, make_model, make_source
from inference_exporter.clock import ManualClock
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.text import render_text
from inference_exporter.loop.feed import Feed
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.state import MemoryStore
from inference_exporter.values.samples import Snapshot

NOW = 1_800_000_000.0


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


class Clock(ManualClock):
    """A clock whose wall time can step back while its monotonic time goes on."""

    stepped: float = 0.0

    def step(self, seconds: float) -> None:
        self.stepped += seconds

    def now(self) -> float:
        return self.seconds + self.stepped


def feeds_of(path: Path) -> list[Feed]:
    """The models of a configuration file with their logs."""
    config, references = load_all(str(path))
    return [
        Feed(
            make_model(one, references[one.name]),
            make_source(config, one, one.start_at),
            labels=make_label_source(config, one, one.start_at),
        )
        for one in config.models
    ]


class Sidecar:
    """An exporter of one model whose log is `log.jsonl` beside the configuration.

    With the store of another it goes on where that one was.
    """

    def __init__(self, folder: Path, model: str, store: MemoryStore | None = None) -> None:
        self.log = folder / "log.jsonl"
        self.log.touch()
        path = folder / "config.yaml"
        head = "models:\n  m:\n    logs: [log.jsonl]\n    start_at: beginning\n"
        indented = "".join(f"    {one}\n" for one in model.strip().splitlines())
        path.write_text(head + indented, encoding="utf-8")
        self.clock = Clock(NOW)
        self._published = Published()
        feeds = feeds_of(path)
        self.store = store or MemoryStore()
        self.pipeline = Pipeline(
            feeds,
            store=self.store,
            publish=self._published.publish,
            telemetry=Telemetry(),
            clock=self.clock,
        )
        self.pipeline.restore()

    def reads(self, *data: bytes) -> None:
        """Write to the log and have it read and published."""
        with self.log.open("ab") as log:
            log.writelines(data)
        self.clock.advance(5)
        while self.pipeline.turn():
            self.clock.advance(5)

    @property
    def snapshot(self) -> Snapshot:
        """What is published."""
        assert self._published.snapshot is not None
        return self._published.snapshot

    def text(self) -> str:
        """The page."""
        return render_text(self.snapshot).decode("utf-8")

    def page(self) -> Series:
        """The page as Prometheus reads it."""
        return parse(self.text())
