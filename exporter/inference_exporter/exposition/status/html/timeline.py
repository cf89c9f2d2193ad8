"""What was when, as SVG: states of many things over time, and values as lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.numbers import digits

State = Literal["drifted", "ok", "undecided"]
Points = Sequence[tuple[float, float]]

_WIDTH, _NAMES, _ROW, _AXIS = 900.0, 190.0, 16, 24
_TALL, _TOP, _BELOW = 110.0, 8.0, 36.0  # of lines
_LINES = ("line", "line second")


@dataclass(frozen=True, slots=True)
class Cell:
    """A state from one time to another, in epoch seconds; `told` is said where it is pointed at."""

    start: float
    end: float
    state: State
    told: str


def moment(seconds: float) -> str:
    """A time as it is shown."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%MZ")


def states(
    label: str, rows: Sequence[tuple[str, Sequence[Cell]]], first: float, last: float
) -> Html:
    """A row for each name, from `first` to `last`."""
    scale = (_WIDTH - _NAMES) / max(last - first, 1.0)
    drawn = [_row(place, name, cells, first, scale) for place, (name, cells) in enumerate(rows)]
    return _chart(label, _ROW * len(rows) + _AXIS, [*drawn, _axis(first, last, _ROW * len(rows))])


def _row(place: int, name: str, cells: Sequence[Cell], first: float, scale: float) -> Html:
    drawn = [
        fill(
            '<rect class="state-{c}" x="{x}" y="{y}" width="{w}" height="{h}"><title>{t}</title>'
            "</rect>",
            c=one.state, x=f"{_NAMES + (one.start - first) * scale:.1f}", y=place * _ROW + 1,
            w=f"{max((one.end - one.start) * scale, 0.5):.2f}", h=_ROW - 2, t=one.told,
        )
        for one in cells
    ]  # fmt: skip
    return join([_text(_NAMES - 6, place * _ROW + 12, "end", _short(name)), *drawn])


def lines(label: str, series: Sequence[Points], low: float = math.inf) -> Html:
    """One or two lines over time, the second dashed; the scale begins at `low` or below it."""
    points = [point for one in series for point in one]
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(low, *(y for _, y in points)), max(y for _, y in points)
    wide = (_WIDTH - _NAMES - 4) / max(last - first, 1.0)
    tall = (_TALL - _BELOW) / max(high - low, 1e-9)

    def path(one: Points) -> str:
        return " ".join(
            f"{_NAMES + (x - first) * wide:.1f},{_TOP + (high - y) * tall:.1f}" for x, y in one
        )

    drawn = [
        fill('<polyline class="{c}" points="{p}"/>', c=name, p=path(one))
        for name, one in zip(_LINES, series, strict=False)
        if one
    ]
    marks = [
        _text(_NAMES - 6, y, "end", digits(value))
        for y, value in ((_TOP + 6, high), (_TALL - _BELOW + 8, low))
    ]
    return _chart(label, _TALL, [*drawn, *marks, _axis(first, last, _TALL - _AXIS)])


def _chart(label: str, height: float, content: Sequence[Html]) -> Html:
    return fill(
        '<svg class="time" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">{content}</svg>',
        w=f"{_WIDTH:g}", h=f"{height:g}", label=label, content=join(content),
    )  # fmt: skip


def _axis(first: float, last: float, top: float) -> Html:
    ticks = ((first, "start", _NAMES), (last, "end", _WIDTH))
    return join(_text(x, top + 18, anchor, moment(time)) for time, anchor, x in ticks)


def _text(x: float, y: float, anchor: str, words: str) -> Html:
    return fill(
        '<text x="{x}" y="{y}" text-anchor="{a}">{t}</text>',
        x=f"{x:g}", y=f"{y:g}", a=anchor, t=words,
    )  # fmt: skip


def _short(name: str) -> str:
    """A name that fits beside its row."""
    return name if len(name) <= 26 else f"{name[:25]}…"
