"""Champion and challenger as a table."""

from __future__ import annotations

from inference_exporter.exposition.status.html import parts
from inference_exporter.exposition.status.html.markup import Html
from inference_exporter.exposition.status.views import ContestView


def contest(view: ContestView) -> Html:
    """What is known of both, and what is decided."""
    metric = view.metric.replace("_", " ")
    caption = f"{metric.capitalize()}: {view.challenger} against {view.champion}, {view.state}"
    rows = [parts.row(one.name, one.number) for one in view.numbers]
    return parts.table(caption, ("What", "Value"), rows, (1,))
