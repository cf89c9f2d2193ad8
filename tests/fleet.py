"""Three replicas of a model server and what watches them: exporters, Prometheus, Alertmanager."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
import yaml
from alert_rules.ruleset import names
from alert_rules.ruleset.render import files
from alert_rules.ruleset.settings import Settings, seconds

import rule_files
from exporter_process import ExporterProcess, child, free_port, parse, total, wait_for

ROOT = Path(__file__).parent.parent
_POOL = 600  # rows; an age of 42 instead of 40 is too little to alarm
MODELS = ("credit", "control")
TOPICS = ("drift", "quality", "traffic", "exporter")
ASKED = (
    names.distance("feature", "psi", "6h"),
    names.performance("accuracy", "6h"),
    names.performance("roc_auc", "6h"),
)
_CONFIG = """\
commit_interval: 250ms
poll_interval: 50ms
models:
"""
_MODEL = """\
  {name}:
    logs: [{name}.jsonl]
    start_at: beginning
    fields: {{timestamp: t, version: version, features: features, prediction: prediction,
             score: score, actual: actual, latency: latency, status: status}}
    positive_class: "1"
    reference: ../{name}.json
    thresholds: {{request_duration_seconds: 0.25}}
    windows: [30s]  # an hour of the rules: alerts wait for its first decision
"""
_PROMETHEUS = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules/*.yaml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]}}]}}
scrape_configs:
  - job_name: exporter
    static_configs: [{{targets: [{targets}]}}]
"""


def line(rng: random.Random, drift: bool, age: float = 40.0) -> dict[str, Any]:
    """A prediction whose label is known at once; under drift the income is in another unit."""
    score = rng.random()
    actual = int(rng.random() < score)
    income = rng.lognormvariate(10, 0.5) * (1.6 if drift else 1.0)
    return {
        "features": {"income": income, "age": rng.gauss(age, 12), "plan": rng.choice("abc")},
        "score": score,
        "prediction": int(score > 0.5),
        "actual": actual,
    }


class Traffic(threading.Thread):
    """Writes predictions of both models to the logs of all replicas that are on duty."""

    def __init__(self, folders: list[Path], rate: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.lines: dict[str, list[dict[str, Any]]] = {model: [] for model in MODELS}
        self.drift = False
        self.away: set[int] = set()  # replicas that get no requests, as while one is restarted
        self._folders, self._rate = folders, rate
        # Every second has the same mix of rows: sums of rates weigh seconds a little differently.
        self._pools = {
            drift: [line(random.Random(seed + one), drift, age=42.0) for one in range(_POOL)]
            for drift in (False, True)
        }
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(0.1):
            on_duty = (one for one in enumerate(self._folders) if one[0] not in self.away)
            for number, folder in on_duty:
                for model in MODELS:
                    rows = [self._line(model) for _ in range(self._rate * (number + 1) // 20)]
                    text = "".join(json.dumps(row) + "\n" for row in rows)
                    with (folder / f"{model}.jsonl").open("a", encoding="utf-8") as log:
                        log.write(text)

    def _line(self, model: str) -> dict[str, Any]:
        pool = self._pools[self.drift and model == "credit"]
        row = pool[len(self.lines[model]) % len(pool)]
        self.lines[model].append(row)
        return row | {"t": time.time(), "version": "1", "status": 200, "latency": 0.05}

    def stop(self) -> None:
        self._stopping.set()
        self.join()


class Receiver(ThreadingHTTPServer):
    """A webhook that keeps what it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.messages.append(json.loads(body) | {"at": time.monotonic()})
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def about(self, **labels: str) -> list[dict[str, Any]]:
        """Messages with an alert that has these labels."""
        return [
            message
            for message in list(self.messages)
            if any(labels.items() <= alert["labels"].items() for alert in message["alerts"])
        ]

    def names(self) -> Counter[str]:
        """How often each alert was in a message."""
        found = (alert["labels"]["alertname"] for one in self.messages for alert in one["alerts"])
        return Counter(found)


class Fleet:
    """Everything, started in order; ended in reverse."""

    def __init__(self, folder: Path, settings: Settings, rate: int) -> None:
        self.folder, self.settings = folder, settings
        self.replicas: list[ExporterProcess] = []
        self.receiver = Receiver()
        folders = [self._replica(number) for number in range(3)]
        self.traffic = Traffic(folders, rate, seed=7)
        self._prometheus = 0

    def _replica(self, number: int) -> Path:
        folder = self.folder / f"replica-{number}"
        folder.mkdir()
        text = _CONFIG + "".join(_MODEL.format(name=name) for name in MODELS)
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        for model in MODELS:
            (folder / f"{model}.jsonl").touch()
        self.replicas.append(ExporterProcess(folder))
        return folder

    def value(self, promql: str, **labels: str) -> float | None:
        """The one value of a query."""
        pairs = ",".join(f'{name}="{value}"' for name, value in labels.items())
        url = f"http://127.0.0.1:{self._prometheus}/api/v1/query"
        query = f"{promql}{{{pairs}}}" if labels else promql
        result = requests.get(url, {"query": query}, timeout=20).json()["data"]["result"]
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def missed(self) -> float:
        """Evaluations that Prometheus left out because it was too slow."""
        page = parse(requests.get(f"http://127.0.0.1:{self._prometheus}/metrics", timeout=20).text)
        return total(page, "prometheus_rule_group_iterations_missed_total")

    @contextmanager
    def running(self) -> Iterator[Fleet]:
        """With references, exporters, Alertmanager, Prometheus and traffic."""
        from inference_exporter.cli import main

        rng = random.Random(1)
        rows = "".join(json.dumps(line(rng, drift=False)) + "\n" for _ in range(6000))
        (self.folder / "reference.jsonl").write_text(rows, encoding="utf-8")
        for model in MODELS:
            assert main([
                "reference", "build", str(self.folder / "reference.jsonl"), f"--model={model}",
                f"--config.file={self.replicas[0].folder}/config.yaml",
                f"--output={self.folder}/{model}.json",
            ]) == 0  # fmt: skip
        with ExitStack() as stack:
            for replica in self.replicas:
                stack.enter_context(replica)
            threading.Thread(target=self.receiver.serve_forever, daemon=True).start()
            stack.callback(self.receiver.server_close)
            stack.callback(self.receiver.shutdown)
            alertmanager = stack.enter_context(self._alertmanager())
            stack.enter_context(self._prometheus_server(alertmanager))
            self.traffic.start()
            stack.callback(self.traffic.stop)
            yield self

    @contextmanager
    def _alertmanager(self) -> Iterator[int]:
        port = free_port()
        config = self.folder / "alertmanager.yaml"
        config.write_text(self._alertmanager_config(), encoding="utf-8")
        command = [
            "prometheus-alertmanager", f"--config.file={config}", "--cluster.listen-address=",
            f"--storage.path={self.folder}/alertmanager", f"--web.listen-address=127.0.0.1:{port}",
        ]  # fmt: skip
        with child(command, self.folder, "alertmanager"):
            wait_for(lambda: _answers(port), "Alertmanager is ready")
            yield port

    def _alertmanager_config(self) -> str:
        """The shipped routes and inhibition, faster, and all receivers are ours."""
        path = ROOT / "alert_rules" / "alertmanager" / "alertmanager.yaml"
        shipped = yaml.safe_load(path.read_text(encoding="utf-8"))
        hook = f"http://127.0.0.1:{self.receiver.server_address[1]}"
        receivers = [
            {"name": one["name"]}
            | ({"webhook_configs": [{"url": hook}]} if one["name"] in {"tickets", "page"} else {})
            for one in shipped["receivers"]
        ]
        changed: Mapping[str, Any] = {**shipped, "receivers": receivers, "templates": []}
        return yaml.safe_dump({**changed, "route": self._faster(shipped["route"])})

    def _faster(self, route: dict[str, Any]) -> dict[str, Any]:
        fast = dict(route)
        for key in ("group_wait", "group_interval"):
            if key in route:
                quick = max(1.0, seconds(route[key]) / self.settings.speed)
                fast[key] = f"{round(quick * 1000)}ms"
        fast["routes"] = [self._faster(one) for one in route.get("routes", [])]
        return fast

    @contextmanager
    def _prometheus_server(self, alertmanager: int) -> Iterator[None]:
        rules = self.folder / "rules"
        rules.mkdir()
        for name, text in files(self.settings).items():
            if name.removesuffix(".rules.yaml") in {"recording", *TOPICS}:
                (rules / name).write_text(only_needed(text), encoding="utf-8")
        targets = ", ".join(f'"127.0.0.1:{replica.port}"' for replica in self.replicas)
        config = self.folder / "prometheus.yml"
        text = _PROMETHEUS.format(alertmanager=alertmanager, targets=targets)
        config.write_text(text, encoding="utf-8")
        self._prometheus = free_port()
        command = [
            "prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{self._prometheus}", "--log.level=warn",
            "--rules.alert.resend-delay=1s",
        ]  # fmt: skip
        with child(command, self.folder, "prometheus"):
            wait_for(lambda: _answers(self._prometheus), "Prometheus is ready")
            wait_for(lambda: self.value("sum(up)") == 3, "all replicas are scraped")
            yield


def only_needed(rules: str) -> str:
    """Without recordings that nobody asks for here: they would only cost evaluations."""
    alerts = [rule for topic in TOPICS for rule in rule_files.alerts(topic)]
    asked = {"expr": " + ".join(ASKED)}
    groups = rule_files.needed_by([*alerts, asked])
    wanted = {rule["record"] for group in groups for rule in group["rules"]}
    document = yaml.safe_load(rules)
    for group in document["groups"]:
        long = group["name"] in {"inference-window-1d", "inference-window-7d"}
        group["rules"] = [
            rule
            for rule in group["rules"]
            if "alert" in rule or (rule["record"] in wanted and not long)
        ]
    return yaml.safe_dump(document, width=1000, sort_keys=False)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/-/ready", timeout=5).ok
    except requests.ConnectionError:
        return False
