"""Plays the tracing of the model server: each logged request becomes a trace, its steps are spans.

Real model servers trace themselves. This one logs trace ids only, so that the demo's exemplars and
log lines lead to something, the log is followed and sent to an OTLP/HTTP endpoint.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

_PAUSE = 1.0  # seconds between two looks
_MOST = 500  # lines of one message
Json = dict[str, Any]


def spans(line: Json) -> list[Json]:
    """The spans of one request: itself, and its steps one after the other below it."""
    trace = str(line["trace_id"])
    start = round(datetime.fromisoformat(line["timestamp"]).timestamp() * 1e6) * 1000
    root = _span(trace, "POST /predict", start, line["latency_ms"])
    root["kind"] = 2  # server
    root["attributes"] = [
        {"key": key, "value": {"stringValue": str(line[name])}}
        for key, name in (("model", "model"), ("model.version", "model_version"),
                          ("http.response.status_code", "status"))
    ]  # fmt: skip
    root["status"] = {"code": 2 if int(line["status"]) >= 500 else 1}
    found = [root]
    for step, milliseconds in line.get("steps", {}).items():
        child = _span(trace, step, start, milliseconds)
        found.append(child | {"parentSpanId": root["spanId"]})
        start = int(child["endTimeUnixNano"])
    return found


def _span(trace: str, name: str, start: int, milliseconds: float) -> Json:
    number = hashlib.blake2b(f"{trace} {name}".encode(), digest_size=8).hexdigest()
    end = start + int(milliseconds * 1e6)
    return {
        "traceId": trace, "spanId": number, "name": name, "kind": 1,
        "startTimeUnixNano": str(start), "endTimeUnixNano": str(end),
    }  # fmt: skip


def message(lines: list[Json]) -> Json:
    """An OTLP request."""
    service = {"key": "service.name", "value": {"stringValue": "model-server"}}
    every = [span for line in lines for span in spans(line)]
    scope = {"scope": {"name": "inference-exporter-demo"}, "spans": every}
    return {"resourceSpans": [{"resource": {"attributes": [service]}, "scopeSpans": [scope]}]}


def follow(log: Path) -> Iterator[list[Json]]:
    """What is appended to a log from now on; a rotated log is begun anew, its rest is let go."""
    file = log.open("rb")
    file.seek(0, 2)
    rest = b""
    try:
        while True:
            *whole, rest = (rest + file.read()).split(b"\n")
            yield [json.loads(line) for line in whole[-_MOST:]]
            if log.exists() and log.stat().st_ino != _inode(file.fileno()):
                file.close()
                file, rest = log.open("rb"), b""
    finally:
        file.close()


def _inode(number: int) -> int:
    return Path(f"/proc/self/fd/{number}").stat().st_ino


def main() -> int:
    """Follow and send for ever; what cannot be sent is let go."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--send", required=True, help="address of the OTLP/HTTP endpoint")
    options = parser.parse_args()
    # The first process of a container is deaf to signals that it has no handler for.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while not options.log.exists():
        time.sleep(_PAUSE)
    session = requests.Session()
    for lines in follow(options.log):
        if lines:
            try:
                session.post(options.send, json=message(lines), timeout=5).raise_for_status()
            except requests.RequestException as error:
                sys.stderr.write(f"not sent: {error}\n")
        time.sleep(_PAUSE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
