"""Three replicas of the real exporter, two models, two versions, every blemish, and Prometheus.

Time runs sixty times as fast for the rules: an hour of theirs is a minute here.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests
from alert_rules.ruleset.render import files
from alert_rules.ruleset.settings import fast

from exporter_process import ExporterProcess, child, free_port, wait_for

SPEED, SCRAPE = 60.0, 1  # scrapes and first-level rules once a second
_TICK, _LINES = 0.2, 14  # seconds, and lines of each model and replica in them
_CONFIG = """\
models:
  credit:
    logs: [credit.jsonl]
    start_at: beginning
    positive_class: bad
    segments:
      contract: {from: job, drift: true, estimates: true}
      age: {bins: [45], protected: true}
    fields:
      timestamp: t
      id: id
      version: v
      features: x
      prediction: p
      score: s
      actual: y
      status: code
      trace_id: trace
      latency: {from: ms, unit: ms}
      steps: {lookup: {from: st.lookup, unit: ms}, inference: {from: st.inference, unit: ms}}
    reference: credit.json
    multivariate: true
    windows: [10s, 20s]  # in the longer one there are labels enough for two segments
    lateness: 1s
    concept_drift: {detectors: [adwin]}
    thresholds: {request_duration_seconds: 0.1}
    calendar: {timezone: Europe/Paris}
    # Some requests are scored by both versions; each line has its label, or its partner's.
    labels: {id: id, actual: y, wait: 60s}
    compare_versions: {champion: v1, challenger: v2, metric: accuracy, paired: true}
  price:
    logs: [price.jsonl]
    start_at: beginning
    task: regression
    # The reference's table has outcomes, the log has none: they come later.
    fields: {timestamp: t, id: id, version: v, features: x, prediction: p, latency: s, actual: y}
    labels: {id: id, actual: y, logs: [actual.jsonl]}
    calendar: {timezone: Asia/Kolkata, periods: [day, quarter], early: 1h}
    reference: price.json
    segments: {size: {bins: [110]}}
    compare_versions: {champion: v1, challenger: v2, metric: mae}
    windows: [10s, 20s]
    lateness: 1s
commit_interval: 1s
"""


class Draws:
    """Rows of two models; live ones are drifted in `age` and `size` and have blemishes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._count = seed * 1_000_000

    def credit(self, live: bool) -> dict[str, Any]:
        """Inputs, score, prediction and outcome."""
        draw = self._random
        score = round(draw.betavariate(1.2, 2.0), 5)
        inputs = {
            "age": round(draw.gauss(45 if live else 40, 10), 2),
            "income": round(draw.lognormvariate(7.5, 0.5), 2),
            "job": draw.choices(["none", "part", "full"], [1, 2, 5])[0],
        }
        bad = draw.random() < score
        return {
            "x": inputs, "s": score, "p": "bad" if score > 0.5 else "good",
            "y": "bad" if bad else "good",
        }  # fmt: skip

    def price(self, live: bool) -> dict[str, Any]:
        """Input, prediction and outcome; live errors are four times as large for larger sizes."""
        size = round(self._random.gauss(110 if live else 100, 20), 2)
        value = round(3 * size + self._random.gauss(0, 40 if live and size > 110 else 10), 2)
        return {"x": {"size": size}, "p": round(3 * size, 2), "y": value}

    def line(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row as the line of a request, now and then with something wrong."""
        draw = self._random
        self._count += 1
        line: dict[str, Any] = {
            "t": time.time(), "id": str(self._count), "trace": f"{self._count:032x}",
            "v": draw.choices(["v1", "v2"], [2, 1])[0], "code": 200,
            "ms": round(draw.lognormvariate(3, 0.6), 3),
            "st": {"lookup": round(draw.lognormvariate(2, 0.4), 3),
                   "inference": round(draw.lognormvariate(1, 0.4), 3)},
        } | row  # fmt: skip
        inputs = line["x"]
        match draw.randrange(40):
            case 0:
                line["code"] = 500
            case 1 | 2 | 3:
                inputs[next(iter(inputs))] = None
            case 4 | 5:
                inputs[next(iter(inputs))] = "n/a"
            case 6 if "job" in inputs:
                inputs["job"] = "retired"
            case 7:
                inputs[next(iter(inputs))] = 1e6
            case 8:
                line["ms"] = "slow"
        return line

    def again(self, line: dict[str, Any]) -> dict[str, Any]:
        """The same request, scored by the other version as well."""
        score = round(min(1.0, max(0.0, line["s"] + self._random.gauss(0, 0.1))), 5)
        other = {"v1": "v2", "v2": "v1"}[line["v"]]
        return line | {"v": other, "s": score, "p": "bad" if score > 0.5 else "good"}


class Replica:
    """An exporter and the logs that grow beside it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.exporter = ExporterProcess(folder)
        self._draws, self._random = Draws(seed), random.Random(seed)
        self._logs = {name: folder / f"{name}.jsonl" for name in ("credit", "price", "actual")}
        for log in self._logs.values():
            log.touch()

    def write(self, count: int) -> None:
        """Requests of both models, and the labels of one."""
        texts: dict[str, list[str]] = {name: [] for name in self._logs}
        for _ in range(count):
            asked = self._draws.line(self._draws.credit(live=True))
            texts["credit"].append(json.dumps(asked))
            if self._random.random() < 0.3:
                texts["credit"].append(json.dumps(self._draws.again(asked)))
            priced = self._draws.line(self._draws.price(live=True))
            priced["s"] = priced["ms"]
            texts["actual"].append(json.dumps({"id": priced["id"], "y": priced.pop("y")}))
            texts["price"].append(json.dumps(priced))
        if self._random.random() < 0.3:
            texts["credit"].append("{broken")
        for name, lines in texts.items():
            with self._logs[name].open("a", encoding="utf-8") as log:
                log.write("\n".join(lines) + "\n")

    def end(self) -> None:
        """End the exporter."""
        self.exporter.__exit__(None, None, None)


class WatchedFleet:
    """The replicas, their traffic, and a Prometheus with the shipped rules."""

    def __init__(self, folder: Path, replicas: int) -> None:
        self.folder, self.url = folder, ""
        self.replicas = [Replica(_folder(folder, i), i + 1) for i in range(replicas)]
        self._over = threading.Event()

    def traffic(self) -> None:
        """Lines until it is over."""
        while not self._over.wait(_TICK):
            for replica in self.replicas:
                replica.write(_LINES)

    def stop(self) -> None:
        """End the traffic."""
        self._over.set()

    def ask(self, api: str, **parameters: str | float) -> Any:
        """What Prometheus answers; fails with its words."""
        answer = requests.get(f"{self.url}/api/v1/{api}", params=parameters, timeout=20).json()
        assert answer["status"] == "success", f"{answer.get('error')}: {parameters}"
        return answer["data"]

    def now(self, expr: str) -> list[Any]:
        """Series at the present."""
        found: list[Any] = self.ask("query", query=expr)["result"]
        return found


def _folder(folder: Path, number: int) -> Path:
    made = folder / f"replica-{number}"
    made.mkdir()
    (made / "config.yaml").write_text(_CONFIG, encoding="utf-8")
    for name in ("credit.json", "price.json"):
        (made / name).write_bytes((folder / name).read_bytes())
    return made


def _references(folder: Path) -> None:
    """Both profiles, at the same time."""
    (folder / "config.yaml").write_text(_CONFIG, encoding="utf-8")
    draws = Draws(99)
    builders = []
    for model, make in (("credit", draws.credit), ("price", draws.price)):
        rows = [make(live=False) for _ in range(4000)]
        table = folder / f"{model}.csv"
        with table.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*rows[0]["x"], *(key for key in rows[0] if key != "x")])
            for row in rows:
                writer.writerow([*row["x"].values(), *(row[key] for key in row if key != "x")])
        command = [
            sys.executable, "-m", "inference_exporter", "reference", "build", str(table),
            "--config.file=config.yaml", f"--model={model}", f"--output={model}.json",
        ]  # fmt: skip
        builders.append(subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL))
    assert [builder.wait(60) for builder in builders] == [0, 0]


def _prometheus(fleet: WatchedFleet) -> tuple[list[str], str]:
    folder = fleet.folder
    for name, text in files(fast(SPEED, "5s", least=1.0)).items():
        (folder / name).write_text(text, encoding="utf-8")
    targets = [f"127.0.0.1:{one.exporter.port}" for one in fleet.replicas]
    job = {"job_name": "inference-exporter", "static_configs": [{"targets": targets}]}
    config = {
        "global": {"scrape_interval": f"{SCRAPE}s", "evaluation_interval": f"{SCRAPE}s"},
        "scrape_configs": [job],
        "rule_files": ["*.rules.yaml"],
    }
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    flags = [
        "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
        f"--web.listen-address={address}", "--enable-feature=exemplar-storage", "--log.level=warn",
    ]  # fmt: skip
    return ["prometheus", *flags], f"http://{address}"


@contextmanager
def watched_fleet(folder: Path, replicas: int = 3) -> Iterator[WatchedFleet]:
    """The fleet with traffic, scraped and judged."""
    _references(folder)
    fleet = WatchedFleet(folder, replicas)
    with ExitStack() as stack:
        for replica in fleet.replicas:
            replica.write(1)
            stack.callback(replica.end)
            replica.exporter.start(ready=False)
        command, fleet.url = _prometheus(fleet)
        stack.enter_context(child(command, folder, "prometheus"))
        for replica in fleet.replicas:
            wait_for(replica.exporter.is_ready, "the exporter is ready")
        wait_for(lambda: _answers(fleet.url), "Prometheus is ready")
        stack.callback(fleet.stop)
        threading.Thread(target=fleet.traffic, daemon=True).start()
        yield fleet


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/-/ready", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False
