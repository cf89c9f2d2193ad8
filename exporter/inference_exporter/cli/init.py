"""`init`: look at a log, write a configuration that reads it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from inference_exporter.cli.folders import Logs, files_in, named
from inference_exporter.cli.seasons import season_of
from inference_exporter.cli.terminal import first_lines, say
from inference_exporter.errors import UsageError

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands


_MOST_FILES = 100


_EXAMPLES = """\
examples:
  inference-exporter init /logs/predictions.jsonl
  inference-exporter init /logs/predictions.jsonl --output=config.yaml
  inference-exporter init requests.jsonl responses.jsonl --output=config.yaml --force
  kubectl logs my-model | inference-exporter init - --output=config.yaml
"""


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    init = commands.add_parser(
        "init", parents=parents, help="look at a log, write a configuration that reads it",
        description="Looks at the first 1,000 lines of a log and writes a configuration that "
        "reads it. What was guessed is marked in comments. Several files, or a folder, are read "
        "together: requests and responses, or BentoML's data and schema.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    init.add_argument(
        "log", metavar="LOG", nargs="+", help="a prediction log, or a folder; - is standard input"
    )
    init.add_argument(
        "--output", default="-", metavar="FILE", help="where to write it (default: the terminal)"
    )
    init.add_argument("--force", action="store_true", help="write over an existing file")
    init.set_defaults(function=_init)


def _init(options: argparse.Namespace) -> int:
    from inference_exporter.formats.guess import guess

    logs, lines, labels = _sample(options.log)
    text = guess(
        lines, logs.paths[0], logs.paths[1:], batch=logs.batch, notes=logs.notes, labels=labels
    )
    text += season_of(text, [path for one in options.log for path in _files(one)])
    if options.output == "-":
        sys.stdout.write(text)
        return 0
    output = Path(options.output)
    if output.exists() and not options.force:
        raise UsageError(f"{output} exists already; --force writes over it")
    output.write_text(text, encoding="utf-8")
    say(f"{output} written; look at the lines with '# guessed', then try:")
    sample = logs.paths[0] if "*" not in logs.paths[0] else _files(options.log[0])[0]
    say(f"  inference-exporter check --config.file={output} --sample={sample}")
    return 0


def _sample(given: list[str]) -> tuple[Logs, list[bytes], tuple[str, ...]]:
    """The logs to configure, lines of all files that are given, and settings of labels."""
    from inference_exporter.formats.guessing.label_files import labels_of
    from inference_exporter.formats.guessing.schema_lines import is_schema_line

    files = {one: _files(one) for one in given}
    looked = [path for found in files.values() for path in found[:_MOST_FILES]]
    share = max(1, 1000 // len(looked))
    schemas: set[str] = set()
    lines: list[bytes] = []
    labels: tuple[str, ...] = ()
    for path in looked:
        found = first_lines(path, share)
        told = labels_of(path, found) if len(given) > 1 and path in given and not labels else ()
        if told:
            labels = told
            del files[path]
            continue
        lines += found
        if found and all(map(is_schema_line, found)):
            schemas.add(path)
    if schemas:  # what is to be followed are the data beside them
        kept = tuple(path for path in looked if path not in schemas)
        return Logs(kept or tuple(looked)), lines, labels
    parts = [
        named(one, found) if Path(one).is_dir() else Logs((one,)) for one, found in files.items()
    ]
    return (
        Logs(
            tuple(path for part in parts for path in part.paths),
            batch=all(part.batch for part in parts),
            notes=tuple(note for part in parts for note in part.notes),
        ),
        lines,
        labels,
    )


def _files(path: str) -> list[str]:
    """The files in a folder, however deep, or the path itself."""
    if path == "-" or not Path(path).is_dir():
        return [path]
    found = files_in(path)
    if not found:
        raise UsageError(f"{path}: there is no log in this folder: name one, or its folder")
    return found
