"""`check`: is the configuration valid, and how are lines understood."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from inference_exporter.cli.terminal import first_lines, say
from inference_exporter.errors import UsageError

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands
    from inference_exporter.config.schema import ModelConfig
    from inference_exporter.values.profile import Reference

_TABLE_LINES = 1000  # of a sample that the table is made of


_EXAMPLES = """\
examples:
  inference-exporter check --config.file=config.yaml
  inference-exporter check --sample=/logs/predictions.jsonl --lines=3
  inference-exporter check --sample=/logs/predictions.jsonl --explain=17     the 17th line
  kubectl logs my-model | inference-exporter check --sample=-
"""


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    check = commands.add_parser(
        "check", parents=parents, help="validate the configuration; show how lines are understood",
        description="Reports every problem of the configuration at once. With --sample it prints "
        "how much of the first 1,000 lines each field was found in, what such a log lacks, and "
        "for each of the first lines the fields as understood, or the reason why not.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    check.add_argument(
        "--sample", metavar="LOG", action="append",
        help="a log to try it on; - is standard input; several where requests and responses are"
        " files of their own",
    )  # fmt: skip
    check.add_argument(
        "--lines", type=int, default=5, metavar="N", help="how many lines of it (default: 5)"
    )
    check.add_argument(
        "--explain", metavar="LINE",
        help="show step by step what becomes of one line: its number in the sample, or its text",
    )  # fmt: skip
    check.add_argument("--model", metavar="NAME", help="only this model (default: all)")
    check.set_defaults(function=_check)


def _check(options: argparse.Namespace) -> int:
    from inference_exporter.assembly import load_all

    config, references = load_all(options.config_file)
    most = max(options.lines, _TABLE_LINES)
    lines = [line for path in options.sample or () for line in first_lines(path, most)]
    for model in config.models:
        if options.model and model.name != options.model:
            continue
        if options.explain:
            _explain(model, references[model.name], lines, options.explain)
        elif options.sample:
            _show(model, references[model.name], lines, options.lines)
        else:
            say(f"{model.name}: {_where(model)}")
    if options.model and options.model not in {model.name for model in config.models}:
        known = ", ".join(model.name for model in config.models)
        raise UsageError(f"--model={options.model}: not in {options.config_file}; it has {known}")
    say(f"{options.config_file} is valid")
    return 0


def _where(model: ModelConfig) -> str:
    parts = [f"logs {', '.join(model.logs)}"] if model.logs else []
    parts += [f"receives {', '.join(model.receive)}"] if model.receive else []
    return "; ".join(parts)


def _show(model: ModelConfig, known: Reference | None, lines: list[bytes], count: int) -> None:
    from inference_exporter.assembly import decoded_kinds
    from inference_exporter.formats import make_decoder, peel_of
    from inference_exporter.formats.coverage import coverage
    from inference_exporter.formats.sample import explain

    block = b"".join(line.rstrip(b"\r\n") + b"\n" for line in lines)
    inside = peel_of(model)(block, arrays=True)
    if model.pairs is not None:
        inside = _joined(model, block)
    if inside:
        say(coverage(model, make_decoder(model, None, collect=True).decode(inside)))
    first = inside.splitlines(keepends=True)[:count]
    say(explain(model, first, decoded_kinds(model, known)))


def _joined(model: ModelConfig, block: bytes) -> bytes:
    """Requests with their responses; those without one at the end."""
    from inference_exporter.pairs import HalfReader, waiting_of

    assert model.pairs is not None
    halves, _ = HalfReader(model).read(block)
    waiting = waiting_of(model.pairs, len(halves) + 1)
    lines = [waiting.meet(half, 0.0) for half in halves]
    lines.append(waiting.overdue(float("inf")))
    if model.pairs.by == "order":
        doubtful = waiting.counts["ambiguous"]
        say(
            f"joined by order: {waiting.counts['answered']} requests with the response behind them,"
            f" {doubtful} ambiguous; it is sound only where one request is open at a time"
        )
        if doubtful:
            say("warning: requests overlap, and those that do are not joined: log an id with both")
    return b"".join(lines)


def _explain(model: ModelConfig, known: Reference | None, lines: list[bytes], which: str) -> None:
    from inference_exporter.assembly import decoded_kinds
    from inference_exporter.formats import peel_of
    from inference_exporter.formats.sample import explain
    from inference_exporter.formats.steps_shown import steps_of

    line = which.encode("utf-8", "surrogateescape")
    if which.isdigit() and lines:
        if not 1 <= int(which) <= len(lines):
            raise UsageError(f"--explain={which}: the sample has the lines 1 to {len(lines)}")
        line = lines[int(which) - 1]
    for text in steps_of(model, line):
        say(text)
    inside = peel_of(model)(line.rstrip(b"\r\n") + b"\n", arrays=True)
    if model.pairs is None:
        say(explain(model, inside.splitlines(keepends=True), decoded_kinds(model, known)))
    else:
        say(_half(model, line))


def _half(model: ModelConfig, line: bytes) -> str:
    """Which half of which prediction a line is."""
    from inference_exporter.pairs import HalfReader

    assert model.pairs is not None
    halves, read = HalfReader(model).read(line.rstrip(b"\r\n") + b"\n")
    if not halves:
        return f"{', '.join(read.results)}: {read.example[0] if read.example else 'no half'}"
    half = halves[0]
    other = "response" if half.side == "request" else "request"
    if model.pairs.by == "order":
        where = "behind" if half.side == "request" else "in front of"
        return (
            f"this line is half of a prediction: a {half.side}; its {other} is the line {where} it,"
            " if no other request is open"
        )
    row = ", or a row of it" if model.pairs.rows and half.side == "request" else ""
    return (
        f"this line is half of a prediction: the {half.side}{row} {half.id}; its other half, the"
        f" {other}, is another line"
    )
