"""`check`: is the configuration valid, and how are lines understood."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from inference_exporter.cli.terminal import first_lines, say
from inference_exporter.errors import UsageError

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    check = commands.add_parser(
        "check", parents=parents, help="validate the configuration; show how lines are understood",
        description="Reports every problem of the configuration at once. With --sample it prints "
        "for each of the first lines the fields as understood, or the reason why not.",
    )  # fmt: skip
    check.add_argument("--sample", metavar="LOG", help="a log to try it on; - is standard input")
    check.add_argument(
        "--lines", type=int, default=5, metavar="N", help="how many lines of it (default: 5)"
    )
    check.add_argument("--model", metavar="NAME", help="only this model (default: all)")
    check.set_defaults(function=_check)


def _check(options: argparse.Namespace) -> int:
    from inference_exporter.assembly import decoded_kinds, load_all
    from inference_exporter.formats.sample import explain

    config, references = load_all(options.config_file)
    for model in config.models:
        if options.model and model.name != options.model:
            continue
        if options.sample:
            lines = first_lines(options.sample, options.lines)
            say(explain(model, lines, decoded_kinds(model, references[model.name])))
        else:
            say(f"{model.name}: logs {', '.join(model.logs)}")
    if options.model and options.model not in {model.name for model in config.models}:
        raise UsageError(f"--model={options.model}: not in {options.config_file}")
    say(f"{options.config_file} is valid")
    return 0
