"""`completion`: what comes next on the command line, for bash, zsh and fish.

The shells ask this program, so that what they offer is always what it understands: a script of
some lines hands over the words so far, and the parsers say which words may follow. Where nothing is
to be said the shell offers files.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from inference_exporter.cli.parsers import children
from inference_exporter.cli.terminal import say

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands

SHELLS = ("bash", "zsh", "fish")
SCRIPTS = Path(__file__).parent / "completions"

_EXAMPLES = """\
examples:
  source <(inference-exporter completion bash)          in ~/.bashrc
  inference-exporter completion zsh > ~/.zfunc/_inference-exporter
  inference-exporter completion fish > ~/.config/fish/completions/inference-exporter.fish

For zsh the folder is in fpath before compinit is called: fpath+=~/.zfunc
"""


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "completion", parents=parents, help="print a script of completion for a shell",
        description="Prints a script with which a shell completes commands, options and their "
        "words.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")
    parser.add_argument("--words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.set_defaults(function=_completion)


def _completion(options: argparse.Namespace) -> int:
    if options.words is None:
        say((SCRIPTS / f"inference-exporter.{options.shell}").read_text(encoding="utf-8"))
        return 0
    from inference_exporter.cli import new_parser

    for word, meaning in following(new_parser(), _rejoined(options.words)):
        say(f"{word}\t{meaning}")
    return 0


def following(parser: argparse.ArgumentParser, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Words that may stand where the last one is begun, each with its meaning."""
    *before, last = words or [""]
    wanted: argparse.Action | None = None
    for word in before:
        if wanted is None and word in children(parser):
            parser = children(parser)[word]
        wanted = None if wanted is not None or "=" in word else _valued(parser, word)
    if wanted is not None:
        found = _values(wanted)
    elif last.startswith("-") and "=" in last:
        option = last.partition("=")[0]
        action = _valued(parser, option)
        found = ((f"{option}={value}", "") for value, _ in _values(action)) if action else iter(())
    else:
        found = _options(parser) if last.startswith("-") else _positional(parser)
    return (pair for pair in found if pair[0].startswith(last))


def _valued(parser: argparse.ArgumentParser, word: str) -> argparse.Action | None:
    """The option of that name, if it takes a value."""
    action = parser._option_string_actions.get(word)
    return None if action is None or action.nargs == 0 else action


def _values(action: argparse.Action) -> Iterator[tuple[str, str]]:
    return ((str(choice), "") for choice in action.choices or ())


def _options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if action.help != argparse.SUPPRESS:
            for name in action.option_strings:
                end = "" if action.nargs == 0 or not name.startswith("--") else "="
                yield name + end, (action.help or "").replace("%%", "%")


def _positional(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from ((one.dest, one.help or "") for one in action._choices_actions)
        elif not action.option_strings:
            yield from _values(action)


def _rejoined(words: Sequence[str]) -> list[str]:
    """Words as they were typed: bash takes `--format=te` for three.

    >>> _rejoined(["once", "--format", "=", "te"]), _rejoined(["--format", "="])
    (['once', '--format=te'], ['--format='])
    """
    found: list[str] = []
    for word in words:
        if found and (word == "=" or found[-1].endswith("=")):
            found[-1] += word
        else:
            found.append(word)
    return found
