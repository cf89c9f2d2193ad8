"""What the recording and alert rules cost Prometheus: series, evaluation seconds, memory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import requests
from dashboards.fleet.history import wait_until_ready

from bench import child
from bench.result import Result, Settings, Table, Target, number, say

_FEATURES, _BINS = 50, 10
_SCRAPE = "15s"
_METHOD = f"""\
One process serves the pages of simulated replicas of a model with {_FEATURES} features in {_BINS}
bins, their counters growing. A Prometheus scrapes each every {_SCRAPE} and evaluates the rules as
shipped; another one scrapes the same without rules: the difference of their CPU times is what the
rules cost. CPU time and memory come from `/proc`; evaluation seconds are the sum of the last
durations of all rule groups, each by how often it runs in a minute. The windows of a day and a week
have only the history of the run in them: with full history the sums of a day read 1,440 samples of
each series instead of a few, and those of six hours 360; weeks are added up from hours, 168.
"""


def measure(settings: Settings) -> Result:
    """Run it, then ask Prometheus."""
    prometheus = shutil.which("prometheus")
    if prometheus is None:
        raise RuntimeError("prometheus is not installed")
    replicas, seconds = settings.size(50, 3), settings.size(240, 20)
    folder = settings.subfolder("rules")
    with ExitStack() as stack:
        pages = stack.enter_context(_server(replicas))
        assert pages.stdout is not None
        port = int(pages.stdout.readline())
        plain = settings.subfolder("no-rules")
        server = stack.enter_context(_prometheus(prometheus, folder, port, replicas, 1))
        other = stack.enter_context(_prometheus(prometheus, plain, port, replicas, 2))
        base = f"http://127.0.0.1:{port + 1}"
        wait_until_ready(base)
        time.sleep(seconds / 2)
        before, begun = _cpu(server.pid), time.monotonic()
        before_other = _cpu(other.pid)
        time.sleep(seconds / 2)
        minutes = (time.monotonic() - begun) / 60
        cpu = (_cpu(server.pid) - before) / minutes
        scraping = (_cpu(other.pid) - before_other) / minutes
        raw = _ask(base) | {
            "cpu_seconds_per_minute": cpu,
            "rule_cpu_seconds_per_minute": cpu - scraping,
            "rss_bytes": _rss(server.pid),
        }
    rows = (
        ("series in memory", number(raw["series"])),
        ("of these recorded by the rules", number(raw["recorded"])),
        ("CPU of the rules, seconds per minute", number(raw["rule_cpu_seconds_per_minute"])),
        ("duration of all evaluations, seconds per minute", number(raw["rule_seconds"])),
        ("CPU of Prometheus in all, seconds per minute", number(raw["cpu_seconds_per_minute"])),
        ("resident memory", f"{raw['rss_bytes'] / 1e6:.0f} MB"),
    )
    say(", ".join(f"{name}: {value}" for name, value in rows))
    return Result(
        "rules",
        f"Rules for {replicas} replicas",
        _METHOD,
        f"1 run of {seconds} s, {replicas} replicas",
        (Table(("", "measured"), rows),),
        (
            Target(
                "CPU of all rules",
                "under 2 s per minute",
                f"{raw['rule_cpu_seconds_per_minute']:.2f} s",
                raw["rule_cpu_seconds_per_minute"] < 2,
            ),
        ),
        raw,
    )


def _server(replicas: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.replicas", str(replicas), str(_FEATURES), str(_BINS)]
    return _Ended(command, stdout=subprocess.PIPE, env=child.environment(), text=True)


class _Ended(subprocess.Popen[str]):
    """A process that is ended when its block is left."""

    def __exit__(self, *_: object) -> None:
        self.terminate()
        self.wait(20)
        if self.stdout is not None:
            self.stdout.close()


def _prometheus(
    program: str, folder: Path, port: int, replicas: int, above: int
) -> subprocess.Popen[str]:
    rules = Path(__file__).parent.parent / "alert_rules" / "*.rules.yaml"
    address = [f"127.0.0.1:{port}"]
    targets = [
        {"targets": address, "labels": {"instance": f"r{one}", "__metrics_path__": f"/{one}"}}
        for one in range(replicas)
    ]
    config = {
        "global": {"scrape_interval": _SCRAPE, "evaluation_interval": "1m"},
        "rule_files": [str(rules)] if above == 1 else [],
        "scrape_configs": [{"job_name": "exporter", "static_configs": targets}],
    }
    path = folder / "prometheus.yml"
    path.write_text(json.dumps(config), encoding="utf-8")
    log = (folder / "prometheus.log").open("w", encoding="utf-8")
    command = [
        program, f"--config.file={path}", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port + above}", "--log.level=warn",
    ]  # fmt: skip
    with log:
        return _Ended(command, stdout=subprocess.DEVNULL, stderr=log, text=True)


def _ask(base: str) -> dict[str, float]:
    """Series, and seconds of rule evaluation per minute."""
    groups = requests.get(f"{base}/api/v1/rules", timeout=60).json()["data"]["groups"]
    spent = sum(group["evaluationTime"] * 60 / group["interval"] for group in groups)
    return {
        "series": _value(base, 'count({__name__=~".+"})'),
        "recorded": _value(base, 'count({__name__=~"model.*:.+"})'),
        "rule_seconds": spent,
    }


def _value(base: str, query: str) -> float:
    answer = requests.get(f"{base}/api/v1/query", {"query": query}, timeout=60).json()
    result = answer["data"]["result"]
    return float(result[0]["value"][1]) if result else 0.0


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024
