"""`track`: windows of an exporter's metrics page, written to a tracker of experiments."""

from __future__ import annotations

import argparse
import signal
import threading
from typing import TYPE_CHECKING

from inference_exporter.errors import UsageError

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands
    from inference_exporter.trackers import Tracker

_EXAMPLES = """\
examples:
  inference-exporter track --mlflow.url=http://mlflow:5000
  inference-exporter track --mlflow.url=http://mlflow:5000 --model=credit-risk --interval=3600
  inference-exporter track --mlflow.url=http://mlflow:5000 --once        from a cron job
  inference-exporter track --wandb.project=production --wandb.offline    sync it later

Each version has a run of its own, "production: MODEL VERSION", found again after a restart. With
model_uri (docs/trackers.md) it is a child of the MLflow run that trained the version; without, it
is in the experiment that --mlflow.experiment names. Values are those of the page: a name such as
drift/24h/psi/income or performance/24h/accuracy each. MLFLOW_TRACKING_TOKEN, or
MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, are said to MLflow.
"""


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "track", parents=parents, help="write drift and performance to MLflow or W&B",
        description="Reads an exporter's metrics page at an interval and writes what its windows "
        "say to a tracker of experiments, so that production stands beside training.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    parser.add_argument(
        "--exporter.url", dest="page", default="http://localhost:9469/metrics", metavar="URL",
        help="the page to read (default: http://localhost:9469/metrics)",
    )  # fmt: skip
    parser.add_argument(
        "--model", dest="models", metavar="NAME", action="append", default=[],
        help="only this one; may be given several times (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--statistic", dest="statistics", metavar="NAME", action="append", default=[],
        help="distances of inputs and outputs to write; may be given several times (default: psi)",
    )  # fmt: skip
    parser.add_argument(
        "--interval", type=_seconds, default=300.0, metavar="SECONDS", help="default: 300"
    )
    parser.add_argument(
        "--once", action="store_true", help="write once and end; exit code 1 if anything failed"
    )
    _add_trackers(parser)
    parser.set_defaults(function=_track)


def _add_trackers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mlflow.url", dest="mlflow", metavar="URL", help="an MLflow tracking server"
    )
    parser.add_argument(
        "--mlflow.experiment", dest="experiment", default="production", metavar="NAME",
        help="where runs are of versions whose training is not known (default: production)",
    )  # fmt: skip
    parser.add_argument(
        "--wandb.project", dest="wandb", metavar="NAME", help="a project of Weights & Biases"
    )
    parser.add_argument(
        "--wandb.offline", dest="offline", action="store_true",
        help="keep runs in ./wandb, for `wandb sync`",
    )  # fmt: skip


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 1.0 <= found <= 86400.0 * 31:
        raise argparse.ArgumentTypeError(f"{text}: expected seconds, 1 to 2678400")
    return found


def _track(options: argparse.Namespace) -> int:
    from inference_exporter.trackers import Page, follow, look
    from inference_exporter.trackers.measures import STATISTICS

    trackers = _trackers(options)
    page = Page(options.page, options.models, options.statistics or STATISTICS)
    stop = threading.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stop.set())
    try:
        if options.once:
            return int(look(page, trackers).failed)
        follow(page, trackers, options.interval, stop)
    finally:
        for tracker in trackers:
            tracker.close()
    return 0


def _trackers(options: argparse.Namespace) -> list[Tracker]:
    from inference_exporter.trackers import MlflowTracker, WandbTracker

    found: list[Tracker] = []
    if options.mlflow:
        found.append(MlflowTracker(options.mlflow, options.page, options.experiment))
    if options.wandb:
        found.append(WandbTracker(options.wandb, options.page, offline=options.offline))
    if not found:
        raise UsageError("nowhere to write to: give --mlflow.url or --wandb.project")
    return found
