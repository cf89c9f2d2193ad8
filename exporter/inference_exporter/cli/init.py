"""`init`: look at a log, write a configuration that reads it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inference_exporter.cli.terminal import first_lines, say
from inference_exporter.errors import UsageError

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    init = commands.add_parser(
        "init", parents=parents, help="look at a log, write a configuration that reads it",
        description="Looks at the first 1,000 lines of a log and writes a configuration that "
        "reads it. What was guessed is marked in comments.",
    )  # fmt: skip
    init.add_argument("log", metavar="LOG", help="a prediction log; - is standard input")
    init.add_argument(
        "--output", default="-", metavar="FILE", help="where to write it (default: the terminal)"
    )
    init.add_argument("--force", action="store_true", help="write over an existing file")
    init.set_defaults(function=_init)


def _init(options: argparse.Namespace) -> int:
    from inference_exporter.formats.guess import guess

    text = guess(first_lines(options.log, 1000), options.log)
    if options.output == "-":
        sys.stdout.write(text)
        return 0
    output = Path(options.output)
    if output.exists() and not options.force:
        raise UsageError(f"{output} exists already; --force writes over it")
    output.write_text(text, encoding="utf-8")
    say(f"{output} written; look at the lines with '# guessed', then try:")
    say(f"  inference-exporter check --config.file={output} --sample={options.log}")
    return 0
