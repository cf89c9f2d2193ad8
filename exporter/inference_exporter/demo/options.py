"""What the demo can be told. Imports nothing heavy: the command line shows this help."""

from __future__ import annotations

import argparse

HELP = "a model server, its log, this exporter and Prometheus: something to look at"

DESCRIPTION = """\
Starts everything that this exporter is about, on this machine only:

  a model        a scikit-learn pipeline that rates loan applicants, trained on the spot
  a model server that answers requests and writes a prediction log
  traffic        applicants at 20 requests a second; after three minutes their income
                 arrives 1.3 times too large, as if somebody upstream had changed a unit
  the exporter   beside the log, with a reference profile built from data of its own
  Prometheus     and Alertmanager, if they are installed

It says what it does, what to open, and what to watch for. Ctrl-C ends all of it.
"""

EPILOG = """\
examples:
  inference-exporter demo                         until Ctrl-C
  inference-exporter demo --drift-after=900       a quarter of an hour of quiet first
  inference-exporter demo --labels=0              no outcomes: is drift visible without them?
  inference-exporter demo --drift-after=1e9       no drift: what does a quiet model look like?

Everything it makes is in the folder and can be read: config.yaml, reference.csv,
reference.json, predictions.jsonl, prometheus.yml, and a log per process. The next start in
the same folder begins afresh. It needs scikit-learn: pip install 'inference-exporter[demo]'.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the arguments of the demo."""
    parser.description, parser.epilog = DESCRIPTION, EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add(
        "--folder", default=".demo", metavar="FOLDER",
        help="where its files go; must be empty, new or an earlier demo's (default: .demo)",
    )  # fmt: skip
    add(
        "--rate", type=_rate, default=20.0, metavar="N",
        help="requests a second, one at a time, at most 200 (default: 20)",
    )  # fmt: skip
    add(
        "--drift-after", type=_seconds, default=180.0, metavar="SECONDS",
        help="when the income begins to arrive 1.3 times too large (default: 180); much sooner,"
        " traffic is taken to wander by itself, and no alarm comes for a while",
    )  # fmt: skip
    add(
        "--labels", type=_share, default=0.5, metavar="SHARE",
        help="share of requests whose outcome is logged with them, 0 to 1 (default: 0.5)",
    )  # fmt: skip
    add(
        "--duration", type=_seconds, metavar="SECONDS",
        help="end all of it after so long (default: Ctrl-C ends it)",
    )  # fmt: skip
    add(
        "--requests", type=_count, metavar="N",
        help="send so many requests and no more, but leave the rest running (default: no end)",
    )  # fmt: skip
    add(
        "--log-bytes", type=_count, default=2_000_000, metavar="BYTES",
        help="size at which the prediction log is rotated (default: 2000000)",
    )  # fmt: skip
    add(
        "--no-prometheus", dest="prometheus", action="store_false",
        help="leave out Prometheus and Alertmanager even if they are installed",
    )  # fmt: skip


def _number(text: str, low: float, high: float, expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value


def _seconds(text: str) -> float:
    return _number(text, 0.0, 1e9, "a number of seconds")


def _rate(text: str) -> float:
    return _number(text, 0.01, 200.0, "requests a second, 0.01 to 200")


def _share(text: str) -> float:
    return _number(text, 0.0, 1.0, "a share from 0 to 1")


def _count(text: str) -> int:
    return int(_number(text, 1.0, 1e12, "a whole number from 1"))
