"""The exporter's loop in this process with late labels: real files, a real state that survives."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import Future
from pathlib import Path

from exporter_process import Series, parse, total
from inference_exporter.clock import ManualClock
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.text import render_text
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.state import Store
from inference_exporter.truth import Inbox, receive
from sidecar import feeds_of

NOW = 1_800_000_000.0

MODEL = """\
models:
  m:
    logs: [predictions.jsonl]
    start_at: beginning
    task: {task}
    {more}
    min_samples: 1
    windows: [1h, 24h]
    lateness: 24h
    fields:
      {{timestamp: at, id: id, version: version, {outputs}, row: row}}
    labels: {{id: id, actual: actual, row: row, {labels}}}
"""


class LateSidecar:
    """One model with a log of predictions and a log of labels; `crash` loses what is not committed.

    Counters are checked to go up only, over crashes too.
    """

    def __init__(
        self,
        folder: Path,
        labels: str = "logs: labels.jsonl, timestamp: at",
        *,
        task: str = "classification",
        more: str = "",
        outputs: str = "prediction: predicted, score: score",
    ) -> None:
        self.folder = folder
        self.clock = ManualClock(NOW)
        self.inbox = Inbox()
        (folder / "predictions.jsonl").touch()
        (folder / "labels.jsonl").touch()
        self._settings = {"task": task, "labels": labels, "more": more, "outputs": outputs}
        self._write_config()
        self._before: Series = {}
        self._start()

    def _write_config(self) -> None:
        text = MODEL.format(**self._settings)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")

    def reconfigure(self, **settings: str) -> None:
        """Start again with other settings; what was committed stays if it means the same."""
        self._before = {}
        self._settings |= settings
        self._write_config()
        self.crash()

    def _start(self) -> None:
        self.store = Store.open(str(self.folder / "state"), self.clock.now())
        self.published = Published()
        self.feeds = feeds_of(self.folder / "config.yaml")
        self.pipeline = Pipeline(
            self.feeds,
            store=self.store,
            publish=self.published.publish,
            telemetry=Telemetry(),
            clock=self.clock,
            inbox=self.inbox,
        )
        self.pipeline.restore()

    def write(self, name: str, *records: dict[str, object]) -> None:
        with (self.folder / name).open("a", encoding="utf-8") as log:
            log.writelines(json.dumps(record) + "\n" for record in records)

    def predict(self, *records: dict[str, object]) -> None:
        self.write("predictions.jsonl", *records)

    def label(self, *records: dict[str, object]) -> None:
        self.write("labels.jsonl", *records)

    def post(self, *records: dict[str, object]) -> Future[tuple[int, object]]:
        return receive(self.inbox, json.dumps(records).encode())  # type: ignore[return-value]

    def turn(self, seconds: float = 5.0) -> None:
        """One look at all logs; with 5 s or more since the last commit there is another."""
        self.clock.advance(seconds)
        self.pipeline.turn()

    def settle(self) -> Series:
        """Read to the end, commit, publish."""
        self.clock.advance(5)
        while self.pipeline.turn():
            self.clock.advance(5)
        return self.page()

    def crash(self) -> None:
        """As `kill -9`: nothing after the last commit was."""
        self.pipeline.close()
        self.store.close()
        self.inbox = Inbox()
        self._start()

    def page(self) -> Series:
        assert self.published.snapshot is not None
        page = parse(render_text(self.published.snapshot).decode())
        for (name, labels), value in page.items():
            if name.endswith(("_total", "_bucket", "_count")):
                before = self._before.get((name, labels), 0.0)
                assert value >= before - 1e-9, (name, labels, before, value)
        self._before = page
        return page

    def results(self) -> Counter[str]:
        """Labels by what became of them."""
        return self.counts("inference_labels_total", "result")

    def problems(self) -> Counter[str]:
        return self.counts("inference_label_problems_total", "reason")

    def counts(self, family: str, *by: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for (name, labels), value in self.page().items():
            if name == family and value:
                found["/".join(dict(labels)[one] for one in by)] += int(value)
        return found

    def outcomes(self) -> Counter[str]:
        """Joined predictions by predicted/actual, without what newer labels took back."""
        found = self.counts("inference_outcomes_total", "predicted", "actual")
        found.subtract(self.counts("inference_outcome_corrections_total", "predicted", "actual"))
        return +found

    def awaiting(self) -> float:
        return total(self.page(), "inference_predictions_awaiting_label")
