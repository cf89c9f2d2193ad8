"""`run`: the sidecar."""

from __future__ import annotations

import argparse
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands


_EXAMPLES = """\
examples:
  inference-exporter run --config.file=config.yaml
  inference-exporter run --config.file=config.yaml --storage.path=/var/lib/inference-exporter
  inference-exporter run --web.listen-address=127.0.0.1:9469 --web.config.file=web.yaml
  inference-exporter run --log.format=json --log.level=warning

Then, from another terminal:
  curl --request POST http://localhost:9469/-/reload     after a change of config.yaml
"""


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    run = commands.add_parser(
        "run", parents=parents, help="follow the logs and serve /metrics",
        description="Follows the logs and serves /metrics. SIGHUP or POST /-/reload reads the "
        "configuration again; SIGTERM and Ctrl-C commit what was read and end.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    run.add_argument(
        "--storage.path", dest="storage_path", default="data", metavar="FOLDER",
        help="where offsets, counters and windows are kept over restarts (default: data)",
    )  # fmt: skip
    run.add_argument(
        "--web.listen-address", dest="listen", default=":9469", metavar="ADDRESS",
        help="where to serve, such as :9469 or 127.0.0.1:9469 (default: :9469)",
    )  # fmt: skip
    run.add_argument(
        "--web.private-address", dest="private", metavar="ADDRESS",
        help="where to serve the status page, reloads and what is posted; then the other address "
        "answers metrics and health checks only (default: all at one address)",
    )  # fmt: skip
    run.add_argument(
        "--web.telemetry-path", dest="telemetry_path", default="/metrics", metavar="PATH",
        help="where the metrics are (default: /metrics)",
    )  # fmt: skip
    run.add_argument(
        "--web.config.file", dest="web_config_file", metavar="FILE",
        help="TLS and basic authentication, in Prometheus's web configuration format",
    )  # fmt: skip
    run.add_argument(
        "--web.max-requests", dest="max_requests", type=int, default=40, metavar="N",
        help="requests answered at the same time, beside what is posted (default: 40)",
    )  # fmt: skip
    run.add_argument(
        "--web.created-series", dest="created_series", action="store_true",
        help="give OpenMetrics scrapers the time each counter began, as one more series beside it",
    )  # fmt: skip
    run.set_defaults(function=_run)


def _run(options: argparse.Namespace) -> int:
    # Importing takes a second, and the first process of a container ignores a signal that nobody
    # has asked for: it would be killed half a minute later.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    from inference_exporter.app import Application, Options

    Application(
        Options(
            config_file=options.config_file,
            storage_path=options.storage_path,
            listen=options.listen,
            private=options.private,
            telemetry_path=options.telemetry_path,
            web_config_file=options.web_config_file,
            max_requests=options.max_requests,
            created_series=options.created_series,
        )
    ).run()
    return 0
