"""Help of all commands: each has examples, and each example is understood by its own parser."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from inference_exporter.cli import main, new_parser, reference_doc
from inference_exporter.cli.parsers import EXIT_CODES, walk

PARSERS = {one.prog: one for one in walk(new_parser())}
PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
_EXAMPLE = re.compile(r"^ +(?:[^|\n]*\| )?(inference-exporter .*)$", re.MULTILINE)


@pytest.mark.parametrize("prog", PARSERS)
def test_every_command_has_examples_that_it_understands(prog: str) -> None:
    parser = PARSERS[prog]
    assert parser.description, prog
    epilog = parser.epilog or ""
    assert "examples" in epilog
    told = [re.split(r" {2,}| [|>] ", line)[0] for line in _EXAMPLE.findall(epilog)]
    assert any(line.startswith(prog) for line in told), "no example of its own"
    for line in told:
        if "COMMAND" not in line:
            options = new_parser().parse_args(shlex.split(line)[1:])
            assert callable(options.function), line


@pytest.mark.parametrize("prog", PARSERS)
def test_every_argument_says_what_it_is(prog: str) -> None:
    for action in PARSERS[prog]._actions:
        if not isinstance(action, argparse._SubParsersAction):
            assert action.help, f"{prog}: {action.option_strings or action.dest}"


def test_exit_codes_are_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    found = re.findall(r"^  (\d+) ", capsys.readouterr().out.partition("exit codes:")[2], re.M)
    assert [int(code) for code in found] == list(EXIT_CODES)


def test_bad_usage_says_where_help_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["reference", "build"])
    assert capsys.readouterr().err.endswith("\ntry: inference-exporter reference build --help\n")


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_doc.render()
