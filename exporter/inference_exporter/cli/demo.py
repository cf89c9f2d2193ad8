"""`demo`: a model server, its log, the exporter, and what is installed of Prometheus."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    from inference_exporter.demo.options import HELP, add_arguments

    demo = commands.add_parser("demo", parents=parents, help=HELP)
    add_arguments(demo)
    demo.set_defaults(function=_demo)


def _demo(options: argparse.Namespace) -> int:
    from inference_exporter.demo.run import main as demo

    return demo(options)
