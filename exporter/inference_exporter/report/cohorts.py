"""Performance by the day of the predictions: what came beside what was expected, as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from inference_exporter.exposition.status.html import parts
from inference_exporter.exposition.status.html.markup import Html, fill
from inference_exporter.exposition.status.numbers import Number, digits
from inference_exporter.results.promises import DAY, DAYS, Cohort
from inference_exporter.values.profile import Reference


def cohorts(
    days: Sequence[Cohort], reference: Reference | None, start: float, end: float
) -> Iterator[Html]:
    """The coverage ledger, then every day of the period, the newest first."""
    inside = [one for one in days if start - DAY < one.day * DAY < end]
    if not inside:
        return
    yield fill(
        "<h3>By day of the predictions</h3><p>Days (UTC) whose labels are there, of the last {n}: "
        "the outcome beside what was estimated before labels came.</p>", n=DAYS,
    )  # fmt: skip
    yield _ledger(inside)
    for metric in dict.fromkeys(one.metric for one in inside):
        yield _of_metric(metric, [one for one in inside if one.metric == metric], reference)


def _of_metric(metric: str, days: Sequence[Cohort], reference: Reference | None) -> Html:
    known = reference.performance if reference else {}
    rows = [
        parts.row(
            _date(one.day), parts.version_name(one.version), Number(one.labelled, "count"),
            digits(one.realised), _between(one.between), digits(one.estimated),
            _between(one.expected), "inside" if one.held else "outside",
            digits(known[one.key]) if one.key in known else "–",
        )
        for one in days
    ]  # fmt: skip
    heads = ("Day", "Version", "Labels", "Outcome", "95 %", "Estimate", "95 %",
             "The outcome was", "Reference")  # fmt: skip
    return parts.table(f"{metric} by day of the predictions", heads, rows, (2, 3, 5, 8))


def _ledger(days: Sequence[Cohort]) -> Html:
    counts: dict[tuple[str, str], list[bool]] = {}
    for one in days:
        counts.setdefault((one.version, one.metric), []).append(one.held)
    rows = [
        parts.row(
            parts.version_name(version), metric, Number(len(held), "count"),
            Number(sum(held), "count"), Number(sum(held) / len(held), "share"),
        )
        for (version, metric), held in counts.items()
    ]  # fmt: skip
    heads = ("Version", "Metric", "Days", "Inside", "Share")
    return parts.table(
        "How often the outcome was in the 95 % interval of its estimate", heads, rows, (2, 3, 4)
    )


def _date(day: int) -> str:
    return f"{datetime.fromtimestamp(day * DAY, UTC):%Y-%m-%d}"


def _between(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else f"{digits(interval[0])} to {digits(interval[1])}"
