"""`config`: what is in force, with every default; and a schema of the file for editors."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from inference_exporter.cli.terminal import say

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands

_EXAMPLES = """\
examples:
  inference-exporter config --config.file=config.yaml            what is in force
  inference-exporter config --schema > inference-exporter.schema.json

With the schema an editor knows every key. For those that use yaml-language-server, write on the
first line of config.yaml:
  # yaml-language-server: $schema=inference-exporter.schema.json
"""


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "config", parents=parents, help="print what is in force, or a schema for editors",
        description="Prints the configuration as it is in force: what the file says, what its "
        "preset brings, and every default, marked as such. Header values and passwords in "
        "addresses are masked. It is a valid configuration again.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    parser.add_argument(
        "--schema", action="store_true",
        help="print the JSON schema of the file instead; needs no configuration",
    )  # fmt: skip
    parser.set_defaults(function=_config)


def _config(options: argparse.Namespace) -> int:
    if options.schema:
        from inference_exporter.config.json_schema import json_schema

        say(json.dumps(json_schema(), indent=1, ensure_ascii=False))
        return 0
    from inference_exporter import config as configuration
    from inference_exporter.config import document
    from inference_exporter.config.effective import effective

    configuration.load(options.config_file)  # says what is wrong, where something is
    say(
        f"# {options.config_file} as it is in force\n"
        + effective(document.read(options.config_file))
    )
    return 0
