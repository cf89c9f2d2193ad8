"""The folder the demo works in: one demo at a time, and nobody else's files are deleted in it."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path
from typing import IO

from inference_exporter.demo.data import MODEL_NAME, POSITIVE
from inference_exporter.errors import UsageError

MARKER = ".inference-exporter-demo"
STEPS = ("feature_lookup", "preprocess", "inference", "postprocess")
WINDOWS = ("2m", "15m")
PSI_THRESHOLD = 0.1

_STEP_FIELDS = "\n".join(f"        {step}: {{from: steps.{step}, unit: ms}}" for step in STEPS)
_CONFIG = f"""\
# Written by `inference-exporter demo`. A start for your own: put in your log and your names.
models:
  {MODEL_NAME}:
    logs: predictions.jsonl
    format: json
    fields:
      timestamp: timestamp
      id: request_id
      version: model_version
      features: features
      prediction: prediction
      score: score
      actual: actual               # on the same line; half of the demo's requests have it
      latency: {{from: latency_ms, unit: ms}}
      status: status
      trace_id: trace_id
      steps:
{_STEP_FIELDS}
    start_at: beginning            # the log is younger than the exporter: take all of it
    positive_class: {POSITIVE}
    segments:                      # also counted on their own: is it as good for everybody?
      employment: employment
      age: {{bins: [40], protected: true}}
    reference: reference.json
    windows: [{", ".join(WINDOWS)}]             # short, to see something soon; else 1h and 24h
    thresholds:
      feature_psi: {PSI_THRESHOLD}
      output_psi: 0.1
      accuracy_drop: 0.05
      feature_invalid_ratio: 0.02
      feature_missing_ratio: 0.05
      request_failure_ratio: 0.02
      request_duration_seconds: 0.25
commit_interval: 1s                # published values are at most this old; in production 5s
"""


class WorkFolder:
    """The paths in the folder, and the lock on it."""

    def __init__(self, path: str) -> None:
        self.path = Path(path).absolute()
        self.model = self.path / "model.pickle"
        self.reference_csv = self.path / "reference.csv"
        self.reference = self.path / "reference.json"
        self.config = self.path / "config.yaml"
        self.predictions = self.path / "predictions.jsonl"
        self.storage = self.path / "data"
        self.logs = self.path / "logs"
        self.prometheus = self.path / "prometheus"
        self.alertmanager = self.path / "alertmanager"
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Take the folder and clear what an earlier demo has left in it."""
        marker = self.path / MARKER
        try:
            if self.path.exists() and not marker.exists() and any(self.path.iterdir()):
                raise UsageError(
                    f"{self.path} has files that are not a demo's: choose another --folder"
                )
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = marker.open("a", encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"{self.path}: cannot be used: {error.strerror}; choose another --folder"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise UsageError(
                f"{self.path}: another demo is running in it; end it, or choose another --folder"
            ) from error
        self._clear()
        self.logs.mkdir()
        self.config.write_text(_CONFIG, encoding="utf-8")

    def _clear(self) -> None:
        """Delete the names that the demo makes, and no others."""
        for folder in (self.storage, self.logs, self.prometheus, self.alertmanager):
            shutil.rmtree(folder, ignore_errors=True)
        files = (self.model, self.reference_csv, self.reference, self.config)
        for file in (*files, *self.path.glob("predictions.jsonl*")):
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
