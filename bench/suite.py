"""The measurements, in the order of the page. A new one is a module and a line here."""

from __future__ import annotations

from collections.abc import Callable

from bench import (
    client,
    commit,
    dashboards,
    evaluation,
    fleet,
    follow,
    freshness,
    idle,
    labels,
    receivers,
    rules,
    scrape,
    season,
    segments,
    shapes,
    start,
    throughput,
    traced,
)
from bench.result import Result, Settings

MEASUREMENTS: dict[str, Callable[[Settings], Result]] = {
    "throughput": throughput.measure,
    "shapes": shapes.measure,
    "follow": follow.measure,
    "idle": idle.measure,
    "start": start.measure,
    "scrape": scrape.measure,
    "commit": commit.measure,
    "freshness": freshness.measure,
    "labels": labels.measure,
    "evaluation": evaluation.measure,
    "segments": segments.measure,
    "season": season.measure,
    "rules": rules.measure,
    "dashboards": dashboards.measure,
    "fleet": fleet.measure,
    "client": client.measure,
    "receivers": receivers.measure,
    "traced": traced.measure,
}
