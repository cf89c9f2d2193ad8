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
  the outer bins are open. A column with at most 10 distinct values has a bin for each of them; a
  constant one has three: below, equal, above.
- Edges meant for a value that comes again stand **a hair above it** (four steps of float32), not at
  it: 0.1 written as float32 is 0.10000000149 and belongs in the same bin. So no distance changes
  when values that come again are rounded to float32; of values that are there once, at most one
  per edge changes its bin. Values closer to each other than eight such steps (epoch seconds, say)
  keep edges at the values: float32 could not tell them apart.
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

## Compared with other tools

On the same cells, none of them empty, the formulas are the same; with many rows so are the values.
What differs is cells, empty cells and units. The definitions are read from what the tools publish,
the numbers are asserted by `tests/unit/test_peer_definitions.py`, and
`tests/peer_definitions.py` names the source of each and what it leaves open. *Example rows* are
5,000 of N(0, 1) as reference and 2,000 of N(0.3, 1.2²).
"""

_PEERS = (  # tool, its definition, against ours
    (
        "Evidently",
        "`psi`: an empty cell's share becomes 0.0001, however many rows there are",
        "one empty decile of ten in 200 rows, its rows in the next: 0.759, ours 0.429. 5 % in "
        "an unseen category: 0.313 always, ours 0.147, 0.316 and 0.584 with 200, 5,000 and "
        "1,000,000 reference rows",
    ),
    (
        "Evidently",
        "bins by Sturges' rule over both samples, as its issues report (its API reference "
        "says reference quantiles)",
        "`psi` of the example rows: 0.133, ours 0.103; the edges move with the window",
    ),
    (
        "Evidently",
        "`jensenshannon` in natural logarithms",
        "at most 0.8326; times 1.2011 it is our `js`",
    ),
    (
        "Evidently",
        "Wasserstein distance (normed): over the standard deviation (read as the reference's)",
        "our `wasserstein` within its stated error",
    ),
    (
        "NannyML",
        "Jensen-Shannon and Hellinger over Doane's bins of the reference, one more for values "
        "outside, empty cells as they are",
        "the example rows: 0.149 and 0.126, our `js` and `hellinger` 0.135 and 0.113",
    ),
    (
        "NannyML",
        "L-infinity, categories only",
        "our `linf`, but for smoothing",
    ),
    (
        "NannyML",
        "chi-squared over the contingency table, rare cells as they are",
        "equal where nothing is rare; one row of an unseen category in 200, against 1,000,000 "
        "reference rows: 5,000, ours below 0.1",
    ),
    (
        "NannyML",
        "Wasserstein distance in the feature's unit",
        "ours is divided by the reference's standard deviation",
    ),
    (
        "Azure ML",
        "`psi` with 1 added to every cell of both sides (a review of its code, for "
        "categories; its documentation has no formula)",
        "one empty decile of ten in 200 rows: 0.354, ours 0.429",
    ),
    (
        "Azure ML",
        "Jensen-Shannon and normalized Wasserstein distance, without a formula in its "
        "documentation",
        "not compared",
    ),
    (
        "Deequ",
        "L-infinity of numbers: largest difference of the cumulative distributions",
        "our `ks`, not our `linf`",
    ),
    (
        "Deequ",
        "*robust*: the same less 1.8 sqrt(1/n + 1/m), at least 0",
        "the example rows: 0.069, our `ks` 0.1145; we put a critical value beside the "
        "distance instead",
    ),
    (
        "Deequ",
        "chi-squared of fit to the reference's shares, over its categories",
        "blind to unseen ones; with ten categories it is above the 5 % limit of χ² in half of "
        "all windows without drift that are as large as the reference",
    ),
)


def render() -> str:
    """The whole page."""
    parts = [INTRODUCTION, *_peers(), "\n## Overview\n", *_overview()]
    for statistic in STATISTICS.values():
        parts += ["", f"## `{statistic.name}`", "", *_section(statistic)]
    return "\n".join(parts).rstrip() + "\n"


def _peers() -> Iterator[str]:
    yield "| tool | its definition | against ours |"
    yield "|---|---|---|"
    for row in _PEERS:
        yield f"| {' | '.join(row)} |"


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
