"""docs/calibration.md from results: tables, and the pictures beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from bench.calibration import chart
from bench.calibration.false_alarms import Cell, Law
from bench.calibration.peers import Peer
from bench.calibration.power import BEFORE, EFFECTS, Point, smallest
from bench.calibration.sizes import ROWS
from bench.page import markdown
from bench.result import Table, Target

_HEAD = """\
# Calibration: how often alarms are wrong, how soon they are right

<!-- Written by `make calibration` (`python -m bench.calibration`); do not edit. -->

`make calibration` repeats everything on this page in about {minutes:.0f} minutes on one core. It
sends months of simulated traffic through the exporter's own decision code
(`inference_exporter.decisions`), as the counts that log lines become. References have 10,000 rows,
each feature its own; the budget is the default, of which decisions on drift have 0.7 false alarms
per model and month; `min_samples` is 100, so that windows of 200 rows on average are decided on.
What the decision does is told in [alarms.md](alarms.md).

## Targets
"""

_FALSE = """\
## False alarms

Nothing drifts here. An alarm is a decision that makes one feature or more of a model drifted.
"alarms" are with the default effect threshold (PSI above 0.1); "significance alone" is without any,
which is the harder question: only the p-values hold the alarms back. In brackets is the upper end
of the 95 % interval; where few months could be simulated it is wide, and cells of less than one
model month are not held against the targets. For independent rows the law of the p-values below,
which does not depend on the number of features and windows, speaks for them; for autocorrelated
rows the cells of 500 features × 288 windows a day, and those of 10,000 rows, are not settled by a
run of this length. "decided" is the share of
windows with enough data to decide on; "design" the mean design effect that was estimated from the
traffic (1: independent rows).

Independent rows come Poisson distributed in time. AR(1) rows are a normal process in which every
row correlates with the one before; in the sticky traffic nine of ten rows repeat the row before.
200 rows of AR(1) 0.9 are worth 11 for their mean: there the answer is "not enough data".
"""

_LAW = """\
## Why not the p-value of PSI

How often p-values are at most a level, over how often they should be: 1 is right, above 1 means
false alarms. The test that decides (likelihood ratio with Williams's factor) keeps its promise
where PSI's own law of large samples does not. Both are of independent rows.
"""

_POWER = """\
## Power

One of 50 features drifts, from the start of a window on; windows of an hour, budget one false alarm
a month. The smallest change that is found 80 % of the time, in one window and within a day. A mean
shift is in reference standard deviations; a scale change is a factor of the spread; a category
shift is the share of rows that move from the commonest of ten categories (34 %) to the second.
`–`: not found 80 % of the time by the largest change tried.
"""

_DELAY = """\
### Delay

Share found within a day, and the median number of windows until the alarm. A window is decided on
a twelfth of its length after its end: an hour at five past.
"""

_PEERS = """\
## The same quiet traffic by the default rules of other tools

Their published rules, re-implemented here from their documentation (`bench/calibration/peers.py`
names it); not their code. Independent rows, normal features. "quiet" is the share of windows
without drift in which at least one feature is flagged, and what that makes per month of hourly
windows; "quarter sigma" is the share of windows in which a feature that moved by 0.25 standard
deviations is flagged.
"""


def render(
    cells: Sequence[Cell],
    laws: Sequence[Law],
    points: Sequence[Point],
    peers: Sequence[Peer],
    targets: Sequence[Target],
    minutes: float,
) -> str:
    """The whole page."""
    verdicts = [
        (one.what, one.wanted, one.measured, "yes" if one.met else "**no**") for one in targets
    ]
    parts = [
        _HEAD.format(minutes=max(1.0, minutes)),
        markdown(Table(("what", "target", "measured", "met"), tuple(verdicts))),
        _FALSE,
        "![False alarms by kind of traffic](images/calibration-false-alarms.svg)\n",
        markdown(_cells(cells)),
        _LAW,
        "![Observed over promised frequency of p-values](images/calibration-law.svg)\n",
        markdown(_laws(laws)),
        _POWER,
        "![Power of a mean shift](images/calibration-power.svg)\n",
        markdown(_smallest(points)),
        _DELAY,
        markdown(_delays(points)),
        _PEERS,
        markdown(_peers(peers)),
        f"Seeds are fixed. The memory of the traffic is {BEFORE} windows old where power is"
        " measured, and empty at the start where false alarms are.",
    ]
    return "\n".join(parts) + "\n"


def pictures(
    cells: Sequence[Cell], laws: Sequence[Law], points: Sequence[Point]
) -> Mapping[str, str]:
    """File names with their SVG."""
    return {
        "calibration-false-alarms.svg": _alarm_picture(cells),
        "calibration-law.svg": _law_picture(laws),
        "calibration-power.svg": _power_picture(points),
    }


def _cells(cells: Iterable[Cell]) -> Table:
    rows = [
        (
            cell.traffic, f"{cell.rows:,}", str(cell.features), str(cell.per_day),
            f"{cell.alarms.months:.1f}",
            f"{cell.alarms.per_month:.2f} ({cell.alarms.upper:.2f})",
            f"{cell.significant.per_month:.2f} ({cell.significant.upper:.2f})",
            f"{cell.decided:.0%}", f"{cell.design:.2f}",
        )
        for cell in cells
    ]  # fmt: skip
    columns = (
        "traffic", "rows", "features", "windows a day", "model months", "alarms a month",
        "significance alone", "decided", "design",
    )  # fmt: skip
    return Table(columns, tuple(rows))


def _laws(laws: Iterable[Law]) -> Table:
    rows = [(f"{law.rows:,}", f"{law.level:g}", f"{law.own:.2f}", f"{law.psi:.2f}") for law in laws]
    return Table(("rows", "level", "the test that decides", "PSI's p-value"), tuple(rows))


def _curves(points: Iterable[Point]) -> dict[tuple[str, int, float], list[Point]]:
    curves: dict[tuple[str, int, float], list[Point]] = {}
    for point in points:
        curves.setdefault((point.kind, point.rows, point.effect), []).append(point)
    return curves


def _smallest(points: Sequence[Point]) -> Table:
    rows = []
    for (kind, size, effect), curve in _curves(points).items():
        found = [_text(smallest(curve, 0.8, of)) for of in (_in_one, _in_a_day)]
        rows.append((kind, f"{size:,}", f"{effect:g}", *found))
    columns = ("change", "rows", "effect threshold", "in one window", "within a day")
    return Table(columns, tuple(rows))


def _delays(points: Iterable[Point]) -> Table:
    wanted = {"mean shift": (0.25, 0.4, 0.6), "scale change": (1.2, 1.5), "category shift": (0.1,)}
    rows = [
        (
            point.kind, f"{point.size:g}", f"{point.rows:,}", f"{point.effect:g}",
            f"{point.in_a_day:.1%}", "–" if math.isnan(point.delay) else f"{point.delay:.0f}",
        )
        for point in points
        if point.size in wanted.get(point.kind.split(",")[0], ())
    ]  # fmt: skip
    columns = ("change", "size", "rows", "effect threshold", "found in a day", "windows until")
    return Table(columns, tuple(rows))


def _peers(peers: Iterable[Peer]) -> Table:
    rows = [
        (
            peer.tool, f"{peer.rows:,}", str(peer.features), f"{peer.share:.1%}",
            f"{peer.share * 720:.0f}", f"{peer.found:.1%}",
        )
        for peer in peers
    ]  # fmt: skip
    columns = ("rules of", "rows", "features", "quiet", "a month", "quarter sigma")
    return Table(columns, tuple(rows))


def _in_one(point: Point) -> float:
    return point.in_one


def _in_a_day(point: Point) -> float:
    return point.in_a_day


def _text(size: float) -> str:
    return "–" if math.isnan(size) else f"{size:.2f}"


def _alarm_picture(cells: Sequence[Cell]) -> str:
    traffics = ("independent", "AR(1) 0.5", "AR(1) 0.9")
    lines = {
        f"{traffic}, {rows:,} rows": [
            (cell.features, max(cell.significant.per_month, 0.001))
            for cell in cells
            if (cell.traffic, cell.rows, cell.per_day) == (traffic, rows, 24)
        ]
        for traffic in traffics
        for rows in ROWS[:2]
    }
    x = chart.Axis("features of the model", 4, 600, (5, 50, 500), log=True)
    y = chart.Axis("a month, no effect threshold", 0.001, 10, (0.001, 0.01, 0.1, 1, 10), log=True)
    return chart.draw("False alarms per model and month, hourly windows", x, y, lines)


def _law_picture(laws: Sequence[Law]) -> str:
    lines: dict[str, chart.Line] = {}
    own: Callable[[Law], float]
    for name, own in (("decides", lambda law: law.own), ("PSI", lambda law: law.psi)):
        for rows in ROWS[:2]:
            line = [(law.level, max(own(law), 0.01)) for law in laws if law.rows == rows]
            lines[f"{name}, {rows:,} rows"] = line
    x = chart.Axis("level", 1e-5, 1e-2, (1e-5, 1e-4, 1e-3, 1e-2), log=True)
    y = chart.Axis("observed / promised", 0.01, 100, (0.01, 0.1, 1, 10, 100), log=True)
    return chart.draw("Frequency of small p-values without drift", x, y, lines)


def _power_picture(points: Sequence[Point]) -> str:
    lines = {
        f"{rows:,} rows, threshold {effect:g}": [
            (point.size, point.in_one)
            for point in points
            if (point.kind, point.rows, point.effect) == ("mean shift", rows, effect)
        ]
        for effect in EFFECTS
        for rows in ROWS
    }
    x = chart.Axis("shift in standard deviations", 0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1))
    y = chart.Axis("found in one window", 0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1))
    return chart.draw("Power: mean shift of one of 50 features", x, y, lines)
