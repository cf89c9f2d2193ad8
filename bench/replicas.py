"""The pages of many simulated replicas on one port, for `bench.rules`.

    python -m bench.replicas REPLICAS FEATURES BINS

Prints its port; the two above it are free for Prometheus.
"""

from __future__ import annotations

import math
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from inference_exporter import config
from inference_exporter.config.buckets import request_buckets
from inference_exporter.config.thresholds import in_force
from inference_exporter.values.samples import format_bound

_MODEL = 'model="credit",version="1"'
(_DEFAULT,) = config.parse("models: {m: {logs: [x], fields: {prediction: y}}}", "bench").models
_BOUNDS = (*request_buckets(_DEFAULT), math.inf)
_RATE = 20.0  # predictions per second and replica


def main(arguments: list[str]) -> None:
    """Serve until it is ended."""
    _, features, bins = map(int, arguments)
    static = _static(features, bins)
    started = time.time() - 60

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            rows = (time.time() - started) * _RATE
            body = (static + _counters(features, bins, rows)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", _free_ports()), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


def _free_ports() -> int:
    while True:
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                two.bind(("127.0.0.1", port + 1))
                three.bind(("127.0.0.1", port + 2))
            except OSError:
                continue
            return port


def _static(features: int, bins: int) -> str:
    lines = [
        f'inference_threshold{{model="credit",name="{name}",feature=""}} {value}'
        for name, value in in_force({"request_duration_seconds": 0.25}).items()
    ]
    lines.append(f'inference_model_info{{{_MODEL},format="json",task="classification"}} 1')
    lines.append('inference_positive_class_info{model="credit",class="1"} 1')
    for number in range(features):
        of = f'{_MODEL},reference="r",feature="feature_{number:02d}"'
        lines.append(f"inference_feature_reference_samples{{{of}}} 100000")
        lines.append(f"inference_feature_drift_quantile{{{of}}} 41.5")
        lines.append(f"inference_feature_reference_missing_ratio{{{of}}} 0")
        lines += [
            f'inference_feature_reference_ratio{{{of},bin="{cell:02d}",range="x"}} {1 / bins}'
            for cell in range(bins)
        ]
        lines += [
            f'inference_feature_bin_rank{{{of},bin="{cell:02d}"}} {(cell + 0.5) / bins}'
            for cell in range(bins)
        ]
        named = f'{_MODEL},feature="feature_{number:02d}"'
        lines.append(f"inference_feature_importance_ratio{{{named}}} {1 / features}")
    return "\n".join(lines) + "\n"


def _counters(features: int, bins: int, rows: float) -> str:
    lines = [
        f'inference_requests_total{{{_MODEL},code="200"}} {rows}',
        f"inference_request_failures_total{{{_MODEL}}} {rows / 1000}",
        f"inference_last_prediction_timestamp_seconds{{{_MODEL}}} {time.time()}",
    ]
    lines.append(f"inference_requests_slow_total{{{_MODEL}}} {rows / 50}")
    for bound in _BOUNDS:
        bucket, share = "inference_request_duration_seconds_bucket", 1 - math.exp(-20 * bound)
        lines.append(f'{bucket}{{{_MODEL},le="{format_bound(bound)}"}} {rows * share}')
    for predicted in "01":
        for actual in "01":
            share = 0.45 if predicted == actual else 0.05
            cell = f'{_MODEL},predicted="{predicted}",actual="{actual}"'
            lines.append(f"inference_outcomes_total{{{cell}}} {rows * share}")
    for actual in "01":
        for cell_number in range(20):
            cell = f'{_MODEL},actual="{actual}",bin="{cell_number:02d}"'
            lines.append(f"inference_score_outcomes_total{{{cell}}} {rows / 40}")
            lines.append(f"inference_score_outcomes_score_total{{{cell}}} {rows / 80}")
    for number in range(features):
        name = f'feature="feature_{number:02d}"'
        for flaw in ("missing", "invalid", "out_of_range"):
            lines.append(f"inference_feature_{flaw}_total{{{_MODEL},{name}}} {rows / 1000}")
        lines += [
            f'inference_feature_bin_total{{{_MODEL},reference="r",{name},bin="{cell:02d}"}}'
            f" {rows / bins}"
            for cell in range(bins)
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
