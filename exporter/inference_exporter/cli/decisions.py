"""`decisions`: what was decided about drift, and on which evidence, from the record."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from inference_exporter.cli.terminal import say
from inference_exporter.errors import UsageError

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands
    from inference_exporter.record import Decided, Wanted
    from inference_exporter.record.reading import Lines

_EXAMPLES = """\
what it shows:
  Every full window (1h, 24h, …) is decided on once, for every feature and output: drifted, ok, or
  undecided for want of data. `run` keeps each decision as a line of JSON in decisions/ of its state
  folder. A feature is drifted where chance is no excuse (P ADJUSTED is at most the level) and the
  distance matters (PSI is above LIMIT).

examples:
  inference-exporter decisions --onsets                      when did what begin to drift?
  inference-exporter decisions --feature=age --window=24h    one feature, day by day
  inference-exporter decisions --from=2026-11-01 --to=2026-12-01 --verdict=drifted
  inference-exporter decisions --format=csv > decisions.csv  a row each, for a spreadsheet
  inference-exporter decisions --format=json | jq .live      the lines, with rows by bin
  inference-exporter decisions --verify                      are the numbers those of the counts?

It reads files only: beside a running exporter, or on a copy of decisions/ in a folder.
"""
_TABLE = ("WINDOW ENDED", "MODEL", "VERSION", "WINDOW", "NAME", "VERDICT", "BEFORE", "ROWS", "PSI",
          "LIMIT", "P ADJUSTED", "LEVEL")  # fmt: skip
_FILTERS = (
    ("model", "NAME", "of this model"),
    ("version", "NAME", "of this version"),
    ("feature", "NAME", "on this feature or output"),
    ("window", "SPAN", "on windows such as 1h"),
)
_COLUMNS = (
    "time", "model", "version", "scope", "name", "window", "from", "to", "rows", "verdict",
    "verdict_before", "onset", "why", "distance", "threshold", "critical", "g", "freedom",
    "p_value", "p_adjusted", "level", "design_effect", "reference",
)  # fmt: skip


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "decisions", parents=parents, help="what was decided about drift, from the record",
        description="Lists the decisions about drift that `run` has recorded, the oldest first.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    parser.add_argument(
        "--storage.path", dest="storage_path", default="data", metavar="FOLDER",
        help="the state folder of `run` (default: data)",
    )  # fmt: skip
    add_filters(parser)
    parser.add_argument(
        "--format", choices=("table", "json", "csv"), default="table", help="default: table"
    )
    parser.add_argument(
        "--verify", action="store_true",
        help="work PSI, test and p-value out again from each line's counts; exit code 1 if any "
        "differs",
    )  # fmt: skip
    parser.set_defaults(function=_decisions)


def add_filters(parser: argparse.ArgumentParser) -> None:
    """The arguments of which `wanted` speaks."""
    for name, shown, meaning in _FILTERS:
        parser.add_argument(
            f"--{name}", metavar=shown, action="append", default=[], help=f"only {meaning}"
        )
    parser.add_argument(
        "--verdict", choices=("drifted", "ok", "undecided"), action="append", default=[],
        help="only these; every filter may be given several times",
    )  # fmt: skip
    parser.add_argument("--onsets", action="store_true", help="only where drift began")
    add_period(
        parser,
        "windows that ended after it: 2026-11-01, 2026-11-01T12:00, or with a zone; else UTC",
        "windows that ended until then",
    )


def add_period(parser: argparse.ArgumentParser, after: str, until: str) -> None:
    """`--from` and `--to`, with what they mean."""
    parser.add_argument("--from", dest="start", metavar="TIME", type=moment, help=after)
    parser.add_argument("--to", dest="end", metavar="TIME", type=moment, help=until)


def moment(text: str) -> datetime:
    """A time of the command line; UTC where it names no zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: no time such as 2026-11-01T12:00") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _decisions(options: argparse.Namespace) -> int:
    from inference_exporter.record import read

    storage = Path(options.storage_path)
    if not (storage / "decisions").is_dir():
        raise UsageError(
            f"{storage / 'decisions'} is not there: name the state folder of `run` with"
            " --storage.path; it has decisions/ after the first window that was decided on"
        )
    lines = read(storage, _wanted(options))
    if options.verify:
        return _verify(lines)
    _FORMATS[options.format](lines)
    if lines.unreadable:
        sys.stderr.write(f"inference-exporter: {lines.unreadable} lines cannot be read\n")
    return 0


def _wanted(options: argparse.Namespace) -> Wanted:
    from inference_exporter.record import Wanted

    return Wanted(
        options.model, options.version, options.feature, options.window, options.verdict,
        options.start, options.end, options.onsets,
    )  # fmt: skip


def _verify(lines: Lines) -> int:
    from inference_exporter.record.again import again, agrees

    count = wrong = 0
    for line in lines:
        count += 1
        if not agrees(line):
            wrong += 1
            found = again(line)
            say(
                f"{line.end:%Y-%m-%dT%H:%MZ} {line.name}: the line says PSI {line.distance:.6g}, "
                f"p {line.p_value:.3g}; its counts {found.distance:.6g}, {found.p_value:.3g}"
            )
    say(f"{count} decisions worked out again, {wrong} differ; {lines.unreadable} lines unreadable")
    return int(bool(wrong or lines.unreadable))


def _json(lines: Iterable[Decided]) -> None:
    for line in lines:
        sys.stdout.write(line.encoded().decode())


def _csv(lines: Iterable[Decided]) -> None:
    import msgspec

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for line in lines:
        values = msgspec.to_builtins(line)
        values["design_effect"] = line.design_effect.mean
        writer.writerow([values[name] for name in _COLUMNS])


def _table(lines: Iterable[Decided]) -> None:
    rows = [_TABLE, *map(_row, lines)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_TABLE))]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if len(rows) == 1:
        say("no such decision on record")


def _row(line: Decided) -> tuple[str, ...]:
    verdict = f"{line.verdict} (new)" if line.onset else line.verdict
    return (
        f"{line.end:%Y-%m-%dT%H:%MZ}", line.model, line.version or "–", line.window, line.name,
        verdict, line.verdict_before, f"{line.rows:.0f}", f"{line.distance:.3f}",
        f"{line.threshold:g}", f"{line.p_adjusted:.2g}", f"{line.level:.2g}",
    )  # fmt: skip


_FORMATS: dict[str, Callable[[Iterable[Decided]], None]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
}
