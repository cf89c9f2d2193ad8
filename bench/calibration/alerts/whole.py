"""Every statistical alert of one model at once: how often they are wrong, and what they find.

`python -m bench.calibration.alerts.whole`: one drift-free model month after the other, 960 rows an
hour with labels, through the decisions and through the rules as arrays; the table of
docs/calibration.md. The fast verdict on breakage has a table of its own (`calibration.broken`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from alert_rules.ruleset import names

from bench.calibration.alerts import labels, shares
from bench.calibration.alerts.exporter import DAY, HOUR, SEEN, WINDOWS, Exporter, stretches
from bench.calibration.alerts.month import (
    FEATURES,
    MINUTES,
    MISSING,
    NOTHING,
    REFERENCE_ROWS,
    ROWS,
    Change,
    Counts,
    Model,
    counted,
    edges_of,
    joined,
)
from bench.calibration.alerts.promql import alert
from bench.calibration.pool import Rate
from inference_exporter.config.budget import SHARES
from inference_exporter.config.schema import Window
from inference_exporter.config.thresholds import in_force
from inference_exporter.decisions.budget import level
from inference_exporter.performance.groups import Measured, parity, worst
from inference_exporter.performance.intervals import wilson
from inference_exporter.segments.comparison import LOOKS
from inference_exporter.values.batch import Bools, Floats

DAYS, MONTHS, EVERY = 30, 10, 5  # minutes between looks at segments
LEAST = 200
_ALLOWED = in_force({})
_SEGMENT_TESTS = 2 + 2  # two fields, one of them protected: gaps, and two ratios
_ALPHA = level((Window("1h", 3600.0), Window("24h", 86400.0)), SHARES["segments"])


@dataclass(frozen=True, slots=True)
class Reference:
    """What is known of a model: edges, reference rows by bin, and performance."""

    edges: Floats
    inputs: Floats
    known: labels.Known


def reference(model: Model) -> Reference:
    """Of independent rows of the same law."""
    rows = model.rows(REFERENCE_ROWS)
    edges = edges_of(rows)
    one = counted(rows, edges)
    cells, scores, losses = (a.sum(axis=0)[None] for a in (one.cells, one.scores, one.losses))
    return Reference(edges, one.inputs.sum(axis=0), labels.reference(cells, scores, losses))


def alarms(found: Reference, counts: Counts) -> dict[str, Bools]:
    """Alerts (minutes, …) by kind."""
    drifted, designs = _drift(found, counts.inputs)
    alike = _alike(designs)
    result = {"inputs and outputs": drifted, "flawed values": _flawed(counts, designs["1h"])}
    result["outliers"] = _outliers(counts, designs["1h"])
    for window in names.LABEL_WINDOWS:
        of = {"1d": DAY, "7d": 7 * DAY}[window]
        cells, scores, losses = (
            labels.window(one, of) for one in (counts.cells, counts.scores, counts.losses)
        )
        values, rows = labels.realised(cells, scores, losses), cells.sum(axis=(1, 2))
        result[f"performance {window}"] = labels.fires(
            values, rows, found.known, "performance", alike
        )
        result[f"calibration {window}"] = labels.miscalibrated(
            scores, labels.window(counts.sums, of), len(found.known.value), alike
        )
    expected = labels.window(counts.expected, DAY)
    result["estimates"] = labels.fires(
        labels.shares(expected), expected.sum(axis=(1, 2)), found.known, "estimates", alike
    )
    result["segments and fairness"] = _segments(counts, alike)
    return result


def _drift(found: Reference, inputs: Floats) -> tuple[Bools, dict[str, Floats]]:
    """The alert on states (minutes, inputs and the score), and design effects as scraped."""
    exporter, minutes = Exporter(found.inputs, 1, others=1), len(inputs)
    state = {name: np.zeros((minutes, FEATURES + 1)) for name in WINDOWS}
    designs = {name: np.full((minutes, FEATURES + 1), np.nan) for name in WINDOWS}
    for name, length in WINDOWS.items():
        for begin in range(0, minutes, length):
            rows = inputs[begin : begin + length].transpose(1, 0, 2)
            exporter.decide(name, stretches(rows))
            now = exporter.at(name, latest=True)
            state[name][begin + length + SEEN[name] :] = np.nan_to_num(now.state)
            designs[name][begin + length + SEEN[name] :] = now.design
    drifted = np.maximum(*state.values()) == 1.0
    for name, other in (("1h", "1d"), ("1d", "1h")):
        designs[name] = np.where(np.isnan(designs[name]), designs[other], designs[name])
    return alert(drifted, 0, 30), designs


def _alike(designs: dict[str, Floats]) -> Floats:
    """Of the score (minutes,): the larger one of both windows."""
    both = np.fmax(*(one[:, -1] for one in designs.values()))
    return np.nan_to_num(both, nan=1.0)


def _flawed(counts: Counts, design: Floats) -> Bools:
    rows = np.full((len(counts.flaws), FEATURES), float(ROWS))
    values = labels.window(rows, HOUR)
    each = design[:, None, :FEATURES]
    crossed = [
        shares.crossed(labels.window(counts.flaws[..., at], HOUR), values,
                       np.full(FEATURES, usual), each, FEATURES)
        for at, usual in ((0, MISSING), (1, 0.0))
    ]  # fmt: skip
    return shares.fires(np.concatenate(crossed, axis=1))


def _outliers(counts: Counts, design: Floats) -> Bools:
    rows = labels.window(np.full((len(counts.outliers), 1), float(ROWS)), HOUR)
    found = labels.window(counts.outliers[:, None], HOUR)
    most = np.nanmax(np.where(np.isnan(design), 1.0, design)[:, :FEATURES], axis=1)
    ratio = found / np.maximum(rows, 1.0)
    error = np.sqrt(ratio * (1.0 - ratio) / np.maximum(rows, 1.0) * most[:, None])
    over = ratio - shares.sigmas(FEATURES) * error > _ALLOWED["outlier_ratio"]
    return shares.fires(over & (rows >= LEAST))


def _segments(counts: Counts, alike: Floats) -> Bools:
    """Gaps of accuracy, and ratios of rates, over an hour and a day; a look every five minutes."""
    looks = []
    for length in (HOUR, DAY):
        parts, groups = (labels.window(one, length) for one in (counts.parts, counts.groups))
        looks.append([
            (_gap(parts[at], alike[at]), *_ratios(groups[at], alike[at]))
            for at in range(0, len(parts), EVERY)
        ])  # fmt: skip
    crossed = np.concatenate([np.array(one, dtype=np.bool_) for one in looks], axis=1)
    return alert(np.repeat(crossed, EVERY, axis=0), 30, 120)


def _gap(parts: Floats, design: float) -> bool:
    shown = {
        str(at): Measured(right / rows, wilson(right, rows), rows)
        for at, (rows, right) in enumerate(parts.tolist())
        if rows >= LEAST
    }
    rows, right = parts.sum(axis=0).tolist()
    if rows < LEAST:
        return False
    whole = Measured(right / rows, wilson(right, rows), rows)
    one = worst("accuracy", whole, shown, _ALPHA / LOOKS / _SEGMENT_TESTS, design)
    large = _ALLOWED["segment_accuracy_gap"]
    return one is not None and one.critical is not None and one.gap > max(one.critical, large)


def _ratios(groups: Floats, design: float) -> tuple[bool, bool]:
    found = []
    for hits, rows, least in ((1, 0, LEAST), (3, 2, 20)):
        rates = {
            str(at): (one[hits], one[rows])
            for at, one in enumerate(groups.tolist())
            if one[rows] >= least
        }
        ratio = parity(rates, _ALPHA / LOOKS / _SEGMENT_TESTS, design)
        limit = _ALLOWED["fairness_ratio"]
        found.append(ratio is not None and ratio.value < min(ratio.critical, limit))
    return found[0], found[1]


def onsets(fires: Bools) -> int:
    """How often any alert begins."""
    begins = fires.copy()
    begins[1:] &= ~fires[:-1]
    return int(begins.any(axis=1).sum())


def months(correlation: float, count: int = MONTHS, days: int = DAYS) -> dict[str, Rate]:
    """False alarms of so many months, by kind and of all."""
    seen: dict[str, int] = {}
    for seed in range(count):
        found, counts = _traffic(seed, correlation, [NOTHING] * days)
        fired = alarms(found, counts)
        fired["all of them"] = np.concatenate(list(fired.values()), axis=1)
        for kind, one in fired.items():
            seen[kind] = seen.get(kind, 0) + onsets(one)
    return {kind: Rate(number, count * days / DAYS) for kind, number in seen.items()}


TRAFFIC = {"independent": 0.0, "AR(1) 0.5": 0.5}
CHANGES = {
    "inputs and outputs": ("an input's mean moves by 0.4 σ", Change(shift=0.4)),
    "flawed values": ("missing values of 3 % are 15 %", Change(missing=0.15)),
    "performance 1d": ("a third of the labels have nothing to do with scores", Change(blind=0.33)),
    "segments and fairness": ("a quarter of one segment's labels are wrong", Change(wrong=0.25)),
}
BEFORE, AFTER, TRIALS = 3, 1, 10  # days; of each change


def found(correlation: float, trials: int = TRIALS) -> dict[str, float]:
    """Share of changes whose alert begins to fire within a day."""
    result = {}
    for kind, (_, change) in CHANGES.items():
        seen = 0
        for seed in range(100, 100 + trials):
            known, counts = _traffic(seed, correlation, [NOTHING] * BEFORE + [change] * AFTER)
            seen += bool(alarms(known, counts)[kind][BEFORE * MINUTES :].any())
        result[kind] = seen / trials
    return result


def _traffic(seed: int, correlation: float, days: Iterable[Change]) -> tuple[Reference, Counts]:
    known = reference(Model(1_000 + seed, 0.0))
    model = Model(seed, correlation)
    each = (counted(model.rows(ROWS * MINUTES, day), known.edges) for day in days)
    return known, joined(each)


def measure(count: int = MONTHS, days: int = DAYS, trials: int = TRIALS) -> list[str]:
    """The rows of the table."""
    rates = [months(one, count, days) for one in TRAFFIC.values()]
    power = [found(one, trials) for one in TRAFFIC.values()]
    return table(rates, power)


def table(rates: Sequence[Mapping[str, Rate]], power: Sequence[Mapping[str, float]]) -> list[str]:
    """Rows, of the false alarms and what was found in each kind of traffic."""
    rows = []
    for kind in rates[0]:
        what = CHANGES[kind][0] if kind in CHANGES else "–"
        cells = [f"{one[kind].per_month:.1f} ({one[kind].upper:.1f})" for one in rates]
        cells += [f"{one[kind]:.2f}" if kind in one else "–" for one in power]
        rows.append(f"| {kind} | {' | '.join(cells)} | {what} |")
    return rows


if __name__ == "__main__":
    print("\n".join(measure()))
