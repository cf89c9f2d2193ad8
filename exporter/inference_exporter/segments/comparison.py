"""Windows by segment -> gauges: performance of each, the worst of them, fairness of groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from inference_exporter.accumulators import OVERFLOW, Labelled, Layout, Made, binary_classes
from inference_exporter.config.schema import ModelConfig, Segment
from inference_exporter.judge import Judge, Verdict, judge_of, put_verdict
from inference_exporter.performance import MACRO, WEIGHTED
from inference_exporter.performance.groups import Measured, Worst, parity, worst
from inference_exporter.profile import Reference
from inference_exporter.samples import Labels
from inference_exporter.tally import Tally

LOOKS = 16  # a sliding window is looked at all the time: as if so many separate ones were
LEAST_IN_RATE = 20  # rows of one actual class behind a true- or false-positive rate

Family = tuple[str, tuple[str, ...]]  # name, and names of labels beyond those of the family
Gauges = dict[Family, dict[Labels, float]]
ByValue = Mapping[str, Tally]  # counts of a window by the value of one segment


class Comparison:
    """Compares the segments of one model. `alpha` is the level of one look at all windows."""

    def __init__(
        self,
        config: ModelConfig,
        layout: Layout,
        reference: Reference | None,
        *,
        alpha: float,
        least: int,
    ) -> None:
        self._config, self._layout, self._least = config, layout, least
        self._judge: Judge = judge_of(config, layout, reference)
        self._alpha = alpha / LOOKS / max(1, len(config.segments))
        pair = binary_classes(config, reference)
        self._positive = pair[1] if pair else None
        self._cells = {one.key: one for one in layout.dense if isinstance(one, Made | Labelled)}

    def put(self, into: Gauges, version: str, window: str, one: Segment, tallies: ByValue) -> None:
        """The gauges of one window and one segment."""
        base = (self._config.name, version)
        tallies = {value: self._layout.net(tally) for value, tally in tallies.items()}
        if self._config.has_labels:
            self._performance(into, base, window, one, tallies)
        if one.protected and self._positive is not None:
            groups = {v: t for v, t in tallies.items() if v not in ("", OVERFLOW)}
            self._fairness(into, base, window, one, groups, self._positive)

    # -- performance ---------------------------------------------------------------------------

    def _performance(
        self, into: Gauges, base: Labels, window: str, one: Segment, tallies: ByValue
    ) -> None:
        shown: dict[str, Verdict] = {}
        for value, tally in tallies.items():
            put = partial(_put, into, one.name, value)
            covered = self._coverage(into, base, window, one.name, value, tally)
            verdict = self._verdict(tally)
            put("inference_performance_samples", (*base, window), verdict.samples)
            if covered and verdict.samples >= self._least:
                shown[value] = verdict
                put_verdict(put, base, window, verdict)
        if len(shown) > 1:
            self._worst(into, (*base, window, one.name), self._verdict(_sum(tallies)), shown)

    def _verdict(self, tally: Tally) -> Verdict:
        """The verdict; of more than two classes only what is about all of them."""
        verdict = self._judge.verdict(tally)
        classes = {key[1] for key in tally.sparse if key[0] == "outcome"}
        if len(classes) > 2:
            wanted = ("", MACRO, WEIGHTED)
            verdict.metrics = {k: v for k, v in verdict.metrics.items() if k[1] in wanted}
        return verdict

    def _coverage(
        self, into: Gauges, base: Labels, window: str, field: str, value: str, tally: Tally
    ) -> bool:
        made, labelled = (
            float(self._layout.cells_of(self._cells[key], tally)[0])
            for key in (Made.key, Labelled.key)
        )
        if not made:
            return False
        share = min(1.0, labelled / made)
        _put(into, field, value, "inference_label_coverage_ratio", (*base, window), share)
        least = self._config.labels.coverage if self._config.labels else 0.0
        return share >= least

    def _worst(
        self, into: Gauges, where: Labels, whole: Verdict, shown: Mapping[str, Verdict]
    ) -> None:
        model, version, window, field = where
        for key in whole.metrics:
            by_value = {
                value: measured
                for value, verdict in shown.items()
                if (measured := _measured(verdict, key)) is not None
            }
            total = _measured(whole, key)
            found = worst(key[0], total, by_value, self._alpha) if total else None
            if found is not None:
                _put_worst(into, (model, version, *key, window, field), found)

    # -- fairness ------------------------------------------------------------------------------

    def _fairness(
        self,
        into: Gauges,
        base: Labels,
        window: str,
        one: Segment,
        groups: ByValue,
        positive: str,
    ) -> None:
        rates: dict[str, dict[str, tuple[float, float]]] = {}
        for value, tally in groups.items():
            for metric, (hits, rows) in _rates(tally, positive).items():
                least = self._least if metric == "selection_rate" else LEAST_IN_RATE
                if rows >= least:
                    rates.setdefault(metric, {})[value] = (hits, rows)
                    labels = (*base, metric, window)
                    _put(into, one.name, value, "inference_group_rate", labels, hits / rows)
        for metric, by_group in rates.items():
            ratio = parity(by_group, self._alpha)
            if ratio is not None:
                where = (*base, metric, one.name, window)
                into.setdefault(("inference_fairness_ratio", ()), {})[where] = ratio.value
                critical = into.setdefault(("inference_fairness_ratio_critical", ()), {})
                critical[where] = ratio.critical


def _rates(tally: Tally, positive: str) -> dict[str, tuple[float, float]]:
    """(hits, rows) of how often the positive class is predicted: of all rows, and by truth."""
    made = {key[1]: n for key, n in tally.sparse.items() if key[0] == "prediction"}
    found = {"selection_rate": (made.get(positive, 0.0), sum(made.values()))}
    for metric, wanted in (("true_positive_rate", True), ("false_positive_rate", False)):
        cells = {
            key: n
            for key, n in tally.sparse.items()
            if key[0] == "outcome" and (key[2] == positive) is wanted
        }
        hits = sum(n for key, n in cells.items() if key[1] == positive)
        found[metric] = (hits, sum(cells.values()))
    return found


def _measured(verdict: Verdict, key: tuple[str, str]) -> Measured | None:
    value = verdict.metrics.get(key, math.nan)
    interval = verdict.intervals.get(key)
    if not math.isfinite(value) or not verdict.samples:
        return None
    usable = interval is not None and all(map(math.isfinite, interval))
    return Measured(value, interval if usable else None, verdict.samples)


def _sum(tallies: ByValue) -> Tally:
    total, *rest = (tally.copy() for tally in tallies.values())
    for tally in rest:
        total.merge(tally)
    return total


def _put(into: Gauges, field: str, value: str, family: str, labels: Labels, number: float) -> None:
    series = into.setdefault((family, ("segment", field)), {})
    series[*labels, f"{field}={value}", value] = float(number)


def _put_worst(into: Gauges, labels: Labels, found: Worst) -> None:
    family = "inference_performance_worst_segment"
    *_, field = labels
    into.setdefault((family, ()), {})[*labels, f"{field}={found.name}"] = found.value
    into.setdefault((f"{family}_gap", ()), {})[labels] = found.gap
    if found.critical is not None:
        into.setdefault((f"{family}_gap_critical", ()), {})[labels] = found.critical
