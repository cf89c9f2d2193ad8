"""What one evaluation of all windows costs, and one decision: milliseconds by features."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

from bench import traffic
from bench.feed import Bench
from bench.result import Result, Settings, Spread, Table, Target, say
from inference_exporter.clock import ManualClock
from inference_exporter.model import DecisionsPart
from inference_exporter.results.evaluate import EvaluationFacts

_FEATURES = {50: 20.0, 500: 200.0}  # milliseconds that are asked for
_WINDOWS = ("1h", "24h")
_STEP = 20.0  # seconds between lines; every pane of both windows is filled
_PORTION = 720
_METHOD = """\
A model of the exporter in this process, every pane of two windows (1h and 24h) filled, one version;
one feature in five is a category, and score and prediction are evaluated as well. *Evaluation* is
what is done after new lines at each publication: merge the panes of both windows and compute all
default statistics (psi, js, ks, wasserstein, chi2) with p-values and critical values of every
feature. *Decision* happens once a window: weigh the evidence of all features, with the critical
values that follow from it. Memory is what this process grew by, with all counts,
panes and caches; the text of pages is not in it. Times are of the processor, so that
other work on the machine does not count.
"""


@dataclass(slots=True)
class _Measured:
    """One number of features."""

    evaluations: list[float]
    statistics: dict[str, float]
    decisions: list[float]
    values: int
    grown: int


def measure(settings: Settings) -> Result:
    """Fill the windows of models with few and many features, then evaluate."""
    runs = settings.size(30, 3)
    features = {
        count: limit for count, limit in _FEATURES.items() if not settings.quick or count < 500
    }
    measured = {count: _measure(settings, count, runs) for count in features}
    rows, targets = [], []
    for count, one in measured.items():
        spread = Spread(one.evaluations)
        limit = _FEATURES[count]
        rows.append(
            (
                str(count), f"{one.values:,}", spread.text("ms", 1000),
                Spread(one.decisions).text("ms", 1000), f"{one.grown / 1e6:.1f} MB",
            )
        )  # fmt: skip
        what = f"evaluating {count} features × 2 windows × all default statistics"
        took = spread.median * 1000
        targets.append(Target(what, f"under {limit:.0f} ms", f"{took:.1f} ms", took < limit))
        say(f"{count} features: {spread.text('ms', 1000)}")
    largest = measured[max(measured)]
    share = tuple((name, f"{s * 1000:.2f} ms") for name, s in largest.statistics.items())
    return Result(
        "evaluation",
        "Evaluating drift",
        _METHOD,
        f"{runs} evaluations each",
        (
            Table(("features", "values", "evaluation", "decision", "memory"), tuple(rows)),
            Table(("statistic", "time"), share, f"Of it by statistic, {max(measured)} features"),
        ),
        tuple(targets),
        {str(count): one.evaluations for count, one in measured.items()},
    )


def _measure(settings: Settings, features: int, runs: int) -> _Measured:
    folder = settings.subfolder(f"evaluation-{features}")
    shape = traffic.wide(features)
    traffic.prepare(folder, shape, windows=list(_WINDOWS), min_samples=100)
    clock = ManualClock(traffic.START)
    process = psutil.Process()
    before = process.memory_info().rss
    bench = Bench(folder, clock=clock)
    writer = traffic.Writer(shape=shape, start=clock.now(), step=_STEP)
    decisions: list[float] = []
    for _ in range(int(24 * 3600 / _STEP / _PORTION)):
        clock.advance(_STEP * _PORTION)
        bench.take(writer.lines(_PORTION))
        now = clock.now()
        decisions.append(_decide(bench, now))
        bench.model.timeline.expire(now)
    facts, model = EvaluationFacts(), bench.model
    evaluator = model.publisher.evaluator  # the part that is measured
    evaluations = []
    values = 0
    for _ in range(runs):
        facts.seconds.clear()
        started = time.thread_time()
        gauges = evaluator.evaluate(model.timeline, clock.now(), facts)
        evaluations.append(time.thread_time() - started)
        values = sum(len(family) for family in gauges.values())
    grown = process.memory_info().rss - before
    bench.close()
    return _Measured(evaluations, dict(facts.seconds), decisions, values, grown)


def _decide(bench: Bench, now: float) -> float:
    part = bench.model.part(DecisionsPart)
    assert part is not None
    started = time.thread_time()
    part.decisions.decide(now, 0.0, live=True)
    return time.thread_time() - started
