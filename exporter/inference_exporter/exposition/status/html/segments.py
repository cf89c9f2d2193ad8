"""The segments of a version as tables."""

from __future__ import annotations

from itertools import groupby

from inference_exporter.exposition.status.html import parts
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.views import (
    FairnessRow,
    SegmentDriftRow,
    SegmentRow,
    SegmentsView,
)

SHOWN = 20
_MARK = '<b class="warn" aria-label="More than chance explains:">◆</b> {name}'


def segments(view: SegmentsView) -> Html:
    """Performance by segment, then rates of protected groups."""
    content: list[object] = []
    own = tuple(
        words
        for metric in view.metrics[:1]
        for words in (f"{metric} on its reference", "Worse than there", "Worse than all")
    )
    heads = ("Value", "With a label", "Share with a label", *view.metrics, *own)
    numbers = tuple(range(1, len(heads)))
    for field, of_field in groupby(view.rows, lambda row: row.field):
        rows = [_row(one) for one in of_field]
        content.append(parts.table(f"By {field}", heads, rows[:SHOWN], numbers))
        if len(rows) > SHOWN:
            name = f"{len(rows) - SHOWN} more values of {field}"
            content.append(parts.folded(name, parts.table(name, heads, rows[SHOWN:], numbers)))
    if view.drift:
        heads = ("Segment", "Drifted", "Not drifted", "Undecided")
        caption = "Drift within a segment, against its own rows of the reference"
        rows = [_drift(one) for one in view.drift]
        content.append(parts.table(caption, heads, rows[:SHOWN], (2, 3)))
        if len(rows) > SHOWN:
            name = f"{len(rows) - SHOWN} more segments"
            content.append(parts.folded(name, parts.table(name, heads, rows[SHOWN:], (2, 3))))
    if view.fairness:
        heads = ("Protected", "Lowest over highest", "By chance at least", "Groups")
        caption = "Rates of the positive class; 1 is alike"
        content.append(parts.table(caption, heads, map(_fairness, view.fairness), (1, 2)))
    return join(content, "\n")


def _row(one: SegmentRow) -> Html:
    name = _marked(one.value or "(absent)", one.marked)
    own = (one.reference, one.decline, one.gap) if one.values else ()
    return parts.row(name, one.labelled, one.coverage, *one.values, *own)


def _drift(one: SegmentDriftRow) -> Html:
    name = _marked(one.segment, bool(one.drifted))
    return parts.row(name, ", ".join(one.drifted) or "none", one.ok, one.undecided)


def _fairness(one: FairnessRow) -> Html:
    name = _marked(f"{one.field}, {one.metric}", one.stands_out)
    return parts.row(name, one.ratio, one.critical, one.rates)


def _marked(name: str, stands_out: bool) -> object:
    return fill(_MARK, name=name) if stands_out else name
