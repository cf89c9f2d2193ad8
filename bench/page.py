"""docs/benchmarks.md from results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bench.result import Result, Table

_HEAD = """\
# Benchmarks

<!-- Written by `make bench` (`python -m bench`); do not edit. -->

Every table comes from the command above it. A number is a median with the least and the greatest
of its runs in brackets. `make bench` repeats all of it on your machine in about
{minutes:.0f} minutes, with nothing but what `make setup servers` installs.
"""
_TARGETS = ("what", "target", "measured", "met")


def render(results: Iterable[Result], machine: Mapping[str, str]) -> str:
    """The whole page."""
    results = list(results)
    targets = _targets(results)
    minutes = max(1.0, sum(result.took for result in results) / 60)
    parts = [_HEAD.format(minutes=minutes), "## Machine\n"]
    parts.append(markdown(Table(("", ""), tuple(machine.items()))))
    if targets:
        parts.append("## Targets\n")
        parts.append(markdown(Table(_TARGETS, targets)))
    parts += [_section(result) for result in results]
    return "\n".join(parts)


def merged(page: str, results: Iterable[Result]) -> str:
    """The page with what these measured; what others measured stays as it was."""
    results = list(results)
    head, *parts = page.split("\n## ")
    sections = {part.partition("\n")[0]: part.rstrip("\n") for part in parts}
    for result in results:
        sections[result.title] = _section(result).removeprefix("## ").rstrip("\n")
    old = [line[2:-2].split(" | ") for line in sections.get("Targets", "").splitlines()[4:]]
    rows = {row[0]: tuple(row) for row in (*old, *_targets(results))}
    sections["Targets"] = f"Targets\n\n{markdown(Table(_TARGETS, tuple(rows.values())))}".rstrip()
    return "\n## ".join([head, *(f"{text}\n" for text in sections.values())])


def _targets(results: Iterable[Result]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (target.what, target.wanted, target.measured, "yes" if target.met else "**no**")
        for result in results
        for target in result.targets
    )


def _section(result: Result) -> str:
    parts = [f"## {result.title}\n", f"`python -m bench --only {result.name}`: {result.runs}.\n"]
    for table in result.tables:
        parts += [f"{table.title}:\n"] if table.title else []
        parts.append(markdown(table))
    parts.append(result.method)
    return "\n".join(parts)


def markdown(table: Table) -> str:
    """A table; columns after the first are aligned to the right if they hold numbers."""
    numeric = [
        at > 0 and all(row[at][:1].isdigit() for row in table.rows if row[at])
        for at in range(len(table.columns))
    ]
    rules = ["---:" if right else "---" for right in numeric]
    lines = [table.columns, rules, *table.rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def terminal(table: Table) -> str:
    """A table in columns of equal width."""
    lines = [table.columns, *table.rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(table.columns))]
    padded = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    rule = "  ".join("-" * width for width in widths)
    title = [f"{table.title}:"] if table.title else []
    return "\n".join([*title, padded[0], rule, *padded[1:]])
