"""What was when, as HTML: figures with their last day, bins over time, decisions, freshness."""

from __future__ import annotations

import math
from collections.abc import Sequence

from inference_exporter.exposition.status.html import parts, timeline
from inference_exporter.exposition.status.html.charts import in_time, spark
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.timeline import Cell, moment
from inference_exporter.exposition.status.numbers import Number, share
from inference_exporter.exposition.status.views import (
    BinsOverTime,
    Decision,
    DecisionsView,
    Labelled,
    LineView,
    StandOut,
    VersionView,
)

_SAID = {"drifted": "drifted", "ok": "not drifted", "undecided": "undecided"}
_BIN_WIDTH, _BIN_HEIGHT, _NAMES, _MOST_BINS = 900.0, 18, 190.0, 40


def lines(view: VersionView) -> Html:
    """Small lines of the last day beside each other."""
    if not view.lines:
        return Html("")
    start, end = view.lines_of
    said = f"From {moment(start)} to {moment(end)}, each from 0 up to its highest value:"
    return join([fill('<p class="muted">{w}</p>', w=said), parts.figures(map(_line, view.lines))])


def _line(one: LineView) -> tuple[str, object]:
    return one.name, spark(one.values, f"{one.name}. {in_time(one.values, one.unit)}")


def over_time(view: BinsOverTime, name: str) -> Html:
    """A row for each bin: the stronger the colour, the larger its share at that time."""
    if len(view.labels) > _MOST_BINS:
        return Html("")
    highest = max((value for one in view.shares if one for value in one), default=0.0) or 1.0
    wide = (_BIN_WIDTH - _NAMES) / max(1, len(view.shares))
    drawn = [_bin_row(view, at, highest, wide) for at in range(len(view.labels))]
    tall = _BIN_HEIGHT * len(view.labels)
    axis = join(
        _text(x, tall + 16, anchor, moment(when))
        for x, anchor, when in ((_NAMES, "start", view.start), (_BIN_WIDTH, "end", view.end))
    )
    label = f"Shares of {name} per bin, lately"
    chart = fill(
        '<svg class="time" role="img" aria-label="{label}" viewBox="0 0 900 {h}">{all}</svg>',
        label=label,
        h=tall + 22,
        all=join([*drawn, axis]),
    )
    said = f"{label}: the stronger the colour, the larger; {share(highest)} is the largest."
    return _figure(label, chart, f"{said} Exact shares are in the tooltips.")


def _figure(label: str, chart: Html, caption: object) -> Html:
    """A chart that scrolls by itself where the screen is narrow, by keyboard too."""
    return fill(
        '<figure><div class="scroll" role="region" tabindex="0" aria-label="{label}">{chart}</div>'
        "<figcaption>{caption}</figcaption></figure>",
        label=label,
        chart=chart,
        caption=caption,
    )


def _bin_row(view: BinsOverTime, at: int, highest: float, wide: float) -> Html:
    top = at * _BIN_HEIGHT
    cells = [
        fill(
            '<rect class="share" x="{x}" y="{y}" width="{w}" height="{h}" fill-opacity="{o}">'
            "<title>{t}</title></rect>",
            x=f"{_NAMES + column * wide:.1f}", y=top + 1, w=f"{max(wide - 1, 0.5):.1f}",
            h=_BIN_HEIGHT - 2, o=f"{math.sqrt(one[at] / highest):.2f}",  # small shares are seen too
            t=f"{view.labels[at]}: {share(one[at])}, {share(view.known[at])} in the reference",
        )
        for column, one in enumerate(view.shares) if one is not None
    ]  # fmt: skip
    return join([_text(_NAMES - 6, top + 13, "end", _short(view.labels[at])), *cells])


def _text(x: float, y: float, anchor: str, words: str) -> Html:
    return fill(
        '<text x="{x}" y="{y}" text-anchor="{a}">{t}</text>', x=f"{x:g}", y=f"{y:g}", a=anchor,
        t=words,
    )  # fmt: skip


def _short(words: str) -> str:
    return words if len(words) <= 24 else f"{words[:23]}…"


def decisions(view: DecisionsView) -> Html:
    """A row for each feature and output, a cell for each window."""
    rows = [(row.name, [_cell(one) for one in row.decisions]) for row in view.rows]
    label = f"Decisions on windows of {view.window}"
    more = f" {view.left_out} more features and outputs are not shown." if view.left_out else ""
    said = f"{label}, the newest at the right.{more} What they were made on is in the record."
    return _figure(
        label,
        timeline.states(label, rows, view.start, view.end),
        fill("{key} {said}", key=_KEY, said=said),
    )


_KEY = join(
    Html(f'<svg class="key" width="12" height="12" aria-hidden="true"><path class="state-{state}" '
         f'd="M1 1h10v10h-10z"/></svg> {words} ')
    for state, words in _SAID.items()
)  # fmt: skip


def _cell(one: Decision) -> Cell:
    told = f"{_SAID[one.state]}, {moment(one.start)} to {moment(one.end)}"
    return Cell(one.start, one.end, one.state, told)


def stand_out(rows: Sequence[StandOut]) -> Html:
    """Requests to look at, by the trace to look them up with."""
    drawn = [
        parts.row(one.what, fill("<code>{t}</code>", t=one.trace_id), one.value,
                  parts.when(one.when))
        for one in rows
    ]  # fmt: skip
    heads = ("Example of", "Trace", "Took", "When")
    return parts.table("Requests that stand out, the slowest first", heads, drawn, (2,))


def freshness(ones: Sequence[Labelled]) -> Html:
    """How old everything is."""
    return parts.labelled(ones)


def line_cell(values: Sequence[float | None], limit: Number) -> Html:
    """The line of a row in a table."""
    if not any(value is not None for value in values):
        return Html('<span class="absent">–</span>')
    return spark(values, in_time(values, "plain"), limit.value)
