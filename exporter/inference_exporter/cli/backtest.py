"""`backtest`: what would have paged, over a whole log."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inference_exporter.cli.terminal import Progress, say
from inference_exporter.errors import UsageError

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands

_EXAMPLES = """\
examples:
  inference-exporter backtest --config.file=config.yaml
  inference-exporter backtest /archive/2026-0*.jsonl.gz --html=backtest.html
  inference-exporter backtest log.jsonl --reference-first=14d --csv=decisions.csv
"""


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    backtest = commands.add_parser(
        "backtest", parents=parents, help="what would have paged: every decision over a whole log",
        description="Reads a log with the model and the decisions of the sidecar, on the log's own "
        "clock, and shows what would have been said to drift and when, estimated and realised "
        "performance by window, and how often this traffic alarms when judged against itself.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    backtest.add_argument("logs", nargs="*", metavar="LOG", help="default: those configured")
    backtest.add_argument("--labels", nargs="+", default=[], metavar="LOG", help="late labels")
    backtest.add_argument("--model", metavar="NAME", help="where the configuration has several")
    backtest.add_argument(
        "--reference-first", dest="first", metavar="SPAN",
        help="make the reference of the first part of the log, such as 14d",
    )  # fmt: skip
    backtest.add_argument("--csv", metavar="FILE", help="a row for every window and feature")
    backtest.add_argument("--html", metavar="FILE", help="a page with charts")
    backtest.set_defaults(function=_backtest)


def _backtest(options: argparse.Namespace) -> int:
    from inference_exporter.backtest import as_csv, as_text, page, replay
    from inference_exporter.config.checks import Wrong
    from inference_exporter.config.values import duration

    try:
        first = duration(60.0, 366 * 86400.0)(options.first) if options.first else 0.0
    except Wrong as error:
        raise UsageError(f"--reference-first={options.first}: {error.found[0][1]}") from error
    with Progress(sys.stderr) as progress:
        found = replay(
            options.config_file, options.logs, model=options.model, first=first,
            labels=options.labels, tell=progress.show,
        )  # fmt: skip
    say(as_text(found))
    for path, render in ((options.csv, as_csv), (options.html, page)):
        if path:
            Path(path).write_text(render(found), encoding="utf-8")
            say(f"{path} written")
    return 0
