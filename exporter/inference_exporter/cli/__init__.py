"""Arguments in, exit code out; what the codes mean is in `parsers.py`.

Exit codes live here and nowhere else; each command has a file of its own beside this one. What a
command needs is imported when it runs, so that `--help` is quick.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence

from inference_exporter import __version__
from inference_exporter.cli import (
    backtest,
    check,
    completion,
    config,
    decisions,
    demo,
    init,
    once,
    own_log,
    reference,
    report,
    run,
    status,
    track,
)
from inference_exporter.cli.parsers import Parser, exit_codes
from inference_exporter.errors import InferenceExporterError

_EPILOG = """\
examples, which are the first steps:
  inference-exporter init /logs/predictions.jsonl --output=config.yaml
  inference-exporter check --config.file=config.yaml --sample=/logs/predictions.jsonl
  inference-exporter reference build train.csv --config.file=config.yaml --output=reference.json
  inference-exporter run --config.file=config.yaml                 then open http://localhost:9469

Each command has examples of its own: inference-exporter COMMAND --help

"""

_NEXT_STEPS = {
    errno.ENOENT: "name a file or folder that is there",
    errno.EACCES: "run it as who may read and write there, or name another place",
    errno.EPERM: "run it as who may read and write there, or name another place",
    errno.EROFS: "name a place that can be written to",
    errno.ENOSPC: "make room on that disk, or name another place",
    errno.EMFILE: "allow more open files (ulimit -n), or set limits.open_files lower",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    # Before NumPy is imported: nothing here is large enough for threads of linear algebra, and
    # idle ones spin for work, 5 % of all CPU time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    options = new_parser().parse_args(arguments)
    own_log.set_up(options)
    try:
        code = int(options.function(options))
        sys.stdout.flush()  # here, where a reader that has gone is no crash
        return code
    except InferenceExporterError as error:
        return _failed(error, error.exit_code, error.next_step)
    except BrokenPipeError:  # the reader of our output has gone; so does the exit flush's target
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _failed(error, 1, _NEXT_STEPS.get(error.errno or 0, ""))
    except KeyboardInterrupt:
        return 130


def _failed(error: Exception, code: int, next_step: str) -> int:
    """Say what is wrong and what to do; the exit code."""
    sys.stderr.write(f"inference-exporter: {error}\n")
    if next_step:
        sys.stderr.write(f"next: {next_step}\n")
    return code


def new_parser() -> argparse.ArgumentParser:
    """The parser of everything; `new_parser().parse_args` is how a line is understood."""
    parser: argparse.ArgumentParser = Parser(
        prog="inference-exporter",
        description="Reads a model server's prediction log and serves drift, accuracy, latency "
        "and data-quality metrics to Prometheus.",
        epilog=_EPILOG + exit_codes(),
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    own_log.add_options(common)
    configured = argparse.ArgumentParser(add_help=False)
    configured.add_argument(
        "--config.file", dest="config_file", default="config.yaml", metavar="FILE",
        help="the configuration (default: config.yaml)",
    )  # fmt: skip
    run.add(commands, [common, configured])
    status.add(commands, [common])
    once.add(commands, [common, configured])
    check.add(commands, [common, configured])
    config.add(commands, [common, configured])
    init.add(commands, [common])
    reference.add(commands, common, configured)
    backtest.add(commands, [common, configured])
    decisions.add(commands, [common])
    report.add(commands, [common, configured])
    track.add(commands, [common])
    demo.add(commands, [common])
    completion.add(commands, [common])
    return parser
