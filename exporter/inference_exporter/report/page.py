"""The report as one file: nothing is loaded or run, it prints, and is light or dark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inference_exporter import __version__
from inference_exporter.clock import Clock
from inference_exporter.config.thresholds import in_force
from inference_exporter.errors import UsageError
from inference_exporter.exposition.status.html import parts
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.shell import DOCS, alone
from inference_exporter.exposition.status.html.timeline import moment
from inference_exporter.exposition.status.index import Index
from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.views import VersionView
from inference_exporter.record import Wanted, read
from inference_exporter.report import present as state
from inference_exporter.report import recorded
from inference_exporter.report.cohorts import cohorts
from inference_exporter.report.history import History
from inference_exporter.report.now import Present, present
from inference_exporter.report.words import DEFINITIONS, unknown


@dataclass(frozen=True, slots=True)
class Period:
    """What the report is about; None is as far as the record goes. `model` alone, or all."""

    start: datetime | None = None
    end: datetime | None = None
    model: str | None = None


def report(config_file: str, storage: str, period: Period, clock: Clock) -> str:
    """The whole page."""
    now = present(config_file, storage, clock)
    models = [one.name for one in now.config.models if period.model in (None, one.name)]
    if not models:
        known = ", ".join(one.name for one in now.config.models)
        raise UsageError(f"--model={period.model}: not in the configuration; it has {known}")
    lines = read(Path(storage), Wanted(models=models, start=period.start, end=period.end))
    start, end = _bounds(storage, models, period, now)
    histories = History.of(lines, start, end)
    title = f"Report on {', '.join(models)}"
    content: list[object] = [
        fill("<h1>{title}</h1>", title=title),
        fill(
            "<p>{start} to {end}. Decisions are from the record, everything else is as of the last "
            "commit, {asof}. Made {now} by inference-exporter {version}.</p>",
            start=moment(start), end=moment(end), asof=moment(now.snapshot.timestamp),
            now=moment(clock.now()), version=__version__,
        ),
    ]  # fmt: skip
    for name in models:
        found = histories.get(name)
        section = _Section(name, now, found, (start, end), several=len(models) > 1)
        content += section.content(lines.unreadable)
    content += [Html("<h2>What the numbers mean</h2>"), _definitions()]
    return alone(title, join(content, "\n"))


def _bounds(storage: str, models: list[str], period: Period, now: Present) -> tuple[float, float]:
    """The period; where it is open, from the first to the last decision on record."""
    if period.start is not None and period.end is not None:
        return period.start.timestamp(), period.end.timestamp()
    wanted = Wanted(models=models, start=period.start, end=period.end)
    first, last = float("inf"), float("-inf")
    for line in read(Path(storage), wanted):
        first, last = min(first, line.start.timestamp()), max(last, line.end.timestamp())
    if first > last:
        first = last = now.snapshot.timestamp
    return (
        first if period.start is None else period.start.timestamp(),
        last if period.end is None else period.end.timestamp(),
    )


class _Section:
    """One model. Where there are several, every heading says whose it is."""

    def __init__(
        self,
        name: str,
        now: Present,
        history: History | None,
        period: tuple[float, float],
        *,
        several: bool,
    ) -> None:
        self._name, self._now, self._history = name, now, history
        self._period, self._several = period, several
        self._views = state.views(now.snapshot, name)

    def _heading(self, words: str) -> Html:
        said = f"{words}: {self._name}" if self._several else words
        return fill("<h2>{said}</h2>", said=said)

    def content(self, unreadable: int) -> Iterator[Html]:
        """Everything about it."""
        yield self._heading("In short")
        yield state.notices(self._now.snapshot, self._name)
        yield from self._recorded(lambda history: [recorded.in_short(history)])
        yield self._heading("Traffic")
        yield from self._recorded(recorded.traffic)
        yield state.counted(self._views)
        yield state.read(self._now.snapshot, self._name)
        yield from self._recorded(self._drift)
        yield self._heading("How good it was")
        yield from cohorts(
            self._now.cohorts[self._name], self._now.references[self._name], *self._period
        )
        yield from state.periods_of(self._views, *self._period)
        yield from state.quality_of(self._views)
        yield self._heading("What it was compared with")
        yield from _facts(self._name, self._now, self._history)
        yield self._heading("What is not known")
        said = unknown(self._history, self._views, unreadable)
        items = join((fill("<li>{s}</li>", s=one) for one in said), "\n")
        yield fill("<ul>\n{items}\n</ul>", items=items)

    def _recorded(self, part: Callable[[History], Iterable[Html]]) -> Iterable[Html]:
        return () if self._history is None else part(self._history)

    def _drift(self, history: History) -> Iterator[Html]:
        model = next(one for one in self._now.config.models if one.name == self._name)
        yield self._heading("Inputs and outputs against the reference")
        yield from recorded.over_time(history)
        yield from recorded.inputs(history, _labels(self._name, self._now, self._views))
        yield self._heading("Decisions")
        yield recorded.decisions(history)
        yield self._heading("What could be decided")
        yield recorded.ledger(history)
        yield self._heading("False alarms")
        yield recorded.rates(history, in_force(model.thresholds)["false_alarms_per_month"])


def _labels(name: str, now: Present, views: list[VersionView]) -> recorded.Labels:
    """The names of bins of the reference in force."""
    reference = now.references[name]
    if reference is None:
        return {}
    rows = [row for view in views for row in (*view.drift.features, *view.drift.outputs)]
    return {
        (reference.fingerprint, row.scope, row.name): tuple(cell.label for cell in row.bins)
        for row in rows
    }


def _facts(name: str, now: Present, history: History | None) -> Iterator[Html]:
    reference, config = now.references[name], now.config
    pairs: list[tuple[str, object]] = [
        ("Configuration", fill("<code>{p}</code>", p=config.path)),
        ("Its digest", fill("<code>{d}</code>", d=config.digest)),
    ]
    if reference is not None:
        pairs += [
            ("Reference in force", fill("<code>{f}</code>", f=reference.fingerprint)),
            ("Its rows", parts.number(Number(reference.rows, "count"))),
            ("Made", moment(reference.created)),
            ("From", reference.source or "–"),
        ]
    yield parts.figures(pairs)
    if history is not None:
        yield recorded.references(history)
        words = (
            f"PSI, test and p-value of all {history.lines:,} decisions were worked out again from "
            f"the counts in their lines; {history.differ} differ."
        )
        yield fill("<p>{words}</p>", words=words)
    thresholds = Index(now.snapshot).rows("inference_threshold", name)
    rows = [parts.row(key, feature, Number(value)) for (key, feature), value in thresholds.items()]
    yield parts.table("Thresholds in force", ("Threshold", "Input", "Value"), rows, (2,))


def _definitions() -> Html:
    rows = [parts.row(name, meaning, source or "–") for name, meaning, source in DEFINITIONS]
    table = parts.table("Definitions", ("Name", "Meaning", "Source"), rows)
    more = fill(
        "<p>More: {a}, {b}, {c}.</p>",
        a=parts.link(f"{DOCS}/alarms.md", "how decisions are made"),
        b=parts.link(f"{DOCS}/record.md", "what is on record"),
        c=parts.link(f"{DOCS}/performance.md", "how performance is measured"),
    )
    return join([table, more])
