"""The status page as lines of a terminal: the same views as the HTML, in one screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from inference_exporter.cli.terminal import Line, Span
from inference_exporter.exposition.status.answer import Answer
from inference_exporter.exposition.status.html.parts import SIGNS, version_name
from inference_exporter.exposition.status.numbers import Number, write
from inference_exporter.exposition.status.performance import HEADLINE
from inference_exporter.exposition.status.views import (
    Bin,
    DriftRow,
    Labelled,
    ModelView,
    Notice,
    PerformanceRow,
    SourceView,
    Verdict,
    VersionView,
)

FEATURES = 5  # of each model on the front page
_HEADS = ("", "VERDICT", "PSI", "NOISE LEVEL", "VALUES", "REFERENCE", "LIVE", "LATELY")
_NUMERIC = (2, 3, 4)
_STEPS = "▁▂▃▄▅▆▇█"
_MOST_BINS = 24
_HEADLINES = 3


def screen(answer: Answer, address: str) -> Iterator[Line]:
    """All lines of a page; who shows them cuts them to the size of the terminal."""
    moment = datetime.fromtimestamp(answer.timestamp, UTC)
    asof = f"as of {moment:%Y-%m-%d %H:%M:%S} UTC" if answer.timestamp else "nothing published yet"
    yield Line.of(f"inference-exporter {answer.version} at {address}, {asof}")
    if answer.not_ready:
        yield Line.of("Not ready: ", Span(answer.not_ready, "warn"))
    if answer.model is not None:
        yield from _notices(answer.model.notices)
        yield from _model(answer.model, most=None)
        yield from _sources(answer.model.sources)
    elif answer.home is not None:
        yield from _notices(answer.home.notices)
        for model in answer.home.models:
            yield from _model(model, most=FEATURES)
        yield Line()
        yield from _sources(answer.home.sources)
        yield Line.of(_labelled(answer.home.exporter))


def _notices(notices: Sequence[Notice]) -> Iterator[Line]:
    if not notices:
        yield Line.of(Span(f"{SIGNS['ok']} Nothing needs attention.", "ok"))
    for one in notices:
        where = f"{one.model}: " if one.model else ""
        yield Line.of(Span(SIGNS[one.level], one.level), f" {where}{one.words}")


def _model(model: ModelView, most: int | None) -> Iterator[Line]:
    yield Line()
    shown = model.shown
    if shown is None:
        yield Line.of(Span(model.name, "bold"), "  no prediction has been read yet")
        return
    yield Line.of(
        Span(model.name, "bold"),
        f"  version {version_name(shown.version)}, last {shown.window},"
        f" last prediction {_said(shown.last)}",
    )
    yield Line.of(f"  {_figures(shown)}")
    if shown.drift.why:
        yield Line.of(f"  {shown.drift.why}")
        return
    rows = (*shown.drift.features[:most], *shown.drift.outputs)
    yield from _table(rows)
    left = 0 if most is None else len(shown.drift.features) - most
    if left > 0:
        yield Line.of(f"  and {left} more features: --model={model.name}")


def _figures(shown: VersionView) -> str:
    pairs = [
        Labelled("requests", shown.requests),
        Labelled("failed", shown.failed),
        *(one for one in shown.latency if one.name in ("p50", "p95")),
        *_performance(shown.performance.rows),
        Labelled("drifted", shown.drifted),
        Labelled("undecided", shown.undecided),
    ]
    return _labelled(pairs)


def _performance(rows: Iterable[PerformanceRow]) -> Iterator[Labelled]:
    """The metrics that people ask for first, from labels or else as estimated without."""
    whole = {one.metric: one for one in rows if not one.of_class}
    known = [whole[name] for name in HEADLINE if name in whole]
    for one in known[:_HEADLINES]:
        if one.realised.value is not None:
            yield Labelled(one.metric, one.realised)
        elif one.estimated.value is not None:
            yield Labelled(f"{one.metric}, estimated", one.estimated)


def _table(rows: Sequence[DriftRow]) -> Iterator[Line]:
    cells = [_HEADS, *map(_cells, rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(_HEADS))]
    for line, row in zip(cells, (None, *rows), strict=True):
        padded = [
            cell.rjust(width) if at in _NUMERIC else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        level = "dim" if row is None else row.verdict.level
        yield Line.of(f"  {padded[0]}  ", Span(padded[1], level), "  " + "  ".join(padded[2:]))


def _cells(row: DriftRow) -> tuple[str, ...]:
    reference = [one.reference for one in row.bins]
    live = [one.live for one in row.bins if one.live is not None]
    highest = max((*reference, *live), default=0.0)
    return (
        row.name if row.scope == "feature" else f"({row.name})",
        _verdict(row.verdict),
        *(_said(one, "–") for one in (row.distance, row.critical, row.samples)),
        _bars(row.bins, reference, highest),
        _bars(row.bins, live, highest),
        _line(row.past),
    )


def _bars(bins: Sequence[Bin], shares: Sequence[float], highest: float) -> str:
    """Shares per bin, on the scale of both; none where there are more than fit."""
    if not shares or len(bins) > _MOST_BINS or not highest:
        return "–"
    return "".join(_STEPS[min(7, int(8 * one / highest))] for one in shares)


def _line(values: Sequence[float | None]) -> str:
    """The distance from the oldest to the newest, on its own scale; a gap where it is not known."""
    highest = max((value for value in values if value is not None), default=0.0)
    if not highest:
        return ""
    return "".join(" " if one is None else _STEPS[min(7, int(8 * one / highest))] for one in values)


def _sources(sources: Iterable[SourceView]) -> Iterator[Line]:
    for one in sources:
        state = Span(_verdict(one.verdict), one.verdict.level)
        age = f"newest line {_said(one.lag_seconds)} old when it was read"
        left = f", to be read {_said(one.lag_bytes)}, {age}"
        yield Line.of(f"Source {one.state.name}: ", state, left)


def _verdict(shown: Verdict) -> str:
    return f"{SIGNS[shown.level]} {shown.words}"


def _labelled(ones: Iterable[Labelled]) -> str:
    return "   ".join(f"{one.name} {_said(one.number)}" for one in ones)


def _said(shown: Number, none: str = "") -> str:
    if shown.value is None:
        return none or shown.why or "none"
    return write(shown.value, shown.unit)
