"""`once`: read the logs to their end, print the metrics."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from inference_exporter.cli.terminal import Progress

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands


_EXAMPLES = """\
examples:
  inference-exporter once --config.file=config.yaml
  inference-exporter once --format=openmetrics > page.txt
"""


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    once = commands.add_parser(
        "once", parents=parents, help="read the logs to their end, print the metrics, exit",
        description="Reads the logs from their beginning to their end and prints what /metrics "
        "would show then. Windows end at the newest line. Keeps no state.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    once.add_argument(
        "--format", choices=("text", "openmetrics"), default="text", help="default: text"
    )
    once.set_defaults(function=_once)


def _once(options: argparse.Namespace) -> int:
    from inference_exporter.assembly import read_once
    from inference_exporter.exposition.openmetrics import render_openmetrics
    from inference_exporter.exposition.text import render_text

    with Progress(sys.stderr) as progress:
        snapshot = read_once(options.config_file, tell=progress.show)
    render = render_openmetrics if options.format == "openmetrics" else render_text
    sys.stdout.buffer.write(render(snapshot))
    sys.stdout.buffer.flush()
    return 0
