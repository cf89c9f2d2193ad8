"""`report`: what the record and the state know of a period, as one page to keep."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from inference_exporter.cli.decisions import add_period
from inference_exporter.cli.terminal import say

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands

_EXAMPLES = """\
examples:
  inference-exporter report --config.file=config.yaml --output=report.html
  inference-exporter report --from=2026-10-01 --to=2027-01-01 --output=q4.html
  inference-exporter report --model=credit-risk --storage.path=/backup/state --output=credit.html
  chromium --headless --print-to-pdf=report.pdf report.html

The page is one file without scripts, to be opened, printed, archived and sent. It can be made
beside a running exporter, or a year later from a copy of the state folder with its decisions/.
"""


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "report", parents=parents, help="one page on a period, for who signs the model off",
        description="Writes one self-contained HTML page: traffic, every input live against the "
        "reference, decisions with their evidence, what could be decided, false alarms, "
        "performance, segments and fairness, data quality, definitions, fingerprints, and what is "
        "not known. Decisions are of the period, everything else of the last commit.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    parser.add_argument(
        "--storage.path", dest="storage_path", default="data", metavar="FOLDER",
        help="the state folder of `run`, or a copy of it (default: data)",
    )  # fmt: skip
    parser.add_argument("--model", metavar="NAME", help="only this one (default: all)")
    add_period(
        parser,
        "windows that ended after it, such as 2026-11-01 (default: as the record begins)",
        "windows that ended until then (default: as the record ends)",
    )
    parser.add_argument(
        "--output", default="report.html", metavar="FILE", help="default: report.html"
    )
    parser.set_defaults(function=_report)


def _report(options: argparse.Namespace) -> int:
    from inference_exporter.clock import SystemClock
    from inference_exporter.report import Period, report

    period = Period(options.start, options.end, options.model)
    page = report(options.config_file, options.storage_path, period, SystemClock())
    Path(options.output).write_text(page, encoding="utf-8")
    say(f"{options.output} written")
    return 0
