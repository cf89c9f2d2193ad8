"""The exporter's page in a real MLflow, in Weights & Biases' files, and in Datadog's check.

Not collected by default, for these packages are large: `make trackers` installs them apart from the
project and runs this file. The exporter, its log and `inference-exporter track` are real processes.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
import yaml
from datadog_checks.base import OpenMetricsBaseCheckV2
from datadog_checks.base.stubs import aggregator
from mlflow import MlflowClient
from wandb.proto import wandb_internal_pb2

from exporter_process import ExporterProcess, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """\
models:
  credit:
    logs: [log.jsonl]
    start_at: beginning
    reference: {warmup: 500}
    min_samples: 200
    windows: [1h]
    model_uri: 'models:/credit/{version}'
    fields:
      {timestamp: t, version: v, features: x, prediction: p, score: s, actual: y,
       latency: l, status: c}
commit_interval: 1s
"""


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExporterProcess]:
    folder = tmp_path_factory.mktemp("exporter")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    now = time.time()
    rows = [
        {"t": now - 600 + i / 10, "v": "1", "x": {"age": i % 37 + (i > 1000) * 5}, "p": i % 2,
         "s": i % 10 / 10, "y": i % 3 % 2, "l": 0.02, "c": 200}
        for i in range(3000)
    ]  # fmt: skip
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "log.jsonl").write_text(text, encoding="utf-8")
    with ExporterProcess(folder) as running:
        wait_for(lambda: _values(running.page()), "performance on the page")
        yield running


def _values(page: Any) -> dict[str, float]:
    """What the page says of the window's performance, by metric without a class."""
    found = {}
    for (name, labels), value in page.items():
        known = dict(labels)
        if name == "inference_performance" and not known["class"]:
            found[known["metric"]] = value
    return found


def _url(exporter: ExporterProcess) -> str:
    return f"http://127.0.0.1:{exporter.port}/metrics"


def _track(exporter: ExporterProcess, folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "inference_exporter", "track", "--once"]
    ended = subprocess.run(
        [*command, f"--exporter.url={_url(exporter)}", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT / "exporter")},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return ended.stderr


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    command = [
        sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={port}",
        "--backend-store-uri=sqlite:///mlflow.db", "--default-artifact-root=./artifacts",
        "--workers=1",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _answers(url), "MLflow's health", 120)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=2).ok
    except requests.ConnectionError:
        return False


def test_mlflow_has_the_windows_in_a_child_of_the_run_that_trained(
    exporter: ExporterProcess, server: str, tmp_path: Path
) -> None:
    client = MlflowClient(server)
    experiment = client.create_experiment("credit training")
    trained = client.create_run(experiment).info.run_id
    client.create_registered_model("credit")
    client.create_model_version("credit", source=f"runs:/{trained}/model", run_id=trained)
    for _ in range(2):  # the second time is another process, and the same run
        _track(exporter, tmp_path, f"--mlflow.url={server}")
    runs = client.search_runs([experiment], filter_string=f"tags.mlflow.parentRunId = '{trained}'")
    (run,) = runs
    assert run.info.run_name == "production: credit 1"
    assert run.data.tags["inference_exporter.model_uri"] == "models:/credit/1"
    page = _values(exporter.page())
    written = {
        name.removeprefix("performance/1h/"): value
        for name, value in run.data.metrics.items()
        if name.startswith("performance/1h/") and name.count("/") == 2
    }
    assert written == page
    assert run.data.metrics["drift/1h/psi/age"] > 0.0
    history = client.get_metric_history(run.info.run_id, "performance/1h/accuracy")
    assert [one.value for one in history] == [page["accuracy"]] * 2
    assert mlflow.__version__


def test_wandb_has_the_windows_in_files_to_sync(exporter: ExporterProcess, tmp_path: Path) -> None:
    _track(exporter, tmp_path, "--wandb.project=production", "--wandb.offline")
    (file,) = tmp_path.glob("wandb/offline-run-*/run-*.wandb")
    written: dict[str, float] = {}
    for record in _records(file):
        for item in record.history.item:
            written["/".join(item.nested_key) or item.key] = json.loads(item.value_json)
    page = _values(exporter.page())
    assert {name: written[f"performance/1h/{name}"] for name in page} == page
    assert written["drift/1h/psi/age"] > 0.0


def _records(file: Path) -> Iterator[Any]:
    """Records of W&B's file: chunks of LevelDB's log format behind a head of 7 bytes."""
    data, at, parts = file.read_bytes(), 7, b""
    while at + 7 <= len(data):
        left = _BLOCK - at % _BLOCK
        if left < 7:  # too little for the head of a chunk: filled with zeros
            at += left
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)  # behind a checksum
        parts += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last of several
            record = wandb_internal_pb2.Record()
            record.ParseFromString(parts)
            yield record
            parts = b""


_BLOCK = 32768  # bytes


def test_datadogs_check_reads_the_page_with_the_configuration_that_is_shipped(
    exporter: ExporterProcess,
) -> None:
    text = (ROOT / "deploy" / "datadog" / "conf.yaml").read_text(encoding="utf-8")
    instance = yaml.safe_load(text)["instances"][0] | {"openmetrics_endpoint": _url(exporter)}
    aggregator.reset()
    check = OpenMetricsBaseCheckV2("openmetrics", {}, [instance])
    for _ in range(2):  # counts are of what came since the check before
        assert not (said := check.run()), said
    found = {
        tag.removeprefix("metric:"): metric.value
        for metric in aggregator.metrics("inference.performance")
        for tag in metric.tags
        if tag.startswith("metric:") and "class:" in metric.tags
    }
    assert found == _values(exporter.page())
    names = {f"inference.{name}" for name in instance["metrics"]}
    missing = {name for name in names if not _submitted(name)}
    assert missing <= ABSENT, missing - ABSENT
    tags = aggregator.metrics("inference.feature_drift")[0].tags
    assert {"model:credit", "model_version:1", "feature:age"} <= {*tags}


# What this model does not have: a full window that was decided on, estimates without labels, …
ABSENT = {
    "inference.performance_estimate", "inference.performance_estimate_lower",
    "inference.performance_estimate_upper", "inference.concept_drift", "inference.labels",
    "inference.multivariate_drift", "inference.outliers", "inference.step_duration_seconds",
    "inference.performance_reference", "inference.drifted_features",
    "inference.feature_drift_state", "inference.output_drift_state",
}  # fmt: skip


def _submitted(name: str) -> bool:
    if aggregator.histogram_bucket(name):
        return True
    return any(one == name or one.startswith(f"{name}.") for one in aggregator.metric_names)
