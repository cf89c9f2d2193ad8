"""What the state says of a model at its last commit, as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from inference_exporter.exposition.status.html import parts
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.model import latency, performance, quality
from inference_exporter.exposition.status.html.segments import segments
from inference_exporter.exposition.status.html.vintages import vintages
from inference_exporter.exposition.status.index import Index
from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.status.views import Labelled, VersionView, VintagesView
from inference_exporter.values.samples import Snapshot


def views(snapshot: Snapshot, model: str) -> list[VersionView]:
    """All versions of a model over its longest window, the newest first."""
    first = model_view(snapshot, model, Selection())
    if first is None or first.shown is None:
        return []
    window = first.windows[-1]
    chosen = (Selection(version=version, window=window) for version in first.versions)
    found = (model_view(snapshot, model, one) for one in chosen)
    return [view.shown for view in found if view is not None and view.shown is not None]


def notices(snapshot: Snapshot, model: str) -> Html:
    """What needed attention at the last commit."""
    view = model_view(snapshot, model, Selection())
    return parts.notices(view.notices if view else (), "", link=False)


def counted(ones: list[VersionView]) -> Html:
    """Requests by version, since each was first seen."""
    rows = [
        parts.row(
            parts.version_name(one.version), one.total, one.requests, one.failed, one.last,
            _listed(one.codes), _listed(one.classes),
        )
        for one in ones
    ]  # fmt: skip
    window = ones[0].window if ones else ""
    heads = ("Version", "Requests", f"In the last {window}", "Failed of these", "Age of the newest",
             "By status", "By predicted class")  # fmt: skip
    return parts.table("Requests since each version was first seen", heads, rows, (1, 2, 3, 4))


def _listed(ones: tuple[Labelled, ...]) -> Html:
    shown = [fill("{n}: {v}", n=one.name, v=parts.number(one.number)) for one in ones[:5]]
    more = [fill("{n} more", n=len(ones) - 5)] if len(ones) > 5 else []
    return join([*shown, *more], ", ") if ones else Html("–")


def read(snapshot: Snapshot, model: str) -> Html:
    """What became of the lines that were read."""
    found = Index(snapshot).rows("inference_exporter_lines_total")
    rows = [
        parts.row(source, result, Number(value, "count"))
        for (source, result), value in found.items()
        if source.split("/")[0] == model
    ]
    return parts.table(
        "Lines read, by what became of them", ("Source", "Lines", "How many"), rows, (2,)
    )


def periods_of(ones: list[VersionView], start: float, end: float) -> Iterator[Html]:
    """Calendar periods that reach into the time of the report, version by version."""
    for one in ones:
        inside = [_inside(view, start, end) for view in one.vintages]
        if shown := [view for view in inside if view.rows]:
            name = parts.version_name(one.version)
            yield fill("<h3>Version {v}: by calendar period</h3>", v=name)
            yield vintages(shown)


def _inside(view: VintagesView, start: float, end: float) -> VintagesView:
    rows = tuple(row for row in view.rows if row.begin < end and row.end > start)
    return replace(view, rows=rows)


def quality_of(ones: list[VersionView]) -> Iterator[Html]:
    """Latency, performance, segments and data quality, version by version."""
    for one in ones:
        name = parts.version_name(one.version)
        if not one.requests.value:
            words = f"Version {name} had no prediction in the {one.window} before the last commit."
            yield fill("<p>{words}</p>", words=words)
            continue
        yield fill("<h3>Version {v}: performance of predictions of the last {w}</h3>",
                   v=name, w=one.window)  # fmt: skip
        yield performance(one.performance)
        if one.segments.rows or one.segments.fairness:
            yield fill("<h3>Version {v}: segments and fairness</h3>", v=name)
            yield segments(one.segments)
        yield fill("<h3>Version {v}: latency of the last {w}</h3>", v=name, w=one.window)
        yield latency(one)
        yield fill("<h3>Version {v}: data quality</h3>", v=name)
        yield quality(one.quality)
