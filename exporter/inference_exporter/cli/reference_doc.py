"""`docs/command-line.md`, rendered from the parsers themselves.

python -m inference_exporter.cli.reference_doc > docs/command-line.md
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from inference_exporter.cli import new_parser
from inference_exporter.cli.parsers import EXIT_CODES, children, walk

_INTRO = """\
# The command line

<!-- Written by `python -m inference_exporter.cli.reference_doc`; edit the parsers of
     `inference_exporter/cli/`, not this file. -->

`inference-exporter COMMAND --help` says what is on this page, with the same examples.

- **Output and messages.** What a command was asked for is on standard output, everything else on
  standard error: `inference-exporter once > page.txt` has nothing but the page in it.
- **Progress.** `once`, `backtest` and `reference build` draw a bar with the bytes a second and the
  time left after a second of work, if standard error is a terminal; else they write a line of the
  log every ten seconds. `run` with more than 64 MiB to catch up with says in its log how much is
  left and for how long, every ten seconds.
- **Colour** is used on a terminal only, and never where
  [`NO_COLOR`](https://no-color.org) is set or `TERM=dumb`. It never carries meaning alone.
- **Errors** say in one sentence what is wrong and what to do, on standard error.
"""

_EXIT = """\

## Exit codes

| code | meaning |
|---|---|
"""


def render() -> str:
    """The page."""
    return "".join(_parts()).rstrip() + "\n"


def _parts() -> Iterator[str]:
    parser = new_parser()
    yield _INTRO
    yield _EXIT
    for code, meaning in EXIT_CODES.items():
        yield f"| {code} | {_cell(meaning)} |\n"
    for one in walk(parser):
        if one is not parser:
            yield from _command(one)


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"\n## {parser.prog.partition(' ')[2]}\n\n"
    description = parser.description or ""
    if "\n" in description:
        yield f"```text\n{description.rstrip()}\n```\n"
    else:
        yield f"{description}\n"
    if not children(parser):
        yield from _arguments(parser)
    if parser.epilog:
        yield f"\n```text\n{parser.epilog.rstrip()}\n```\n"


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield "\n| argument | meaning |\n|---|---|\n"
    for action in parser._actions:
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction):
            yield f"| {_name(action)} | {_cell(action.help or '')} |\n"


def _name(action: argparse.Action) -> str:
    """`--format text, openmetrics`: how it is written, and what it may be."""
    named = ", ".join(f"`{one}`" for one in action.option_strings)
    value = action.metavar if isinstance(action.metavar, str) else ""
    if action.choices is not None:
        value = ", ".join(map(str, action.choices))
    if not named:
        return f"`{value}`"
    return f"{named} `{value}`" if value and action.nargs != 0 else named


def _cell(text: str) -> str:
    return text.replace("%%", "%").replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(render())
