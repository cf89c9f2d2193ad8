"""Drift as HTML: the table of features with their bars, and one feature in detail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inference_exporter.exposition.status.html.charts import bars, in_words
from inference_exporter.exposition.status.html.lately import line_cell, over_time
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.parts import (
    folded,
    link,
    number,
    row,
    table,
    verdict,
)
from inference_exporter.exposition.status.numbers import Number, digits, write
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.status.views import DriftRow, DriftView, SubjectView

TOP = 20  # so many features are in the open
WITH_BINS = 5  # so many have their bins as a table beside the bars

LEGEND = Html(
    '<p class="muted key"><svg width="12" height="12" aria-hidden="true">'
    '<path class="known" d="M2 1h7v10h-7z"/></svg> reference '
    '<svg width="12" height="12" aria-hidden="true"><path class="live" d="M2 1h7v10h-7z"/></svg> '
    "live, as shares of the values per bin. A distance below its noise level is what chance alone "
    "makes of as many values. Live higher: in so many pairs of a live and a reference value; "
    "50 % is no direction. Lately: the distance in stretches of the last day, or of the longest "
    "window; the limit is drawn across where it is reached.</p>"
)
_HIGH = ("PSI", "JS", "KS", "KL")


def drift(
    view: DriftView, chosen: Selection, page: str, *, top: int = TOP, rest: bool = True
) -> Html:
    """Features and outputs. `page` is the address of the model's page, empty on itself."""
    if view.why:
        return fill('<p class="absent">{why}</p>', why=view.why)
    parts: list[object] = [LEGEND, _threshold(view)]
    shown, hidden = view.features[:top], view.features[top:]
    if shown:
        order = "most important" if _is_weighed(shown) else "furthest"
        parts.append(_table(f"Features, the {order} first", shown, view, chosen, page))
    if hidden and rest:
        name = f"{len(hidden)} more features"
        parts.append(folded(name, _table(name, hidden, view, chosen, page)))
    elif hidden:
        parts.append(fill("<p>{n} more: {a}</p>", n=len(hidden), a=link(page, "all features")))
    if view.outputs:
        parts.append(_table("Outputs of the model", view.outputs, view, chosen, page))
    if rest:
        parts.append(_bins_as_tables((*shown[:WITH_BINS], *view.outputs)))
    return join(parts, "\n")


def subject(view: SubjectView, chosen: Selection) -> Html:
    """One feature or output in detail."""
    one = view.row
    statistics = [
        row(line.statistic, line.window, line.value, line.critical, line.p_value)
        for line in view.statistics
    ]
    parts: list[object] = [
        fill('<h2 id="subject">{scope} {name}</h2>', scope=one.scope.capitalize(), name=one.name),
        fill(
            "<p>{verdict}. {decided} {way}{words}</p>",
            verdict=verdict(one.verdict),
            decided=one.decided,
            way=_way(one),
            words=in_words(one.bins),
        ),
        bars(one.bins, scale=3.0),
        over_time(view.over_time, one.name) if view.over_time else "",
        _bins(one),
    ]
    if statistics:
        heads = ("Statistic", "Window", "Distance", "Noise level", "p-value")
        parts.append(table("Distances", heads, statistics, (2, 3, 4)))
    parts.append(fill("<p>{a}</p>", a=link(chosen.link(feature=None, output=None), "Close")))
    return fill("<section>\n{all}\n</section>", all=join(parts, "\n"))


def _threshold(view: DriftView) -> object:
    limit = view.threshold.value
    words = f"Drifted: above its noise level and above {digits(limit)}. " if limit else ""
    return fill('<p class="muted">{words}Decided {when}.</p>', words=words, when=view.when)


def _table(
    caption: str, rows: Sequence[DriftRow], view: DriftView, chosen: Selection, page: str
) -> Html:
    name = view.statistic.upper() if view.statistic.upper() in _HIGH else view.statistic
    heads = [
        "Name", "Live against reference", "Verdict", name, "Noise level", "Live higher", "Values"
    ]  # fmt: skip
    weighed, lined = _is_weighed(rows), any(one.past for one in rows)
    if weighed:
        heads.insert(3, "Importance")
    if lined:
        heads.insert(3, "Lately")
    columns = _Columns(view.threshold, weighed=weighed, lined=lined)
    lines = (_row(one, chosen, page, columns) for one in rows)
    return table(caption, heads, lines, range(3 + lined, len(heads)))


@dataclass(frozen=True, slots=True)
class _Columns:
    """What a table of features has beside what all have; `limit` is drawn in lines."""

    limit: Number
    weighed: bool
    lined: bool


def _is_weighed(rows: Sequence[DriftRow]) -> bool:
    """Whether it is known how much these matter."""
    return any(one.importance.value is not None for one in rows)


def _row(one: DriftRow, chosen: Selection, page: str, columns: _Columns) -> Html:
    address = chosen.link(
        feature=one.name if one.scope == "feature" else None,
        output=one.name if one.scope == "output" else None,
    )
    name = link(f"{page}{address}#subject", one.name)
    return row(
        name, bars(one.bins), verdict(one.verdict),
        *((line_cell(one.past, columns.limit),) if columns.lined else ()),
        *((one.importance,) if columns.weighed else ()), _short(one.distance), _short(one.critical),
        _short(one.higher), one.samples,
    )  # fmt: skip


def _way(one: DriftRow) -> str:
    """Which way values went, in a sentence."""
    if one.higher.value is None:
        return ""
    pairs = f"{100.0 * one.higher.value:.0f} of 100 pairs of a live and a reference value"
    return f"The live value is the higher one in {pairs}. "


def _short(shown: Number) -> Number:
    """Why there is none is said once, by the verdict."""
    return shown if shown.value is not None else Number(None, why="–")


def _bins_as_tables(rows: Iterable[DriftRow]) -> Html:
    tables = [_bins(one) for one in rows]
    return folded("These bars as tables", join(tables, "\n")) if tables else Html("")


def _bins(one: DriftRow) -> Html:
    lines = [
        row(cell.label, Number(cell.reference, "share"), Number(cell.live, "share", "no values"))
        for cell in one.bins
    ]
    return table(f"Shares of {one.name} per bin", ("Bin", "Reference", "Live"), lines, (1, 2))


def number_or_dash(shown: Number) -> Html:
    """For tables in which the reason stands elsewhere."""
    return number(_short(shown))


def with_interval(value: Number, ends: tuple[float, float] | None) -> Html:
    """A value, with the ends of its 95 % interval where it has one."""
    if value.value is None or ends is None:
        return number_or_dash(value)
    span = " to ".join(write(end, "plain") for end in ends)
    return fill("{value} <small>({span})</small>", value=number_or_dash(value), span=span)
