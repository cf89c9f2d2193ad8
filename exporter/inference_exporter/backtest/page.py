"""A backtest as one HTML file: what drifted when, what it cost, how sure that is. No scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from inference_exporter.backtest.record import Looked
from inference_exporter.backtest.replay import Backtest
from inference_exporter.backtest.table import alarms, as_text, state
from inference_exporter.exposition.status.html import parts, timeline
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.shell import alone
from inference_exporter.exposition.status.html.timeline import Cell, moment

_MOST = 60  # rows of a chart
_METRICS = ("accuracy", "f1", "recall", "precision", "roc_auc", "average_precision", "mae", "rmse")


def page(found: Backtest) -> str:
    """The whole file."""
    title = f"Backtest of {found.model.name}"
    body = [
        fill("<h1>{title}</h1>", title=title),
        fill("<pre>{text}</pre>", text=as_text(found)),
    ]
    for window in found.model.windows:
        mine = [one for one in found.looked if one.window == window.name]
        body += _of_window(window.name, mine)
    body += [_onsets(found)]
    return alone(title, join(body, "\n"))


def _of_window(window: str, mine: Sequence[Looked]) -> Iterator[Html]:
    for version in dict.fromkeys(one.version for one in mine):
        own = [one for one in mine if one.version == version]
        heading = f"Windows of {window}" + (f", version {version}" if version else "")
        yield fill("<h2>{text}</h2>", text=heading)
        yield _states(heading, own)
        for metric in _METRICS:
            if sum(metric in one.realised or metric in one.estimated for one in own) > 1:
                yield _line(metric, own)


def _states(heading: str, own: Sequence[Looked]) -> Html:
    """A row for each feature and output, a cell for each window; those that drifted first."""
    judged = [one for one in own if one.judgement is not None]
    if not judged or judged[0].judgement is None:
        return fill("<p>{text}</p>", text="No window was decided on.")
    subjects = judged[0].judgement.subjects
    counts = [sum(bool(one.judgement.drifted[row]) for one in judged if one.judgement)
              for row in range(len(subjects))]  # fmt: skip
    order = sorted(range(len(subjects)), key=lambda row: -counts[row])[:_MOST]
    rows = [(_shown(*subjects[row]), _cells(judged, row)) for row in order]
    left = len(subjects) - len(order)
    note = f" The {left} that drifted least are left out." if left else ""
    label = f"{heading}: states of features over time"
    return fill(
        "<figure>{chart}"
        "<figcaption>Red: drifted. Green: ok. Grey: not enough data to decide.{note}</figcaption>"
        "</figure>",
        chart=timeline.states(label, rows, judged[0].end - _length(judged), judged[-1].end),
        note=note,
    )


def _shown(scope: str, name: str) -> str:
    return name if scope == "feature" else f"{name} ({scope})"


def _cells(judged: Sequence[Looked], row: int) -> list[Cell]:
    long = _length(judged)
    return [
        Cell(one.end - long, one.end, state(one.judgement, row), _told(one, row))
        for one in judged
        if one.judgement is not None
    ]


def _told(one: Looked, row: int) -> str:
    judgement = one.judgement
    assert judgement is not None
    why = judgement.why_not(row)
    text = f"until {moment(one.end)}: {state(judgement, row)}"
    if why:
        return f"{text}, {why}"
    return f"{text}, PSI {judgement.evidence.distance[row]:.3f}, p {judgement.adjusted[row]:.2g}"


def _length(judged: Sequence[Looked]) -> float:
    """How far two windows are apart, at least."""
    ends = [one.end for one in judged]
    return min((b - a for a, b in pairwise(ends) if b > a), default=1.0)


def _line(metric: str, own: Sequence[Looked]) -> Html:
    """A metric over the windows: realised as a line, estimated as a dashed one."""
    both = [[(one.end, values[metric]) for one in own if metric in (values := kind(one))]
            for kind in (_realised, _estimated)]  # fmt: skip
    return fill(
        "<figure><figcaption>{metric}: realised (whole line), estimated without labels (dashed)"
        "</figcaption>{chart}</figure>",
        metric=metric, chart=timeline.lines(f"{metric} over time", both),
    )  # fmt: skip


def _realised(one: Looked) -> dict[str, float]:
    return one.realised


def _estimated(one: Looked) -> dict[str, float]:
    return one.estimated


def _onsets(found: Backtest) -> Html:
    heads = ("Until", "Window", "Version", "Input or output", "PSI", "Limit", "p", "Rows")
    rows = []
    for one, row in alarms(found):
        judgement = one.judgement
        assert judgement is not None
        scope, name = judgement.subjects[row]
        evidence = judgement.evidence
        rows.append(
            parts.row(
                moment(one.end), one.window, one.version or "–", f"{scope} {name}",
                f"{evidence.distance[row]:.3f}", f"{judgement.limits[row]:g}",
                f"{judgement.adjusted[row]:.2g}", f"{evidence.rows[row]:,.0f}",
            )
        )  # fmt: skip
    if not rows:
        return fill("<p>{text}</p>", text="Nothing would have been said to drift.")
    return parts.table("What would have been said to drift, and when", heads, rows)
