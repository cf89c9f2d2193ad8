"""docs/statistics.md, made from the docstrings.

`python -m inference_exporter.statistics.reference_doc > docs/statistics.md` writes it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from inference_exporter.statistics import STATISTICS
from inference_exporter.statistics.base import Statistic

_SECTIONS = ("Notes", "References", "Examples")

INTRODUCTION = """\
# Statistics

This page is made from the code (`make docs`); what it says is what is computed.

Every drift statistic compares a window of live values with the reference profile, and sees both
only as counts in fixed cells. So it is the same for one sidecar, for the merged counts of all
replicas, and for a recording rule over the counters. The same data gives quite different values in
different tools, mostly by their rules for bins and empty cells; the rules here are these.

## Cells

- **Numbers** are counted in 10 bins whose edges are quantiles of the reference
  (`numpy.quantile`, linear), duplicates merged; a value at an edge belongs to the lower bin, and
  the outer bins are open. A column with at most 10 distinct values has a bin for each of them.
- A **finer grid** of about 100 cells, in which the edges of the bins are edges too, is kept for
  Kolmogorov-Smirnov and Wasserstein, with the mean of every cell. Frequent values and values out
  of the reference's range have cells of their own.
- **Categories**: the 20 most frequent of the reference, `other` where it has more, and `unseen`.
  The reference keeps up to 10,000 names; a column with more is most likely an identifier.
- The edges belong to the reference, never to the window: a value whose bins move cannot be
  compared over time.

Text that is a number counts as one (`"1.5"`), as do true and false in a numeric column. `nan`,
`inf` and other text there are *invalid*, null or absent is *missing*; both are counted apart and
are in no cell. `1`, `1.0` and `"1"` are one category.

## Smoothing

Shares are smoothed once, the same way in the exporter and in the recording rules: with B cells, n
live rows and m reference rows,

    p = (live count + 0.5) / (n + 0.5 B)        q = (reference count + 0.5) / (m + 0.5 B)

An empty cell then costs a finite amount that shrinks with the evidence. Kolmogorov-Smirnov,
Wasserstein, chi-squared and the moments use raw counts.

## Minimum rows

Below `min_samples` rows in the window (default: 200, or 20 a bin if that is more) nothing is
exposed, instead of a value that is noise. Nor is a statistic that is not defined for a column,
such as a distance in standard deviations from a constant reference.

## Significance

A p-value is the probability that chance alone makes a distance at least this large; the critical
value beside it is the distance that chance alone exceeds with the probability that the budget of
false alarms leaves for one test. Rows that resemble their neighbours count for less: n is divided
by the design effect that is measured in the traffic, so that below 1/n is design effect / n. The
alarms rest on a test of their own: [when it is drift](alarms.md).
"""


def render() -> str:
    """The whole page."""
    parts = [INTRODUCTION, "## Overview\n", *_overview()]
    for statistic in STATISTICS.values():
        parts += ["", f"## `{statistic.name}`", "", *_section(statistic)]
    return "\n".join(parts).rstrip() + "\n"


def _overview() -> Iterator[str]:
    yield "| name | what | unit | for |"
    yield "|---|---|---|---|"
    for one in STATISTICS.values():
        kinds = ", ".join(sorted(one.kinds, reverse=True))
        yield f"| [`{one.name}`](#{one.name}) | {one.help} | {one.unit or '–'} | {kinds} |"


def _section(statistic: Statistic) -> Iterator[str]:
    text = inspect.getdoc(type(statistic)) or ""
    summary, *sections = _split(text)
    yield from summary
    for name, *body in sections:
        yield ""
        if name == "Examples":
            yield from ("```python", *body, "```")
        else:
            yield from (["References:", "", *body] if name == "References" else body)


def _split(text: str) -> Iterator[list[str]]:
    """The summary's lines, then per section its name and its lines."""
    part: list[str] = []
    for line in text.splitlines():
        if line in _SECTIONS:
            yield _stripped(part)
            part = [line]
        elif set(line) != {"-"}:
            part.append(line)
    yield _stripped(part)


def _stripped(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines.pop()
    return lines


if __name__ == "__main__":
    sys.stdout.write(render())
