"""A backtest as one HTML file: what drifted when, what it cost, how sure that is. No scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from inference_exporter.backtest.record import Looked
from inference_exporter.backtest.replay import Backtest
from inference_exporter.backtest.table import alarms, as_text, moment, state
from inference_exporter.exposition.status.html import parts
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.shell import STYLE

_WIDTH, _ROW, _NAMES = 900.0, 16, 190.0
_COLOURS = {"drifted": "#c0392b", "ok": "#9fc5a8", "undecided": "#dddddd"}
_DRAWN = (' stroke="#2c5d8f"', ' stroke="#d35400" stroke-dasharray="4 3"')
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
    return str(
        fill(
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            "<style>{style}</style></head>\n<body><main>\n{body}\n</main></body></html>\n",
            title=title,
            style=Html(STYLE),
            body=join(body, "\n"),
        )
    )


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
    first, last = judged[0].end, judged[-1].end
    rows = [_state_row(place, row, judged, first, last) for place, row in enumerate(order)]
    height = _ROW * len(order) + 24
    left = len(subjects) - len(order)
    note = f" The {left} that drifted least are left out." if left else ""
    return fill(
        '<figure><svg viewBox="0 0 {w} {h}" role="img" aria-label="{label}">{rows}{axis}</svg>'
        "<figcaption>Red: drifted. Green: ok. Grey: not enough data to decide.{note}</figcaption>"
        "</figure>",
        w=f"{_WIDTH:g}", h=f"{height:g}", label=f"{heading}: states of features over time",
        rows=join(rows), axis=_axis(first, last, height), note=note,
    )  # fmt: skip


def _state_row(place: int, row: int, judged: Sequence[Looked], first: float, last: float) -> Html:
    assert judged[0].judgement is not None
    scope, name = judged[0].judgement.subjects[row]
    span = (_WIDTH - _NAMES) / (max(last - first, 1.0) + _length(judged))
    width = max(span * _length(judged), 0.5)
    cells = [
        fill(
            '<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{c}"><title>{t}</title></rect>',
            x=f"{_NAMES + (one.end - first) * span:.1f}", y=f"{place * _ROW + 1}", w=f"{width:.2f}",
            h=f"{_ROW - 2}", c=_COLOURS[state(one.judgement, row)], t=_told(one, row),
        )
        for one in judged if one.judgement is not None
    ]  # fmt: skip
    shown = name if scope == "feature" else f"{name} ({scope})"
    label = _text(_NAMES - 6, place * _ROW + 12, "end", _short(shown))
    return join([label, *cells])


def _text(x: float, y: float, anchor: str, words: str) -> Html:
    return fill(
        '<text x="{x}" y="{y}" text-anchor="{a}" fill="currentColor" font-size="13">{t}</text>',
        x=f"{x:g}", y=f"{y:g}", a=anchor, t=words,
    )  # fmt: skip


def _short(name: str) -> str:
    """A name that fits beside its row."""
    return name if len(name) <= 26 else f"{name[:25]}…"


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


def _axis(first: float, last: float, height: float) -> Html:
    ticks = [(first, "start", _NAMES), (last, "end", _WIDTH)]
    return join(_text(x, height - 6, anchor, moment(time)) for time, anchor, x in ticks)


def _line(metric: str, own: Sequence[Looked]) -> Html:
    """A metric over the windows: realised as a line, estimated as a dashed one."""
    both = [[(one.end, values[metric]) for one in own if metric in (values := kind(one))]
            for kind in (_realised, _estimated)]  # fmt: skip
    points = [point for line in both for point in line]
    first, last = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    height, top = 110.0, 8.0

    def path(line: list[tuple[float, float]]) -> str:
        scale = (_WIDTH - _NAMES - 4) / max(last - first, 1.0)
        tall = (height - 36.0) / max(high - low, 1e-9)
        return " ".join(
            f"{_NAMES + (x - first) * scale:.1f},{top + (high - y) * tall:.1f}" for x, y in line
        )

    lines = [
        fill('<polyline points="{p}" fill="none" stroke-width="1.5"{d}/>', p=path(line),
             d=Html(drawn))
        for line, drawn in zip(both, _DRAWN, strict=True) if line
    ]  # fmt: skip
    marks = join(
        _text(_NAMES - 6, y, "end", text)
        for y, text in ((top + 6, f"{high:.3g}"), (height - 28, f"{low:.3g}"))
    )
    return fill(
        '<figure><figcaption>{metric}: realised (blue), estimated without labels (orange, dashed)'
        '</figcaption><svg viewBox="0 0 {w} {h}" role="img" aria-label="{metric} over time">'
        "{lines}{marks}{axis}</svg></figure>",
        metric=metric, w=f"{_WIDTH:g}", h=f"{height:g}", lines=join(lines), marks=marks,
        axis=_axis(first, last, height),
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
