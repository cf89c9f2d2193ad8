"""Calendar periods as tables: what was expected, what came soon, what is known now."""

from __future__ import annotations

from collections.abc import Sequence

from inference_exporter.exposition.status.html import parts
from inference_exporter.exposition.status.html.drift import with_interval
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.views import VintageRow, VintagesView

_WORDS = (
    "Predictions by the calendar period in which they were made: the estimate without labels, the "
    "outcome as of now, and the share of labels that it is of{early}. Labels that come later count "
    "for the period of their prediction. Intervals are at 95 %."
)
_EARLY = "; and the outcome of labels that came early"


def vintages(views: Sequence[VintagesView]) -> Html:
    """The coarsest kind in the open, the others folded."""
    early = _EARLY if any(one.early for one in views) else ""
    tables = [(f"By {one.kind}", _table(one)) for one in views]
    shown = [parts.folded(name, table) for name, table in tables[:-1]]
    said = fill("<p>{words}</p>", words=_WORDS.format(early=early))
    return join([said, tables[-1][1], *reversed(shown)], "\n")


def _table(view: VintagesView) -> Html:
    early = ("Early outcome",) if view.early else ()
    heads = ("Period", "Predictions", "With a label", "Metric", "Estimated without labels",
             *early, "Outcome as of now")  # fmt: skip
    rows = [_row(one, early=view.early) for one in view.rows]
    return parts.table(f"Predictions by {view.kind}", heads, rows, (1, 2))


def _row(one: VintageRow, *, early: bool) -> Html:
    name = one.name if one.is_over else f"{one.name} (so far)"
    shown = (one.estimated, *((one.early,) if early else ()), one.realised)
    return parts.row(
        name, one.predictions, one.coverage, one.metric or "–",
        *(with_interval(known.value, known.between) for known in shown),
    )  # fmt: skip
