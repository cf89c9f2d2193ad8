"""Hours of traffic through a real exporter that is killed and reloaded: `make soak SOAK_ARGS=…`.

Crashes are in the first half, so that memory can be watched over the second one. Ends with a table
for docs/operations.md, and with code 1 where something is not as it should be.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import requests

from exporter_process import ExporterProcess, total, wait_for
from soak.traffic import CLASSES, COUNTRIES, VERSIONS, Traffic
from soak.watch import MB, Watch, slope_per_hour

CONFIG = """\
commit_interval: 1s
models:
  credit:
    logs: [predictions.jsonl]
    start_at: beginning
    task: classification
    reference: {warmup: 20000}
    windows: [5m]
    segments: [country]
    fields:
      timestamp: ts
      id: id
      version: version
      features: features
      prediction: prediction
      score: score
      latency: {from: latency_ms, unit: ms}
    labels: {id: id, actual: actual, logs: labels.jsonl, max_pending: 250000}
"""
LONG = 20 * 60  # seconds from which on a slope of memory means something
SLOPE = 1.0  # MB an hour
LOOKS = 5.0  # seconds between two
PATIENCE = 300.0  # seconds until it is ready, or has read everything: others use the machine too


def main() -> int:
    """Run it; 1 where something is not as it should be."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    found = _soak(folder, options)
    if not found:
        shutil.rmtree(folder)  # else it is there to be looked at
    return found


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=5000.0, help="predictions a second")
    parser.add_argument("--kills", type=int, default=10, help="kill -9, in the first half")
    parser.add_argument("--rotate", type=float, default=20.0, help="seconds between rotations")
    parser.add_argument("--reload", type=float, default=60.0, help="seconds between reloads")
    return parser.parse_args()


def _soak(folder: Path, options: argparse.Namespace) -> int:
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    traffic = Traffic(folder, options.rate, options.rotate)
    exporter = ExporterProcess(folder)
    with exporter:
        watch = Watch(exporter)
        traffic.start()
        reloads = _go_on(exporter, watch, options)
        traffic.stop()
        wait_for(exporter.has_caught_up, "everything is read", PATIENCE)
        wait_for(lambda: _matched(exporter) >= traffic.labels, "all labels are joined", PATIENCE)
        problems = _problems(exporter, traffic, watch, options)
        _tell(traffic, watch, options, reloads)
    for problem in problems:
        sys.stderr.write(f"soak: {problem}\n")
    return 1 if problems else 0


def _go_on(exporter: ExporterProcess, watch: Watch, options: argparse.Namespace) -> int:
    """Look, reload and kill until the time is over; how many reloads there were."""
    end, reloads = options.minutes * 60, 0
    kills = [end / 2 * (n + 1) / (options.kills + 1) for n in range(options.kills)]
    next_reload = options.reload
    while watch.seconds < end:
        if kills and watch.seconds >= kills[0]:
            kills.pop(0)
            exporter.kill()
            exporter.start(ready=False)
            wait_for(exporter.is_ready, "the exporter is ready", PATIENCE)
        if watch.seconds >= next_reload:
            next_reload += options.reload
            answer = requests.post(f"http://127.0.0.1:{exporter.port}/-/reload", timeout=PATIENCE)
            reloads += answer.status_code == 200
        with contextlib.suppress(requests.Timeout):  # the machine is busy: the next look
            watch.look()
        time.sleep(LOOKS)
    return reloads


def _matched(exporter: ExporterProcess) -> float:
    return total(exporter.page(), "inference_labels_total", result="matched")


def _problems(
    exporter: ExporterProcess, traffic: Traffic, watch: Watch, options: argparse.Namespace
) -> list[str]:
    """What is not as it should be."""
    page = exporter.page()
    found = [
        (total(page, "inference_exporter_lines_total", source="credit"), traffic.lines, "lines"),
        (total(page, "inference_exporter_lines_total", source="credit", result="ok"),
         traffic.lines, "lines that are understood"),
        (total(page, "inference_labels_total", result="matched"), traffic.labels, "labels"),
    ]  # fmt: skip
    for country in COUNTRIES:
        for version in VERSIONS:
            counted = total(page, "inference_requests_total", country=country, version=version)
            found.append((counted, traffic.requests[country, version], f"{country} {version}"))
        for pair in ((a, b) for a in CLASSES for b in CLASSES):
            labels = dict(zip(("predicted", "actual"), pair, strict=True))
            counted = total(page, "inference_outcomes_total", country=country, **labels)
            found.append((counted, traffic.outcomes[(country, *pair)], f"{country} {pair}"))
    problems = [f"{what}: {a:.0f} counted, {b} written" for a, b, what in found if a != b]
    problems += [f"{name} stepped back" for name in sorted(watch.steps_back)]
    text = exporter.log().splitlines()
    said = Counter(line for line in text if "level=warn" in line or "level=err" in line)
    problems += [f"{count} × {line}" for line, count in said.items()]
    return problems + _growth(watch, options.minutes * 60)


def _growth(watch: Watch, seconds: float) -> list[str]:
    """What has grown in the last quarter beyond what it was in the one before."""
    before = [one for one in watch.since(seconds * 0.5) if one.seconds < seconds * 0.75]
    after = watch.since(seconds * 0.75)
    problems = []
    if max(one.descriptors for one in after) > max(one.descriptors for one in before) + 4:
        problems.append("descriptors grow")
    if max(one.state for one in after) > 1.2 * max(one.state for one in before) + 5 * MB:
        problems.append("the state grows")
    if seconds >= LONG and slope_per_hour(watch.since(seconds * 0.6)) > SLOPE:
        problems.append(f"memory grows by {slope_per_hour(watch.since(seconds * 0.6)):.1f} MB/h")
    return problems


def _tell(traffic: Traffic, watch: Watch, options: argparse.Namespace, reloads: int) -> None:
    late = watch.since(options.minutes * 60 * 0.6)
    rows = {
        "time": f"{traffic.seconds / 60:.1f} min",
        "predictions": f"{traffic.lines:,} ({traffic.lines / traffic.seconds:,.0f} a second)",
        "late labels": f"{traffic.labels:,}",
        "rotations, reloads, kills": f"{traffic.rotations}, {reloads}, {options.kills}",
        "resident memory, last 40 %": f"{_span([one.rss / MB for one in late])} MB, "
        f"{slope_per_hour(late):+.2f} MB an hour",
        "descriptors, last 40 %": _span([one.descriptors for one in late]),
        "state, last 40 %": f"{_span([one.state / MB for one in late])} MB",
    }
    for name, value in rows.items():
        sys.stdout.write(f"| {name} | {value} |\n")


def _span(values: list[float] | list[int]) -> str:
    return f"{min(values):.0f} to {max(values):.0f}"


if __name__ == "__main__":
    sys.exit(main())
