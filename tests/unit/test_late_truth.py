"""SageMaker's ground truth and a folder that fills: rows of an invocation by their place."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from inference_exporter.cli import main

CONFIG = """\
models:
  m:
    logs: ["capture/**/*.jsonl", "capture/**/*.gz"]
    source: batch
    start_at: beginning
    format: sagemaker
    task: classification
    fields:
      score: null
      prediction: "captureData.endpointOutput[0]"
    labels:
      logs: truth.jsonl
      id: eventMetadata.eventId
      decode: {groundTruthData: [encoded, rows]}
      explode: [groundTruthData]
      actual: "groundTruthData[0]"
"""


def capture(one: str, given: str, answer: str) -> dict[str, Any]:
    return {
        "captureData": {
            "endpointInput": {"data": given, "encoding": "CSV"},
            "endpointOutput": {"data": answer, "encoding": "CSV"},
        },
        "eventMetadata": {"eventId": one, "inferenceTime": "2026-11-20T10:00:00Z"},
    }


def truth(one: str, labels: str) -> dict[str, Any]:
    data = {"data": labels, "encoding": "CSV"}
    return {"groundTruthData": data, "eventMetadata": {"eventId": one}, "eventVersion": "0"}


def lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def test_labels_of_many_rows_meet_their_predictions(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG)
    for hour in ("10", "11"):
        (tmp_path / "capture" / hour).mkdir(parents=True)
    first = lines(capture("e0", "1,2\n3,4", "0\n1"), capture("e1", "5,6", "1"))
    (tmp_path / "capture" / "10" / "a.jsonl").write_bytes(first)
    packed = gzip.compress(lines(capture("e2", "7,8", "0")), mtime=0)
    (tmp_path / "capture" / "11" / "b.jsonl.gz").write_bytes(packed)
    told = lines(truth("e0", "1\n1"), truth("e2", "0"), truth("e9", "1"))
    (tmp_path / "truth.jsonl").write_bytes(told)
    assert main(["once", f"--config.file={tmp_path / 'config.yaml'}"]) == 0
    page = capsysbinary.readouterr().out.decode()
    outcomes = {
        line.split("{")[1].split("}")[0]: float(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith("inference_outcomes_total{")
    }
    found = {key.partition("predicted=")[2]: n for key, n in outcomes.items() if n}
    assert found == {'"0",actual="1"': 1.0, '"1",actual="1"': 1.0, '"0",actual="0"': 1.0}
    assert 'inference_labels_total{model="m",version="",result="unmatched"} 1.0' in page
    assert 'inference_requests_total{model="m",version="",code="ok"} 3.0' in page
