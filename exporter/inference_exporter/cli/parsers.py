"""What all parsers of the command line have in common: exit codes, examples, what to do next."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator
from typing import Any, NoReturn

EXIT_CODES = {
    0: "done; `run` and `track` end so at SIGTERM, and at Ctrl-C too",
    1: "failed while it ran, such as a full disk, a state folder in use or a server that does not "
    "answer; also: `decisions --verify` found a difference, `track --once` could not write",
    2: "nothing was done: wrong usage, a wrong configuration, or a file that cannot be used",
    130: "ended by Ctrl-C",
}


class _Help(argparse.HelpFormatter):
    """Texts of several lines stay as they are written, sentences are wrapped."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """A parser that says how to go on after an error."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": _Help, **options})

    def error(self, message: str) -> NoReturn:
        """End with the message, and say where help is."""
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: error: {message}\ntry: {self.prog} --help\n")


def walk(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser, and the parsers of everything below it in the order of its help."""
    yield parser
    for child in children(parser).values():
        yield from walk(child)


def children(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of its commands by name; empty where it has none."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
    return found


def exit_codes() -> str:
    """The table as `--help` shows it."""
    lines = ["exit codes:"]
    for code, meaning in EXIT_CODES.items():
        lines += textwrap.wrap(
            meaning, 96, initial_indent=f"  {code:<5}", subsequent_indent=" " * 7
        )
    return "\n".join(lines) + "\n"
