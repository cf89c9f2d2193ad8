"""A sidecar that decides by the hour on real state, with a clock that is set: income may drift."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from exporter_process import Series, parse
from inference_exporter.cli import main
from inference_exporter.clock import ManualClock
from inference_exporter.config.schema_services import RecordConfig
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.text import render_text
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.record import Decided, Journal, read
from inference_exporter.state import Store
from sidecar import feeds_of

START = 1_793_527_200.0  # 2026-11-01T10:00:00Z, a full hour
ROWS = 600  # an hour
CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    start_at: beginning
    fields: {timestamp: at, features: features, prediction: prediction, score: score}
    task: classification
    positive_class: "1"
    reference: reference.json
    windows: [1h]
    statistics: [psi]
    min_samples: 100
"""


def prepare(folder: Path, more: str = "") -> None:
    """A configuration, with `more` for the model, and a reference of 5,000 rows of four days."""
    (folder / "config.yaml").write_text(CONFIG + more, encoding="utf-8")
    with (folder / "train.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["at", "income", "country", "prediction", "score"])
        for at, row in enumerate(rows_of(1, 5000)):
            time = START - 4 * 86400 + at * 4 * 86400 / 5000
            table.writerow([time, *row["features"].values(), row["prediction"], row["score"]])
    command = ["reference", "build", str(folder / "train.csv")]
    command += [f"--config.file={folder / 'config.yaml'}", f"--output={folder / 'reference.json'}"]
    assert main(command) == 0


def rows_of(seed: int, count: int, shift: float = 0.0) -> Iterator[dict[str, Any]]:
    """Predictions without a time."""
    draw = np.random.default_rng(seed)
    for _ in range(count):
        score = float(draw.beta(2, 5))
        yield {
            "features": {
                "income": round(float(draw.normal(shift)), 6),
                "country": str(draw.choice(["DE", "FR", "ES"])),
            },
            "prediction": int(score > 0.5),
            "score": round(score, 6),
        }


class Recorded:
    """An exporter on `state` of a folder, with its record; may be ended and begun again."""

    def __init__(self, folder: Path, clock: ManualClock, config: RecordConfig | None) -> None:
        self.folder, self.clock, self.storage = folder, clock, folder / "state"
        self._published = Published()
        self.store = Store.open(str(self.storage), clock.now())
        self.journal = Journal(self.storage, config)
        self.pipeline = Pipeline(
            feeds_of(folder / "config.yaml"),
            store=self.store,
            publish=self._published.publish,
            telemetry=Telemetry(),
            clock=clock,
            journal=self.journal,
        )
        self.pipeline.restore()

    @classmethod
    def start(cls, folder: Path, at: float = START) -> Recorded:
        """Begin at that time."""
        return cls(folder, ManualClock(at), RecordConfig())

    def hour(self, shift: float = 0.0, rows: int = ROWS) -> None:
        """An hour of traffic, read as it ends; it is decided on a twelfth of an hour later."""
        begin = self.clock.now()
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            for at, row in enumerate(rows_of(int(begin), rows, shift)):
                log.write(json.dumps({"at": begin + 3600 * at / rows, **row}) + "\n")
        self.clock.advance(3600)
        self.reads()

    def reads(self) -> None:
        """Look until there is nothing more to read."""
        while self.pipeline.turn():
            self.clock.advance(0)
        self.pipeline.commit()

    def crash(self) -> Recorded:
        """End without another commit, and begin again on what is on disk."""
        self.pipeline.close()
        self.store.close()
        return Recorded(self.folder, self.clock, self.journal.config)

    def page(self) -> Series:
        """The page as Prometheus reads it."""
        assert self._published.snapshot is not None
        return parse(render_text(self._published.snapshot).decode())

    def lines(self) -> list[Decided]:
        """Everything on record; every line can be read."""
        lines = read(self.storage)
        found = list(lines)
        assert not lines.unreadable
        return found
