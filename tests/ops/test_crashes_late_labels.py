"""`kill -9` while predictions wait for labels in a log of their own: each label counts once.

Enough predictions for the index on disk to get generations, by a small `max_pending` enough to
give some of them up, and probabilities and segments to be remembered with each.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from exporter_process import ExporterProcess, total, wait_for

KILLS = 10
CLASSES = ("cat", "dog", "bird")
CONFIG = """\
commit_interval: 500ms
poll_interval: 50ms
models:
  species:
    logs: [predictions.jsonl]
    start_at: beginning
    task: classification
    fields:
      timestamp: ts
      id: id
      version: version
      scores: {from: scores, classes: [cat, dog, bird]}
    labels: {id: id, actual: actual, logs: labels.jsonl}
    segments: [country]
    windows: [10m]
    calendar: {timezone: Asia/Kathmandu, early: 1d}
"""


class Writer(threading.Thread):
    """Predictions, and for four in five of them a label some thousands of lines later."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(daemon=True)
        self._folder, self._rng = folder, random.Random(seed)
        self._stopping = threading.Event()
        self._waiting: list[tuple[str, str, str]] = []
        self.made = 0
        self.labels = 0
        self.outcomes: Counter[tuple[str, str, str]] = Counter()  # country, predicted, actual

    def run(self) -> None:
        with (
            (self._folder / "predictions.jsonl").open("ab", buffering=0) as predictions,
            (self._folder / "labels.jsonl").open("ab", buffering=0) as labels,
        ):
            while not self._stopping.is_set():
                predictions.write(b"".join(self._prediction() for _ in range(400)))
                self._rng.shuffle(self._waiting)
                ready = max(0, len(self._waiting) - 3000)
                labels.write(b"".join(self._label() for _ in range(ready)))
                self._stopping.wait(0.01)
            labels.write(b"".join(self._label() for _ in range(len(self._waiting))))

    def _prediction(self) -> bytes:
        rng, name = self._rng, f"r{self.made}"
        self.made += 1
        weights = [rng.random() for _ in CLASSES]
        scores = [round(one / sum(weights), 6) for one in weights]
        country = rng.choice(("DE", "FR"))
        line = {
            "ts": time.time(), "id": name, "version": rng.choice("12"),
            "scores": scores, "country": country,
        }  # fmt: skip
        if rng.random() < 0.8:
            predicted = CLASSES[scores.index(max(scores))]
            self._waiting.append((name, country, predicted))
        return json.dumps(line).encode() + b"\n"

    def _label(self) -> bytes:
        name, country, predicted = self._waiting.pop()
        actual = self._rng.choice(CLASSES)
        self.outcomes[country, predicted, actual] += 1
        self.labels += 1
        line = json.dumps({"id": name, "actual": actual}).encode() + b"\n"
        return line + (line if self._rng.random() < 0.05 else b"")  # some come twice

    def stop(self) -> None:
        self._stopping.set()
        self.join()


@pytest.mark.server
def test_every_late_label_counts_once_for_its_segment_whenever_it_is_killed(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "predictions.jsonl").touch()
    (tmp_path / "labels.jsonl").touch()
    writer, rng = Writer(tmp_path, seed=30), random.Random(31)
    exporter, pause = ExporterProcess(tmp_path), threading.Event()
    exporter.start()
    writer.start()
    try:
        for _ in range(KILLS):
            pause.wait(rng.uniform(0.05, 1.5))
            exporter.kill()
            exporter.start(ready=rng.random() < 0.8)
        exporter.kill()
    finally:
        writer.stop()
    with exporter:
        wait_for(exporter.has_caught_up, "the exporter has read everything", 60)

        def joined() -> bool:
            found = total(exporter.page(), "inference_labels_total", result="matched")
            return found == writer.labels

        wait_for(joined, "all labels are joined", 20)
        page = exporter.page()
    found: Counter[tuple[str, str, str]] = Counter()
    for (name, labels), value in page.items():
        if name == "inference_outcomes_total" and value:
            one = dict(labels)
            found[one["country"], one["predicted"], one["actual"]] += int(value)
    assert writer.labels > 20_000
    assert found == writer.outcomes
    assert total(page, "inference_ranked_outcomes_total") == writer.labels
    assert total(page, "inference_class_score_outcomes_total") == writer.labels
    assert total(page, "inference_predictions_awaiting_label") == writer.made - writer.labels
    assert total(page, "inference_requests_total") == writer.made
    for kind in ("day", "week", "month", "quarter"):  # the test may go past the end of one
        windows = (kind, f"previous_{kind}")
        for family in ("inference_performance_samples", "inference_performance_early_samples"):
            found_in = sum(total(page, family, window=window) for window in windows)
            assert found_in == writer.labels, (kind, family)
    assert "state not used" not in exporter.log()
