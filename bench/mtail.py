"""The peer: Debian's mtail, which turns log lines into metrics by regular expressions, in Go.

Two programs. `REQUESTS` is the smallest that is of use, and the one that targets refer to: one
regular expression that begins with a literal text, which Go's engine can search for fast.
`FIELDS` takes every field out of the line, as drift needs them, but counts few of them.
"""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path

import msgspec

from bench.traffic import STANDARD, Written

REQUESTS = r"""
counter requests_total by status
counter latency_milliseconds_total by status

/"latency_ms": (?P<latency>[0-9.]+), "status": (?P<status>[0-9]+)/ {
  requests_total[$status]++
  latency_milliseconds_total[$status] += $latency
}
"""

_NUMBERS = ", ".join(f'"{name}": (?P<{name}>[0-9.]+)' for name in STANDARD.numeric)
_TEXTS = ", ".join(f'"{name}": "(?P<{name}>[^"]*)"' for name in STANDARD.categorical)
FIELDS = rf"""
counter requests_total by status
counter latency_milliseconds_total by status
counter predictions_total by prediction, version
histogram score by version buckets 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9

/"model_version": "(?P<version>[^"]*)", "features": {{{_NUMBERS}, {_TEXTS}}}/ +
/, "prediction": (?P<prediction>[0-9]+), "score": (?P<score>[0-9.]+)/ +
/, "latency_ms": (?P<latency>[0-9.]+), "status": (?P<status>[0-9]+)/ {{
  requests_total[$status]++
  latency_milliseconds_total[$status] += $latency
  predictions_total[$prediction][$version]++
  score[$version] = $score
}}
"""


class _Labelled(msgspec.Struct, rename="pascal"):
    labels: list[str]
    value: dict[str, object]


class _Metric(msgspec.Struct, rename="pascal"):
    label_values: list[_Labelled]


def command(program: str, log: Path, folder: Path) -> list[str]:
    """The command that reads the log to its end, prints what it counted, and exits."""
    path = shutil.which("mtail")
    if path is None:
        raise RuntimeError("mtail is not installed: make servers")
    source = folder / "program.mtail"
    source.write_text(program.lstrip(), encoding="utf-8")
    return [
        path, "-one_shot", "-one_shot_format=json", "-logtostderr", f"-progs={source}",
        f"-logs={log}", "-address=127.0.0.1", "-port=0",
    ]  # fmt: skip


def check(output: str, written: Written) -> None:
    """Fail unless mtail has counted every line, and every millisecond."""
    metrics = msgspec.json.decode(output, type=dict[str, list[_Metric]])
    counted = _by_label(metrics["requests_total"])
    if counted != dict(written.by_status):
        raise RuntimeError(f"mtail counted {counted}, written were {written.by_status}")
    seconds = sum(_by_label(metrics["latency_milliseconds_total"]).values())
    if not math.isclose(seconds, written.latency_ms, rel_tol=1e-9):
        raise RuntimeError(f"mtail added up {seconds} ms, written were {written.latency_ms}")


def version() -> str:
    """Such as `3.0.0~rc50`."""
    path = shutil.which("mtail")
    if path is None:
        return "not installed"
    answer = subprocess.run([path, "-version"], capture_output=True, text=True, check=True)
    return answer.stdout.split()[2]


def _by_label(metrics: list[_Metric]) -> dict[str, float]:
    return {one.labels[0]: float(str(one.value["Value"])) for one in metrics[0].label_values}
